import { readFileSync, statSync } from 'node:fs';
import { AfieldError } from '@afield/shared/errors.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure, openTalk, type Talk } from '../../chat-kit.ts';
import { collectingSink, type HouseOptions } from '../../sessions-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import { manualClock } from '../manual-clock.ts';

let talk: Talk;
const open = async (options: HouseOptions = {}) => {
  await talk?.house.close();
  talk = openTalk(options);
};
beforeEach(() => {
  talk = openTalk();
});
afterEach(async () => {
  await talk.house.close();
  vi.unstubAllEnvs();
});
const say = (...updates: ChatUpdate[]) => talk.chat.agent.say(...updates);

describe('a chat', () => {
  it('starts, is given a prompt, streams its answer and is idle again', async () => {
    const { id } = await talk.begin({ model: 'large' });
    expect(talk.get(id)).toMatchObject({ faces: ['chat'], runtime: 'scripted', status: 'idle', agent_session_id: 'agent-1' });
    expect(talk.chat.agent.started).toMatchObject({ model: 'large', mode: 'asks', resume: null, fork: false });
    const prompt = await talk.prompt(id, 'hello');
    expect(prompt.state).toBe('home');
    await talk.given(1);
    expect(talk.get(id)).toMatchObject({ status: 'busy', activity: 'thinking' });
    say({ type: 'running' }, { type: 'text', key: 'a', role: 'agent', text: 'Hi' });
    expect(talk.told('message.start').at(-1)?.item).toMatchObject({ kind: 'message', role: 'agent', state: 'open', text: 'Hi' });
    say({ type: 'text', key: 'a', role: 'agent', text: ' there' });
    await eventually(() => talk.told('message.chunk').length === 1);
    expect(talk.told('message.chunk')[0]).toMatchObject({ at: 2, text: ' there' });
    expect(talk.items(id).at(-1)).toMatchObject({ text: 'Hi there', state: 'open' });
    say({ type: 'text_done', key: 'a', role: 'agent' }, { type: 'idle', stop: 'done' });
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: null, activity: null });
    expect(talk.items(id)).toMatchObject([
      { kind: 'message', role: 'user', text: 'hello', prompt_id: prompt.id, state: 'done' },
      { kind: 'message', role: 'agent', text: 'Hi there', state: 'done' },
    ]);
    expect(talk.states(prompt.id)).toEqual(['home', 'accepted', 'consumed']);
    expect(talk.house.store.chat.open(id)).toEqual([]);
  });

  it('is given the prompt of its creation once it is up', async () => {
    const { id } = await talk.begin({ prompt: 'first things' });
    expect(await talk.given(1)).toMatchObject({ content: 'first things' });
    talk.chat.agent.answerWith('done');
    expect(talk.get(id).status).toBe('idle');
  });

  it('says what the agent does by its tools, and waits when it asks', async () => {
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    const activity = (kind: 'read' | 'edit' | 'execute' | 'search' | 'plan', key: string) => {
      say({ type: 'tool', key, patch: { kind, name: 'Tool', state: 'running' } });
      return eventually(() => talk.get(id).activity !== 'thinking' && talk.get(id).activity);
    };
    expect(await activity('read', 'a')).toBe('reading');
    say({ type: 'tool', key: 'b', patch: { kind: 'execute', name: 'Bash', state: 'running' } });
    await eventually(() => talk.get(id).activity === 'running');
    say({ type: 'tool', key: 'c', patch: { kind: 'edit', name: 'Edit', state: 'running' } });
    await eventually(() => talk.get(id).activity === 'editing');
    say({ type: 'text', key: 't', role: 'thought', text: 'hm' });
    await eventually(() => talk.get(id).activity === 'thinking');
  });

  it.each([
    ['done', null],
    ['cancelled', 'Interrupted.'],
    ['refused', 'The model refused.'],
    ['limit', 'It stopped at a limit of its own.'],
    ['error', 'The turn ended with an error. Its messages say which.'],
  ] as const)('is idle after a turn that ended as %s, with the reason', async (stop, status_reason) => {
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    say({ type: 'running' }, { type: 'tool', key: 'a', patch: { name: 'Bash', state: 'running' } }, { type: 'idle', stop });
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason });
    const errors = talk.items(id).filter((item) => item.kind === 'notice' && item.level === 'error');
    expect(errors).toHaveLength(stop === 'error' ? 1 : 0);
    expect(talk.items(id).find((item) => item.kind === 'tool')).toMatchObject({ state: 'cut' });
  });

  it('tells an error of a turn once, in the words of the agent', async () => {
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    say({ type: 'running' }, { type: 'notice', level: 'error', text: 'API Error: 529' }, { type: 'idle', stop: 'error' });
    expect(talk.told('message.error').map(({ item }) => item)).toMatchObject([{ kind: 'notice', text: 'API Error: 529' }]);
    expect(talk.get(id).status).toBe('idle');
  });

  it('is stopped by a device with a name', async () => {
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.becomes(id, 'busy');
    expect(await talk.house.sessions.stop(id, 'Pixel')).toMatchObject({ status: 'cancelled', status_reason: 'Stopped by Pixel.' });
    expect(await failure(() => talk.prompt(id, 'more'))).toMatchObject({
      code: 'session_ended',
      message: expect.stringContaining('Resume'),
    });
  });

  it.each([
    [{ code: 0 }, 'finished', null],
    [{ code: 3 }, 'failed', 'exit code 3'],
    [{ code: null, signal: 'SIGKILL' }, 'failed', 'SIGKILL'],
    [{ code: null, lost: 'The line was cut.' }, 'lost', 'The line was cut.'],
  ] as const)('ends with its agent: %o', async (exit, status, reason) => {
    const { id } = await talk.begin();
    const { id: prompt_id } = await talk.prompt(id, 'half');
    await talk.given(1);
    say({ type: 'running' }, { type: 'text', key: 'a', role: 'agent', text: 'half of an ans' });
    talk.chat.agent.exit({ ...exit, detail: 'panicked at main.rs' });
    const ended = await talk.becomes(id, status);
    expect(ended.status_reason).toEqual(reason === null ? null : expect.stringContaining(reason));
    expect(talk.items(id).find((item) => item.kind === 'message' && item.role === 'agent')).toMatchObject({
      text: 'half of an ans',
      state: 'cut',
    });
    if (status === 'failed')
      expect(talk.items(id)).toContainEqual(expect.objectContaining({ kind: 'notice', text: 'panicked at main.rs' }));
    expect(talk.states(prompt_id)).toEqual(['home', 'accepted', 'consumed']);
  });

  it('that cannot start is a session that failed, an error, and a prompt that is stuck', async () => {
    talk.chat.greets = () => {
      throw new AfieldError('start_failed', 'It wants to log in first.');
    };
    expect(await failure(() => talk.begin({ prompt: 'go' }))).toMatchObject({ code: 'start_failed' });
    const [session] = talk.house.sessions.list({ archived: false, limit: 1 }).items;
    expect(session).toMatchObject({ status: 'failed', status_reason: 'It wants to log in first.' });
    expect(talk.told('message.state_changed').at(-1)).toMatchObject({ state: 'stuck' });
  });

  it('has no terminal, and says what to do instead', async () => {
    const { id } = await talk.begin();
    const { sessions } = talk.house;
    const calls = () => [
      () => sessions.output(id, 'text', 0),
      () => sessions.attach(id, collectingSink('v'), { cols: 80, rows: 24, lease: 'look' }),
      async () => {
        for await (const _ of sessions.recording(id)) return;
      },
    ];
    const live = [
      () => sessions.input(id, Buffer.from('x')),
      () => sessions.resize(id, { cols: 9, rows: 9 }, 'me'),
      () => sessions.release(id, 'me'),
    ];
    for (const call of calls())
      expect(await failure(call)).toMatchObject({ code: 'not_supported', message: expect.stringMatching(/messages/) });
    for (const call of live.slice(0, 2)) expect((await failure(call)).code).toBe('not_supported');
    expect((await failure(live[2]!)).code).toBe('conflict');
    await sessions.stop(id, 'me');
    for (const call of calls()) expect((await failure(call)).code).toBe('not_supported');
    const shell = await sessions.create({ agent: 'shell' });
    for (const call of [
      () => sessions.chat(shell.id),
      () => sessions.update(shell.id, { mode: 'x' }),
      () => sessions.fork(shell.id, {}),
      () => sessions.resume(shell.id),
    ]) {
      expect(['not_supported', 'conflict']).toContain((await failure(call)).code);
    }
    expect((await failure(() => sessions.create({ agent: 'shell', face: 'chat' }))).code).toBe('not_supported');
    expect((await failure(() => sessions.create({ agent: 'speaker', face: 'chat', runtime: 'other' }))).code).toBe('not_supported');
    expect((await failure(() => sessions.create({ agent: 'shell', mode: 'x' }))).code).toBe('bad_request');
  });

  it('gives its agent the same environment as a terminal would: what others set for themselves does not reach it', async () => {
    vi.stubEnv('IS_SANDBOX', 'yes');
    vi.stubEnv('CLAUDECODE', '1');
    vi.stubEnv('AFIELD_SECRET_OF_OURS', 'x');
    await open();
    const { id } = await talk.begin({ env: { ANSWER: '42' } });
    const { env, args, cwd, session_id } = talk.chat.agent.started.command;
    expect(env).toMatchObject({ ANSWER: '42', AFIELD_SESSION: id });
    for (const name of ['IS_SANDBOX', 'CLAUDECODE', 'AFIELD_SECRET_OF_OURS']) expect(env).not.toHaveProperty(name);
    expect({ args, cwd, session_id }).toEqual({ args: ['--speak'], cwd: talk.house.folder, session_id: id });
    const kept = `${talk.house.folder}/recordings/${id}/start.json`;
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept, 'utf8')).toContain('42');
  });

  it('starts in a named environment: its program and variables, a terminal too, and production only when somebody confirms', async () => {
    const environments = {
      list: () => [],
      check: async () => Promise.reject(new Error('not asked')),
      resolve: async (name: string, { confirm }: { confirm: string | undefined }) => {
        if (confirm !== name) throw new AfieldError('confirmation_needed', 'It is called production.');
        return { program: 'bash', env: { WHERE: name }, production: true };
      },
    };
    await open({ deps: { environments } });
    expect((await failure(() => talk.begin({ environment: 'prod' }))).code).toBe('confirmation_needed');
    const { id } = await talk.begin({ environment: 'prod', confirm: 'prod', budget_usd: 3 });
    expect(talk.get(id)).toMatchObject({ environment: 'prod', production: true, budget_usd: 3 });
    expect(talk.chat.agent.started.command.file).toMatch(/bash$/);
    expect(talk.chat.agent.started.command.env.WHERE).toBe('prod');
    const shell = await talk.house.sessions.create({ agent: 'shell', environment: 'prod', confirm: 'prod' });
    await talk.becomes(shell.id, 'idle');
    await talk.house.sessions.input(shell.id, Buffer.from('echo in $WHERE\r'));
    await eventually(async () => (await talk.house.sessions.output(shell.id, 'text', 0)).screen.includes('in prod'));
  });

  it('tells what its agent can do, and keeps it after its end', async () => {
    const { id } = await talk.begin();
    say(
      { type: 'version', version: '2.0.1', note: null },
      { type: 'abilities', can: { steer: true } },
      {
        type: 'commands',
        commands: [
          { id: 'init', name: 'init', description: 'Begin' },
          { id: 'x'.repeat(1_000), name: 'long', description: null },
        ],
      },
      { type: 'model', model: 'large', models: [{ id: 'large', name: 'Large', description: null }] },
      { type: 'mode', mode: 'plan', modes: [{ id: 'plan', name: 'Plan', description: null }] },
      { type: 'plan', steps: [{ text: 'one', state: 'now' }] },
      { type: 'title', title: 'A \u202etitle' },
    );
    await eventually(() => talk.told('session.chat_changed').length > 0);
    expect(talk.told('session.chat_changed')).toHaveLength(1);
    const known = talk.house.sessions.chat(id);
    expect(known).toMatchObject({
      version: '2.0.1',
      model: 'large',
      mode: 'plan',
      can: { steer: true, resume: true },
      plan: [{ text: 'one' }],
    });
    expect(known.version_note).toMatch(/newer than those that Afield was tested with \(1\.2 to 1\.9\)/);
    expect(known.commands.map((one) => one.id)).toEqual(['init']);
    expect(talk.get(id).title).toBe('A title');
    await talk.house.sessions.stop(id, 'me');
    expect(talk.house.sessions.chat(id)).toEqual(known);
  });

  it('changes model and mode while it runs, only to what the agent knows', async () => {
    const { id } = await talk.begin();
    say({
      type: 'mode',
      mode: 'asks',
      modes: [
        { id: 'asks', name: 'Asks', description: null },
        { id: 'edits', name: 'Edits', description: null },
      ],
    });
    const { sessions } = talk.house;
    expect(await sessions.update(id, { mode: 'edits', model: 'small', name: 'other' })).toMatchObject({
      mode: 'edits',
      model: 'small',
      name: 'other',
    });
    expect(talk.chat.agent.chosen).toEqual(['model small', 'mode edits']);
    expect(await failure(() => sessions.update(id, { mode: 'yolo' }))).toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('asks, edits'),
    });
    say({ type: 'abilities', can: { model: false } });
    expect((await failure(() => sessions.update(id, { model: 'large' }))).code).toBe('not_supported');
    expect(talk.house.store.sessions.get(id)).toMatchObject({ mode: 'edits', model: 'small' });
    await sessions.stop(id, 'me');
    expect((await failure(() => sessions.update(id, { model: 'large' }))).code).toBe('session_ended');
  });
});

