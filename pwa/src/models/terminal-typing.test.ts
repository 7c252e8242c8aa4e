import { describe, expect, it } from 'vitest';
import { makeTerminal } from '../../test/terminal-kit.ts';

describe('E9: a paste with several lines', () => {
  it('is one paste for a program that asked for it, without an end mark inside', () => {
    const { model, sent, modes, live } = makeTerminal();
    live();
    modes.bracketedPaste = true;
    model.paste('one\x1b[201~\ntwo\x03');
    expect(sent).toEqual(['\x1b[200~one\rtwo\x1b[201~']);
    expect(model.question.value).toBeNull();
  });
  it('is asked about where each line would run', () => {
    const { model, sent, live } = makeTerminal();
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
    const { model, sent, live } = makeTerminal();
    live();
    model.paste('ls -l\x1b[A\x08');
    expect(sent).toEqual(['ls -l[A']);
  });
});

describe('typing', () => {
  it('a latched Ctrl is spent by one key, a locked one stays', () => {
    const { model, sent, live } = makeTerminal();
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
    const { model, sent, live } = makeTerminal();
    live();
    model.compose('ab');
    model.latch('ctrl');
    expect(model.compose('abx')).toBe(true);
    expect(sent).toEqual(['\x18']);
    expect(model.composed.value).toBe('ab');
  });
  it('follows the application cursor mode of the program', () => {
    const { model, sent, modes, live } = makeTerminal();
    live();
    modes.applicationCursor = true;
    model.press('Up');
    expect(sent).toEqual(['\x1bOA']);
  });
  it('sends Enter apart from the text, so that no agent takes it for a paste', () => {
    const { model, sent, live, run } = makeTerminal();
    live();
    model.compose('ls -l');
    model.sendComposed();
    expect(sent).toEqual(['ls -l']);
    run();
    expect(sent).toEqual(['ls -l', '\r']);
    expect(model.composed.value).toBe('');
  });
  it('keeps the text when the line is cut, and says so', () => {
    const { model, sent, live, handlers, cut } = makeTerminal();
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
    const { model, live, cut } = makeTerminal();
    live();
    cut();
    model.compose('precious');
    model.sendComposed();
    expect(model.composed.value).toBe('precious');
  });
});

describe('what goes out', () => {
  const both = ({ model }: ReturnType<typeof makeTerminal>, ...texts: string[]) => {
    for (const text of texts) {
      model.compose(text);
      model.sendComposed();
    }
  };
  const runAll = ({ run }: ReturnType<typeof makeTerminal>) => {
    for (let turn = 0; turn < 10; turn++) run();
  };

  it('two fast sends stay two lines', () => {
    const made = makeTerminal();
    made.live();
    both(made, 'echo AAA', 'echo BBB');
    expect(made.sent).toEqual(['echo AAA']);
    runAll(made);
    expect(made.sent).toEqual(['echo AAA', '\r', 'echo BBB', '\r']);
  });
  it('keys wait behind the Enter that waits', () => {
    const made = makeTerminal();
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
    const made = makeTerminal();
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
      (made: ReturnType<typeof makeTerminal>) => made.model[Symbol.dispose](),
      ({ model }: ReturnType<typeof makeTerminal>) => model.takeOver(),
    ]) {
      const made = makeTerminal();
      made.live();
      both(made, 'one');
      leave(made);
      expect(made.sent).toEqual(['one', '\r']);
    }
  });
  it('a cut gives the texts back, in front of what was written since', () => {
    const made = makeTerminal();
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
    const made = makeTerminal();
    made.live();
    both(made, 'one');
    made.handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(made.model.composed.value).toBe('one');
    expect(made.model.uncertain.value).toBe(true);
    runAll(made);
    expect(made.sent).toEqual(['one']);
  });
  it('takes no more than it can hold', () => {
    const made = makeTerminal();
    made.live();
    both(made, ...Array.from({ length: 102 }, (_, n) => `line ${n}`));
    expect(made.model.composed.value).toBe('line 101');
  });
});

describe('the text of the composer', () => {
  it('is there again, is kept while it is written, and gone when it is sent', () => {
    const { model, kept, live } = makeTerminal({}, 'half a thought');
    expect(model.composed.value).toBe('half a thought');
    live();
    model.compose('half a thought, and more');
    expect(kept.text).toBe('half a thought, and more');
    model.sendComposed();
    expect(kept.text).toBe('');
  });
  it('that could not be sent while leaving is kept', () => {
    const { model, kept, live, cut } = makeTerminal();
    live();
    model.compose('precious');
    model.sendComposed();
    cut();
    model[Symbol.dispose]();
    expect(kept.text).toBe('precious');
  });
});
