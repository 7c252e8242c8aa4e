/**
 * A terminal's lines as ordinary text, wrapped to the width of this device: to be read, selected by the browser's own means, copied.
 * Only what changed is drawn anew, so that a selection stays.
 */
import { type Line, lineStart, linesFrom } from './lines.ts';
import type { TextLink } from './links.ts';
import type { TerminalScreen } from './screen.ts';

interface Drawn {
  element: HTMLElement;
  /** Text and links, to tell whether it must be drawn anew. */
  shown: string;
}

/** A rule or an edge of a box: as wide as the terminal, and of no use when it is wrapped. */
const RULE = /^[\s│┃║|]*[─━═_=\-╌┄╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝]{12,}[\s│┃║|]*$/u;

export class TextList {
  readonly #host: HTMLElement;
  readonly #screen: TerminalScreen;
  /** By the number of their first row, in order. */
  #lines = new Map<number, Drawn>();
  /** Rows from this number on may have changed since. */
  #settled = Number.NEGATIVE_INFINITY;
  #alternate = false;
  #origin = 0;

  constructor(host: HTMLElement, screen: TerminalScreen) {
    this.#host = host;
    this.#screen = screen;
  }

  /** Draws what the terminal says now. */
  update(): void {
    const { buffer, rows } = this.#screen.terminal;
    const { active } = buffer;
    const alternate = active.type === 'alternate';
    const origin = this.#screen.origin();
    // older lines were put above, or this is another screen: anything may have changed
    if (alternate !== this.#alternate || origin < this.#origin) this.#settled = Number.NEGATIVE_INFINITY;
    this.#alternate = alternate;
    this.#origin = origin;
    const from = Math.min(Math.max(0, this.#settled - origin), active.length - 1);
    const lines = withoutEmptyEnd([...linesFrom(active, lineStart(active, from))], active.baseY + active.cursorY);
    this.#replace(origin, lines);
    this.#settled = origin + Math.max(0, active.length - rows);
  }

  /** The element that shows a row, and the line's first row. */
  elementOf(row: number): { element: HTMLElement; row: number } | null {
    const start = lineStart(this.#screen.terminal.buffer.active, row);
    const element = this.#lines.get(this.#origin + start)?.element;
    return element === undefined ? null : { element, row: start };
  }

  #replace(origin: number, lines: readonly Line[]): void {
    const first = origin + (lines[0]?.row ?? 0);
    const wanted = new Set(lines.map((line) => origin + line.row));
    for (const [number, { element }] of this.#lines) {
      const kept = number >= origin && (number < first || wanted.has(number));
      if (kept) continue;
      element.remove();
      this.#lines.delete(number);
    }
    let fresh = false;
    for (const line of lines) fresh = this.#show(origin + line.row, line) || fresh;
    if (fresh) this.#order(origin, lines);
  }

  /** True when the line is new. */
  #show(number: number, line: Line): boolean {
    const links = this.#screen.linksOf(line);
    const shown = links.length === 0 ? line.text : `${line.text}\n${links.map(({ from, to, url }) => `${from} ${to} ${url}`).join('\n')}`;
    const known = this.#lines.get(number);
    if (known?.shown === shown) return false;
    const element = known?.element ?? document.createElement('div');
    draw(element, line.text, links);
    this.#lines.set(number, { element, shown });
    return known === undefined;
  }

  /** New lines go where their number says; the others stay where they are, and with them what is selected in them. */
  #order(origin: number, lines: readonly Line[]): void {
    let next: Element | null = null;
    for (let at = lines.length - 1; at >= 0; at--) {
      const { element } = this.#lines.get(origin + lines[at]!.row)!;
      if (element.parentElement !== this.#host || element.nextElementSibling !== next) this.#host.insertBefore(element, next);
      next = element;
    }
  }
}

/** The empty lines below the cursor of an ordinary screen were never printed. */
function withoutEmptyEnd(lines: Line[], cursorRow: number): Line[] {
  let end = lines.length;
  while (end > 1 && lines[end - 1]!.text === '' && lines[end - 1]!.row > cursorRow) end--;
  return lines.slice(0, end);
}

function draw(element: HTMLElement, text: string, links: readonly TextLink[]): void {
  element.className = RULE.test(text) ? 'rule' : '';
  const parts: (string | HTMLElement)[] = [];
  let at = 0;
  for (const { from, to, url } of links) {
    if (from < at) continue;
    parts.push(text.slice(at, from));
    const link = document.createElement('span');
    link.className = 'text-link';
    link.setAttribute('role', 'link');
    link.tabIndex = 0;
    link.dataset.url = url;
    link.textContent = text.slice(from, to);
    parts.push(link);
    at = to;
  }
  parts.push(text.slice(at));
  // an empty line has the height of a line, and is copied as one
  element.replaceChildren(...(text === '' ? ['\n'] : parts));
}
