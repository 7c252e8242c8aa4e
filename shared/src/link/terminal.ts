import { AfieldError } from '../errors.ts';
import { AckPace } from './ack-pace.ts';
import type { Clock } from './clock.ts';
import { encodeFrame, FRAME_INPUT, FRAME_OUTPUT, FRAME_SNAPSHOT, type StreamFrame } from './frames.ts';
import type { Line } from './line.ts';
import type { AttachOptions, TerminalHandlers, TerminalStream } from './link.ts';
import type { Attached } from './messages.ts';
import { splitSnapshot } from './snapshot-size.ts';

/** A long paste travels in pieces of this size, so that nothing else waits long behind it. */
const INPUT_FRAME_BYTES = 32 * 1024;
/** More unsent input than this is not taken: the line is too slow, or dead. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Pause before attaching again when the home server was too busy. */
const BUSY_RETRY_MS = 1000;

/** What its owner keeps: the stream number of the moment. */
export interface TerminalOwner {
  opened(stream: number): void;
  left(stream: number): void;
  over(): void;
}

/** One terminal, however often its line breaks. Every attach begins with a snapshot; only what follows it gaplessly is shown. */
export class AttachedTerminal implements TerminalStream {
  readonly session_id: string;
  readonly #handlers: TerminalHandlers;
  readonly #clock: Clock;
  readonly #owner: TerminalOwner;
  readonly #pace: AckPace;
  readonly #utf8 = new TextEncoder();
  /** Size and lease for the next attach. */
  #wish: Pick<AttachOptions, 'cols' | 'rows' | 'lease'>;
  #line: Line | null = null;
  #attached: Attached | null = null;
  /** Where the next output must begin. Null until the snapshot of this attach. */
  #expected: number | null = null;
  #sendable = false;
  #over = false;
  /** Input since the screen last changed. */
  #unechoedBytes = 0;
  #ackTimer: unknown = null;
  #retryTimer: unknown = null;
  #resizing = false;
  #resizers: { resolve: () => void; reject: (error: AfieldError) => void }[] = [];

  constructor(options: AttachOptions, handlers: TerminalHandlers, clock: Clock, owner: TerminalOwner) {
    this.session_id = options.session_id;
    this.#wish = { cols: options.cols, rows: options.rows, lease: options.lease };
    this.#handlers = handlers;
    this.#clock = clock;
    this.#owner = owner;
    this.#pace = new AckPace(() => clock.now());
  }

  get attached(): Attached | null {
    return this.#attached;
  }

  get sendable(): boolean {
    return this.#sendable;
  }

