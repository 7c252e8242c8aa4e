/** A terminal session whose agent is heard too: one session, two faces. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleAsk, YES_NO } from '../../approvals-kit.ts';
import { openHeard, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import type { Program, World } from '../sessions/surviving-runtime.ts';
import type { ScriptedCompanion } from './scripted-companion.ts';

let world: World;
let companion: ScriptedCompanion;
let talk: Talk;
beforeEach(() => {
  ({ world, companion, talk } = openHeard());
});
afterEach(() => talk.house.close());

const shows = (program: Program, text: string) => program.print(`\x1b[2J\x1b[H${text}\r\n`);
const start = async (input = {}): Promise<{ id: string; program: Program }> => {
  const { id } = await talk.begin({ agent: 'heard', face: 'terminal', ...input });
  await talk.becomes(id, 'idle');
  return { id, program: world.program(id) };
};
const ask = sampleAsk({ tool_id: null, subject: 'rm -r build', options: YES_NO });
const approvals = (id: string) => talk.house.approvals.list({ session_id: id, all: false, limit: 10 }).items;

describe('a terminal session that is heard', () => {
  it('has both faces, its program starts with the changed command, and what is needed to hear it again is kept for nobody else', async () => {
    const { id, program } = await start();
    expect(talk.get(id)).toMatchObject({ faces: ['terminal', 'chat'], runtime: 'tmux' });
    expect(talk.told('session.created')[0]?.session.faces).toEqual(['terminal', 'chat']);
    expect(program.argv.slice(1)).toEqual(['--work', '--heard']);
    expect(program.env).toMatchObject({ HEARD_WITH: 'a secret' });
    const folder = join(talk.house.folder, 'recordings', id, 'companion');
    expect(companion.line.joined).toMatchObject({ session_id: id, folder, memory: { port: 4711 } });
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'memory.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'memory.json'), 'utf8')).not.toContain('a secret');
  });

  it('shows messages, tool calls and plans as any chat does, with the prompt that was typed', async () => {
    const { id, program } = await start();
    program.onTyped = (text) => program.print(text === '\r' ? '\x1b[2J\x1b[HWORKING\r\n' : text);
    const { id: prompt_id } = await talk.prompt(id, 'fix the test');
    await talk.becomes(id, 'busy');
    companion.line.say(
      { type: 'agent_session', id: 'agent-7' },
      { type: 'running' },
      { type: 'text_done', key: 'u1', role: 'user', text: 'fix the test' },
      { type: 'text', key: 'm1', role: 'agent', text: 'I ' },
      { type: 'text', key: 'm1', role: 'agent', text: 'look.' },
      { type: 'text_done', key: 'm1', role: 'agent' },
      { type: 'tool', key: 't1', patch: { name: 'Bash', kind: 'execute', state: 'running', input: 'npm test' } },
      { type: 'tool_output', key: 't1', text: '1 failed' },
      { type: 'plan', steps: [{ text: 'look', state: 'now' }] },
      { type: 'tool', key: 't1', patch: { state: 'done' } },
      { type: 'text_done', key: 'u2', role: 'user', text: 'typed at the desk' },
      { type: 'idle', stop: 'done' },
    );
    expect(talk.items(id)).toMatchObject([
      { kind: 'message', role: 'user', text: 'fix the test', prompt_id },
      { kind: 'message', role: 'agent', text: 'I look.', state: 'done' },
      { kind: 'tool', name: 'Bash', output: '1 failed', state: 'done' },
      { kind: 'plan' },
      { kind: 'message', role: 'user', text: 'typed at the desk', prompt_id: null },
    ]);
    expect(talk.get(id)).toMatchObject({ agent_session_id: 'agent-7' });
    expect(talk.house.sessions.chat(id)).toMatchObject({ can: { images: false, steer: false, fork: false, model: false } });
    expect(talk.told('message.chunk')).toMatchObject([{ at: 2, text: 'look.' }]);
  });

  it('what an interrupt cut, and is told once more when the turn is over, stands once', async () => {
    const { id } = await start();
    const call = (state: 'running' | 'failed') => ({ type: 'tool' as const, key: 't1', patch: { name: 'Bash', state } });
    companion.line.say({ type: 'running' }, { type: 'text', key: 'm1', role: 'agent', text: 'half a ' }, call('running'));
    companion.line.say({ type: 'idle', stop: 'cancelled' }, { type: 'text_done', key: 'm1', role: 'agent', text: 'half a word' });
    companion.line.say(call('failed'), { type: 'idle', stop: 'cancelled' });
    await talk.becomes(id, 'idle');
    expect(talk.items(id)).toMatchObject([
      { kind: 'message', text: 'half a word' },
      { kind: 'tool', state: 'failed' },
    ]);
  });

  it('an approval is answered from anywhere; until then it waits', async () => {
    const { id } = await start();
    companion.line.say({ type: 'running' }, { type: 'ask', key: 'a1', ask });
    expect(talk.get(id)).toMatchObject({ status: 'waiting', pending_approvals: 1 });
    const [approval] = approvals(id);
    await talk.house.approvals.answer(approval!.id, { hash: approval!.hash, decision: 'allow' }, 'Phone');
    await eventually(() => companion.line.answers.length === 1);
    expect(companion.line.answers).toMatchObject([{ key: 'a1', answer: { option_id: 'yes', decision: 'allow' } }]);
    expect(talk.get(id)).toMatchObject({ status: 'busy', pending_approvals: 0 });
  });

  it('an approval that was answered at the desk is gone everywhere', async () => {
    const { id } = await start();
    companion.line.say({ type: 'running' }, { type: 'ask', key: 'a1', ask });
    const [approval] = approvals(id);
    companion.line.say({ type: 'ask_gone', key: 'a1', by: 'elsewhere', decision: 'deny' });
    expect(talk.house.approvals.get(approval!.id)).toMatchObject({ state: 'gone', outcome: { by: 'at the agent', decision: 'deny' } });
    expect(talk.get(id)).toMatchObject({ status: 'busy', pending_approvals: 0 });
    await expect(talk.house.approvals.answer(approval!.id, { hash: approval!.hash, decision: 'allow' }, 'Phone')).rejects.toMatchObject({
      code: 'approval_answered',
    });
  });
});

describe('what it says of its state', () => {
  it('comes before the screen, and its activity is told', async () => {
    const { id, program } = await start();
    companion.line.say({ type: 'running' }, { type: 'tool', key: 't1', patch: { name: 'Read', kind: 'read', state: 'running' } });
    expect(talk.get(id)).toMatchObject({ status: 'busy', activity: 'reading' });
    shows(program, 'WORKING');
    companion.line.say({ type: 'idle', stop: 'cancelled' });
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: 'Interrupted.' });
  });
});

describe('an agent that lies', () => {
  it('asks twice by one key, answers what nobody asked, and ends what never began: what is open is right at every moment', async () => {
    const { id } = await start();
    companion.line.say({ type: 'ask', key: 'a1', ask }, { type: 'ask', key: 'a1', ask: { ...ask, subject: 'rm -r /' } });
    expect(approvals(id)).toMatchObject([{ ask: { subject: 'rm -r /' } }]);
    companion.line.say({ type: 'ask_gone', key: 'nobody', by: 'elsewhere', decision: 'allow' });
    expect(talk.get(id)).toMatchObject({ status: 'waiting', pending_approvals: 1 });
    companion.line.say({ type: 'idle', stop: 'done' }, { type: 'idle', stop: 'done' });
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    companion.line.say({ type: 'tool_output', key: 't9', text: 'of nothing' }, { type: 'text_done', key: 'm9', role: 'agent' });
    companion.line.say({ type: 'later than this' } as never);
    expect(talk.items(id).map(({ kind }) => kind)).toEqual(['approval', 'approval', 'tool', 'notice']);
    expect(talk.house.warnings).toEqual([]);
  });

  it('that claims to take files, or another title than its window has, is not believed', async () => {
    const { id, program } = await start();
    program.print('\x1b]2;its window\x07');
    await eventually(() => talk.get(id).title === 'its window');
    companion.line.say({ type: 'abilities', can: { images: true, steer: true, fork: true } }, { type: 'title', title: 'another' });
    companion.line.say({ type: 'model', model: 'large', models: [{ id: 'large', name: 'Large', description: null }] });
    expect(talk.house.sessions.chat(id)).toMatchObject({ model: 'large', can: { images: false, steer: false, fork: false } });
    expect(talk.get(id).title).toBe('its window');
  });

  it('that says it works for ever is idle once its screen has been for ten seconds', { timeout: 20_000 }, async () => {
    const { id } = await start();
    companion.line.say({ type: 'running' });
    expect(talk.get(id).status).toBe('busy');
    await eventually(() => talk.get(id).status === 'idle', 15_000);
    const entries = talk.house.sessions.logs(id, { limit: 50 }).items;
    expect(entries.filter(({ text }) => text.includes('have differed for long'))).toHaveLength(1);
  });

  it('that says it waits and asks nothing waits, and goes on when it works again', async () => {
    const { id, program } = await start();
    companion.line.say({ type: 'running' }, { type: 'waiting' });
    await talk.becomes(id, 'waiting');
    expect(talk.get(id).status_reason).toBe('It waits for an answer. Look at its terminal.');
    shows(program, 'ALLOW?');
    await eventually(() => talk.get(id).status_reason === 'It shows a dialog.');
    shows(program, 'WORKING');
    companion.line.say({ type: 'running' });
    await talk.becomes(id, 'busy');
  });
});

describe('what it costs', () => {
  const turn = (turn_id: string, cost_usd: number): ChatUpdate => ({
    type: 'usage',
    usage: { turn_id, model: 'large', input_tokens: 10, cached_tokens: 0, output_tokens: 5, cost_usd },
  });

  it('is known, a turn that is told again counts once, and a budget that is used up interrupts it and holds prompts back', async () => {
    const { id, program } = await start({ budget_usd: 1 });
    companion.line.say({ type: 'running' }, turn('t1', 0.4), turn('t1', 0.4));
    expect(talk.get(id).cost_usd).toBe(0.4);
    companion.line.say(turn('t2', 0.7));
    expect(talk.get(id).cost_usd).toBeCloseTo(1.1);
    await eventually(() => program.typed.includes('\x03'));
    companion.line.say({ type: 'idle', stop: 'cancelled' });
    const { id: prompt_id } = await talk.prompt(id, 'more');
    await eventually(() => talk.house.sessions.queue(id)[0]?.reason);
    expect(program.typed).not.toContain('more');
    await talk.house.sessions.update(id, { budget_usd: 5 });
    await eventually(() => program.typed.includes('more'));
    expect(talk.states(prompt_id)).toContain('accepted');
  });
});

describe('its end', () => {
  it('is that of the terminal: what is open is cut, what it asks is gone, and everything can still be read', async () => {
    const { id, program } = await start();
    companion.line.say({ type: 'running' }, { type: 'text', key: 'm1', role: 'agent', text: 'half' }, { type: 'ask', key: 'a1', ask });
    companion.line.say({ type: 'tool', key: 't1', patch: { name: 'Bash', state: 'running' } });
    program.end({ code: 3, signal: null });
    await talk.becomes(id, 'failed');
    expect(companion.line.left).toBe(true);
    expect(talk.items(id)).toMatchObject([{ text: 'half', state: 'cut' }, { kind: 'approval' }, { kind: 'tool', state: 'cut' }]);
    expect(approvals(id)).toEqual([]);
    expect(talk.house.sessions.chat(id)).toMatchObject({ session_id: id });
    await expect(talk.house.sessions.resume(id)).rejects.toMatchObject({ code: 'not_supported', message: expect.stringContaining('fork') });
    const late = talk.items(id);
    companion.line.say({ type: 'text_done', key: 'm1', role: 'agent', text: 'late' });
    expect(talk.items(id)).toEqual(late);
  });
});

describe('where there is no companion', () => {
  it('because nobody wants it, or another agent was started, nothing is prepared', async () => {
    expect((await talk.begin({ agent: 'heard', face: 'terminal', companion: false })).faces).toEqual(['terminal']);
    expect((await talk.begin({ agent: 'shell', face: 'terminal' })).faces).toEqual(['terminal']);
    expect(companion.prepared).toEqual([]);
  });

  it.each([
    ['cannot accompany', async () => null],
    [
      'fails',
      async () => {
        throw new Error('no port');
      },
    ],
  ])('that %s, it is a terminal session as any other', async (_how, prepares) => {
    companion.prepares = prepares;
    const { id, program } = await start();
    expect(talk.get(id) satisfies Session).toMatchObject({ faces: ['terminal'] });
    expect(program.argv.slice(1)).toEqual(['--work']);
    expect(companion.lines).toEqual([]);
  });
});
