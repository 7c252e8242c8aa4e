/** Terminals at the end of some way, for the benches: bare, over the local WebSocket, through the relay. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { TerminalStream } from '@afield/shared/link/link.ts';
import WebSocket from 'ws';
import type { House } from '../e2e/kit.ts';

/** A terminal at the end of some way: what it prints, what is typed. */
export interface Wire {
  onBytes: (bytes: Uint8Array) => void;
  type(text: string): void;
  close(): void;
}

export async function bareWire(): Promise<Wire & { stop(): Promise<void> }> {
  const child = fork(path.join(import.meta.dirname, 'bare-pty.ts'));
  const [port] = await once(child, 'message');
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  const wire = {
    onBytes: (_: Uint8Array) => {},
    type: (text: string) => socket.send(text),
    close: () => socket.close(),
    async stop() {
      socket.close();
      child.disconnect();
      await once(child, 'exit');
    },
  };
  socket.on('message', (bytes: Buffer) => wire.onBytes(bytes));
  return wire;
}

/** Attaches and draws at once: the client's share of the work is the protocol, not a screen. */
export async function sessionWire(client: AfieldClient, session_id: string): Promise<Wire> {
  await client.link.ready();
  const ready = Promise.withResolvers<void>();
  let stream: TerminalStream;
  const wire: Wire = { onBytes: () => {}, type: (text) => void stream.input(text), close: () => stream.detach() };
  stream = client.link.attach(
    { session_id, cols: 80, rows: 24, lease: 'take' },
    {
      onSnapshot(bytes, offset) {
        wire.onBytes(bytes);
        stream.consumed(offset);
        ready.resolve();
      },
      onOutput(bytes, offset) {
        wire.onBytes(bytes);
        stream.consumed(offset + bytes.length);
      },
      onClosed: (reason) => ready.reject(new Error(reason)),
    },
  );
  await ready.promise;
  return wire;
}

/** `seq 1 N` until its end is seen, in ms. */
export async function flood(wire: Wire, lines: number): Promise<number> {
  let tail = '';
  const decoder = new TextDecoder();
  const start = performance.now();
  const ended = new Promise<void>((resolve) => {
    wire.onBytes = (bytes) => {
      tail = (tail + decoder.decode(bytes, { stream: true })).slice(-4000);
      if (tail.includes('flood-over-7')) resolve();
    };
  });
  wire.type(`seq 1 ${lines}; echo flood-over-$((3+4))\n`);
  await ended;
  return performance.now() - start;
}

export async function localClient(house: House): Promise<AfieldClient> {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  return AfieldClient.websocket({ url: house.url, token, WebSocket });
}
