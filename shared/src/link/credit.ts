/** Terminal flow control of one viewer (protocol 3.5). Pure: no socket, no timer; its owner asks `next` and does what it says. */
import { ByteQueue } from './byte-queue.ts';

/** Under load output is gathered into frames of this size: fewer records, and deflate finds more. */
export const OUTPUT_BATCH_BYTES = 16 * 1024;
/** …but held no longer than this: below what a person notices. */
export const OUTPUT_BATCH_MS = 5;
/** So many frames may go out at once in that time: echoes of keys are never held back, a flood soon is. */
const UNHELD_FRAMES = 4;
/** …if they are no larger than this, as an echo is. */
const UNHELD_BYTES = 512;
/** Most that may be queued for a viewer, wherever it waits: in this program, in TCP, in the viewer's own program. */
export const MAX_UNACKED_BYTES = 256 * 1024;
/** Least window of a slow viewer: a few screens, so that ordinary work never skips. */
const MIN_WINDOW_BYTES = 32 * 1024;
/** A viewer may be about this far behind: its window is what it draws in this time. */
const WINDOW_MS = 2000;
/** Fewer bytes than this under way say more about latency than about speed. */
const RATE_SAMPLE_BYTES = 16 * 1024;
/** A viewer counts as drained when no more than this part of its window is under way. */
const DRAINED = 1 / 4;

export type ViewerStep =
  /** Send this now, then ask again. */
  | { kind: 'output'; offset: number; bytes: Uint8Array }
  /** Take a snapshot of the screen, send it, then call `snapshot`. Said once. */
  | { kind: 'snapshot' }
  /** Ask again after so many ms, or after the next `push` or `ack`. */
  | { kind: 'wait'; ms: number }
  /** Nothing to do until `push`, `ack` or `snapshot`. */
  | { kind: 'rest' };

/**
 * `flow`: raw output. `skip`: what comes is not kept; once drained, a snapshot is asked for. `asked`: it is being taken and what comes
 * is kept, to follow it. `overrun`: it is being taken, but too much came to be kept: another must follow.
 */
type Phase = 'flow' | 'skip' | 'asked' | 'overrun';

/**
 * Decides what one viewer gets and when. It starts by asking for a snapshot. All offsets are positions in the session's byte log.
 *
 * A snapshot may be taken asynchronously, if only it shows everything that was pushed before it was asked for. After an `overrun`
 * it is shown all the same and another follows once it is drawn, so that even an endless flood is seen as a row of pictures.
 */
export class ViewerCredit {
  readonly #now: () => number;
  readonly #pending = new ByteQueue();
  #phase: Phase = 'skip';
  /** End of the last push. */
  #logEnd = 0;
  /** Position after what was sent last. */
  #sent = 0;
  #acked = 0;
  /** A snapshot that the viewer has not drawn yet. What lies between `from` and `to` was never sent. */
  #jump: { from: number; to: number; bytes: number } | null = null;
  #window = MAX_UNACKED_BYTES;
  #bytesPerMs: number | null = null;
  #measuredAt = 0;
  /** Begin of the present stretch of `OUTPUT_BATCH_MS`, and what went out in it. */
  #burstAt = Number.NEGATIVE_INFINITY;
  #burstFrames = 0;

  /** `now`: milliseconds from any fixed point. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Bytes sent and not yet drawn. */
  get unackedBytes(): number {
    const jump = this.#jump;
    return jump === null ? this.#sent - this.#acked : jump.from - this.#acked + jump.bytes + this.#sent - jump.to;
  }

  /** Everything that waits for this viewer, anywhere: at most `MAX_UNACKED_BYTES`, or one snapshot if that is larger. */
  get queuedBytes(): number {
    return this.unackedBytes + this.#pending.length;
  }

