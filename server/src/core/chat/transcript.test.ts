/** Whatever an agent tells, in whatever order: bounded, in order, found by its words, and never a throw. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTalk, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import { manualClock } from '../manual-clock.ts';
import { MAX } from './bounds.ts';

let talk: Talk;
let id: string;
beforeEach(async () => {
  talk = openTalk();
  ({ id } = await talk.begin({ prompt: 'go' }));
  await talk.given(1);
  say({ type: 'running' });
});
afterEach(() => talk.house.close());
const say = (...updates: ChatUpdate[]) => talk.chat.agent.say(...updates);
const text = (key: string, words: string, role: 'agent' | 'thought' | 'user' = 'agent'): ChatUpdate => ({
  type: 'text',
  key,
  role,
  text: words,
});
const done = (key: string, words?: string, role: 'agent' | 'thought' | 'user' = 'agent'): ChatUpdate =>
  words === undefined ? { type: 'text_done', key, role } : { type: 'text_done', key, role, text: words };
/** Without the prompt. */
const items = () => talk.items(id).slice(1);
const tools = () => items().filter((item) => item.kind === 'tool');
const log = (q: string) => talk.house.sessions.logs(id, { q, limit: 10 }).items;
const eventsOnDisk = (type: 'message.chunk' | 'tool.call_updated') =>
  talk.house.events.read({ since: 0, limit: 1_000, session_id: id, types: [type] });

