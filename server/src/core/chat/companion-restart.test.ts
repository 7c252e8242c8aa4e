/** Two faces of one session after its home server, or the line to its companion, has ended: nothing is lost, nothing is there twice. */
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleAsk, YES_NO } from '../../approvals-kit.ts';
import { openHeard, openTalk, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import type { World } from '../sessions/surviving-runtime.ts';
import type { ScriptedCompanion } from './scripted-companion.ts';

let world: World;
let companion: ScriptedCompanion;
let talk: Talk;
beforeEach(() => {
  ({ world, companion, talk } = openHeard());
});
afterEach(() => talk.house.close());

const start = async (): Promise<string> => {
  const { id } = await talk.begin({ agent: 'heard', face: 'terminal' });
  await talk.becomes(id, 'idle');
  return id;
};
const again = (killAt?: number) => {
  const { folder } = talk.house;
  talk = openTalk({ world, companion, folder, ...(killAt === undefined ? {} : { killAt }) });
};
const crash = async () => {
  await talk.house.crash();
  again();
};
const heardAgain = (lines: number) => eventually(() => companion.lines.length === lines);
const ask = sampleAsk({ tool_id: null, subject: 'rm -r build', options: YES_NO });
const TURN: ChatUpdate[] = [
  { type: 'running' },
  { type: 'text_done', key: 'u1', role: 'user', text: 'do it' },
  { type: 'text_done', key: 'h1', role: 'thought', text: 'hm' },
  { type: 'text', key: 'm1', role: 'agent', text: 'I look' },
  { type: 'tool', key: 't1', patch: { name: 'Bash', kind: 'execute', state: 'running' } },
  { type: 'tool_output', key: 't1', text: 'line 1\n' },
];
const told = (id: string) => talk.items(id).map((item) => ({ ...item, updated_at: '' }));

describe('after a kill of the home server', () => {
  it('it is heard again with what was kept, and what is told again is there once, whole, in its place', async () => {
    const id = await start();
    companion.line.say(...TURN);
    await eventually(() => talk.told('message.chunk').length === 1);
    const before = talk.items(id).map((item) => item.id);
    await crash();
    await heardAgain(2);
    expect(companion.line.joined).toMatchObject({ session_id: id, memory: { port: 4711 } });
    expect(companion.prepared).toHaveLength(1);
    expect(talk.items(id)).toMatchObject([{}, {}, { text: 'I look', state: 'cut' }, { state: 'cut', output: 'line 1\n' }]);
    companion.line.say(...TURN.slice(0, 3));
    companion.line.say(
      { type: 'text_done', key: 'm1', role: 'agent', text: 'I look at it.' },
      { type: 'tool', key: 't1', patch: { name: 'Bash', state: 'running', output: 'line 1\n' } },
      { type: 'tool_output', key: 't1', text: 'line 2\n' },
      { type: 'tool', key: 't1', patch: { state: 'done' } },
      { type: 'text', key: 'm2', role: 'agent', text: 'Done.' },
      { type: 'idle', stop: 'done' },
    );
    expect(
      talk
        .items(id)
        .slice(0, 4)
        .map((item) => item.id),
    ).toEqual(before);
    expect(talk.items(id)).toMatchObject([
      { role: 'user', text: 'do it' },
      { kind: 'thought', text: 'hm' },
      { text: 'I look at it.', state: 'done' },
      { state: 'done', output: 'line 1\nline 2\n' },
      { text: 'Done.', state: 'done' },
    ]);
    // Told a third time, from the start.
    const whole = told(id);
    await crash();
    await heardAgain(3);
    companion.line.say(...TURN, { type: 'text', key: 'm1', role: 'agent', text: ' at it.' }, { type: 'idle', stop: 'done' });
    expect(told(id)).toEqual(whole);
  });

  it('a long history that is told again changes nothing, whatever of it has no key, and what comes behind it is new', async () => {
    const id = await start();
    const usage = (n: number) => ({ turn_id: `turn ${n}`, model: 'm', input_tokens: n, cached_tokens: 0, output_tokens: 1, cost_usd: 0.5 });
    const history = [1, 2, 3].flatMap((n): ChatUpdate[] => [
      { type: 'running' },
      { type: 'text_done', key: `u${n}`, role: 'user', text: `do ${n}` },
      { type: 'plan', steps: [{ text: `step ${n}`, state: 'now' }] },
      { type: 'tool', key: `t${n}`, patch: { name: 'Read', kind: 'read', state: 'running' } },
      { type: 'notice', level: 'warning', text: `retry ${n}` },
      ...(n === 2 ? [] : [{ type: 'tool' as const, key: `t${n}`, patch: { state: 'done' as const } }]),
      { type: 'idle', stop: n === 2 ? 'cancelled' : 'done' },
      { type: 'usage', usage: usage(n) },
    ]);
    companion.line.say(...history);
    expect(talk.items(id)).toHaveLength(12);
    await crash();
    await heardAgain(2);
    const whole = told(id);
    const before = talk.house.heard.length;
    companion.line.say(...history);
    expect(told(id)).toEqual(whole);
    expect(talk.get(id)).toMatchObject({ cost_usd: 1.5 });
    expect(talk.house.heard.slice(before).map(({ type }) => type)).toEqual(['tool.call_updated', 'tool.call_error']);
    companion.line.say(
      { type: 'running' },
      { type: 'text_done', key: 'u4', role: 'user', text: 'do 4' },
      { type: 'plan', steps: [{ text: 'step 4', state: 'now' }] },
      { type: 'notice', level: 'warning', text: 'retry 4' },
    );
    await talk.becomes(id, 'busy');
    expect(talk.items(id).slice(12)).toMatchObject([{ text: 'do 4' }, { kind: 'plan' }, { kind: 'notice' }]);
  });

  it('what goes on without a word that is new is told a moment later', async () => {
    const id = await start();
    companion.line.say(...TURN.slice(1, 3));
    await crash();
    await heardAgain(2);
    companion.line.say(...TURN.slice(0, 3));
    await talk.becomes(id, 'busy');
    companion.line.say({ type: 'plan', steps: [{ text: 'look', state: 'now' }] });
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'plan' });
  });

  it.each([
    ['from its beginning', ['I look', ' at it', ' now.'], 'I look at it now.'],
    ['from where it was', [' at it', ' now.'], 'I look at it now.'],
    ['and not further than it was', ['I lo'], 'I look'],
  ])('a text goes on %s', async (_from, pieces, whole) => {
    const id = await start();
    companion.line.say({ type: 'running' }, { type: 'text', key: 'm1', role: 'agent', text: 'I look' });
    await crash();
    await heardAgain(2);
    for (const text of pieces) companion.line.say({ type: 'text', key: 'm1', role: 'agent', text });
    companion.line.say({ type: 'idle', stop: 'done' });
    expect(talk.items(id)).toMatchObject([{ text: whole, state: 'done' }]);
  });

  it('an approval of before is gone, and the one that is asked again can be answered', async () => {
    const id = await start();
    companion.line.say({ type: 'running' }, { type: 'ask', key: 'a1', ask });
    const [first] = talk.house.approvals.list({ session_id: id, all: false, limit: 10 }).items;
    await crash();
    expect(talk.house.approvals.get(first!.id)).toMatchObject({ state: 'gone' });
    await heardAgain(2);
    companion.line.say({ type: 'running' }, { type: 'ask', key: 'a1', ask });
    await talk.becomes(id, 'waiting');
    const [second] = talk.house.approvals.list({ session_id: id, all: false, limit: 10 }).items;
    await talk.house.approvals.answer(second!.id, { hash: second!.hash, decision: 'deny' }, 'Phone');
    await eventually(() => companion.line.answers.length === 1);
    expect(companion.lines[0]?.answers).toEqual([]);
    await talk.becomes(id, 'busy');
    expect(talk.get(id).pending_approvals).toBe(0);
  });

  it('a prompt that it was typing then, and that arrived, is known by what the agent tells', async () => {
    const id = await start();
    world.program(id).onTyped = () => {};
    const { id: prompt_id } = await talk.prompt(id, 'do it\nnow');
    await eventually(() => talk.states(prompt_id).includes('accepted'));
    await crash();
    await heardAgain(2);
    await eventually(() => talk.states(prompt_id).includes('stuck'));
    companion.line.say({ type: 'text_done', key: 'u1', role: 'user', text: 'do it now' });
    expect(talk.items(id)).toMatchObject([{ role: 'user', prompt_id }]);
    expect(talk.states(prompt_id).at(-1)).toBe('consumed');
  });

  it('a program that ended meanwhile leaves nothing open', async () => {
    const id = await start();
    companion.line.say(...TURN, { type: 'ask', key: 'a1', ask });
    await talk.house.crash();
    world.program(id).end();
    again();
    await talk.becomes(id, 'finished');
    expect(companion.line.left).toBe(true);
    expect(talk.items(id).filter((item) => 'state' in item && ['open', 'pending', 'running'].includes(item.state))).toEqual([]);
    expect(talk.get(id)).toMatchObject({ pending_approvals: 0 });
  });
});

