import { AfieldError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { ConnectFailed, type ConnectionCause, type Door } from './door.ts';
import type { Answer } from './link.ts';
import { encodeMessage, readReply, request } from './message-codec.ts';
import { type Action, type EventMessage, MAX_LINK_MESSAGE_BYTES, type Requests, STALE_MS, type Welcome } from './messages.ts';
import type { LinkPipe, PipeEnd } from './pipe.ts';

/** From dialling to `welcome`. The relay alone may wait 8 s for a spare, and the handshake 20 s. */
export const CONNECT_MS = 25_000;
/** A line that does not answer within this when asked is taken for dead: a person is looking at it. */
export const CHECK_MS = 3000;

/** Why a line is over. `refused` is final. */
export interface LineEnd {
  reason: ConnectionCause | 'refused';
  detail: string;
  /** The home server ended it on purpose. */
  goodbye?: boolean;
}

export interface LineListener {
  /** Connected and let in. Nothing but `onEnd` is called before. */
  onOpen(welcome: Welcome): void;
  onEvent(message: EventMessage): void;
  onFrame(frame: Uint8Array): void;
  onRoundTrip(ms: number): void;
  /** Called once, also when it never opened; nothing follows. */
  onEnd(end: LineEnd): void;
}

export type AnswerListener<A extends Action> = (answer: Answer<A> | AfieldError) => void;

/** One connection, from dialling to its end: lets itself in, matches answers to requests, and knows whether it is alive. */
export class Line {
  readonly #door: Door;
  readonly #clock: Clock;
  readonly #listener: LineListener;
  readonly #abort = new AbortController();
  readonly #asked = new Map<string, (answer: never) => void>();
  #pipe: LinkPipe | null = null;
  #open = false;
  #over = false;
  #lastId = 0;
  #heardAt: number;
  #heardCount = 0;
  #tickedAt = 0;
  /** Bytes that were not on the wire at the last beat. */
  #waiting = 0;
  #timers = new Set<unknown>();

  constructor(door: Door, clock: Clock, listener: LineListener) {
    this.#door = door;
    this.#clock = clock;
    this.#listener = listener;
    this.#heardAt = clock.now();
  }

  get isOpen(): boolean {
    return this.#open && !this.#over;
  }

  /** Handed over, but not yet on the wire. */
  get bufferedBytes(): number {
    return this.#pipe?.bufferedBytes ?? 0;
  }

  dial(): void {
    this.#later(CONNECT_MS, () => {
      if (!this.#open) this.#end({ reason: 'broken', detail: 'The home server did not answer in time.' });
    });
    try {
      const pipe = this.#door.connect(this.#abort.signal);
      if (pipe instanceof Promise)
        pipe.then(
          (opened) => this.#take(opened),
          (cause) => this.#failed(cause),
        );
      else this.#take(pipe);
    } catch (cause) {
      this.#failed(cause);
    }
  }

  /** Sends a request; `listener` hears the answer unless the line ends first. Returns its id. Throws `too_large`. */
  ask<A extends Action>(action: A, fields: Requests[A], listener: AnswerListener<A>): string {
    const id = this.#send(action, fields);
    this.#asked.set(id, listener);
    return id;
  }

  /** The caller no longer waits. */
  forget(id: string): void {
    this.#asked.delete(id);
  }

  /** Sends a request that has no answer. */
  tell<A extends Action>(action: A, fields: Requests[A]): void {
    this.#send(action, fields);
  }

  sendFrame(frame: Uint8Array): void {
    if (!this.#over) this.#pipe?.sendFrame(frame);
  }

  /** Measures the round trip; ends the line when for 3 s nothing at all is heard and nothing of what waits goes out. */
  check(): void {
    if (!this.isOpen) return;
    const before = this.#heardCount;
    const waiting = this.bufferedBytes;
    this.#ping();
    this.#later(CHECK_MS, () => {
      if (this.#heardCount !== before) return;
      // A large message is on its way, and the ping behind it.
      if (this.bufferedBytes < waiting) this.check();
      else this.#end({ reason: 'broken', detail: 'The connection was dead.' });
    });
  }

  /** Ends it without telling the listener. */
  close(end: PipeEnd): void {
    this.#finish(end);
  }

  #take(pipe: LinkPipe): void {
    if (this.#over) {
      pipe.close({ kind: 'goodbye', detail: 'No longer wanted.' });
      return;
    }
    this.#pipe = pipe;
    pipe.onText = (text) => this.#shielded(() => this.#receive(text));
    pipe.onFrame = (frame) => this.#shielded(() => this.#receiveFrame(frame));
    pipe.onClose = (end) => this.#shielded(() => this.#pipeEnded(end));
    pipe.onHeard = () => this.#heard();
    const { token } = this.#door;
    if (typeof token === 'string') this.#authenticate(token);
    else if (token !== undefined)
      Promise.resolve(token()).then(
        (fresh) => this.#authenticate(fresh),
        (cause) => this.#failed(cause),
      );
  }

  #authenticate(token: string): void {
    if (this.#over) return;
    this.ask('auth', { token }, (answer) => {
      if (!(answer instanceof AfieldError)) return;
      const final = answer.code === 'unauthenticated' || answer.code === 'forbidden';
      this.#end({ reason: final ? 'refused' : 'home_offline', detail: answer.message });
    });
  }

  #receive(text: string): void {
    this.#heard();
    if (text.length > MAX_LINK_MESSAGE_BYTES) {
      this.#end({ reason: 'broken', detail: 'The home server sent a message that is too large.' });
      return;
    }
    const reply = readReply(text);
    if (reply === null) return;
    if (reply.type === 'response' && reply.payload.kind === 'welcome') this.#welcomed(reply.payload);
    if (reply.type === 'event') {
      if (this.#open) this.#listener.onEvent(reply);
      return;
    }
    const listener = this.#asked.get(reply.id);
    this.#asked.delete(reply.id);
    listener?.((reply.type === 'error' ? AfieldError.from(reply.payload) : reply.payload) as never);
  }

  #receiveFrame(frame: Uint8Array): void {
    this.#heard();
    if (this.#open) this.#listener.onFrame(frame);
  }

  #welcomed(welcome: Welcome): void {
    if (this.#open) return;
    this.#open = true;
    this.#ping();
    this.#listener.onOpen(welcome);
    this.#beat(Math.min(welcome.heartbeat_ms, STALE_MS / 2));
    this.#watch(STALE_MS);
  }

  #beat(everyMs: number): void {
    this.#tickedAt = this.#clock.now();
    this.#later(everyMs, () => {
      // A timer that comes so late slept with the device: find out at once what became of the line.
      if (this.#clock.now() - this.#tickedAt > 2 * everyMs) this.check();
      else this.#ping();
      // What goes out takes its time, and the answers stand behind it.
      if (this.bufferedBytes < this.#waiting) this.#heardAt = this.#clock.now();
      this.#waiting = this.bufferedBytes;
      this.#beat(everyMs);
    });
  }

  #watch(ms: number): void {
    this.#later(ms, () => {
      const silent = this.#clock.now() - this.#heardAt;
      if (silent >= STALE_MS) this.#end({ reason: 'broken', detail: `Nothing was heard for ${STALE_MS / 1000} s.` });
      else if (silent >= 0) this.#watch(STALE_MS - silent);
      else {
        // The clock was set back: count anew.
        this.#heardAt = this.#clock.now();
        this.#watch(STALE_MS);
      }
    });
  }

  #ping(): void {
    const sentAt = this.#clock.now();
    if (this.isOpen) this.ask('ping', {}, () => this.#listener.onRoundTrip(Math.max(0, this.#clock.now() - sentAt)));
  }

  #heard(): void {
    this.#heardAt = this.#clock.now();
    this.#heardCount++;
  }

  #send<A extends Action>(action: A, fields: Requests[A]): string {
    const id = `r${++this.#lastId}`;
    const text = encodeMessage(request(id, action, fields, this.#clock.now()));
    if (!this.#over) this.#pipe?.sendText(text);
    return id;
  }

  #pipeEnded({ kind, detail }: PipeEnd): void {
    const reasons = {
      goodbye: 'home_offline',
      broken: 'broken',
      refused: 'refused',
      unavailable: 'home_offline',
      protocol: 'broken',
    } as const;
    this.#end({ reason: reasons[kind], detail, goodbye: kind === 'goodbye' });
  }

  #failed(cause: unknown): void {
    if (cause instanceof ConnectFailed) this.#end({ reason: cause.reason, detail: cause.message });
    else if (cause instanceof AfieldError && cause.code === 'unauthenticated') this.#end({ reason: 'refused', detail: cause.message });
    else this.#end({ reason: 'broken', detail: cause instanceof Error ? cause.message : 'The connection failed.' });
  }

  #end(end: LineEnd): void {
    if (this.#over) return;
    this.#finish({ kind: 'broken', detail: end.detail });
    this.#listener.onEnd(end);
  }

  #finish(end: PipeEnd): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
    this.#asked.clear();
    this.#abort.abort();
    this.#pipe?.close(end);
  }

  #later(ms: number, run: () => void): void {
    if (this.#over) return;
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  /** What a listener of ours throws is a fault of the page or command, not of the line: reported, and the line goes on. */
  #shielded(act: () => void): void {
    if (this.#over) return;
    try {
      act();
    } catch (fault) {
      queueMicrotask(() => {
        throw fault;
      });
    }
  }
}