  /** Output of the session. The bytes are kept, not copied. */
  push(offset: number, bytes: Uint8Array): void {
    this.#logEnd = Math.max(this.#logEnd, offset + bytes.length);
    if (this.#phase !== 'flow' && this.#phase !== 'asked') return;
    if (this.#phase === 'asked' && this.#pending.length === 0 && offset > this.#pending.end) this.#pending.reset(offset);
    const known = this.#pending.end - offset;
    const fresh = bytes.subarray(Math.min(Math.max(known, 0), bytes.length));
    const limit = this.#phase === 'flow' ? this.#window : MAX_UNACKED_BYTES;
    if (known < 0 || this.queuedBytes + fresh.length > limit) this.skip();
    else this.#pending.push(fresh);
  }

  /** The viewer has drawn everything below `offset`. More than was sent counts as what was sent. */
  ack(offset: number): void {
    const before = this.unackedBytes;
    if (this.#jump !== null && offset >= this.#jump.to) {
      this.#jump = null;
      this.#acked = Math.min(offset, this.#sent);
    } else {
      this.#acked = Math.max(this.#acked, Math.min(offset, this.#jump?.from ?? this.#sent));
    }
    this.#measure(before, before - this.unackedBytes);
  }

  /** A snapshot of `length` bytes that shows everything below `offset` was sent. */
  snapshot(offset: number, length: number): void {
    const complete = this.#phase === 'asked' && this.#pending.start <= offset;
    this.#markSent();
    this.#jump = { from: this.#jump?.from ?? this.#sent, to: offset, bytes: length };
    this.#sent = offset;
    this.#phase = complete ? 'flow' : 'skip';
    if (complete) this.#pending.dropBelow(offset);
    else this.#pending.reset(offset);
  }

  /** Raw output no longer makes sense (the screen changed its size): a snapshot follows once the viewer has drained. */
  skip(): void {
    this.#phase = this.#phase === 'asked' || this.#phase === 'overrun' ? 'overrun' : 'skip';
    this.#pending.reset(this.#logEnd);
  }

  next(): ViewerStep {
    if (this.#phase === 'skip' && this.#jump === null && this.unackedBytes <= this.#window * DRAINED) {
      this.#phase = 'asked';
      this.#pending.reset(this.#logEnd);
      return { kind: 'snapshot' };
    }
    if (this.#phase !== 'flow' || this.#pending.length === 0) return { kind: 'rest' };
    const held = this.#heldFor(this.#pending.length);
    if (held > 0) return { kind: 'wait', ms: held };
    this.#markSent();
    const offset = this.#sent;
    const bytes = this.#pending.take(OUTPUT_BATCH_BYTES);
    this.#sent += bytes.length;
    return { kind: 'output', offset, bytes };
  }

  /** Milliseconds for which so many bytes are still gathered. */
  #heldFor(bytes: number): number {
    if (bytes >= OUTPUT_BATCH_BYTES) return 0;
    const elapsed = this.#now() - this.#burstAt;
    if (elapsed < 0 || elapsed >= OUTPUT_BATCH_MS) return 0;
    if (bytes <= UNHELD_BYTES && this.#burstFrames < UNHELD_FRAMES) return 0;
    return OUTPUT_BATCH_MS - elapsed;
  }

  #markSent(): void {
    const now = this.#now();
    if (this.unackedBytes === 0) this.#measuredAt = now;
    const elapsed = now - this.#burstAt;
    if (elapsed >= 0 && elapsed < OUTPUT_BATCH_MS) {
      this.#burstFrames += 1;
    } else {
      this.#burstAt = now;
      this.#burstFrames = 1;
    }
  }

  /** Fits the window to how fast the viewer draws, so that a slow one is soon shown the newest screen instead of an old flood. */
  #measure(before: number, drawn: number): void {
    const now = this.#now();
    const elapsed = Math.max(1, now - this.#measuredAt);
    this.#measuredAt = now;
    if (before < RATE_SAMPLE_BYTES || drawn <= 0) return;
    const rate = drawn / elapsed;
    this.#bytesPerMs = this.#bytesPerMs === null ? rate : (this.#bytesPerMs + rate) / 2;
    this.#window = Math.min(MAX_UNACKED_BYTES, Math.max(MIN_WINDOW_BYTES, this.#bytesPerMs * WINDOW_MS));
  }
}