describe('a home server that is shut down', () => {
  it('leaves its companions, and the next one hears them again', async () => {
    const id = await start();
    companion.line.say(...TURN);
    await talk.house.stop();
    expect(companion.line.left).toBe(true);
    expect(world.program(id).exit).toBeNull();
    again();
    await heardAgain(2);
    expect(talk.get(id)).toMatchObject({ faces: ['terminal', 'chat'], agent_session_id: null });
  });
});

describe('a companion that dies', () => {
  it('leaves the terminal as it is; what it asked is gone, that is said once, and it is joined again', async () => {
    const id = await start();
    companion.line.say(...TURN, { type: 'ask', key: 'a1', ask });
    expect(talk.get(id).status).toBe('waiting');
    companion.line.exit('The line broke.');
    // The screen decides again.
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    await heardAgain(2);
    companion.line.exit('The line broke.');
    await heardAgain(3);
    companion.lines[0]?.say({ type: 'text_done', key: 'late', role: 'agent', text: 'from the grave' });
    companion.line.say({ type: 'running' });
    await talk.becomes(id, 'busy');
    const notices = talk.items(id).flatMap((item) => (item.kind === 'notice' ? [item.level] : []));
    expect(notices).toEqual(['warning', 'info', 'warning', 'info']);
    expect(talk.items(id).some((item) => item.kind === 'message' && item.text === 'from the grave')).toBe(false);
  });

  it('before it has joined is tried again and again, and the session lives without it', async () => {
    companion.joins = () => {
      throw new Error('Nobody answers.');
    };
    const id = await start();
    await heardAgain(3);
    expect(talk.get(id)).toMatchObject({ status: 'idle', faces: ['terminal', 'chat'] });
    expect(talk.items(id)).toMatchObject([{ kind: 'notice', level: 'warning', text: expect.stringContaining('Nobody answers.') }]);
    expect(talk.house.warnings).toHaveLength(1);
    await talk.house.sessions.stop(id, 'Phone');
    expect(talk.get(id).status).toBe('cancelled');
  });
});
