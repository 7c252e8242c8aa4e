import { CLOSE } from '../rendezvous.ts';
import type { LinkPipe, MessageSocket, PipeEnd } from './pipe.ts';

/**
 * Two ends joined in memory, for tests and for a client in the server's own process. Messages are copied, arrive in order and
 * asynchronously (one microtask each), and those sent before a close arrive before it: as with a WebSocket.
 */
export interface Pair<End> {
  a: End;
  b: End;
  /** What `a` sends. */
  aToB: Direction;
  /** What `b` sends. */
  bToA: Direction;
  /** The line is cut: both ends learn of it (1006, `broken`), and what was under way is lost. */
  cut(): void;
  /** Resolves once nothing is under way in a direction that is not paused. */
  settled(): Promise<void>;
}

/** One direction of a pair, and what a hostile or failing line does to it. */
export interface Direction {
  /** Gives the messages that arrive in place of one that was sent; `index` counts from 0. Null (default): the message itself. */
  tamper: Tamper | null;
  /** While true nothing arrives and the sender's `bufferedBytes` grows: a reader that stalls. */
  paused: boolean;
  /** A message that the other end never sent. */
  inject(message: Uint8Array): void;
  /** Copies of all messages sent, as they were before `tamper`. Empty unless `record` is set. */
  readonly sent: Uint8Array[];
  /** Keep copies in `sent`. Default false: a pair that lives long must not grow. */
  record: boolean;
}
export type Tamper = (message: Uint8Array, index: number) => readonly Uint8Array[];

/** Message `n` never arrives. */
export const dropMessage =
  (n: number): Tamper =>
  (message, index) =>
    index === n ? [] : [message];

/** Message `n` arrives twice. */
export const duplicateMessage =
  (n: number): Tamper =>
  (message, index) =>
    index === n ? [message, message.slice()] : [message];

/** Messages `n` and `n + 1` change places. */
export const swapMessages = (n: number): Tamper => {
  let held: Uint8Array | null = null;
  return (message, index) => {
    if (index === n) {
      held = message;
      return [];
    }
    return index === n + 1 && held !== null ? [message, held] : [message];
  };
};

/** One bit of message `n` arrives flipped: bit `bit` (0 to 7) of byte `byte`. */
export const flipBit =
  (n: number, byte: number, bit = 0): Tamper =>
  (message, index) => {
    if (index === n && byte < message.length) message[byte] = (message[byte] as number) ^ (1 << bit);
    return [message];
  };

type Parcel = { kind: 'bytes' | 'text' | 'frame'; bytes: Uint8Array } | { kind: 'close'; code: number; end: PipeEnd };

/** Carries one direction's parcels to `deliver`, one a microtask. */
class Lane implements Direction {
  tamper: Tamper | null = null;
  record = false;
  readonly sent: Uint8Array[] = [];
  bufferedBytes = 0;
  #paused = false;
  #queue: Parcel[] = [];
  #running = false;
  #index = 0;
  #closed = false;
  readonly #deliver: (parcel: Parcel) => void;

  constructor(deliver: (parcel: Parcel) => void) {
    this.#deliver = deliver;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#run();
  }

  get idle(): boolean {
    return this.#paused || this.#queue.length === 0;
  }

