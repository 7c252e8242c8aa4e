import { AfieldError } from '@afield/shared/errors.ts';
import type { TerminalHandlers } from '@afield/shared/link/link.ts';
import { describe, expect, it } from 'vitest';
import { type TerminalDeps, TerminalSession } from './terminal.ts';

/** A stream that keeps what was sent, a screen that draws at once, and timers that run when told. */
function make(over: Partial<TerminalDeps['session']> = {}) {
  const sent: string[] = [];
  const asked: string[] = [];
  const consumed: number[] = [];
  const timers: (() => void)[] = [];
  let handlers!: TerminalHandlers;
  let sendable = true;
  const model = new TerminalSession({
    session: { id: 's1', cols: 200, rows: 50, lease: null, ended: false, ...over },
    attach(options, given) {
      asked.push(`${options.lease} ${options.cols}x${options.rows}`);
      handlers = given;
      return {
        session_id: options.session_id,
        attached: null,
        sendable: true,
        input: (data) => {
          if (sendable) sent.push(String(data));
          return sendable;
        },
        resize: async (cols, rows) => void asked.push(`resize ${cols}x${rows}`),
        consumed: (offset) => consumed.push(offset),
        detach: () => asked.push('detach'),
      };
    },
    now: () => 1000,
    later(run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
    view: { read: () => 'fit', write: (view) => void asked.push(`keep ${view}`) },
  });
  const modes = { applicationCursor: false, bracketedPaste: false };
  const drawn = {
    resize: (cols: number, rows: number) => void asked.push(`drawn ${cols}x${rows}`),
    snapshot: (_: Uint8Array, done: () => void) => done(),
    write: (_: Uint8Array, done: () => void) => done(),
    modes: () => modes,
    scrollToBottom: () => {},
  };
  const live = () => {
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    handlers.onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 200, rows: 50, lease: 'look' });
    handlers.onSnapshot(new Uint8Array(3), 100, null);
  };
  return {
    model,
    sent,
    asked,
    consumed,
    modes,
    drawn,
    live,
    run: () => timers.splice(0).forEach((timer) => void timer()),
    handlers: () => handlers,
    cut() {
      sendable = false;
    },
  };
}
const desk = { viewer: 'v1', device_name: 'desk', cols: 200, rows: 50 };

describe('the size lease', () => {
  it('a looking phone never resizes the desk', () => {
    const { model, asked, live, run } = make({ lease: desk });
    live();
    model.naturalSize({ cols: 40, rows: 10 });
    run();
    expect(asked).toEqual(['look 200x50']);
    expect(model.size.value).toEqual({ cols: 200, rows: 50 });
  });
  it('a terminal that nobody holds is taken in the size of this device', () => {
    const { model, asked, drawn } = make();
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual(['take 46x28']);
  });
  it('an ended session is only looked at', () => {
    const { model, asked, drawn } = make({ ended: true });
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual(['look 200x50']);
  });
  it('take over asks for the size of this device, give back looks on', () => {
    const { model, asked, live, handlers } = make({ lease: desk });
    live();
    model.takeOver();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    expect(model.lease.value).toBe('mine');
    model.giveBack();
    expect(asked).toEqual(['look 200x50', 'detach', 'take 46x28', 'detach', 'look 46x28']);
  });
  it('while it is ours, a keyboard that slides in resizes once, when it has settled', () => {
    const { model, asked, live, handlers, run } = make({ lease: desk });
    live();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    for (const rows of [26, 20, 15]) model.naturalSize({ cols: 46, rows });
    run();
    expect(asked).toEqual(['look 200x50', 'resize 46x15']);
  });
  it('says who has it when somebody takes it', () => {
    const { model, live } = make();
    live();
    model.leaseChanged({ cols: 212, rows: 54, lease: { ...desk, cols: 212, rows: 54 } });
    expect([model.lease.value, model.holder.value, model.size.value.cols]).toEqual(['theirs', 'desk', 212]);
    model.leaseChanged({ cols: 46, rows: 28, lease: { viewer: 'me', device_name: 'phone', cols: 46, rows: 28 } });
    expect(model.lease.value).toBe('mine');
    model.leaseChanged({ cols: 46, rows: 28, lease: null });
    expect(model.lease.value).toBe('free');
  });
});

