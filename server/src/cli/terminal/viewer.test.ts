import type { AfieldEvent } from '@afield/shared/events.ts';
import type { AttachOptions, ConnectionState, Link, TerminalHandlers, TerminalStream } from '@afield/shared/link/link.ts';
import { Watched } from '@afield/shared/link/observable.ts';
import { describe, expect, it, vi } from 'vitest';
import type { Desk, DeskHandlers } from './desk.ts';
import { awayNotice, Viewer } from './viewer.ts';

class FakeDesk implements Desk {
  size = { cols: 80, rows: 24 };
  text = '';
  handlers: DeskHandlers | null = null;
  left = 0;
  write(data: Uint8Array | string, done?: () => void): void {
    this.text += Buffer.from(data as Uint8Array).toString();
    done?.();
  }
  enter(handlers: DeskHandlers): void {
    this.handlers = handlers;
  }
  leave(): void {
    this.left++;
  }
}

class FakeStream {
  readonly options: AttachOptions;
  readonly handlers: TerminalHandlers;
  input = vi.fn((_data: Uint8Array | string) => true);
  resize = vi.fn(async () => {});
  consumed = vi.fn();
  look = vi.fn();
  detach = vi.fn();
  constructor(options: AttachOptions, handlers: TerminalHandlers) {
    this.options = options;
    this.handlers = handlers;
  }
  show(text: string, size = { cols: this.options.cols, rows: this.options.rows }): void {
    this.handlers.onAttached?.({ stream: 1, viewer: 'mine', ...size, lease: 'held', offset: 0 });
    this.handlers.onSnapshot(Buffer.from(text), 100, null);
  }
}

function setup(lease: 'take' | 'look' = 'take') {
  const desk = new FakeDesk();
  const connection = new Watched<ConnectionState>({ state: 'online', rtt_ms: 1, via: 'local' });
  const streams: FakeStream[] = [];
  let tell: (event: AfieldEvent) => void = () => {};
  const link = {
    connection,
    attach: (options: AttachOptions, handlers: TerminalHandlers) => {
      const stream = new FakeStream(options, handlers);
      streams.push(stream);
      return stream as unknown as TerminalStream;
    },
    subscribe: (_options: unknown, handler: (event: AfieldEvent) => void) => {
      tell = handler;
      return { lastSeq: null, close: () => {} };
    },
  } as unknown as Link;
  const viewer = new Viewer({ link, session_id: 's', desk, lease, holder: lease === 'look' ? 'phone' : null, now: () => 0 });
  const end = viewer.run();
  const type = (text: string) => desk.handlers?.onKeys(Buffer.from(text));
  const resized = (cols: number, rows: number, device_name: string) =>
    tell({ type: 'session.resized', payload: { cols, rows, lease: { viewer: 'v', device_name, cols, rows } } } as AfieldEvent);
  const stream = () => streams.at(-1) as FakeStream;
  return { desk, connection, streams, stream, end, type, resized };
}
const sent = (stream: FakeStream) => stream.input.mock.calls.map(([keys]) => Buffer.from(keys as Uint8Array).toString()).join('');

