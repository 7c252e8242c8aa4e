/** A relay for tests that does to frames what a hostile one would. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Tamper } from '@afield/shared/link/memory-pair.ts';
import { SUBPROTOCOL, sendableCode } from '@afield/shared/rendezvous.ts';
import { type WebSocket, WebSocketServer } from 'ws';

/** One pair of legs. */
export interface Pairing {
  client: WebSocket;
  server: WebSocket;
  /** What the client sent, in order, before anything was done to it. */
  sent: Buffer[];
  /** What the server sent. */
  answered: Buffer[];
}

export class LyingRelay {
  /** What arrives at the server for each frame of the client (0: msg1, 1: msg3, then records). Null: the frame itself. */
  toServer: Tamper | null = null;
  toClient: Tamper | null = null;
  /** Called with each new spare; true: it has been dealt with. */
  onSpare: (spare: WebSocket) => boolean = () => false;
  readonly pairings: Pairing[] = [];
  /** Server legs that ever came. */
  dials = 0;
  readonly #spares: WebSocket[] = [];
  readonly #listening: WebSocketServer;

  constructor(listening: WebSocketServer) {
    this.#listening = listening;
    listening.on('connection', (socket, request) => {
      if (request.headers.authorization === undefined) this.#client(socket);
      else this.#server(socket);
    });
  }

  static async start(): Promise<LyingRelay> {
    const listening = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, handleProtocols: () => SUBPROTOCOL });
    await once(listening, 'listening');
    return new LyingRelay(listening);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#listening.address() as AddressInfo).port}`;
  }

  get spares(): number {
    return this.#spares.filter((spare) => spare.readyState === spare.OPEN).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#listening.clients) socket.terminate();
    this.#listening.close();
    await once(this.#listening, 'close');
  }

  #server(spare: WebSocket): void {
    this.dials++;
    if (!this.onSpare(spare)) this.#spares.push(spare);
  }

  #client(client: WebSocket): void {
    const server = this.#take();
    if (server === null) {
      client.close(1013);
      return;
    }
    const pairing: Pairing = { client, server, sent: [], answered: [] };
    this.pairings.push(pairing);
    forward(client, server, pairing.sent, this.toServer);
    forward(server, client, pairing.answered, this.toClient);
  }

  #take(): WebSocket | null {
    for (let spare = this.#spares.shift(); spare !== undefined; spare = this.#spares.shift()) {
      if (spare.readyState === spare.OPEN) return spare;
    }
    return null;
  }
}

function forward(from: WebSocket, to: WebSocket, kept: Buffer[], tamper: Tamper | null): void {
  let index = 0;
  from.on('message', (data: Buffer) => {
    kept.push(Buffer.from(data));
    const copy = new Uint8Array(data);
    const arriving = tamper === null ? [copy] : tamper(copy, index++);
    for (const message of arriving) to.send(message);
  });
  from.on('close', (code) => to.close(sendableCode(code)));
}
