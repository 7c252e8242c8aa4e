/** Patches as agents tell them, as files before and after. */
import type { FileDiff } from '@afield/shared/api/chat.ts';

const MAX_CHARACTERS = 200_000;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const HEADER =
  /^(?:Index: |={20,}$|diff --git |index |--- |\+\+\+ |new file mode |deleted file mode |old mode |new mode |similarity index |rename )/;
const NO_NEWLINE = '\\ No newline at end of file';

/** A place that changes: its `@@` line, and the lines of both sides. */
interface Hunk {
  at: RegExpExecArray;
  before: Side;
  after: Side;
}
interface Side {
  lines: string[];
  /** The latest line of the place is (also) its. */
  latest: boolean;
  /** Lines that it still misses. */
  missing: number;
  /** Its last line has no end. */
  open: boolean;
}

/**
 * The files of a unified diff. Of a file that is changed only the changed places are known, with the lines around them: each place that
 * does not begin at the first line has its `@@` line above it, on both sides. `fallback`: the path where the diff names none.
 */
export function filesOfPatch(patch: string, fallback: string): FileDiff[] {
  const files: FileDiff[] = [];
  let path = fallback;
  let hunks: Hunk[] = [];
  const close = () => {
    if (hunks.length > 0) files.push(fileOf(path, hunks));
    hunks = [];
  };
  for (const line of patch.split('\n')) {
    const hunk = hunks.at(-1);
    if (hunk !== undefined && take(line, hunk)) continue;
    const at = HUNK.exec(line);
    if (at !== null) {
      hunks.push({ at, before: side(at[2]), after: side(at[4]) });
    } else if (HEADER.test(line)) {
      close();
      path = named(line) ?? path;
    }
  }
  close();
  return files;
}

/** False: the line is not of this place. */
function take(line: string, { before, after }: Hunk): boolean {
  const sign = line.charAt(0);
  if (line === NO_NEWLINE) {
    for (const one of [before, after]) one.open ||= one.latest;
    return true;
  }
  if (before.missing === 0 && after.missing === 0) return false;
  before.latest = sign !== '+';
  after.latest = sign !== '-';
  for (const one of [before, after]) {
    if (!one.latest) continue;
    one.lines.push(line.slice(1));
    one.missing -= 1;
  }
  return true;
}

/** A new file, one that goes, or one of which both sides are known. */
export function fileDiff(path: string, before: string | null, after: string | null): FileDiff {
  const cut = (before?.length ?? 0) > MAX_CHARACTERS || (after?.length ?? 0) > MAX_CHARACTERS;
  return { path, before: before?.slice(0, MAX_CHARACTERS) ?? null, after: after?.slice(0, MAX_CHARACTERS) ?? null, cut };
}

function named(line: string): string | null {
  const name = /^\+\+\+ (?:b\/)?([^\t]+)/.exec(line)?.[1] ?? /^Index: (.+)$/.exec(line)?.[1] ?? null;
  return name === '/dev/null' ? null : name;
}

function fileOf(path: string, hunks: Hunk[]): FileDiff {
  const [first] = hunks;
  const isNew = first?.at[1] === '0' && first.at[2] === '0';
  const isGone = first?.at[3] === '0' && first.at[4] === '0';
  const text = (which: 'before' | 'after') =>
    hunks.map(({ at, [which]: one }) => `${Number(at[1]) > 1 ? `${at[0]}\n` : ''}${joined(one)}`).join('');
  return fileDiff(path, isNew ? null : text('before'), isGone ? null : text('after'));
}

const side = (lines: string | undefined): Side => ({ lines: [], latest: false, missing: Number(lines ?? 1), open: false });
const joined = ({ lines, open }: Side): string => lines.join('\n') + (open || lines.length === 0 ? '' : '\n');
