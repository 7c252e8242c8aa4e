import { exact } from './printable.ts';

/** A part of what a machine will run; a `mark` is a sign of ours for something that could not be seen. */
export interface Piece {
  text: string;
  mark: boolean;
}

/** An indentation up to here is left as it is. */
const MAX_INDENT = 24;
/** Blanks that are none for a shell: a no-break space is part of a word. */
const ODD_SPACE = /[^\S \t\n\r]/gu;
const RUN = /^ +| {4,}|\t| +$/g;

const spaces = (count: number): string => `⟨${count} ${count === 1 ? 'space' : 'spaces'}⟩`;
const visible = (text: string): string =>
  exact(text).replace(ODD_SPACE, (char) => `⟨U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);

/**
 * A command, path or input, line by line, so that nothing of it is hidden: line ends, tabs, blanks at an end and long runs of blanks are
 * marked, invisible and misleading characters written out. What is left out of sight by a screen is said there.
 */
export function exactLines(text: string): Piece[][] {
  const lines = text.split('\n');
  return lines.map((line, index) => {
    const pieces = piecesOf(line);
    return index < lines.length - 1 ? [...pieces, { text: '↵', mark: true }] : pieces;
  });
}

function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const add = (text: string, mark: boolean) => {
    if (text !== '') pieces.push({ text, mark });
  };
  for (const run of line.matchAll(RUN)) {
    const indent = run.index === 0 && run[0] !== '\t' && run[0].length <= MAX_INDENT && run[0].length < line.length;
    if (indent) continue;
    add(visible(line.slice(from, run.index)), false);
    add(run[0] === '\t' ? '⟨tab⟩' : spaces(run[0].length), true);
    from = run.index + run[0].length;
  }
  add(visible(line.slice(from)), false);
  return pieces;
}
