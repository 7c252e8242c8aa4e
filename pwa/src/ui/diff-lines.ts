import type { Hunk } from '@afield/shared/api/changes.ts';

/** Lines of a file that was given as before and after, compared on this device; and the part of a changed line that differs. */

/** Lines around a change. */
const CONTEXT = 3;
/** More edits than these are shown as one block out and one block in: finding the shortest way would take too long. */
const MAX_EDITS = 600;

type Edit = ' ' | '-' | '+';

function linesOf(text: string | null): string[] {
  if (text === null || text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Whether the furthest point on diagonal `k` is reached by a line that comes, and not by one that goes. */
const addsLast = (ends: ReadonlyMap<number, number>, k: number, edits: number): boolean =>
  k === -edits || (k !== edits && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));

/** The shortest way from `a` to `b` (Myers), as the furthest points after each number of edits; null when it takes too many. */
function trace(a: readonly string[], b: readonly string[]): Map<number, number>[] | null {
  const steps: Map<number, number>[] = [];
  let ends = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(MAX_EDITS, a.length + b.length); edits += 1) {
    steps.push(new Map(ends));
    for (let k = -edits; k <= edits; k += 2) {
      const down = addsLast(ends, k, edits);
      let x = down ? (ends.get(k + 1) ?? 0) : (ends.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      ends.set(k, x);
      if (x >= a.length && x - k >= b.length) return steps;
    }
    ends = new Map(ends);
  }
  return null;
}

function wholly(a: readonly string[], b: readonly string[]): Edit[] {
  return [...a.map((): Edit => '-'), ...b.map((): Edit => '+')];
}

/** What happens to the lines, in order. */
function edits(a: readonly string[], b: readonly string[]): Edit[] {
  if (a.length === 0 || b.length === 0) return wholly(a, b);
  const steps = trace(a, b);
  if (steps === null) return wholly(a, b);
  const back: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const ends = steps[at]!;
    const k = x - y;
    const down = addsLast(ends, k, at);
    const from = down ? k + 1 : k - 1;
    const [fromX, fromY] = at === 0 ? [0, 0] : [ends.get(from) ?? 0, (ends.get(from) ?? 0) - from];
    while (x > fromX && y > fromY) {
      back.push(' ');
      x -= 1;
      y -= 1;
    }
    if (at === 0) break;
    back.push(down ? '+' : '-');
    [x, y] = [fromX, fromY];
  }
  return back.reverse();
}

/** The changes between two texts, each with some lines around it. Null: there is no such file. */
export function hunksBetween(before: string | null, after: string | null): Hunk[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = edits(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const kept = (count: number): Edit[] => Array.from({ length: count }, () => ' ');
  return cut([...kept(start), ...middle, ...kept(end)], a, b);
}

/** Leaves out what is far from every change. */
function cut(all: readonly Edit[], a: readonly string[], b: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [x, y, quiet] = [0, 0, Number.POSITIVE_INFINITY];
  let open: Hunk | null = null;
  all.forEach((edit, index) => {
    if (edit !== ' ') {
      if (open === null) {
        const lead = Math.min(CONTEXT, index, quiet);
        open = { old_start: x - lead + 1, new_start: y - lead + 1, heading: '', lines: a.slice(x - lead, x).map((line) => ` ${line}`) };
        hunks.push(open);
      }
      open.lines.push(`${edit}${edit === '-' ? a[x] : b[y]}`);
      quiet = 0;
    } else {
      quiet += 1;
      // two changes near each other stand in one piece
      if (open !== null && quiet <= CONTEXT * 2) open.lines.push(` ${a[x]}`);
      else if (open !== null) open = null;
    }
    if (edit !== '+') x += 1;
    if (edit !== '-') y += 1;
  });
  for (const hunk of hunks) trim(hunk);
  return hunks;
}

/** Of the kept lines at its end only the first few are wanted. A file that is new, or gone, has no line there. */
function trim(hunk: Hunk): void {
  let tail = 0;
  while (hunk.lines.at(-1 - tail)?.startsWith(' ')) tail += 1;
  if (tail > CONTEXT) hunk.lines.length -= tail - CONTEXT;
  if (hunk.lines.every((line) => line.startsWith('+'))) hunk.old_start -= 1;
  if (hunk.lines.every((line) => line.startsWith('-'))) hunk.new_start -= 1;
}

export interface DiffLine {
  edit: Edit;
  /** In the file after the change; of a deleted line, before it. From 1. */
  number: number;
  text: string;
  /** From where to where it differs from the line that it replaces, or that replaces it; null: all of it, or nothing. */
  marked: readonly [from: number, to: number] | null;
}

/** A longer line is not looked at letter by letter. */
const MAX_MARKED = 400;

/** The lines of a hunk with their numbers. As many lines out as in, one after the other: each is compared with its own. */
export function diffLines(hunk: Pick<Hunk, 'old_start' | 'new_start' | 'lines'>): DiffLine[] {
  let [old, now] = [hunk.old_start, hunk.new_start];
  const lines = hunk.lines.map((line): DiffLine => {
    const edit: Edit = line.startsWith('+') ? '+' : line.startsWith('-') ? '-' : ' ';
    const number = edit === '-' ? old : now;
    if (edit !== '+') old += 1;
    if (edit !== '-') now += 1;
    return { edit, number, text: line.slice(1), marked: null };
  });
  for (let at = 0; at < lines.length; at += 1) {
    let out = at;
    while (lines[out]?.edit === '-') out += 1;
    let into = out;
    while (lines[into]?.edit === '+') into += 1;
    const count = out - at;
    if (count > 0 && into - out === count) for (let one = 0; one < count; one += 1) markPair(lines[at + one]!, lines[out + one]!);
    at = Math.max(at, into - 1);
  }
  return lines;
}

function markPair(out: DiffLine, into: DiffLine): void {
  if (out.text.length > MAX_MARKED || into.text.length > MAX_MARKED) return;
  const shortest = Math.min(out.text.length, into.text.length);
  let start = 0;
  while (start < shortest && out.text[start] === into.text[start]) start += 1;
  let end = 0;
  while (end < shortest - start && out.text.at(-1 - end) === into.text.at(-1 - end)) end += 1;
  // little in common: the marks would say nothing
  if (start + end < shortest / 3) return;
  if (start < out.text.length - end) out.marked = [start, out.text.length - end];
  if (start < into.text.length - end) into.marked = [start, into.text.length - end];
}

/** How many lines come and go. */
export function countLines(hunks: readonly Pick<Hunk, 'lines'>[]): { added: number; deleted: number } {
  let [added, deleted] = [0, 0];
  for (const { lines } of hunks) {
    for (const line of lines) {
      if (line.startsWith('+')) added += 1;
      else if (line.startsWith('-')) deleted += 1;
    }
  }
  return { added, deleted };
}
