import { describe, expect, it } from 'vitest';
import { createFeed, type FedScreen, type Older } from './terminal-feed.ts';

const utf8 = new TextEncoder();
const size = { cols: 80, rows: 24 };

/** A screen that writes down what it was shown, answers that come when told, timers that run when told. */
function make() {
  const shown: string[] = [];
  const consumed: number[] = [];
  const asked: { resolve(older: Older): void; reject(error: Error): void }[] = [];
  const timers: (() => void)[] = [];
  const state = { room: 1000, size };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const screen: FedScreen = {
    snapshot(bytes, to, done) {
      if (to !== null) state.size = to;
      shown.push(`[${text(bytes)}]`);
      done();
    },
    write(bytes, done) {
      shown.push(text(bytes));
      done();
    },
    deepen: (bytes) => void shown.push(`{${text(bytes)}}`),
    size: () => state.size,
    room: () => state.room,
  };
  const feed = createFeed({
    consumed: (offset) => consumed.push(offset),
    older: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    later(run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), timers.includes(run) ? 1 : 0);
    },
  });
  feed.drawOn(screen);
  const snapshot = (drawn: string, offset: number, of: typeof size | null = null) => feed.snapshot(utf8.encode(drawn), offset, of);
  const output = (printed: string, offset: number) => feed.output(utf8.encode(printed), offset);
  const answer = async (older: Partial<Older> & { offset: number; screen: string }) => {
    asked.shift()?.resolve({ ...size, ...older });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { feed, shown, consumed, asked, timers, state, snapshot, output, answer };
}

describe('while older lines are read', () => {
  it('output is shown below, and a screen that would take them away waits, unacknowledged', () => {
    const { feed, shown, consumed, snapshot, output } = make();
    snapshot('S', 10);
    feed.read('above');
    output('a\r\n', 10);
    snapshot('T', 500);
    output('b\r\n', 500);
    expect(shown).toEqual(['[S]', 'a\r\n']);
    expect(consumed).toEqual([10, 13]);
    expect(feed.waiting.value).toEqual({ lines: 1, more: true });
    feed.read('newest');
    expect(shown.slice(2)).toEqual(['[T]', 'b\r\n']);
    expect(consumed).toEqual([10, 13, 500, 503]);
    expect(feed.waiting.value).toEqual({ lines: 0, more: false });
  });
  it('output waits when it would push them out', () => {
    const { feed, shown, state, snapshot, output } = make();
    snapshot('S', 0);
    feed.read('above');
    state.room = 5;
    output('a\n\n', 0);
    output('b\n\n\n\n\n', 3);
    expect([shown, feed.waiting.value.lines]).toEqual([['[S]', 'a\n\n'], 5]);
  });
  it('nothing moves while something is selected', () => {
    const { feed, shown, snapshot, output } = make();
    snapshot('S', 0);
    feed.read('frozen');
    output('a', 0);
    expect(shown).toEqual(['[S]']);
  });
  it('is not waited for by a home that sends without an end', () => {
    const { feed, shown, snapshot, output } = make();
    snapshot('S', 0);
    feed.read('frozen');
    for (let at = 0; at < 20; at++) output('x'.repeat(64 * 1024), at * 64 * 1024);
    expect(shown.length).toBeGreaterThan(16);
  });
});

describe('the lines above the screen', () => {
  it('are fetched, and what came meanwhile follows them without a gap and without a double', async () => {
    const { feed, shown, snapshot, output, answer } = make();
    snapshot('S', 100);
    feed.wantOlder(true);
    expect(feed.older.value).toBe('loading');
    output('one', 100);
    output('two', 103);
    await answer({ offset: 104, screen: 'old|o' });
    expect(shown).toEqual(['[S]', 'one', 'two', '{old|owo}']);
    expect(feed.older.value).toBe('shown');
  });
  it('wait until the screen is as far as they are', async () => {
    const { feed, shown, snapshot, output, answer } = make();
    snapshot('S', 0);
    feed.wantOlder(true);
    await answer({ offset: 5, screen: 'old' });
    output('abc', 0);
    expect(shown.at(-1)).toBe('abc');
    output('defg', 3);
    expect(shown.slice(-2)).toEqual(['defg', '{oldfg}']);
  });
  it('are asked for again when they were of another size or of a past time', async () => {
    const { feed, shown, asked, snapshot, answer } = make();
    snapshot('S', 100, { cols: 80, rows: 24 });
    feed.wantOlder(true);
    await answer({ offset: 100, screen: 'x', cols: 200 });
    await answer({ offset: 99, screen: 'y' });
    expect(asked).toHaveLength(1);
    await answer({ offset: 100, screen: 'good' });
    expect(shown.at(-1)).toBe('{good}');
  });
  it('are given up after some tries', async () => {
    const { feed, asked, snapshot, answer } = make();
    snapshot('S', 100);
    feed.wantOlder(true);
    for (let i = 0; i < 3; i++) await answer({ offset: 0, screen: 'x' });
    expect([asked.length, feed.older.value]).toEqual([0, 'failed']);
  });
  it('are fetched again after the screen was skipped forward, once it is calm', async () => {
    const { feed, asked, timers, snapshot, answer } = make();
    snapshot('S', 0);
    feed.wantOlder(true);
    await answer({ offset: 0, screen: 'old' });
    snapshot('T', 1000);
    snapshot('U', 2000);
    expect([asked.length, timers.length]).toEqual([0, 1]);
    timers.shift()?.();
    expect(asked).toHaveLength(1);
  });
  it('say when home does not give them', async () => {
    const { feed, asked, snapshot } = make();
    snapshot('S', 0);
    feed.wantOlder(true);
    asked.shift()?.reject(new Error('no line'));
    await Promise.resolve();
    await Promise.resolve();
    expect(feed.older.value).toBe('failed');
    feed.wantOlder(true);
    expect(asked).toHaveLength(1);
  });
  it('E1: are guarded as the stream is', async () => {
    const { feed, shown, snapshot, answer } = make();
    snapshot('S\x1b]52;c;aGk=\x07', 0);
    feed.wantOlder(true);
    await answer({ offset: 0, screen: 'old\u202e\x1b]0;title\x07' });
    expect(shown).toEqual(['[S]', '{old}']);
  });
});