/** Bytes, after everything that nobody holds is gone. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('messages', () => {
  it('come in pieces, each with its place, and what told of them in pieces is gone when they are whole', async () => {
    const words = Array.from({ length: 50 }, (_, i) => `word ${i} `);
    for (const word of words) {
      say(text('a', word));
      if (word.includes('5')) await new Promise((resolve) => setTimeout(resolve, 12));
    }
    await eventually(
      () =>
        talk
          .told('message.chunk')
          .map((chunk) => chunk.text)
          .join('') === words.slice(1).join(''),
    );
    let at = words[0]!.length;
    for (const chunk of talk.told('message.chunk')) {
      expect(chunk.at).toBe(at);
      at += chunk.text.length;
    }
    expect(talk.told('message.chunk').length).toBeLessThan(words.length);
    expect(eventsOnDisk('message.chunk').length).toBeGreaterThan(0);
    say(done('a'));
    expect(talk.told('message.complete').at(-1)?.item).toMatchObject({ text: words.join(''), state: 'done' });
    expect(eventsOnDisk('message.chunk')).toEqual([]);
    expect(talk.house.store.chat.get(items()[0]!.id)?.body).toMatchObject({ text: words.join(''), state: 'done' });
    expect(log('word 49')).toMatchObject([{ type: 'message' }]);
  });

  it('are what their end says, whatever came before it, and after it', () => {
    say(text('a', 'Helo'), done('a', 'Hello'), done('a', 'Hello'), done('a', 'Hello!'), done('b'), done('c', 'whole'), done('d', ''));
    expect(items()).toMatchObject([
      { text: 'Hello!', state: 'done' },
      { text: 'whole', state: 'done' },
    ]);
    say(text('a', 'more'));
    expect(items()).toMatchObject([{ text: 'Hello!' }, { text: 'whole' }, { text: 'more', state: 'open' }]);
    say({ type: 'idle', stop: 'done' });
    expect(items().at(-1)).toMatchObject({ text: 'more', state: 'done' });
  });

  it('that were cut and are told once more after the end are the same, also when the next turn began already', async () => {
    say(text('a', 'half a '), text('b', 'hm', 'thought'), { type: 'idle', stop: 'cancelled' }, { type: 'idle', stop: 'cancelled' });
    say(done('a', 'half a word'), done('b', 'hm', 'thought'), { type: 'idle', stop: 'cancelled' });
    const cut = [
      { text: 'half a word', state: 'cut' },
      { text: 'hm', state: 'cut' },
    ];
    expect(items()).toMatchObject(cut);
    expect(items()).toHaveLength(2);
    await talk.prompt(id, 'more');
    await talk.given(2);
    say({ type: 'running' }, text('c', 'new'), done('a', 'half a word'), done('b', 'hm', 'thought'), done('c'));
    expect(items().map((item) => 'text' in item && item.text)).toEqual(['half a word', 'hm', 'more', 'new']);
  });

  it('of another run of the agent are others, whatever it calls them', async () => {
    say({ type: 'agent_session', id: 's' }, { type: 'abilities', can: { resume: true } }, text('a', 'half'));
    const call = (title: string, state: 'running' | 'done') => say({ type: 'tool', key: '1', patch: { name: 'Bash', title, state } });
    call('first', 'running');
    talk.chat.agent.exit({ code: 1, detail: '' });
    await talk.becomes(id, 'failed');
    await talk.house.sessions.resume(id);
    await talk.prompt(id, 'more');
    await talk.given(1);
    say({ type: 'running' }, done('a', 'whole'));
    call('second', 'done');
    expect(items().flatMap((item) => (item.kind === 'message' && item.role === 'agent' ? [[item.text, item.state]] : []))).toEqual([
      ['half', 'cut'],
      ['whole', 'done'],
    ]);
    expect(tools()).toMatchObject([
      { title: 'first', state: 'cut' },
      { title: 'second', state: 'done' },
    ]);
  });

  it('and thoughts have keys of their own', () => {
    say(text('1', 'hm', 'thought'), text('1', 'yes'), done('1', undefined, 'thought'));
    expect(items()).toMatchObject([
      { kind: 'thought', text: 'hm', state: 'done' },
      { kind: 'message', text: 'yes', state: 'open' },
    ]);
  });

  it('of a person are told once: what was given through us is not heard again, what was typed elsewhere is', () => {
    say(
      text('u', 'go', 'user'),
      done('u', undefined, 'user'),
      done('v', 'typed at the desk', 'user'),
      text('w', 'half ', 'user'),
      text('w', 'typed', 'user'),
    );
    expect(items()).toMatchObject([{ role: 'user', text: 'typed at the desk', prompt_id: null }]);
    say({ type: 'idle', stop: 'done' });
    expect(items().at(-1)).toMatchObject({ role: 'user', text: 'half typed' });
  });

  it('have a length that is kept, and say when they are cut', () => {
    say(text('a', 'x'.repeat(MAX.message - 1)), text('a', '😀'), text('a', 'y'.repeat(1_000_000)), done('a'));
    const [item] = items();
    expect(item).toMatchObject({ kind: 'message', state: 'done' });
    const kept = (item as { text: string }).text;
    expect(kept.length).toBeLessThan(MAX.message + 100);
    expect(kept).toMatch(/x\n\n\[Afield keeps no more than this of one message\.\]$/);
    say(done('b', 'z'.repeat(MAX.message * 3)));
    expect((items().at(-1) as { text: string }).text.length).toBeLessThan(MAX.message + 100);
  });

  it('are bounded in number while they are open', () => {
    for (let i = 0; i < 100; i++) say(text(`key ${i}`, 'x'));
    expect(items().filter((item) => 'state' in item && item.state === 'open').length).toBeLessThanOrEqual(64);
  });
});

describe('tool calls', () => {
  const tool = (key: string, patch: Extract<ChatUpdate, { type: 'tool' }>['patch']): ChatUpdate => ({ type: 'tool', key, patch });

  it('are known better and better, and told so at most four times a second', async () => {
    await talk.house.close();
    const clock = manualClock();
    talk = openTalk({ deps: { clock } });
    ({ id } = await talk.begin());
    say({ type: 'running' }, tool('t', { name: 'Bash', kind: 'execute', title: 'npm', state: 'pending' }));
    for (let i = 0; i < 200; i++) {
      say(tool('t', { title: `npm test ${i}\n  and more` }));
      clock.advance(10);
    }
    // Two seconds.
    expect(talk.told('tool.call_updated').length).toBeGreaterThan(5);
    expect(talk.told('tool.call_updated').length).toBeLessThanOrEqual(8);
    clock.advance(250);
    say(tool('t', { state: 'running', input: '{"command":"npm test"}', locations: [{ path: '/a', line: 3.7 }] }));
    clock.advance(250);
    expect(talk.told('tool.call_updated').at(-1)!.item).toMatchObject({ title: 'npm test 199 and more', input: '{"command":"npm test"}' });
    say({ type: 'tool_output', key: 't', text: 'ok 1\n' }, { type: 'tool_output', key: 't', text: 'ok 2\n' });
    clock.advance(50);
    expect(
      talk
        .told('message.chunk')
        .map(({ text }) => text)
        .join(''),
    ).toBe('ok 1\nok 2\n');
    say(tool('t', { state: 'done' }));
    expect(talk.told('tool.call_complete').at(-1)?.item).toMatchObject({
      output: 'ok 1\nok 2\n',
      output_bytes: 10,
      locations: [{ path: '/a', line: 3 }],
    });
    expect([...eventsOnDisk('message.chunk'), ...eventsOnDisk('tool.call_updated')]).toEqual([]);
    expect(log('npm')).toMatchObject([{ type: 'tool' }]);
    expect(log('ok 2')).toHaveLength(1);
  });

  it('need no announcement, no order and no end', () => {
    say(
      { type: 'tool_output', key: 'never', text: 'out' },
      tool('late', { state: 'done', output: 'all' }),
      tool('bad', { state: 'failed', name: 'Edit' }),
    );
    expect(tools()).toMatchObject([
      { state: 'running', output: 'out' },
      { state: 'done', output: 'all' },
      { state: 'failed', name: 'Edit' },
    ]);
    expect(talk.told('tool.call_start').map(({ item }) => (item as { state: string }).state)).toEqual(['running', 'running', 'running']);
    expect(talk.told('tool.call_error').map(({ item }) => (item as { name: string }).name)).toEqual(['Edit']);
    say({ type: 'tool_output', key: 'late', text: ' of it' }, tool('late', { title: 'named later' }));
    expect(tools()[1]).toMatchObject({ output: 'all of it', title: 'named later', state: 'done' });
    say({ type: 'idle', stop: 'done' });
    expect(tools()[0]).toMatchObject({ state: 'cut' });
    say(tool('never', { state: 'done' }));
    expect(tools()).toHaveLength(3);
    expect(tools()[0]).toMatchObject({ state: 'done', output: 'out' });
  });

  it('that were cut and tell their end once the turn is over are the same, also when the next one began already', async () => {
    const named = (state: 'running' | 'failed', title = 'first') => ({ name: 'Bash', title, state });
    say(tool('1', named('running')), tool('2', named('running')), { type: 'idle', stop: 'cancelled' });
    say(tool('1', named('failed')), { type: 'tool_output', key: '1', text: 'aborted' }, { type: 'idle', stop: 'cancelled' });
    await talk.prompt(id, 'more');
    await talk.given(2);
    say({ type: 'running' }, tool('2', named('failed')), tool('1', named('failed', 'second')));
    expect(tools()).toMatchObject([
      { title: 'first', state: 'failed', output: 'aborted' },
      { title: 'first', state: 'failed' },
      { title: 'second', state: 'failed' },
    ]);
    expect(tools()).toHaveLength(3);
  });

  it('with one id in two turns are two', async () => {
    say(tool('1', { name: 'Bash', title: 'first', state: 'running' }), tool('1', { state: 'done' }), { type: 'idle', stop: 'done' });
    await talk.prompt(id, 'more');
    await talk.given(2);
    say({ type: 'running' }, tool('1', { name: 'Bash', title: 'second', state: 'running' }), tool('1', { state: 'done' }));
    expect(tools()).toMatchObject([
      { title: 'first', state: 'done' },
      { title: 'second', state: 'done' },
    ]);
  });

  it('keep the end of 50 MB of output in pieces, count all of it, and neither memory nor disk grow with it', async () => {
    const piece = `${'x'.repeat(1_023)}\n`;
    say(tool('t', { name: 'Bash', state: 'running' }));
    const before = heapInUse();
    for (let i = 0; i < 50 * 1024; i++) {
      say({ type: 'tool_output', key: 't', text: i === 50 * 1024 - 1 ? 'the end' : piece });
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(heapInUse() - before).toBeLessThan(10 * 1024 * 1024);
    say(tool('t', { state: 'done' }));
    const [item] = tools();
    expect(item).toMatchObject({ output_bytes: (50 * 1024 - 1) * 1024 + 7, output: expect.stringMatching(/the end$/) });
    expect((item as { output: string }).output.length).toBeLessThanOrEqual(MAX.output);
    const onDisk = talk.house.events.read({ since: 0, limit: 10_000, session_id: id });
    expect(JSON.stringify(onDisk).length).toBeLessThan(2 * 1024 * 1024);
    expect(talk.told('tool.call_updated').length).toBeLessThan(60);
  });

  it('keep the end of 50 MB of output that comes at once, and diffs that are cut', () => {
    const long = `${'é'.repeat(25 * 1024 * 1024)}the end`;
    say(tool('t', { name: 'Bash', state: 'running', output: long }), tool('t', { state: 'done' }));
    expect(tools()[0]).toMatchObject({ output_bytes: 50 * 1024 * 1024 + 7, output: expect.stringMatching(/éthe end$/) });
    const side = 'a'.repeat(300_000);
    const diffs = Array.from({ length: 20 }, (_, i) => ({ path: `/f${i}`, before: side, after: i === 1 ? null : side, cut: false }));
    say(tool('d', { name: 'Edit', diffs, state: 'done' }));
    const cut = (talk.told('tool.call_complete').at(-1)!.item as Extract<ChatItem, { kind: 'tool' }>).diffs;
    // As much as goes into one answer.
    expect(talk.items(id)).toHaveLength(1);
    expect(talk.house.sessions.messages(id, { limit: 100 }).next_cursor).toBe(talk.items(id)[0]!.id);
    expect(cut[0]).toMatchObject({ cut: true, before: side.slice(0, MAX.diffSide) });
    expect(cut[1]).toMatchObject({ after: null, cut: true });
    expect(cut.reduce((sum, one) => sum + (one.before?.length ?? 0) + (one.after?.length ?? 0), 0)).toBeLessThanOrEqual(MAX.diffs);
    expect(cut).toHaveLength(20);
  });

  it('are bounded in number while they are open', () => {
    for (let i = 0; i < 300; i++) say(tool(`t${i}`, { name: 'Bash', state: 'running' }));
    say({ type: 'idle', stop: 'done' });
    expect(talk.house.store.chat.open(id)).toEqual([]);
    expect(talk.told('tool.call_start')).toHaveLength(300);
  });
});

describe('everything else', () => {
  it('a plan is one item of its turn, replaced as often as the agent likes', async () => {
    const steps = (...texts: string[]) => texts.map((one) => ({ text: one, state: 'next' as const }));
    say({ type: 'plan', steps: steps('one') }, { type: 'plan', steps: steps('one', 'two') });
    expect(items()).toMatchObject([{ kind: 'plan', steps: [{ text: 'one' }, { text: 'two' }] }]);
    expect(talk.told('plan.updated')).toHaveLength(2);
    expect(talk.house.sessions.chat(id).plan).toHaveLength(2);
    say({ type: 'idle', stop: 'done' });
    await talk.prompt(id, 'more');
    await talk.given(2);
    say({ type: 'plan', steps: steps(...Array.from({ length: 1_000 }, () => 'x'.repeat(5_000))) });
    const plan = items().at(-1) as Extract<ChatItem, { kind: 'plan' }>;
    expect([plan.steps.length, plan.steps[0]!.text.length]).toEqual([MAX.steps, MAX.step]);
    say({ type: 'plan', steps: [] });
    expect(talk.house.sessions.chat(id).plan).toBeNull();
  });

  it('notices are kept, the same one once, and a flood of them is counted', () => {
    say({ type: 'notice', level: 'warning', text: 'Retrying' }, { type: 'notice', level: 'warning', text: 'Retrying' });
    say({ type: 'notice', level: 'info', text: 'x'.repeat(100_000) });
    expect(items()).toMatchObject([{ level: 'warning', text: 'Retrying' }, { level: 'info' }]);
    expect((items()[1] as { text: string }).text).toHaveLength(MAX.notice);
    for (let i = 0; i < 1_000; i++) say({ type: 'notice', level: 'info', text: `retry ${i}` });
    const newest = talk.house.sessions.messages(id, { limit: 500 }).items;
    expect(newest.length).toBeLessThan(120);
    expect(newest.at(-1)).toMatchObject({ text: expect.stringContaining('left out') });
  });

  it('a kind that nobody knows is shown as plain text, and so is an update that is none', () => {
    say({ type: 'unknown', kind: 'compaction', text: 'summary of it' }, { type: 'from the future', what: 7 } as never, { type: 'waiting' });
    expect(items()).toMatchObject([
      { kind: 'notice', text: 'compaction: summary of it' },
      { kind: 'notice', text: expect.stringContaining('from the future') },
    ]);
    expect(talk.get(id).status).toBe('busy');
  });

  it('nonsense is no throw, and ends nothing', () => {
    const nonsense = [
      { type: 'text', key: 'a', role: 'agent', text: undefined },
      { type: 'tool', key: 'a', patch: null },
      { type: 'plan', steps: 'none' },
      { type: 'commands', commands: [null] },
      { type: 'ask', key: 'a', ask: {} },
      null,
    ];
    for (const update of nonsense) expect(() => say(update as never)).not.toThrow();
    say(text('b', 'still here'), { type: 'idle', stop: 'done' });
    expect(items().at(-1)).toMatchObject({ text: 'still here', state: 'done' });
    expect(talk.get(id).status).toBe('idle');
  });

  it('half a character at the end of a piece is no fault', async () => {
    say(text('a', 'a\ud83d'), text('a', '\ude00b'), done('a'));
    expect(items()[0]).toMatchObject({ text: 'a😀b' });
  });
});
