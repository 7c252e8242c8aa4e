/** Addresses that a program prints: http and https only, with their true target. Everything else is text (security.md E2). */
import type { IBuffer, IBufferCell, ILink, ILinkProvider, Terminal } from '@xterm/xterm';
import { safeUrl } from '../safe-url.ts';
import { before, type Line, lineAt, lineStart, offsetOf, type Place, type Range, rangeOf } from './lines.ts';

const ADDRESS = /\bhttps?:\/\/[^\s"'`<>{}|\\^│┃║\p{Cc}\p{Cf}]+/giu;
/** What a sentence puts behind an address. */
const SENTENCE_END = /[.,;:!?)\]}…]+$/u;

/** A closing bracket belongs to the address when it was opened inside of it. */
function withoutSentence(text: string): string {
  let kept = text;
  for (;;) {
    const end = SENTENCE_END.exec(kept);
    if (end === null) return kept;
    const last = kept.at(-1)!;
    const opener = { ')': '(', ']': '[' }[last];
    if (opener !== undefined && kept.split(opener).length >= kept.split(last).length) return kept;
    kept = kept.slice(0, -1);
  }
}

export interface TextLink {
  /** Offsets in the text. */
  from: number;
  to: number;
  url: string;
}

export function linksIn(text: string): TextLink[] {
  const links: TextLink[] = [];
  for (const { index, 0: match } of text.matchAll(ADDRESS)) {
    const shown = withoutSentence(match);
    const url = safeUrl(shown);
    if (url !== null) links.push({ from: index, to: index + shown.length, url });
  }
  return links;
}

/** xterm keeps the targets of OSC 8 links where its public API does not reach. Without this there are none. */
interface Inside {
  _core?: { _oscLinkService?: { getLinkData(id: number): { uri: string } | undefined } };
}
type CellInside = IBufferCell & { extended?: { urlId?: number } };

/** The safe target of the OSC 8 link of a cell; null: none. */
export function targetAt(terminal: Terminal, buffer: IBuffer, { row, col }: Place): string | null {
  const cell = buffer.getLine(row)?.getCell(col) as CellInside | undefined;
  const id = cell?.extended?.urlId;
  if (!id) return null;
  const target = (terminal as unknown as Inside)._core?._oscLinkService?.getLinkData(id);
  return target === undefined ? null : safeUrl(target.uri);
}

const holds = ({ start, end }: Range, place: Place): boolean => !before(place, start) && before(place, end);

/** What opens when a place is tapped: the target of an OSC 8 link, else an address that stands there. */
export function linkAt(terminal: Terminal, place: Place): string | null {
  const buffer = terminal.buffer.active;
  const target = targetAt(terminal, buffer, place);
  if (target !== null) return target;
  return addresses(buffer, lineAt(buffer, lineStart(buffer, place.row))).find(({ range }) => holds(range, place))?.url ?? null;
}

/** All links of a line. `printed`: whether the program has printed OSC 8 links, which are looked for cell by cell. */
export function linksOf(terminal: Terminal, line: Line, printed: boolean): TextLink[] {
  const targets = printed ? printedLinks(terminal, line) : [];
  const free = ({ from, to }: TextLink) => !targets.some((link) => from < link.to && link.from < to);
  return [...targets, ...linksIn(line.text).filter(free)].sort((a, b) => a.from - b.from);
}

function printedLinks(terminal: Terminal, line: Line): TextLink[] {
  const buffer = terminal.buffer.active;
  const links: TextLink[] = [];
  for (let row = line.row; row < line.end; row++) {
    for (let col = 0; col < terminal.cols; col++) {
      const url = targetAt(terminal, buffer, { row, col });
      if (url === null) continue;
      const from = offsetOf(buffer, line, { row, col });
      const to = Math.min(offsetOf(buffer, line, { row, col: col + 1 }), line.text.length);
      const last = links.at(-1);
      if (last?.url === url && last.to === from) last.to = to;
      else if (from < to) links.push({ from, to, url });
    }
  }
  return links;
}

function addresses(buffer: IBuffer, line: Line): { range: Range; url: string }[] {
  return linksIn(line.text).map(({ from, to, url }) => ({ range: rangeOf(buffer, line, from, to), url }));
}

/** Addresses under the mouse, for xterm; it finds OSC 8 links itself. */
export function addressProvider(terminal: Terminal, onLink: (url: string) => void): ILinkProvider {
  return {
    provideLinks(y, callback) {
      const buffer = terminal.buffer.active;
      const line = lineAt(buffer, lineStart(buffer, y - 1));
      const links = addresses(buffer, line).map(({ range: { start, end }, url }): ILink => {
        // xterm counts from 1, and its end is the last cell
        const range = { start: { x: start.col + 1, y: start.row + 1 }, end: { x: end.col, y: end.row + 1 } };
        return { range, text: url, activate: () => onLink(url) };
      });
      callback(links.length === 0 ? undefined : links);
    },
  };
}