  send(kind: 'bytes' | 'text' | 'frame', bytes: Uint8Array): void {
    if (this.#closed) return;
    const copy = bytes.slice();
    if (this.record) this.sent.push(bytes.slice());
    const arriving = this.tamper === null ? [copy] : this.tamper(copy, this.#index);
    this.#index++;
    for (const message of arriving) this.#enqueue({ kind, bytes: message });
  }

  inject(message: Uint8Array): void {
    if (!this.#closed) this.#enqueue({ kind: 'bytes', bytes: message.slice() });
  }

  close(code: number, end: PipeEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#enqueue({ kind: 'close', code, end });
  }

  cut(): void {
    this.#closed = true;
    this.#queue = [];
    this.bufferedBytes = 0;
  }

  #enqueue(parcel: Parcel): void {
    if (parcel.kind !== 'close') this.bufferedBytes += parcel.bytes.length;
    this.#queue.push(parcel);
    this.#run();
  }

  #run(): void {
    if (this.#running || this.idle) return;
    this.#running = true;
    queueMicrotask(() => {
      this.#running = false;
      if (this.#paused) return;
      const parcel = this.#queue.shift();
      if (parcel === undefined) return;
      if (parcel.kind !== 'close') this.bufferedBytes -= parcel.bytes.length;
      this.#run();
      this.#deliver(parcel);
    });
  }
}

const BROKEN: PipeEnd = { kind: 'broken', detail: 'The line was cut.' };
const ABNORMAL = 1006;
const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

interface EndOfPair {
  receive(parcel: Parcel): void;
  ended(code: number, end: PipeEnd): void;
}

function join<End extends EndOfPair>(create: (lane: Lane) => End): Pair<End> {
  const aToB: Lane = new Lane((parcel) => deliver(b, a, parcel));
  const bToA: Lane = new Lane((parcel) => deliver(a, b, parcel));
  const a = create(aToB);
  const b = create(bToA);
  function deliver(to: End, from: End, parcel: Parcel): void {
    if (parcel.kind !== 'close') {
      to.receive(parcel);
      return;
    }
    to.ended(parcel.code, parcel.end);
    from.ended(parcel.code, parcel.end);
  }
  return {
    a,
    b,
    aToB,
    bToA,
    cut() {
      aToB.cut();
      bToA.cut();
      a.ended(ABNORMAL, BROKEN);
      b.ended(ABNORMAL, BROKEN);
    },
    async settled() {
      while (!aToB.idle || !bToA.idle) await Promise.resolve();
    },
  };
}

/** One end of `memorySocketPair`. As with `ws`, messages under way still arrive after an own `close`, until `onClose`. */
export class MemorySocket implements MessageSocket {
  onMessage: (message: Uint8Array) => void = () => {};
  onText: () => void = () => {};
  onClose: (code: number) => void = () => {};
  #open = true;
  #over = false;
  readonly #lane: Lane;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  get bufferedBytes(): number {
    return this.#lane.bufferedBytes;
  }

  send(message: Uint8Array): void {
    if (this.#open) this.#lane.send('bytes', message);
  }

  /** Sends a WebSocket text frame, which no channel allows. */
  sendText(text: string): void {
    if (this.#open) this.#lane.send('text', utf8.encode(text));
  }

  close(code: number): void {
    this.#open = false;
    this.#lane.close(code, BROKEN);
  }

  receive(parcel: Parcel): void {
    if (this.#over || parcel.kind === 'close') return;
    if (parcel.kind === 'text') this.onText();
    else this.onMessage(parcel.bytes);
  }

  ended(code: number): void {
    if (this.#over) return;
    this.#open = false;
    this.#over = true;
    this.onClose(code);
  }
}

/** One end of `memoryPipePair`. A close reaches both ends: the own one at once, the other after what was sent before it. */
export class MemoryPipe implements LinkPipe {
  onText: (text: string) => void = () => {};
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (end: PipeEnd) => void = () => {};
  #over = false;
  readonly #lane: Lane;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  get bufferedBytes(): number {
    return this.#lane.bufferedBytes;
  }

  sendText(text: string): void {
    if (!this.#over) this.#lane.send('text', utf8.encode(text));
  }

  sendFrame(frame: Uint8Array): void {
    if (!this.#over) this.#lane.send('frame', frame);
  }

  close(end: PipeEnd): void {
    if (this.#over) return;
    this.#lane.close(CLOSE.normal, end);
    this.ended(CLOSE.normal, end);
  }

  receive(parcel: Parcel): void {
    if (this.#over || parcel.kind === 'close') return;
    if (parcel.kind === 'text') this.onText(fromUtf8.decode(parcel.bytes));
    else this.onFrame(parcel.bytes);
  }

  ended(_code: number, end: PipeEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.onClose(end);
  }
}

/** Two joined message sockets: what a channel runs over. */
export function memorySocketPair(): Pair<MemorySocket> {
  return join((lane) => new MemorySocket(lane));
}

/** Two joined pipes: what a link runs over, without a channel. `Direction.inject` arrives as a frame. */
export function memoryPipePair(): Pair<MemoryPipe> {
  return join((lane) => new MemoryPipe(lane));
}
