import { AfieldError } from '@afield/shared/errors.ts';
import type { TerminalHandlers } from '@afield/shared/link/link.ts';
import { describe, expect, it } from 'vitest';
import type { TerminalView } from '../platform/terminal-view.ts';
import { type TerminalDeps, TerminalSession } from './terminal.ts';

/** A stream that keeps what was sent, a screen that draws at once, and timers that run when told. */
function make(over: Partial<TerminalDeps['session']> = {}, text = '', view: TerminalView | null = null) {
  const sent: string[] = [];
  const kept = { text };
  const asked: string[] = [];
  const consumed: number[] = [];
  const timers: (() => void)[] = [];
  let handlers!: TerminalHandlers;
  let sendable = true;
  let tellVisible: (visible: boolean) => void = () => {};
  const model = new TerminalSession({
    session: { id: 's1', cols: 200, rows: 50, lease: null, ended: false, fresh: true, ...over },
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
        look: () => void asked.push('look on'),
        detach: () => asked.push('detach'),
      };
    },
    now: () => 1000,
    later(run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
    older: () => new Promise(() => {}),
    view: { read: () => view, write: (next) => void asked.push(`keep ${next}`) },
    watchVisible(listener) {
      tellVisible = listener;
      return () => {};
    },
    kept: { read: () => kept.text, write: (next) => void Object.assign(kept, { text: next }) },
  });
  const modes = { applicationCursor: false, bracketedPaste: false };
  const drawn = {
    snapshot(_: Uint8Array, size: { cols: number; rows: number } | null, done: () => void) {
      if (size !== null) asked.push(`drawn ${size.cols}x${size.rows}`);
      done();
    },
    write: (_: Uint8Array, done: () => void) => done(),
    deepen: () => {},
    size: () => ({ cols: 200, rows: 50 }),
    room: () => 1000,
    modes: () => modes,
    toNewest: () => {},
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
    kept,
    asked,
    consumed,
    modes,
    drawn,
    live,
    run: () => timers.splice(0).forEach((timer) => void timer()),
    handlers: () => handlers,
    visible: (now: boolean) => tellVisible(now),
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
  it('a terminal of which this device only remembers something is not taken before home has said who holds it', () => {
    const { model, asked, drawn } = make({ fresh: false });
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual([]);
    model.leaseChanged({ cols: 200, rows: 50, lease: desk });
    expect(asked).toEqual(['look 200x50']);
  });
  it('a cut line takes the size along, but not from one that took it, and not after a long time', () => {
    const { model, asked, live, handlers, run } = make();
    live();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    asked.length = 0;
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    handlers().onAttached?.({ stream: 2, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    handlers().onSnapshot(new Uint8Array(1), 7, null);
    run();
    expect(asked).toEqual([]);
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    run();
    expect(asked).toEqual(['look on']);
    handlers().onSnapshot(new Uint8Array(1), 8, null);
    model.leaseChanged({ cols: 200, rows: 50, lease: desk });
    expect(asked).toEqual(['look on', 'look on']);
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

describe('a phone that is locked', () => {
  it('gives the size back after a moment, and takes it again where nobody has it', () => {
    const { model, asked, live, handlers, visible, run } = make();
    live();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    asked.length = 0;
    visible(false);
    visible(true);
    run();
    expect(asked).toEqual([]);
    visible(false);
    run();
    expect(asked).toEqual(['detach', 'look 46x28']);
    visible(true);
    expect(asked.slice(2)).toEqual(['detach', 'take 46x28']);
    expect(model.phase.value).toBe('live');
  });
  it('leaves it to the desk that has it meanwhile, and to nobody when it never had it', () => {
    const { model, asked, live, handlers, visible, run } = make({ lease: desk });
    live();
    asked.length = 0;
    visible(false);
    run();
    visible(true);
    expect(asked).toEqual([]);
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    visible(false);
    run();
    model.leaseChanged({ cols: 200, rows: 50, lease: desk });
    visible(true);
    expect(asked).toEqual(['detach', 'look 46x28', 'look on']);
  });
});

describe('how it is shown', () => {
  it('all of it where that can be read, else its text; what is chosen wins and is kept', () => {
    const { model, asked, live } = make({ lease: desk });
    live();
    expect(model.view.value).toBe('text');
    model.leaseChanged({ ...desk, cols: 100, rows: 30, lease: desk });
    expect(model.view.value).toBe('fit');
    model.show('actual');
    expect([model.view.value, asked.at(-1)]).toEqual(['actual', 'keep actual']);
  });
  it('what was chosen before is there again', () => {
    expect(make({ lease: desk }, '', 'fit').model.view.value).toBe('fit');
  });
  it('in its own size it is shown as it is; who takes the size sees the terminal', () => {
    const { model, live, handlers } = make({ lease: desk }, '', 'text');
    live();
    model.takeOver();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    expect(model.view.value).toBe('actual');
    model.show('text');
    expect(model.view.value).toBe('text');
  });
});

describe('E9: a paste with several lines', () => {
  it('is one paste for a program that asked for it, without an end mark inside', () => {
    const { model, sent, modes, live } = make();
    live();
    modes.bracketedPaste = true;
    model.paste('one\x1b[201~\ntwo\x03');
    expect(sent).toEqual(['\x1b[200~one\rtwo\x1b[201~']);
    expect(model.question.value).toBeNull();
  });
  it('is asked about where each line would run', () => {
    const { model, sent, live } = make();
    live();
    model.paste('ls\nrm -rf x\n');
    expect(sent).toEqual([]);
    expect(model.question.value).toEqual({ text: 'ls\nrm -rf x\n', from: 'paste' });
    model.answer('send');
    expect(sent).toEqual(['ls\rrm -rf x\r']);
    model.paste('a\nb');
    model.answer('compose');
    expect([model.composed.value, sent.length]).toEqual(['a\nb', 1]);
    model.sendComposed();
    expect([model.question.value?.from, sent.length]).toEqual(['composer', 1]);
    model.answer('drop');
    expect([model.composed.value, sent.length]).toEqual(['a\nb', 1]);
  });
  it('of one line is typed as it is, without what would act as a key', () => {
    const { model, sent, live } = make();
    live();
    model.paste('ls -l\x1b[A\x08');
    expect(sent).toEqual(['ls -l[A']);
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

describe('what goes out', () => {
  const both = ({ model }: ReturnType<typeof make>, ...texts: string[]) => {
    for (const text of texts) {
      model.compose(text);
      model.sendComposed();
    }
  };
  const runAll = ({ run }: ReturnType<typeof make>) => {
    for (let turn = 0; turn < 10; turn++) run();
  };

  it('two fast sends stay two lines', () => {
    const made = make();
    made.live();
    both(made, 'echo AAA', 'echo BBB');
    expect(made.sent).toEqual(['echo AAA']);
    runAll(made);
    expect(made.sent).toEqual(['echo AAA', '\r', 'echo BBB', '\r']);
  });
  it('keys wait behind the Enter that waits', () => {
    const made = make();
    made.live();
    both(made, 'ls');
    made.model.press('Up');
    made.model.typed('x');
    expect(made.sent).toEqual(['ls']);
    runAll(made);
    expect(made.sent).toEqual(['ls', '\r', '\x1b[A', 'x']);
    made.model.typed('y');
    expect(made.sent.at(-1)).toBe('y');
  });
  it('leaving the screen sends what waits before it detaches', () => {
    const made = make();
    made.live();
    both(made, 'one', 'two');
    made.model.drawnOn(null);
    expect(made.sent).toEqual(['one', '\r', 'two', '\r']);
    expect(made.asked.at(-1)).toBe('detach');
    runAll(made);
    expect(made.sent).toHaveLength(4);
  });
  it('so does the end of the model, and taking the size over', () => {
    for (const leave of [
      (made: ReturnType<typeof make>) => made.model[Symbol.dispose](),
      ({ model }: ReturnType<typeof make>) => model.takeOver(),
    ]) {
      const made = make();
      made.live();
      both(made, 'one');
      leave(made);
      expect(made.sent).toEqual(['one', '\r']);
    }
  });
  it('a cut gives the texts back, in front of what was written since', () => {
    const made = make();
    made.live();
    both(made, 'one', 'two');
    made.model.compose('three');
    made.cut();
    runAll(made);
    expect(made.sent).toEqual(['one']);
    expect(made.model.composed.value).toBe('one\ntwo\nthree');
    expect(made.model.uncertain.value).toBe(true);
  });
  it('a cut that is told does not wait for the pause', () => {
    const made = make();
    made.live();
    both(made, 'one');
    made.handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(made.model.composed.value).toBe('one');
    expect(made.model.uncertain.value).toBe(true);
    runAll(made);
    expect(made.sent).toEqual(['one']);
  });
  it('takes no more than it can hold', () => {
    const made = make();
    made.live();
    both(made, ...Array.from({ length: 102 }, (_, n) => `line ${n}`));
    expect(made.model.composed.value).toBe('line 101');
  });
});

describe('the text of the composer', () => {
  it('is there again, is kept while it is written, and gone when it is sent', () => {
    const { model, kept, live } = make({}, 'half a thought');
    expect(model.composed.value).toBe('half a thought');
    live();
    model.compose('half a thought, and more');
    expect(kept.text).toBe('half a thought, and more');
    model.sendComposed();
    expect(kept.text).toBe('');
  });
  it('that could not be sent while leaving is kept', () => {
    const { model, kept, live, cut } = make();
    live();
    model.compose('precious');
    model.sendComposed();
    cut();
    model[Symbol.dispose]();
    expect(kept.text).toBe('precious');
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
