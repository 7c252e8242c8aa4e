import { Terminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';
import { safeUrl } from '../safe-url.ts';
import { findAll, MAX_FOUND } from './find.ts';
import { lineAt, lineStart, linesFrom, MAX_JOINED_ROWS, offsetOf, rangeOf, textOf, wordAt } from './lines.ts';
import { linkAt, linksIn, linksOf } from './links.ts';

async function shown(text: string, cols = 10, rows = 6, scrollback = 500) {
  const terminal = new Terminal({ cols, rows, scrollback });
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  return { terminal, buffer: terminal.buffer.active };
}
const texts = (buffer: Parameters<typeof linesFrom>[0]) => [...linesFrom(buffer, 0)].map(({ text }) => text);

describe('lines', () => {
  it('are joined where the terminal wrapped them, with the blanks at the seam', async () => {
    const { buffer } = await shown('one two   three\r\nfour');
    expect(texts(buffer).slice(0, 2)).toEqual(['one two   three', 'four']);
    expect(lineStart(buffer, 1)).toBe(0);
  });
  it('know that a wide character left the last cell free', async () => {
    const { buffer } = await shown('123456789配x');
    expect(lineAt(buffer, 0).text).toBe('123456789配x');
  });
  it('are read in pieces when a program never ends one', async () => {
    const { buffer } = await shown('x'.repeat(10 * (MAX_JOINED_ROWS + 50)), 10, 6, 1000);
    expect(texts(buffer).map((text) => text.length)).toEqual([10 * MAX_JOINED_ROWS, 500]);
  });
  it('lead back to the cells of a part, wide and combined characters included', async () => {
    const { buffer } = await shown('a配e\u0301b wrapped here');
    const line = lineAt(buffer, 0);
    const at = line.text.indexOf('b');
    expect(rangeOf(buffer, line, at, at + 1)).toEqual({ start: { row: 0, col: 4 }, end: { row: 0, col: 5 } });
    const word = line.text.indexOf('wrapped');
    expect(rangeOf(buffer, line, word, word + 7)).toEqual({ start: { row: 0, col: 6 }, end: { row: 1, col: 3 } });
    expect(offsetOf(buffer, line, { row: 1, col: 4 })).toBe(line.text.indexOf('here'));
    expect(offsetOf(buffer, line, { row: 0, col: 2 })).toBe(1);
  });
});

describe('what is copied', () => {
  it('has no blanks at the end, and wrapped lines in one', async () => {
    const { buffer } = await shown('hello wrapped world\r\nnext      \r\n\r\nend');
    expect(textOf(buffer, { start: { row: 0, col: 0 }, end: { row: 4, col: 10 } })).toBe('hello wrapped world\nnext\n\nend');
  });
  it('is a part of the first and of the last line', async () => {
    const { buffer } = await shown('hello wrapped world\r\nnext');
    expect(textOf(buffer, { start: { row: 0, col: 6 }, end: { row: 1, col: 3 } })).toBe('wrapped');
    expect(textOf(buffer, { start: { row: 1, col: 4 }, end: { row: 2, col: 2 } })).toBe('world\nne');
  });
  it('comes from the alternate screen too', async () => {
    const { buffer } = await shown('below\x1b[?1049h\x1b[Habove   ');
    expect(buffer.type).toBe('alternate');
    expect(textOf(buffer, { start: { row: 0, col: 0 }, end: { row: 0, col: 10 } })).toBe('above');
  });
  it('a word goes over the seam, a blank has none', async () => {
    const { buffer } = await shown('go src/long/path.ts ok');
    const word = wordAt(buffer, { row: 0, col: 5 });
    expect(word && textOf(buffer, word)).toBe('src/long/path.ts');
    expect(wordAt(buffer, { row: 0, col: 2 })).toBeNull();
    expect(wordAt(buffer, { row: 4, col: 2 })).toBeNull();
  });
});

describe('find', () => {
  it('finds over the seam, in either case, or exactly', async () => {
    const { buffer } = await shown('abc Wrapped x\r\nwrapped');
    const { places, more } = findAll(buffer, 'wrapped', { matchCase: false });
    expect(places.map((place) => textOf(buffer, place))).toEqual(['Wrapped', 'wrapped']);
    expect(places[0]).toEqual({ start: { row: 0, col: 4 }, end: { row: 1, col: 1 } });
    expect(more).toBe(false);
    expect(findAll(buffer, 'Wrapped', { matchCase: true }).places).toHaveLength(1);
  });
  it('takes signs as they stand', async () => {
    const { buffer } = await shown('a.b (x) [y] a-b/c|d', 40);
    for (const query of ['a.b', '(x)', '[y]', 'a-b/c|d']) expect(findAll(buffer, query, { matchCase: false }).places).toHaveLength(1);
    expect(findAll(buffer, 'a.c', { matchCase: false }).places).toHaveLength(0);
    expect(findAll(buffer, '', { matchCase: false }).places).toEqual([]);
  });
  it('keeps the last ones when there are too many', async () => {
    const { buffer } = await shown(`first ${'x'.repeat(3 * MAX_FOUND)} last`, 100, 6, 100);
    const { places, more } = findAll(buffer, 'x', { matchCase: true });
    expect([places.length, more]).toEqual([MAX_FOUND, true]);
    expect(places.at(-1)?.end.col).toBe((6 + 3 * MAX_FOUND) % 100);
  });
});

describe('E2: links', () => {
  it.each([
    ['see https://example.org/a_(b), please.', 'https://example.org/a_(b)'],
    ['(https://example.org/x)', 'https://example.org/x'],
    ['HTTP://EXAMPLE.org', 'http://example.org/'],
    ['https://münchen.example/ü', 'https://xn--mnchen-3ya.example/%C3%BC'],
    ['"https://example.org/q?a=1&b=[2]"', 'https://example.org/q?a=1&b=[2]'],
  ])('%s', (text, url) => {
    expect(linksIn(text).map((link) => link.url)).toEqual([url]);
  });
  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ssh://host', 'vscode://x', 'https://', 'xhttps://a.b'])(
    '%s is text',
    (text) => {
      expect(linksIn(text)).toEqual([]);
    },
  );
  it('E5: an address ends before what is drawn as nothing', () => {
    expect(linksIn('https://example.org/\u202egnp.exe').map((link) => link.url)).toEqual(['https://example.org/']);
  });
  it('a very long address is none', () => {
    expect(safeUrl(`https://example.org/${'a'.repeat(3000)}`)).toBeNull();
  });
  it('is found at a tapped place, over the seam', async () => {
    const { terminal } = await shown('go https://example.org/very/long now');
    expect(linkAt(terminal, { row: 2, col: 1 })).toBe('https://example.org/very/long');
    expect(linkAt(terminal, { row: 0, col: 1 })).toBeNull();
  });
  it('OSC 8: the true target wins over the text, and another scheme has none', async () => {
    const link = (target: string, text: string) => `\x1b]8;;${target}\x07${text}\x1b]8;;\x07`;
    const { terminal } = await shown(`${link('https://evil.example/', 'https://good.example')} ${link('javascript:alert(1)', 'here')}`, 60);
    expect(linkAt(terminal, { row: 0, col: 3 })).toBe('https://evil.example/');
    expect(linkAt(terminal, { row: 0, col: 22 })).toBeNull();
    const links = linksOf(terminal, lineAt(terminal.buffer.active, 0), true);
    expect(links).toEqual([{ from: 0, to: 20, url: 'https://evil.example/' }]);
  });
});
