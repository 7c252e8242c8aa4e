import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { describe, expect, it, vi } from 'vitest';
import { type DeskHandlers, sizeOf, TerminalDesk } from './desk.ts';

function setup() {
  const stdin = Object.assign(new PassThrough(), { raw: [] as boolean[], isTTY: true, setRawMode: (on: boolean) => stdin.raw.push(on) });
  const written: string[] = [];
  const stdout = Object.assign(new EventEmitter(), {
    columns: 100,
    rows: 30,
    write: (data: string, done?: () => void) => {
      written.push(String(data));
      done?.();
      return true;
    },
  });
  const signals = new EventEmitter();
  const handlers = {
    onKeys: vi.fn(),
    onResize: vi.fn(),
    onContinue: vi.fn(),
    onSignal: vi.fn(),
    leftAt: vi.fn(() => 'bottom' as const),
  } satisfies DeskHandlers;
  const desk = new TerminalDesk(stdin as unknown as ReadStream, stdout as unknown as WriteStream, signals as unknown as NodeJS.Process);
  return { stdin, stdout, signals, handlers, desk, written };
}
const listeners = (emitter: EventEmitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

describe('TerminalDesk', () => {
  it('takes the terminal over and gives it back, once, leaving no listener behind', () => {
    const { stdin, stdout, signals, handlers, desk, written } = setup();
    const before = [listeners(stdin), listeners(stdout), listeners(signals)];
    desk.enter(handlers);
    expect(stdin.raw).toEqual([true]);
    desk.leave();
    desk.leave();
    expect(stdin.raw).toEqual([true, false]);
    expect([listeners(stdin), listeners(stdout), listeners(signals)]).toEqual(before);
    expect(written.length).toBe(2);
    expect(written[1]).toContain('\x1b[?47l');
  });

  it.each(['exit', 'uncaughtExceptionMonitor'])('gives it back on %s', (event) => {
    const { stdin, signals, handlers, desk, written } = setup();
    desk.enter(handlers);
    signals.emit(event);
    expect(stdin.raw.at(-1)).toBe(false);
    expect(written.at(-1)).toContain('\x1b[?2004l');
  });

  it('switches off whatever a program may have switched on', () => {
    const { handlers, desk, written } = setup();
    desk.enter(handlers);
    desk.leave();
    for (const off of ['?1000l', '?1002l', '?1003l', '?1004l', '?1006l', '?2004l', '?2026l', '?1l', '=0u', '>4m', '?25h', 'r', 'm']) {
      expect(written.at(-1)).toContain(`\x1b[${off}`);
    }
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('tells of %s', (signal) => {
    const { signals, handlers, desk } = setup();
    desk.enter(handlers);
    signals.emit(signal);
    expect(handlers.onSignal).toHaveBeenCalledWith(signal);
  });

  it('a terminal that is gone counts as SIGHUP', () => {
    const { stdout, handlers, desk } = setup();
    desk.enter(handlers);
    stdout.emit('error', new Error('EIO'));
    expect(handlers.onSignal).toHaveBeenCalledWith('SIGHUP');
  });

  it('after a stop it takes the keys again and asks for a new screen', () => {
    const { stdin, signals, handlers, desk } = setup();
    desk.enter(handlers);
    signals.emit('SIGCONT');
    expect(stdin.raw).toEqual([true, true]);
    expect(handlers.onContinue).toHaveBeenCalledTimes(1);
  });

  it('passes keys on as bytes', async () => {
    const { stdin, handlers, desk } = setup();
    desk.enter(handlers);
    stdin.write(Buffer.from([0xff, 0x02]));
    await vi.waitFor(() => expect(handlers.onKeys).toHaveBeenCalledWith(Buffer.from([0xff, 0x02])));
  });

  it('a raw mode that cannot be left does not keep the rest from being undone', () => {
    const { stdin, signals, handlers, desk } = setup();
    desk.enter(handlers);
    stdin.setRawMode = () => {
      throw new Error('EIO');
    };
    desk.leave();
    expect(listeners(signals)).toBe(0);
  });
});

it('sizes stay within the limits of the API, and a terminal without one counts as 80×24', () => {
  expect(sizeOf({ columns: 120, rows: 40 })).toEqual({ cols: 120, rows: 40 });
  expect(sizeOf({ columns: 1, rows: 9999 })).toEqual({ cols: 2, rows: 500 });
  expect(sizeOf({ columns: 0, rows: 0 })).toEqual({ cols: 80, rows: 24 });
  expect(sizeOf({})).toEqual({ cols: 80, rows: 24 });
});
