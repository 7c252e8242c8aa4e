import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { EMPTY_SEQUENCE, enterSequence, leaveSequence, noticeSequence } from './screen.ts';

const ROWS = 6;

/** Writes onto a real terminal emulator. */
class Shown {
  readonly terminal = new xterm.Terminal({ cols: 30, rows: ROWS, scrollback: 100, allowProposedApi: true });
  async write(...texts: string[]): Promise<this> {
    for (const text of texts) await new Promise<void>((resolve) => this.terminal.write(text, resolve));
    return this;
  }
  /** All lines, scrollback first, without empty ones at the end. */
  get lines(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true) ?? '')
      .join('\n')
      .trimEnd()
      .split('\n');
  }
  get screen(): string[] {
    return this.lines.slice(this.terminal.buffer.active.baseY);
  }
}
/** What programs switch on, with a sequence cut short at the end. */
const NASTY = '\x1b[?1h\x1b=\x1b[?1003h\x1b[?1006h\x1b[?2004h\x1b[?1004h\x1b[?25l\x1b[4h\x1b[2;4r\x1b[?6h\x1b(0\x1b[31;44m\x1b[?2026h';

describe('enter', () => {
  it('keeps what the shell printed in the scrollback and begins with an empty screen', async () => {
    const shown = await new Shown().write('$ ls\r\na b\r\n$ afield attach', '\r\n', enterSequence(ROWS), 'session');
    expect(shown.lines.slice(0, 3)).toEqual(['$ ls', 'a b', '$ afield attach']);
    expect(shown.screen).toEqual(['session']);
  });
});

describe('leave', () => {
  it('from the text of a session: it stays, and the next line is free', async () => {
    const shown = await new Shown().write('one\r\ntwo\r\nbelow\x1b[2;4H', leaveSequence('line', ROWS), 'Detached.');
    expect(shown.screen).toEqual(['one', 'two', 'Detached.']);
  });

  it('from the alternate screen: back to the text behind it', async () => {
    const shown = await new Shown().write(
      'one\r\n$ vim\r\n',
      '\x1b[?1049h\x1b[HVIM\x1b[4;1H~',
      leaveSequence('alternate', ROWS),
      'Detached.',
    );
    expect(shown.screen).toEqual(['one', '$ vim', '', 'Detached.']);
  });

  it('from a window that is full: below it', async () => {
    const shown = await new Shown().write('a\r\nb\r\nc\r\nd\r\ne\r\nf\x1b[2;1H', leaveSequence('bottom', ROWS), 'Detached.');
    expect(shown.screen).toEqual(['b', 'c', 'd', 'e', 'f', 'Detached.']);
  });

  it.each(['line', 'alternate', 'bottom'] as const)('%s: whatever was on is off', async (at) => {
    const enter = at === 'alternate' ? '\x1b[?1049h' : '';
    const shown = await new Shown().write(enter, NASTY, '\x1b]0;a title that is cut', leaveSequence(at, ROWS), 'lqk');
    expect(shown.terminal.modes).toMatchObject({
      applicationCursorKeysMode: false,
      applicationKeypadMode: false,
      bracketedPasteMode: false,
      insertMode: false,
      mouseTrackingMode: 'none',
      sendFocusMode: false,
      synchronizedOutputMode: false,
      wraparoundMode: true,
    });
    const { active } = shown.terminal.buffer;
    expect(active.type).toBe('normal');
    const line = active.getLine(active.baseY + active.cursorY);
    expect(line?.translateToString(true)).toBe('lqk');
    expect(line?.getCell(0)?.isAttributeDefault()).toBe(true);
  });
});

it('an emptied terminal is empty, whatever was before, and keeps the scrollback', async () => {
  const shown = await new Shown().write('old\r\n'.repeat(10), '\x1b[?1049h', NASTY, 'x', EMPTY_SEQUENCE, 'new');
  expect(shown.screen).toEqual(['new']);
  expect(shown.lines[0]).toBe('old');
});

it('a notice covers the last line and leaves the cursor where it was', async () => {
  const shown = await new Shown().write('one\r\ntwo', '\x1b[3', noticeSequence('away', ROWS), '!');
  expect(shown.screen).toEqual(['one', 'two!', '', '', '', 'away']);
});