describe('a snapshot for another size', () => {
  it('resizes the terminal before it is drawn', () => {
    const { model, asked, live, handlers } = make({ lease: desk });
    live();
    asked.length = 0;
    handlers().onSnapshot(new Uint8Array(3), 200, { cols: 48, rows: 24 });
    expect(asked).toEqual(['drawn 48x24']);
    expect(model.size.value).toEqual({ cols: 48, rows: 24 });
  });
});

describe('typing', () => {
  it('a latched Ctrl is spent by one key, a locked one stays', () => {
    const { model, sent, live } = make();
    live();
    model.latch('ctrl');
    model.press('c');
    model.press('c');
    model.latch('ctrl');
    model.latch('ctrl');
    model.press('a');
    model.press('b');
    expect(sent).toEqual(['\x03', 'c', '\x01', '\x02']);
  });
  it('a letter of the phone keyboard is a key while Ctrl is latched', () => {
    const { model, sent, live } = make();
    live();
    model.compose('ab');
    model.latch('ctrl');
    expect(model.compose('abx')).toBe(true);
    expect(sent).toEqual(['\x18']);
    expect(model.composed.value).toBe('ab');
  });
  it('follows the application cursor mode of the program', () => {
    const { model, sent, modes, live } = make();
    live();
    modes.applicationCursor = true;
    model.press('Up');
    expect(sent).toEqual(['\x1bOA']);
  });
  it('sends Enter apart from the text, so that no agent takes it for a paste', () => {
    const { model, sent, live, run } = make();
    live();
    model.compose('ls -l');
    model.sendComposed();
    expect(sent).toEqual(['ls -l']);
    run();
    expect(sent).toEqual(['ls -l', '\r']);
    expect(model.composed.value).toBe('');
  });
  it('keeps the text when the line is cut, and says so', () => {
    const { model, sent, live, handlers, cut } = make();
    live();
    model.compose('precious');
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    cut();
    model.sendComposed();
    expect(sent).toEqual([]);
    expect(model.composed.value).toBe('precious');
    expect(model.held.value).toMatch(/Kept on this device/);
  });
  it('keeps the text even when the cut is noticed only while sending', () => {
    const { model, live, cut } = make();
    live();
    cut();
    model.compose('precious');
    model.sendComposed();
    expect(model.composed.value).toBe('precious');
  });
});

describe('phases', () => {
  it('acknowledges what was drawn', () => {
    const { live, consumed, handlers } = make();
    live();
    handlers().onOutput(new Uint8Array(50), 100);
    expect(consumed).toEqual([100, 150]);
  });
  it('a cut line is lost until the next snapshot', () => {
    const { model, live, handlers } = make();
    live();
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(model.phase.value).toBe('lost');
    handlers().onSnapshot(new Uint8Array(1), 7, null);
    expect(model.phase.value).toBe('live');
  });
  it('says that the last keys may not have arrived, until the next one does', () => {
    const { model, live, handlers } = make();
    live();
    handlers().onInterrupted?.({ uncertainInputBytes: 3 });
    handlers().onSnapshot(new Uint8Array(1), 7, null);
    expect(model.uncertain.value).toBe(true);
    model.press('a');
    expect(model.uncertain.value).toBe(false);
  });
  it('says why it could not be attached', () => {
    const { model, live, handlers } = make();
    live();
    handlers().onClosed('failed', new AfieldError('session_not_found', 'This session was deleted.'));
    expect([model.phase.value, model.fault.value]).toEqual(['failed', 'This session was deleted.']);
  });
  it('an end stays an end', () => {
    const { model, live, handlers } = make();
    live();
    handlers().onClosed('ended', null);
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(model.phase.value).toBe('ended');
  });
});
