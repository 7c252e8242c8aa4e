/** A log entry that a search found: whose it is, how old, and the lines in which the words stand. */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { LogHit } from '@afield/shared/api/history.ts';
import { since } from './age.ts';
import { printableLines } from './printable.ts';
import type { Style } from './style.ts';

const INDENT = '    ';
/** Lines of an entry that are shown, and characters of one: of a longer line the part around the first word found. */
const LINES = 3;
const LINE_CHARACTERS = 200;
const BEFORE_CHARACTERS = 60;

type Mark = readonly [from: number, to: number];

export function hitLines({ session_name, agent, machine, type, timestamp, seq, text, marks }: LogHit, now: number, style: Style): string[] {
  const where = machine === LOCAL_MACHINE ? agent : `${agent} on ${machine}`;
  const head = `${style('strong', printableLines(session_name))}  ${style('quiet', printableLines(`${where}  ${type}  ${since(timestamp, now)} ago  #${seq}`))}`;
  return [head, ...foundLines(text, marks).map((line) => INDENT + painted(line, style))];
}

interface Line {
  text: string;
  marks: Mark[];
}

/** The first lines with a word in them; the first ones, when nobody knows where the words are. */
function foundLines(text: string, marks: readonly Mark[]): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (const whole of text.split('\n')) {
    const to = from + whole.length;
    const own = marks
      .filter(([start, end]) => start < to && end > from)
      .map(([start, end]) => [Math.max(0, start - from), end - from] as const);
    if ((own.length > 0 || marks.length === 0) && whole.trim() !== '') lines.push(shortened(whole, own));
    if (lines.length === LINES) break;
    from = to + 1;
  }
  return lines;
}

function shortened(text: string, marks: Mark[]): Line {
  if (text.length <= LINE_CHARACTERS) return { text, marks };
  const from = Math.min(Math.max(0, (marks[0]?.[0] ?? 0) - BEFORE_CHARACTERS), text.length - LINE_CHARACTERS);
  const to = from + LINE_CHARACTERS;
  const before = from > 0 ? '…' : '';
  const moved = marks
    .filter(([start, end]) => start < to && end > from)
    .map(([start, end]) => [Math.max(start, from) - from + before.length, Math.min(end, to) - from + before.length] as const);
  return { text: `${before}${text.slice(from, to).toWellFormed()}${to < text.length ? '…' : ''}`, marks: moved };
}

/** What could steer the terminal is escaped piece by piece, so that the marks still fit. */
function painted({ text, marks }: Line, style: Style): string {
  let line = '';
  let at = 0;
  for (const [from, to] of marks) {
    line += printableLines(text.slice(at, from)) + style('run', printableLines(text.slice(from, to)));
    at = to;
  }
  return (line + printableLines(text.slice(at))).trim();
}
