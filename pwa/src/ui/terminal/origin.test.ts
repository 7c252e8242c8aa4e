import { Terminal } from '@xterm/xterm';
import { expect, it } from 'vitest';
import { Origin } from './origin.ts';

function make() {
  const terminal = new Terminal({ cols: 20, rows: 5, scrollback: 50 });
  const origin = new Origin(terminal, 50);
  terminal.onWriteParsed(() => origin.moved());
  const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, () => setTimeout(resolve)));
  const lines = (from: number, to: number) => write(Array.from({ length: to - from }, (_, i) => `line ${from + i}\r\n`).join(''));
  /** Number of the row that says this. */
  const numberOf = (text: string) => {
    const { active } = terminal.buffer;
    for (let row = 0; row < active.length; row++) if (active.getLine(row)?.translateToString(true) === text) return origin.first + row;
    return null;
  };
  return { terminal, origin, write, lines, numberOf };
}

it('a row keeps its number while it is kept', async () => {
  const { lines, numberOf, origin } = make();
  for (let at = 0; at < 200; at += 7) {
    await lines(at, at + 7);
    expect(numberOf(`line ${at + 6}`)).toBe(at + 6);
  }
  expect(origin.first).toBeGreaterThan(100);
});

it('also after the alternate screen, and after what is above was erased', async () => {
  const { lines, write, numberOf } = make();
  for (let at = 0; at < 100; at += 10) await lines(at, at + 10);
  await write('\x1b[?1049h\x1b[Hfull\r\n\r\n\r\n\r\n\r\n\r\n\r\n');
  await write('\x1b[?1049l');
  await lines(100, 110);
  expect(numberOf('line 109')).toBe(109);
  await write('\x1b[3J');
  await lines(110, 140);
  expect(numberOf('line 139')).toBe(139);
});

it('rows put above have the numbers before', async () => {
  const { terminal, origin, lines, write, numberOf } = make();
  await lines(0, 10);
  const { baseY } = terminal.buffer.normal;
  origin.hold();
  await write('\x1bc');
  await lines(-20, 10);
  origin.deepened(terminal.buffer.normal.baseY - baseY);
  expect([numberOf('line -20'), numberOf('line 0'), numberOf('line 9')]).toEqual([-20, 0, 9]);
});
