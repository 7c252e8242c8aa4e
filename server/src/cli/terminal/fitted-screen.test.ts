import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { FittedScreen } from './fitted-screen.ts';

/** Draws onto a real terminal emulator of the view's size and reads its screen back. */
async function shownOn(view: { cols: number; rows: number }, screen: FittedScreen, notice = 'notice'): Promise<Shown> {
  const desk = new xterm.Terminal({ ...view, allowProposedApi: true, scrollback: 0 });
  return show(desk, screen, notice);
}
interface Shown {
  lines: string[];
  cursor: [number, number];
  desk: InstanceType<typeof xterm.Terminal>;
}
async function show(desk: InstanceType<typeof xterm.Terminal>, screen: FittedScreen, notice: string): Promise<Shown> {
  await new Promise<void>((resolve) => desk.write(screen.draw(notice), resolve));
  const lines = Array.from({ length: desk.rows }, (_, y) => desk.buffer.active.getLine(y)?.translateToString(true).trimEnd() ?? '');
  return { lines, cursor: [desk.buffer.active.cursorX, desk.buffer.active.cursorY], desk };
}
const write = (screen: FittedScreen, text: string) => screen.write(Buffer.from(text));

describe('FittedScreen', () => {
  it('shows a session that is larger cropped around the cursor, with the notice below', async () => {
    const view = { cols: 20, rows: 6 };
    const screen = new FittedScreen({ cols: 100, rows: 40 }, view);
    await write(screen, Array.from({ length: 40 }, (_, i) => `\x1b[${i + 1};1Hline ${i + 1}${'.'.repeat(60)}end`).join(''));
    await write(screen, '\x1b[30;1H');
    const { lines, cursor } = await shownOn(view, screen, 'cropped');
    expect(lines.map((line) => line.slice(0, 8).trim())).toEqual(['line 26.', 'line 27.', 'line 28.', 'line 29.', 'line 30.', 'cropped']);
    expect(cursor).toEqual([0, 4]);
    expect(screen.cropped).toBe(true);
  });

  it('moves the part sideways to where the cursor is, and no more than it must', async () => {
    const view = { cols: 20, rows: 3 };
    const screen = new FittedScreen({ cols: 60, rows: 2 }, view);
    await write(screen, `\x1b[1;1H${'abcdefghij'.repeat(6)}\x1b[1;31H`);
    const first = await shownOn(view, screen);
    expect(first.lines[0]).toBe('bcdefghijabcdefghija');
    await write(screen, '\x1b[1;25H');
    const { lines, cursor } = await show(first.desk, screen, 'notice');
    expect(lines[0]).toBe('bcdefghijabcdefghija');
    expect(cursor).toEqual([13, 0]);
  });

  it('a smaller session stands at the top left, the rest is empty', async () => {
    const view = { cols: 30, rows: 6 };
    const screen = new FittedScreen({ cols: 10, rows: 2 }, view);
    await write(screen, `${'x'.repeat(15)}`);
    expect((await shownOn(view, screen)).lines).toEqual(['xxxxxxxxxx', 'xxxxx', '', '', '', 'notice']);
    expect(screen.cropped).toBe(false);
  });

  it('writes only what changed', async () => {
    const view = { cols: 20, rows: 5 };
    const screen = new FittedScreen({ cols: 20, rows: 30 }, view);
    await write(screen, 'one\r\ntwo');
    const { desk } = await shownOn(view, screen);
    await write(screen, ' more');
    const change = screen.draw('notice');
    expect(change).toContain('two more');
    expect(change).not.toContain('one');
    await new Promise<void>((resolve) => desk.write(change, resolve));
    expect(desk.buffer.active.getLine(1)?.translateToString(true)).toBe('two more');
  });

  it('keeps colours and attributes', async () => {
    const view = { cols: 20, rows: 3 };
    const screen = new FittedScreen({ cols: 40, rows: 10 }, view);
    await write(screen, '\x1b[1;4;31;48;5;200mA\x1b[0;38;2;1;2;3mB\x1b[0;97;44mC');
    const { desk } = await shownOn(view, screen);
    const cell = (x: number) => desk.buffer.active.getLine(0)?.getCell(x);
    expect([cell(0)?.isBold(), cell(0)?.isUnderline(), cell(0)?.getFgColor(), cell(0)?.getBgColor()].map(Number)).toEqual([
      cell(0)?.isBold(),
      cell(0)?.isUnderline(),
      1,
      200,
    ]);
    expect(cell(0)?.isBold()).toBeTruthy();
    expect(cell(1)?.isFgRGB()).toBeTruthy();
    expect(cell(1)?.getFgColor()).toBe(0x010203);
    expect([cell(2)?.getFgColor(), cell(2)?.getBgColor()]).toEqual([15, 4]);
  });

  it('a wide character cut by the edge becomes a blank and shifts nothing', async () => {
    const view = { cols: 5, rows: 2 };
    const screen = new FittedScreen({ cols: 20, rows: 1 }, view);
    await write(screen, 'ab配配配配\x1b[1;1H');
    expect((await shownOn(view, screen)).lines[0]).toBe('ab配');
    await write(screen, '\x1b[1;9H');
    expect((await shownOn(view, screen)).lines[0]).toBe('配配');
  });

  it('passes on what decides what keys and pastes send, and the hidden cursor', async () => {
    const view = { cols: 20, rows: 3 };
    const screen = new FittedScreen({ cols: 40, rows: 10 }, view);
    await write(screen, '\x1b[?2004h\x1b[?1h\x1b[?1003h\x1b[?25l');
    const drawn = screen.draw('n');
    const { desk } = await shownOn(view, screen);
    expect(drawn).toContain('\x1b[?2004h');
    expect(drawn).toContain('\x1b[?1h');
    expect(drawn).not.toContain('1003');
    expect(drawn.endsWith('\x1b[?25h')).toBe(false);
    expect(desk.modes.mouseTrackingMode).toBe('none');
  });

  it('is moved by hand by halves of the view, stays there, and goes back to the cursor', async () => {
    const view = { cols: 20, rows: 7 };
    const screen = new FittedScreen({ cols: 60, rows: 20 }, view);
    await write(screen, Array.from({ length: 20 }, (_, i) => `\x1b[${i + 1};1Hrow ${i + 1}\x1b[${i + 1};31Hright ${i + 1}`).join(''));
    await write(screen, '\x1b[1;1H');
    screen.settle();
    screen.pan(3, 0);
    screen.pan(0, 1);
    const { lines, desk } = await shownOn(view, screen);
    expect(lines[0]).toBe('right 4');
    expect(screen.sight).toEqual({ cropped: true, columns: { from: 31, to: 50 }, rows: { from: 4, to: 9 }, panned: true });
    // the cursor is out of sight, and not shown where it is not
    await write(screen, '\x1b[1;1Hnew');
    const away = screen.draw('notice');
    expect(away.endsWith('\x1b[?25h')).toBe(false);
    await new Promise<void>((resolve) => desk.write(away, resolve));
    screen.pan(9, 9);
    expect(screen.sight).toMatchObject({ columns: { from: 41, to: 60 }, rows: { from: 15, to: 20 } });
    screen.follow();
    expect((await show(desk, screen, 'notice')).lines[0]).toMatch(/^new 1/);
  });

  it('after a change of the window everything is drawn anew', async () => {
    const screen = new FittedScreen({ cols: 40, rows: 10 }, { cols: 20, rows: 3 });
    await write(screen, 'hello');
    screen.draw('n');
    screen.setView({ cols: 30, rows: 5 });
    expect((await shownOn({ cols: 30, rows: 5 }, screen)).lines).toEqual(['hello', '', '', '', 'notice']);
  });
});
