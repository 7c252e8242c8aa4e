/** What `LOOK` prints, read. Every text in it is hostile; nothing here loops longer than its input. */
import type { ChangedFile, Hunk } from '@afield/shared/api/changes.ts';

/** Files that are listed; of more only the number is told. */
const MAX_FILES = 500;
/** Changed lines of one file that go with the list. More are asked for by its path. */
const MAX_LISTED_LINES = 400;
/** Lines longer than this are cut: what is generated is read by nobody. */
const MAX_LINE_CHARACTERS = 2_000;

export interface Looked {
  branch: string | null;
  files: ChangedFile[];
  more_files: number;
}

/** Tokens that end with a NUL; an unfinished last one is left out. */
function tokens(bytes: Buffer): string[] {
  const all = bytes.toString('utf8').split('\0');
  all.pop();
  return all;
}

interface Changed {
  path: string;
  old_path: string | null;
  change: ChangedFile['change'];
  /** Patches that git writes for it: two where a file became a link, or the other way round. */
  patches: number;
}
const CHANGES: Readonly<Record<string, ChangedFile['change']>> = { A: 'added', D: 'deleted', R: 'renamed' };

/** `:100644 100644 <id> <id> M NUL path NUL`, for renames with the old path first. */
function readRaw(bytes: Buffer): Changed[] {
  const all = tokens(bytes);
  const found: Changed[] = [];
  for (let at = 0; at + 1 < all.length; ) {
    const letter = all[at]?.split(' ')[4]?.charAt(0) ?? '';
    const renamed = letter === 'R' || letter === 'C';
    if (renamed && at + 2 >= all.length) break;
    const path = all[at + (renamed ? 2 : 1)] as string;
    const old_path = renamed ? (all[at + 1] as string) : null;
    found.push({ path, old_path, change: CHANGES[letter] ?? 'modified', patches: letter === 'T' ? 2 : 1 });
    at += renamed ? 3 : 2;
  }
  return found;
}

/** `added TAB deleted TAB path NUL`, for renames `added TAB deleted TAB NUL old NUL new NUL`; `-` for binary files. */
function readCounts(bytes: Buffer): { added: number; deleted: number; binary: boolean }[] {
  const all = tokens(bytes);
  const found = [];
  for (let at = 0; at < all.length; at++) {
    const [added = '', deleted = '', ...path] = (all[at] as string).split('\t');
    found.push({ added: Number(added) || 0, deleted: Number(deleted) || 0, binary: added === '-' });
    if (path.join('\t') === '') at += 2;
  }
  return found;
}

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)$/;

interface Section {
  hunks: Hunk[];
  /** A line of it was too long to be shown whole. */
  cut: boolean;
}

/** The patch, file by file. Which lines belong to a hunk its counts tell, so no line of a file is ever taken for a header. */
function readPatch(text: string): Section[] {
  const lines = text.split('\n');
  const sections: Section[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line.startsWith('diff --git ')) sections.push({ hunks: [], cut: false });
    const head = HUNK.exec(line);
    const section = sections.at(-1);
    if (head === null || section === undefined) continue;
    const [, old_start, old_lines = '1', new_start, new_lines = '1', heading = ''] = head;
    const hunk: Hunk = { old_start: Number(old_start), new_start: Number(new_start), heading: shorten(heading, section), lines: [] };
    let before = Number(old_lines);
    let after = Number(new_lines);
    // An empty line is none of a hunk: there the patch was cut.
    while ((before > 0 || after > 0) && lines[at + 1]) {
      at += 1;
      const sign = (lines[at] as string).charAt(0);
      if (sign === '\\') continue;
      if (sign !== '+') before -= 1;
      if (sign !== '-') after -= 1;
      hunk.lines.push(shorten(lines[at] as string, section));
    }
    section.hunks.push(hunk);
  }
  return sections;
}

function shorten(line: string, section: Section): string {
  if (line.length <= MAX_LINE_CHARACTERS) return line;
  section.cut = true;
  return `${line.slice(0, MAX_LINE_CHARACTERS)}…`;
}

/** `only`: one file was asked for, with all of its hunks that fit into `limit` bytes; it stands first. */
export function readLook(stdout: Buffer, { only, limit }: { only: boolean; limit: number }): Looked {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < 6) {
    const end = stdout.indexOf(0, at);
    if (end < 0) throw new Error('git told less than it was asked.');
    fields.push(stdout.toString('utf8', at, end));
    at = end + 1;
  }
  const [branch = '', , count = '0', ...sizes] = fields;
  const [raw, counts, patch] = sizes.map((size) => {
    const part = stdout.subarray(at, at + Number(size));
    at += Number(size);
    return part;
  }) as [Buffer, Buffer, Buffer];

  const files = readRaw(raw).slice(0, only ? 1 : MAX_FILES);
  const numbers = readCounts(counts);
  const whole = patch.length < limit;
  const sections = readPatch(patch.toString('utf8', 0, whole ? patch.length : patch.lastIndexOf('\n') + 1));
  let next = 0;
  const listed = files.map(({ patches, ...file }, index): ChangedFile => {
    const { added, deleted, binary } = numbers[index] ?? { added: 0, deleted: 0, binary: false };
    const mine = sections.slice(next, next + patches);
    next += patches;
    const complete = mine.length === patches && (whole || next < sections.length);
    const shown = only || (complete && added + deleted <= MAX_LISTED_LINES);
    return {
      ...file,
      added,
      deleted,
      binary,
      hunks: shown ? mine.flatMap(({ hunks }) => hunks) : null,
      cut: !complete || !shown || mine.some(({ cut }) => cut),
    };
  });
  return { branch: branch === '' ? null : branch, files: listed, more_files: only ? 0 : Math.max(0, Number(count) - listed.length) };
}