  input(data: Uint8Array | string): boolean {
    const line = this.#line;
    const stream = this.#attached?.stream;
    if (line === null || stream === undefined || !this.#sendable) return false;
    const bytes = typeof data === 'string' ? this.#utf8.encode(data) : data;
    if (line.bufferedBytes + bytes.length > MAX_UNSENT_BYTES) return false;
    for (let at = 0; at < bytes.length; at += INPUT_FRAME_BYTES) {
      line.sendFrame(encodeFrame({ kind: FRAME_INPUT, stream, offset: 0, bytes: bytes.subarray(at, at + INPUT_FRAME_BYTES) }));
    }
    this.#unechoedBytes += bytes.length;
    return true;
  }

  resize(cols: number, rows: number): Promise<void> {
    if (this.#over) return Promise.reject(new AfieldError('session_ended', 'This terminal is closed.'));
    this.#wish = { cols, rows, lease: 'take' };
    const done = new Promise<void>((resolve, reject) => this.#resizers.push({ resolve, reject }));
    // Who does not care for the outcome need not handle it.
    done.catch(() => {});
    this.#sendSize();
    return done;
  }

  look(): void {
    this.#wish = { ...this.#wish, lease: 'look' };
  }

  consumed(offset: number): void {
    if (this.#expected === null) return;
    this.#pace.consumed(Math.min(offset, this.#expected));
    this.#ack();
  }

  detach(): void {
    this.#leave();
    this.end('detached', null);
  }

  lineOpened(line: Line): void {
    this.#line = line;
    this.#attach();
  }

  lineLost(): void {
    const uncertainInputBytes = this.#unechoedBytes;
    const wasAttached = this.#attached !== null;
    this.#line = null;
    this.#forgetStream();
    if (wasAttached) this.#handlers.onInterrupted?.({ uncertainInputBytes });
  }

  frame({ kind, offset, bytes }: StreamFrame): void {
    this.#unechoedBytes = 0;
    if (kind === FRAME_SNAPSHOT) {
      this.#expected = offset;
      this.#pace.reset(offset);
      const snapshot = splitSnapshot(bytes);
      this.#handlers.onSnapshot(snapshot.bytes, offset, snapshot.size);
    } else if (kind === FRAME_OUTPUT && this.#expected !== null) {
      const known = this.#expected - offset;
      if (known < 0) this.#reattach();
      else if (known < bytes.length) {
        this.#expected = offset + bytes.length;
        this.#handlers.onOutput(bytes.subarray(known), offset + known);
      }
    }
  }

  /** Over for good; the owner forgets it. */
  end(reason: Parameters<TerminalHandlers['onClosed']>[0], error: AfieldError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#line = null;
    this.#forgetStream();
    this.#settleResizers(error ?? new AfieldError('session_ended', 'This terminal was closed.'));
    this.#owner.over();
    this.#handlers.onClosed(reason, error);
  }

  #attach(): void {
    const line = this.#line;
    if (line === null) return;
    const asked = this.#wish;
    line.ask('attach', { session_id: this.session_id, ...asked }, (answer) => {
      if (answer instanceof AfieldError) this.#refused(answer);
      else if (this.#over) line.ask('detach', { stream: answer.stream }, () => {});
      else this.#opened(answer, asked);
    });
  }

  #opened(attached: Attached, asked: object): void {
    this.#attached = attached;
    this.#owner.opened(attached.stream);
    this.#handlers.onAttached?.(attached);
    this.#setSendable(true);
    if (this.#wish !== asked && this.#wish.lease === 'take') this.#sendSize();
    else this.#settleResizers(null);
  }

  #refused(error: AfieldError): void {
    if (this.#over) return;
    if (error.code === 'rate_limited' || error.code === 'unavailable') {
      this.#retryTimer = this.#clock.setTimeout(() => this.#attach(), BUSY_RETRY_MS);
    } else this.end('failed', error);
  }

  /** Output is missing, which no honest server lets happen: begin with a fresh snapshot. */
  #reattach(): void {
    this.#leave();
    this.#forgetStream();
    this.#attach();
  }

  #leave(): void {
    if (this.#attached !== null) this.#line?.ask('detach', { stream: this.#attached.stream }, () => {});
  }

  #forgetStream(): void {
    if (this.#attached !== null) this.#owner.left(this.#attached.stream);
    this.#attached = null;
    this.#expected = null;
    this.#unechoedBytes = 0;
    this.#resizing = false;
    for (const timer of [this.#ackTimer, this.#retryTimer]) if (timer !== null) this.#clock.clearTimeout(timer);
    this.#ackTimer = null;
    this.#retryTimer = null;
    this.#setSendable(false);
  }

  #setSendable(sendable: boolean): void {
    if (sendable === this.#sendable) return;
    this.#sendable = sendable;
    this.#handlers.onSendable?.(sendable);
  }

  /** One size at a time is under way; the newest follows. */
  #sendSize(): void {
    if (this.#resizing || this.#line === null || this.#attached === null) return;
    const sent = this.#wish;
    this.#resizing = true;
    this.#line.ask('resize', { stream: this.#attached.stream, cols: sent.cols, rows: sent.rows }, (answer) => {
      this.#resizing = false;
      if (answer instanceof AfieldError) {
        this.#wish = { ...this.#wish, lease: 'look' };
        this.#settleResizers(answer);
      } else if (this.#wish === sent) this.#settleResizers(null);
      else this.#sendSize();
    });
  }

  #settleResizers(error: AfieldError | null): void {
    const settled = this.#resizers;
    this.#resizers = [];
    for (const { resolve, reject } of settled) {
      if (error === null) resolve();
      else reject(error);
    }
  }

  #ack(): void {
    const step = this.#pace.next();
    if (this.#ackTimer !== null) this.#clock.clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    if (step.kind === 'ack' && this.#attached !== null) this.#line?.tell('ack', { stream: this.#attached.stream, offset: step.offset });
    else if (step.kind === 'wait') this.#ackTimer = this.#clock.setTimeout(() => this.#ack(), step.ms);
  }
}
