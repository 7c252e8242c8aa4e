import { signal } from '@preact/signals';
import { TerminalBytes } from './terminal-bytes.ts';

/** What the feed needs of a drawn terminal. */
export interface FedScreen {
  /** Empties it, makes it so large, and shows this. Size null: as it is. */
  snapshot(bytes: Uint8Array, size: { cols: number; rows: number } | null, done: () => void): void;
  write(bytes: Uint8Array, done: () => void): void;
  /** Shows this, which ends as the screen is now, with more lines above; what is being read stays in sight. */
  deepen(bytes: Uint8Array): void;
  size(): { cols: number; rows: number };
  /** So many lines can be printed before what is being read is pushed out. */
  room(): number;
}

/** The screen with the lines above it, as home keeps them: `offset` is where the bytes that follow it begin. */
export interface Older {
  cols: number;
  rows: number;
  offset: number;
  screen: string;
}

/**
 * `newest`: what comes is shown. `above`: older lines are read, and stay where they are. `frozen`: something is being selected, and
 * nothing may move.
 */
export type Reading = 'newest' | 'above' | 'frozen';

export interface FeedDeps {
  consumed(offset: number): void;
  older(): Promise<Older>;
  later(run: () => void, ms: number): () => void;
}

interface Piece {
  bytes: Uint8Array;
  offset: number;
  /** Undefined: output. */
  snapshot?: { cols: number; rows: number } | null;
}

/** While somebody reads, home stops at 256 KiB by itself; one that does not is not waited for. */
const MAX_HELD_BYTES = 1024 * 1024;
/** Output of the time in which older lines are fetched. */
const MAX_TAIL_BYTES = 2 * 1024 * 1024;
/** Older lines are fetched again this long after the screen was skipped forward, in ms: a flood is let pass. */
const AGAIN_MS = 1000;
const TRIES = 3;
const LF = 0x0a;