describe('Viewer', () => {
  it('passes output as it is when the sizes are equal, and says what it has shown', async () => {
    const { desk, stream, end, type } = setup();
    expect(stream().options).toMatchObject({ cols: 80, rows: 24, lease: 'take' });
    stream().show('SNAPSHOT');
    stream().handlers.onOutput(Buffer.from('\x1b[31mmore'), 100);
    expect(desk.text.endsWith('SNAPSHOT\x1b[31mmore')).toBe(true);
    expect(stream().consumed.mock.calls).toEqual([[100], [109]]);
    type('\x1c');
    expect(await end).toEqual({ kind: 'detached' });
    expect(desk.left).toBe(1);
    expect(stream().detach).toHaveBeenCalled();
  });

  it('sends keys, and keys before the detach key too', async () => {
    const { stream, end, type } = setup();
    stream().show('');
    type('ls\r');
    type('x\x02d');
    await end;
    expect(sent(stream())).toBe('ls\rx');
  });

  it('a held Escape is sent after the pause', async () => {
    vi.useFakeTimers();
    const { stream, type } = setup();
    stream().show('');
    type('\x1b');
    expect(sent(stream())).toBe('');
    await vi.advanceTimersByTimeAsync(100);
    expect(sent(stream())).toBe('\x1b');
    vi.useRealTimers();
  });

  it('a window that changes takes the size, once for a burst', async () => {
    vi.useFakeTimers();
    const { desk, stream } = setup();
    stream().show('');
    for (const cols of [81, 90, 120]) {
      desk.size = { cols, rows: 40 };
      desk.handlers?.onResize();
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(stream().resize.mock.calls).toEqual([[120, 40]]);
    vi.useRealTimers();
  });

  it('a window that only looks never resizes', async () => {
    vi.useFakeTimers();
    const { desk, streams, stream } = setup('look');
    stream().show('', { cols: 80, rows: 24 });
    desk.size = { cols: 60, rows: 20 };
    desk.handlers?.onResize();
    await vi.advanceTimersByTimeAsync(100);
    expect(streams.every((one) => one.resize.mock.calls.length === 0)).toBe(true);
    expect(stream().options).toMatchObject({ lease: 'look' });
    vi.useRealTimers();
  });

  it('shows a larger session cropped, with a notice that says so', async () => {
    const { desk, stream } = setup('look');
    stream().show('\x1b[1;1Hfirst\x1b[50;1Hlast', { cols: 200, rows: 50 });
    await vi.waitFor(() => expect(desk.text).toContain(' 200×50 · phone has the size, Ctrl-b t takes it · Ctrl-\\ leaves'));
    expect(desk.text).toContain('last');
    expect(desk.text).not.toContain('first');
    expect(stream().consumed).toHaveBeenCalledWith(100);
  });

  it('when a phone takes the size it says so, and is exact again once the desk has it', async () => {
    const { desk, stream, resized } = setup();
    stream().show('wide');
    resized(40, 70, 'P\x1b[2J');
    stream().handlers.onSnapshot(Buffer.from('narrow'), 200, null);
    await vi.waitFor(() => expect(desk.text).toContain('P\\e[2J has the size, Ctrl-b t takes it '));
    expect(stream().look).toHaveBeenCalled();
    resized(80, 24, 'command line');
    desk.text = '';
    stream().handlers.onSnapshot(Buffer.from('wide again'), 300, null);
    expect(desk.text).toMatch(/wide again$/);
  });

  it('Ctrl-b t takes the size, also for one that only looked', async () => {
    const { desk, stream, type } = setup('look');
    stream().show('wide', { cols: 200, rows: 50 });
    type('\x02t');
    expect(stream().resize.mock.calls).toEqual([[80, 24]]);
    expect(sent(stream())).toBe('');
    stream().handlers.onSnapshot(Buffer.from('mine now'), 300, { cols: 80, rows: 24 });
    await vi.waitFor(() => expect(desk.text).toMatch(/mine now$/));
    // from now on it is an ordinary key again
    type('\x02t');
    expect(sent(stream())).toBe('\x02t');
  });

  it('pans with Ctrl-b and arrows, and typing goes back to the cursor', async () => {
    const { desk, stream, type } = setup('look');
    desk.size = { cols: 200, rows: 24 };
    stream().show('\x1b[1;1Hfirst\x1b[50;1Hlast', { cols: 120, rows: 50 });
    await vi.waitFor(() => expect(desk.text).toContain('rows 28–50 · Ctrl-b arrows pan'));
    desk.text = '';
    type('\x02\x1b[A\x1b[A\x1b[A');
    await vi.waitFor(() => expect(desk.text).toContain('rows 1–23 · Ctrl-b f goes back'));
    expect(desk.text).toContain('first');
    expect(sent(stream())).toBe('');
    desk.text = '';
    type('x');
    await vi.waitFor(() => expect(desk.text).toContain('rows 28–50 · Ctrl-b arrows'));
    expect(sent(stream())).toBe('x');
  });

  it('says that the line is gone, and counts down', async () => {
    const { desk, connection, stream } = setup();
    stream().show('');
    const away = { state: 'reconnecting', attempt: 1, next_try_at: 7500, since: 0, cause: 'home_offline', detail: '' } as const;
    connection.value = away;
    expect(desk.text).toContain('The home server does not answer. Next try in 8 s · Ctrl-\\ leaves · keys are ');
    desk.text = '';
    connection.value = { state: 'online', rtt_ms: null, via: 'local' };
    stream().show('back');
    expect(desk.text).toMatch(/back$/);
  });

  it.each([
    ['ended', { kind: 'ended' }],
    ['forbidden', { kind: 'forbidden' }],
  ] as const)('ends when the stream is %s, and gives the terminal back', async (reason, expected) => {
    const { desk, stream, end } = setup();
    stream().show('bye');
    stream().handlers.onClosed(reason, null);
    expect(await end).toEqual(expected);
    expect(desk.left).toBe(1);
  });

  it('the last screen is drawn before it ends, fitted too', async () => {
    const { desk, stream, end } = setup('look');
    stream().show('last words', { cols: 20, rows: 5 });
    stream().handlers.onClosed('ended', null);
    await end;
    expect(desk.text).toContain('last words');
  });

  it('ends when the line is refused for good, and on a signal', async () => {
    const one = setup();
    one.connection.value = { state: 'refused', detail: 'wrong token' };
    expect(await one.end).toEqual({ kind: 'refused', detail: 'wrong token' });
    const two = setup();
    two.desk.handlers?.onSignal('SIGTERM');
    expect(await two.end).toEqual({ kind: 'signal', signal: 'SIGTERM' });
    expect(two.desk.left).toBe(1);
  });

  it('after a stop it asks for a new screen and lets the old stream go', () => {
    const { desk, streams } = setup();
    streams[0]?.show('');
    desk.handlers?.onContinue();
    expect(streams.length).toBe(2);
    expect(streams[0]?.detach).toHaveBeenCalledTimes(1);
    // what still comes on the old one is not shown
    desk.text = '';
    streams[0]?.handlers.onOutput(Buffer.from('old'), 100);
    streams[0]?.handlers.onClosed('detached', null);
    expect(desk.text).toBe('');
  });
});

describe('awayNotice', () => {
  it('is silent while there is a line', () => {
    expect(awayNotice({ state: 'online', rtt_ms: 1, via: 'local' }, 0)).toBeNull();
    expect(awayNotice({ state: 'catching_up', events: 3 }, 0)).toBeNull();
  });
});
