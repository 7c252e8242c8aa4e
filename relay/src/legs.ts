/** The life of a leg outside of the pipe: its first frame, its wait, its pulse and its end. */
import type { Socket } from 'node:net';
import { CLOSE } from '@afield/shared/rendezvous.ts';
import type { WebSocket } from 'ws';
import type { Tally } from './metrics.ts';
import type { Role } from './offer.ts';
import type { RelaySettings } from './settings.ts';

/** How long a leg that we closed may take to answer; then its socket is cut. With the 3 s for a first frame it stays under 6 s. */
const LINGER_MS = 2000;
/** The pulse is felt five times between two pings, so that a silent leg is found within 60 s, not within 60 and a ping. */
const LOOKS_PER_PING = 5;

interface Leg {
  socket: Socket;
  role: Role;
  /** Ends the count as unpaired. */
  release: () => void;
  /** Closes the leg if it stays unpaired for too long. */
  timer: NodeJS.Timeout | undefined;
  pairedAt: number | undefined;
  bytesRead: number;
  heardAt: number;
  pingedAt: number;
}

/** All legs of one relay. */
export class Legs {
  readonly #legs = new Map<WebSocket, Leg>();
  readonly #settings: RelaySettings;
  readonly #tally: Tally;
  readonly #now: () => number;
  readonly #pulse: NodeJS.Timeout;
  #lookedAt: number;

  constructor(settings: RelaySettings, tally: Tally, now: () => number) {
    this.#settings = settings;
    this.#tally = tally;
    this.#now = now;
    this.#lookedAt = now();
    this.#pulse = setInterval(() => this.#feelPulse(), settings.pingMs / LOOKS_PER_PING);
  }

  /** Takes a fresh socket in. `release` is called once it is paired or gone. */
  add(ws: WebSocket, socket: Socket, role: Role, release: () => void): void {
    const now = this.#now();
    const tally = this.#tally;
    const leg: Leg = {
      socket,
      role,
      release,
      timer: undefined,
      pairedAt: undefined,
      bytesRead: socket.bytesRead,
      heardAt: now,
      pingedAt: now,
    };
    this.#legs.set(ws, leg);
    tally.legs[role] += 1;
    ws.on('error', () => {
      tally.faults += 1;
    }); // a broken frame or line; `close` follows
    ws.once('close', () => {
      this.#legs.delete(ws);
      this.#settle(leg);
      if (role === 'client' && leg.pairedAt === undefined) tally.turnedAway += 1;
      else if (role === 'client') tally.pairSeconds.observe((this.#now() - (leg.pairedAt ?? 0)) / 1000);
    });
  }

  /** Waits for a client's first frame, passes it to `ready`, and then lets the client wait until it is paired or its time is over. */
  awaitFirstFrame(ws: WebSocket, ready: (first: Buffer) => void): void {
    const { firstFrameMs, firstFrameBytes, waitMs } = this.#settings;
    this.#limit(ws, firstFrameMs, CLOSE.policy);
    ws.once('message', (frame: Buffer, binary: boolean) => {
      if (!binary || frame.length > firstFrameBytes) return this.#expel(ws, CLOSE.policy);
      this.forbidFrames(ws); // who talks on before he is answered is no client of ours
      this.#limit(ws, waitMs, CLOSE.tryLater);
      ready(frame);
    });
  }

  /** Closes the leg if it sends a frame before it is paired. */
  forbidFrames(ws: WebSocket): void {
    ws.once('message', () => this.#expel(ws, CLOSE.policy));
  }

  /** Client and server have become a pair: all limits for those who wait are over. */
  paired(...pair: WebSocket[]): void {
    const now = this.#now();
    for (const leg of pair.map((ws) => this.#legs.get(ws))) {
      if (leg === undefined) continue;
      this.#settle(leg);
      leg.pairedAt = now;
    }
    this.#tally.pairings += 1;
  }

  /** Closes every leg with 1001, and cuts those that do not answer. Resolves when none is left. */
  async close(lingerMs: number): Promise<void> {
    clearInterval(this.#pulse);
    const all = [...this.#legs.keys()];
    const gone = Promise.all(all.map((ws) => new Promise((resolve) => ws.once('close', resolve))));
    for (const ws of all) ws.removeAllListeners('message').resume();
    for (const ws of all) ws.close(CLOSE.goingAway);
    const cut = setTimeout(() => {
      for (const ws of all) ws.terminate();
    }, lingerMs);
    await gone;
    clearTimeout(cut);
  }

  get size(): number {
    return this.#legs.size;
  }

  /** How many pairs there are, and how many legs are not read from because the other side is slower. */
  counts(): { pairs: number; paused: number } {
    let pairs = 0;
    let paused = 0;
    for (const [ws, leg] of this.#legs) {
      if (leg.role === 'client' && leg.pairedAt !== undefined) pairs += 1;
      if (ws.isPaused) paused += 1;
    }
    return { pairs, paused };
  }

  #settle(leg: Leg): void {
    clearTimeout(leg.timer);
    leg.timer = undefined;
    leg.release();
  }

  #limit(ws: WebSocket, ms: number, code: number): void {
    const leg = this.#legs.get(ws);
    if (leg === undefined) return;
    clearTimeout(leg.timer);
    leg.timer = setTimeout(() => this.#expel(ws, code), ms);
  }

  #expel(ws: WebSocket, code: number): void {
    const { expelled } = this.#tally;
    expelled.set(code, (expelled.get(code) ?? 0) + 1);
    ws.removeAllListeners('message').close(code);
    const leg = this.#legs.get(ws);
    if (leg === undefined) return;
    clearTimeout(leg.timer);
    leg.timer = setTimeout(() => ws.terminate(), LINGER_MS);
  }

  #feelPulse(): void {
    const { pingMs, deadMs } = this.#settings;
    const now = this.#now();
    const look = pingMs / LOOKS_PER_PING;
    const silence = deadMs - 2 * look; // heard up to one look ago, and acted on up to one look late
    const slept = now - this.#lookedAt > 3 * look; // we or the whole machine: then what came meanwhile is still unread
    this.#lookedAt = now;
    for (const [ws, leg] of this.#legs) {
      // A leg that we do not read from, because the other is slow, cannot be heard: that is not its fault.
      if (leg.socket.bytesRead !== leg.bytesRead || ws.isPaused || slept) leg.heardAt = now;
      leg.bytesRead = leg.socket.bytesRead;
      if (now - leg.heardAt >= silence) {
        this.#tally.deaths += 1;
        ws.terminate();
      } else if (now - leg.pingedAt >= pingMs) {
        leg.pingedAt = now;
        ws.ping();
      }
    }
  }
}