/** Brings a session's bytes onto a screen, holds them back while somebody reads, and fetches the lines above it when they are wanted. */
export function createFeed({ consumed, older: fetchOlder, later }: FeedDeps) {
  /** Lines that came meanwhile and are not shown; `more`: and others that home skipped. */
  const waiting = signal({ lines: 0, more: false });
  /** Of the lines above the screen. `unknown`: there may be some at home. */
  const older = signal<'unknown' | 'loading' | 'shown' | 'failed'>('unknown');

  let drawn: FedScreen | null = null;
  let reading: Reading = 'newest';
  let held: Piece[] = [];
  let heldBytes = 0;
  /** Position after what was shown last; null until the first snapshot. */
  let position: number | null = null;
  let bytes = new TerminalBytes();
  /** Rows of what the screen was given and has not taken yet. */
  let unparsed = 0;
  /** Everything shown since older lines were asked for. */
  let tail: { from: number; pieces: Piece[]; bytes: number } | null = null;
  let answer: Older | null = null;
  let wanted = false;
  let round = 0;
  let stopAgain = () => {};

  const holds = (piece: Piece): boolean => {
    if (reading === 'newest' || drawn === null || position === null) return false;
    return reading === 'frozen' || held.length > 0 || piece.snapshot !== undefined || drawn.room() < unparsed + rowsOf(piece);
  };

  /** Rows that a piece may take, at most. */
  const rowsOf = ({ bytes: raw }: Piece): number => linesIn(raw) + Math.ceil(raw.length / (drawn?.size().cols ?? 1));

  function take(piece: Piece): void {
    if (!holds(piece)) {
      show(piece);
      return;
    }
    if (piece.snapshot !== undefined) {
      held = [];
      heldBytes = 0;
    }
    held.push(piece);
    heldBytes += piece.bytes.length;
    const lines = piece.snapshot === undefined ? linesIn(piece.bytes) : 0;
    waiting.value = { lines: waiting.peek().lines + lines, more: waiting.peek().more || piece.snapshot !== undefined };
    if (heldBytes > MAX_HELD_BYTES) release();
  }

  function release(): void {
    const pieces = held;
    held = [];
    heldBytes = 0;
    waiting.value = { lines: 0, more: false };
    for (const piece of pieces) show(piece);
  }

  function show({ bytes: raw, offset, snapshot }: Piece): void {
    if (drawn === null) return;
    if (snapshot === undefined) {
      position = offset + raw.length;
      const end = position;
      const piece = { bytes: raw, offset };
      const rows = rowsOf(piece);
      unparsed += rows;
      drawn.write(bytes.push(raw), () => {
        unparsed -= rows;
        consumed(end);
      });
      keepTail(piece);
    } else {
      bytes = new TerminalBytes();
      position = offset;
      drawn.snapshot(bytes.push(raw), snapshot, () => consumed(offset));
      if (tail !== null) tail = { from: offset, pieces: [], bytes: 0 };
      else forgetOlder();
    }
    if (answer !== null) useAnswer(answer);
  }

  /** The lines above went with the old screen. */
  function forgetOlder(): void {
    older.value = 'unknown';
    stopAgain();
    if (wanted) stopAgain = later(() => load(TRIES), AGAIN_MS);
  }

  function keepTail(piece: Piece): void {
    if (tail === null) return;
    tail.pieces.push(piece);
    tail.bytes += piece.bytes.length;
    if (tail.bytes > MAX_TAIL_BYTES) giveUp();
  }

  function giveUp(): void {
    round += 1;
    tail = null;
    answer = null;
    forgetOlder();
  }

  function load(tries: number): void {
    if (drawn === null || position === null || tail !== null) return;
    stopAgain();
    round += 1;
    const mine = round;
    tail = { from: position, pieces: [], bytes: 0 };
    answer = null;
    older.value = 'loading';
    fetchOlder().then(
      (got) => {
        if (mine !== round) return;
        if (useAnswer(got) || tries <= 1) return;
        // for another size, or of a time that is past
        round += 1;
        tail = null;
        load(tries - 1);
      },
      () => {
        if (mine !== round) return;
        tail = null;
        older.value = 'failed';
      },
    );
  }

  /** False when it is of no use. It is kept while the screen is not so far yet. */
  function useAnswer(got: Older): boolean {
    answer = null;
    if (drawn === null || tail === null || position === null) return true;
    const { cols, rows } = drawn.size();
    if (got.cols !== cols || got.rows !== rows || got.offset < tail.from) {
      older.value = 'failed';
      return false;
    }
    if (got.offset > position) {
      answer = got;
      return true;
    }
    const after = tail.pieces.filter((piece) => piece.offset + piece.bytes.length > got.offset);
    const whole = new TerminalBytes();
    const parts = [
      new TextEncoder().encode(got.screen),
      ...after.map((piece) => piece.bytes.subarray(Math.max(0, got.offset - piece.offset))),
    ];
    const shown = parts.map((part) => whole.push(part));
    tail = null;
    older.value = 'shown';
    drawn.deepen(joined(shown));
    return true;
  }

  return {
    waiting,
    older,
    snapshot: (raw: Uint8Array, offset: number, size: { cols: number; rows: number } | null) =>
      take({ bytes: raw, offset, snapshot: size }),
    output: (raw: Uint8Array, offset: number) => take({ bytes: raw, offset }),
    drawOn(screen: FedScreen | null) {
      round += 1;
      stopAgain();
      drawn = screen;
      unparsed = 0;
      position = null;
      tail = null;
      answer = null;
      reading = 'newest';
      held = [];
      heldBytes = 0;
      waiting.value = { lines: 0, more: false };
      older.value = 'unknown';
    },
    read(how: Reading) {
      reading = how;
      if (how === 'newest') release();
    },
    /** Whether the lines above the screen are looked at: they are fetched, and again whenever the screen begins anew. */
    wantOlder(want: boolean) {
      wanted = want;
      if (!want) stopAgain();
      else if (older.peek() === 'unknown' || older.peek() === 'failed') load(TRIES);
    },
  };
}

const linesIn = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum + (byte === LF ? 1 : 0), 0);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