describe('time', () => {
  /** A chat whose agent was given a prompt, and whose clock is the test's. */
  async function atWork(content = 'go') {
    const clock = manualClock();
    await open({ deps: { clock } });
    const { id } = await talk.begin();
    await talk.prompt(id, content);
    await vi.waitFor(() => {
      clock.advance(10);
      expect(talk.chat.agent.prompts).toHaveLength(1);
    });
    return { clock, id };
  }

  it('a turn is done when it was quiet for three seconds, and not before', async () => {
    const { clock, id } = await atWork();
    talk.chat.agent.answerWith('done');
    clock.advance(2_000);
    expect(talk.told('agent.idle')).toEqual([]);
    clock.advance(1_001);
    await vi.waitFor(() => {
      clock.advance(100);
      expect(talk.told('agent.idle')).toMatchObject([{ session: { id }, background: 0 }]);
    });
  });

  it('a provider that hangs is said, once a silence, and forgotten when something comes', async () => {
    const { clock, id } = await atWork();
    say({ type: 'running' });
    clock.advance(119_000);
    expect(talk.get(id).status_reason).toBeNull();
    clock.advance(2_000);
    expect(talk.get(id)).toMatchObject({ status: 'busy', status_reason: 'No word from the agent for 2 minutes.' });
    clock.advance(200_000);
    expect(talk.get(id).status_reason).toBe('No word from the agent for 4 minutes.');
    expect(talk.items(id).filter((item) => item.kind === 'notice')).toHaveLength(1);
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(talk.told('probe.result').length).toBeGreaterThan(0);
    });
    say({ type: 'text', key: 'a', role: 'agent', text: 'here I am' });
    expect(talk.get(id)).toMatchObject({ status: 'busy', status_reason: null });
  });

  it('a tool that runs for long is left in peace for longer', async () => {
    const { clock, id } = await atWork('build');
    say({ type: 'running' }, { type: 'tool', key: 't', patch: { name: 'Bash', kind: 'execute', state: 'running' } });
    clock.advance(599_000);
    expect(talk.get(id).status_reason).toBeNull();
    clock.advance(2_000);
    expect(talk.get(id).status_reason).toBe('No word from the agent for 10 minutes.');
  });

  it('an agent that forgets an interrupt is asked again, and nobody is bothered', async () => {
    const { clock, id } = await atWork();
    const { agent } = talk.chat;
    agent.reacts = false;
    await talk.house.sessions.cancel(id);
    expect(talk.get(id).status).toBe('busy');
    agent.reacts = true;
    clock.advance(500);
    await vi.waitFor(() => expect(talk.get(id).status).toBe('idle'));
    clock.advance(20_000);
    expect(agent).toMatchObject({ cancels: 2, gone: false });
    expect(talk.items(id).some(({ kind }) => kind === 'notice')).toBe(false);
  });

  it('an agent that ignores an interrupt is named after ten seconds, ended by the second one, and goes on', async () => {
    const { clock, id } = await atWork();
    const deaf = talk.chat.agent;
    deaf.reacts = false;
    await talk.house.sessions.cancel(id);
    await talk.house.sessions.cancel(id);
    expect(deaf).toMatchObject({ cancels: 2, gone: false });
    clock.advance(10_001);
    // Once more after half a second, and twice after that, however often somebody pressed.
    expect(deaf).toMatchObject({ cancels: 5, gone: false });
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'notice', text: expect.stringMatching(/not reacted.*once more to end it/) });
    expect(talk.get(id).status).toBe('busy');
    await talk.house.sessions.cancel(id);
    expect(deaf.gone).toBe(true);
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: expect.stringContaining('It goes on with your next prompt.') });
    await talk.prompt(id, 'again');
    await vi.waitFor(() => {
      clock.advance(10);
      expect(talk.chat.agents).toHaveLength(2);
    });
    expect(talk.chat.agent.started.resume).toBe('agent-1');
    await vi.waitFor(() => {
      clock.advance(10);
      expect(talk.chat.agent.prompts).toMatchObject([{ content: 'again' }]);
    });
  });
});
