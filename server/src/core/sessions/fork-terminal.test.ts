/** A fork of a session with a terminal: another terminal of the same agent, which begins with what the first one knew. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHeard, type Talk } from '../../chat-kit.ts';
import type { ScriptedCompanion } from '../chat/scripted-companion.ts';
import type { World } from './surviving-runtime.ts';

let world: World;
let companion: ScriptedCompanion;
let talk: Talk;
beforeEach(() => {
  ({ world, companion, talk } = openHeard());
});
afterEach(() => talk.house.close());

/** One in which something was said; without `own` its agent has not told its own id. */
async function used(input = {}, own: string | null = 'agent-7') {
  const { id } = await talk.begin({ agent: 'heard', face: 'terminal', name: 'web', ...input });
  await talk.becomes(id, 'idle');
  if (own !== null) companion.line.say({ type: 'agent_session', id: own });
  companion.line.say({ type: 'running' }, { type: 'text_done', key: 'm1', role: 'agent', text: 'done' }, { type: 'idle', stop: 'done' });
  return id;
}
const fork = (id: string, options = {}) => talk.house.sessions.fork(id, options);
/** What the recipe's program was started with. */
const argsOf = (id: string) => world.program(id).argv.slice(1);

describe('a fork of a terminal session', () => {
  it('is a terminal of the same agent, chosen alike, that says what it begins with', async () => {
    const given = { args: ['--careful', 'very', '--loud'], env: { TOKEN: 'x' }, cols: 100, rows: 30, budget_usd: 2 };
    const id = await used(given);
    const made = await fork(id);
    expect(made).toMatchObject({ name: 'web fork', agent: 'heard', faces: ['terminal', 'chat'], cols: 100, rows: 30, budget_usd: 2 });
    expect(made.cwd).toBe(talk.get(id).cwd);
    expect(argsOf(made.id)).toEqual(['--work', '--earlier', 'agent-7', '--copy', '--careful', 'very', '--loud', '--heard']);
    expect(world.program(made.id).env).toMatchObject({ TOKEN: 'x' });
    expect(talk.items(made.id)).toMatchObject([{ kind: 'notice', text: 'It begins with all that “web” knew.' }]);
    expect(talk.get(id).status).toBe('idle');
    // Its agent gives it an id of its own.
    expect(made.agent_session_id).toBeNull();
  });

  it('can be made of one that has ended, or was lost with the home server', async () => {
    const id = await used();
    world.program(id).end({ code: 0, signal: null });
    await talk.becomes(id, 'finished');
    const made = await fork(id, { name: 'again' });
    expect(made.name).toBe('again');
    expect(argsOf(made.id)).toContain('agent-7');
    expect(talk.get(id).status).toBe('finished');
  });

  it('the same id twice is the same session', async () => {
    const id = await used();
    const wanted = crypto.randomUUID();
    const [one, other] = await Promise.all([fork(id, { id: wanted }), fork(id, { id: wanted })]);
    expect([one.id, other.id, (await fork(id, { id: wanted })).id]).toEqual([wanted, wanted, wanted]);
  });

  it('of one in which nothing was said yet is a new one', async () => {
    const { id } = await talk.begin({ agent: 'heard', face: 'terminal' });
    await talk.becomes(id, 'idle');
    companion.line.say({ type: 'agent_session', id: 'agent-7' });
    expect(argsOf((await fork(id)).id)).toEqual(['--work', '--heard']);
  });

  it.each([
    ['a prompt among its arguments', { args: ['fix the test'] }],
    ['an option that may have begun it with something', { args: ['--continue'] }],
    ['an option whose value is missing', { args: ['--loud', '--careful'] }],
  ])('is refused where %s would count again, and nothing is started', async (_what, input) => {
    const id = await used(input);
    const before = talk.house.sessions.list({ archived: false, limit: 10 }).items.length;
    await expect(fork(id)).rejects.toMatchObject({ code: 'not_supported', message: expect.stringContaining(input.args.at(-1)!) });
    expect(talk.house.sessions.list({ archived: false, limit: 10 }).items).toHaveLength(before);
  });

  it.each([
    ['its agent has told no id', null],
    ['what it told is an option', '--dangerous'],
    ['what it told is no id', 'a b'],
  ])('is refused where %s', async (_what, own) => {
    const id = await used({}, own);
    await expect(fork(id)).rejects.toMatchObject({ code: 'not_supported' });
  });

  it('is refused for a program that knows nothing of earlier sessions, and of whose variables nothing is kept', async () => {
    const { id } = await talk.begin({ agent: 'shell', face: 'terminal', env: { TOKEN: 'x' } });
    await expect(fork(id)).rejects.toMatchObject({ code: 'not_supported' });
    const kept = (session: string) => existsSync(join(talk.house.folder, 'recordings', session, 'start.json'));
    expect(kept(id)).toBe(false);
    expect(kept(await used({ env: { TOKEN: 'x' } }))).toBe(true);
  });
});

describe("a terminal that goes on with a session of the agent's own", () => {
  it('is started with it, and can be forked', async () => {
    const { id } = await talk.begin({ agent: 'heard', face: 'terminal', resume: 'agent-3', companion: false });
    await talk.becomes(id, 'idle');
    expect(argsOf(id)).toEqual(['--work', '--earlier', 'agent-3']);
    expect(talk.get(id)).toMatchObject({ agent_session_id: 'agent-3' });
    expect(argsOf((await fork(id)).id)).toEqual(['--work', '--earlier', 'agent-3', '--copy', '--heard']);
  });

  it('is refused where the agent cannot', async () => {
    await expect(talk.begin({ agent: 'shell', face: 'terminal', resume: 'agent-3' })).rejects.toMatchObject({ code: 'not_supported' });
  });
});
