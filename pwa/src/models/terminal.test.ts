import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { makeTerminal } from '../../test/terminal-kit.ts';

const desk = { viewer: 'v1', device_name: 'desk', cols: 200, rows: 50 };

describe('the size lease', () => {
  it('a looking phone never resizes the desk', () => {
    const { model, asked, live, run } = makeTerminal({ lease: desk });
    live();
    model.naturalSize({ cols: 40, rows: 10 });
    run();
    expect(asked).toEqual(['look 200x50']);
    expect(model.size.value).toEqual({ cols: 200, rows: 50 });
  });
  it('a terminal that nobody holds is taken in the size of this device', () => {
    const { model, asked, drawn } = makeTerminal();
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual(['take 46x28']);
  });
  it('a terminal of which this device only remembers something is not taken before home has said who holds it', () => {
    const { model, asked, drawn } = makeTerminal({ fresh: false });
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual([]);
    model.leaseChanged({ cols: 200, rows: 50, lease: desk });
    expect(asked).toEqual(['look 200x50']);
  });
  it('a cut line takes the size along, but not from one that took it, and not after a long time', () => {
    const { model, asked, live, handlers, run } = makeTerminal();
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
    const { model, asked, drawn } = makeTerminal({ ended: true });
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    expect(asked).toEqual(['look 200x50']);
  });
  it('take over asks for the size of this device, give back looks on', () => {
    const { model, asked, live, handlers } = makeTerminal({ lease: desk });
    live();
    model.takeOver();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    expect(model.lease.value).toBe('mine');
    model.giveBack();
    expect(asked).toEqual(['look 200x50', 'detach', 'take 46x28', 'detach', 'look 46x28']);
  });
  it('while it is ours, a keyboard that slides in resizes once, when it has settled', () => {
    const { model, asked, live, handlers, run } = makeTerminal({ lease: desk });
    live();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    for (const rows of [26, 20, 15]) model.naturalSize({ cols: 46, rows });
    run();
    expect(asked).toEqual(['look 200x50', 'resize 46x15']);
  });
  it('says who has it when somebody takes it', () => {
    const { model, live } = makeTerminal();
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
    const { model, asked, live, handlers, visible, run } = makeTerminal();
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
    const { model, asked, live, handlers, visible, run } = makeTerminal({ lease: desk });
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
    const { model, asked, live } = makeTerminal({ lease: desk });
    live();
    expect(model.view.value).toBe('text');
    model.leaseChanged({ ...desk, cols: 100, rows: 30, lease: desk });
    expect(model.view.value).toBe('fit');
    model.show('actual');
    expect([model.view.value, asked.at(-1)]).toEqual(['actual', 'keep actual']);
  });
  it('what was chosen before is there again', () => {
    expect(makeTerminal({ lease: desk }, '', 'fit').model.view.value).toBe('fit');
  });
  it('in its own size it is shown as it is; who takes the size sees the terminal', () => {
    const { model, live, handlers } = makeTerminal({ lease: desk }, '', 'text');
    live();
    model.takeOver();
    handlers().onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 46, rows: 28, lease: 'held' });
    expect(model.view.value).toBe('actual');
    model.show('text');
    expect(model.view.value).toBe('text');
  });
});

describe('a snapshot for another size', () => {
  it('resizes the terminal before it is drawn', () => {
    const { model, asked, live, handlers } = makeTerminal({ lease: desk });
    live();
    asked.length = 0;
    handlers().onSnapshot(new Uint8Array(3), 200, { cols: 48, rows: 24 });
    expect(asked).toEqual(['drawn 48x24']);
    expect(model.size.value).toEqual({ cols: 48, rows: 24 });
  });
});

describe('phases', () => {
  it('acknowledges what was drawn', () => {
    const { live, consumed, handlers } = makeTerminal();
    live();
    handlers().onOutput(new Uint8Array(50), 100);
    expect(consumed).toEqual([100, 150]);
  });
  it('a cut line is lost until the next snapshot', () => {
    const { model, live, handlers } = makeTerminal();
    live();
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(model.phase.value).toBe('lost');
    handlers().onSnapshot(new Uint8Array(1), 7, null);
    expect(model.phase.value).toBe('live');
  });
  it('says that the last keys may not have arrived, until the next one does', () => {
    const { model, live, handlers } = makeTerminal();
    live();
    handlers().onInterrupted?.({ uncertainInputBytes: 3 });
    handlers().onSnapshot(new Uint8Array(1), 7, null);
    expect(model.uncertain.value).toBe(true);
    model.press('a');
    expect(model.uncertain.value).toBe(false);
  });
  it('says why it could not be attached', () => {
    const { model, live, handlers } = makeTerminal();
    live();
    handlers().onClosed('failed', new AfieldError('session_not_found', 'This session was deleted.'));
    expect([model.phase.value, model.fault.value]).toEqual(['failed', 'This session was deleted.']);
  });
  it('an end stays an end', () => {
    const { model, live, handlers } = makeTerminal();
    live();
    handlers().onClosed('ended', null);
    handlers().onInterrupted?.({ uncertainInputBytes: 0 });
    expect(model.phase.value).toBe('ended');
  });
});
