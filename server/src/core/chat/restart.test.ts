/** A chat after its home server, or its agent, has ended: what was told is there, nothing is given twice, and it goes on. */
import { spawn } from 'node:child_process';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleAsk } from '../../approvals-kit.ts';
import { failure, openTalk, type Talk } from '../../chat-kit.ts';
import { ABLE, ScriptedRuntime } from './scripted-runtime.ts';

let chat: ScriptedRuntime;
let talk: Talk;
beforeEach(() => {
  chat = new ScriptedRuntime();
  talk = openTalk({ chat });
});
afterEach(() => talk.house.close());
const again = (killAt?: number) => {
  const { folder } = talk.house;
  talk = openTalk({ chat, folder, ...(killAt === undefined ? {} : { killAt }) });
};
const crash = async () => {
  await talk.house.crash();
  again();
};
const working = async () => {
  const { id } = await talk.begin({ prompt: 'first', model: 'large', mode: 'edits', env: { ANSWER: '42' } });
  await talk.given(1);
  chat.agent.say(
    { type: 'running' },
    { type: 'text', key: 'a', role: 'agent', text: 'half ' },
    { type: 'text', key: 'a', role: 'agent', text: 'of an answer' },
    { type: 'tool', key: 't', patch: { name: 'Bash', state: 'running' } },
    { type: 'tool_output', key: 't', text: 'line 1\n' },
  );
  await eventually(() => talk.told('message.chunk').length === 2);
  return id;
};

describe('after a kill of the home server', () => {
  it('what was open is cut as it was told last, that is said, and it goes on with the next prompt', async () => {
    const id = await working();
    await crash();
    expect(talk.get(id)).toMatchObject({
      status: 'idle',
      status_reason: 'It goes on with your next prompt.',
      pid: null,
      survives_restart: true,
    });
    expect(talk.items(id)).toMatchObject([
      { text: 'first' },
      { text: 'half of an answer', state: 'cut' },
      { kind: 'tool', state: 'cut', output: 'line 1\n', output_bytes: 7 },
      { kind: 'notice', level: 'warning', text: expect.stringContaining('The home server ended while the agent worked.') },
    ]);
    expect(talk.told('message.complete').map(({ item }) => (item as { state?: string }).state)).toEqual(['cut', undefined]);
    expect(chat.agents).toHaveLength(1);
    await talk.prompt(id, 'go on');
    await eventually(() => chat.agents.length === 2);
    expect(chat.agent.started).toMatchObject({
      resume: 'agent-1',
      fork: false,
      model: 'large',
      mode: 'edits',
      command: { env: { ANSWER: '42' } },
    });
    await talk.given(1);
    chat.agent.answerWith('the rest');
    expect(talk.items(id).at(-1)).toMatchObject({ text: 'the rest', state: 'done' });
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: null });
  });

  it('its approvals are gone, and what was given and never confirmed is not given again', async () => {
    const { id } = await talk.begin();
    chat.agent.takes = false;
    const prompt = await talk.prompt(id, 'only once');
    await talk.given(1);
    const ask = sampleAsk({ tool_id: null, subject: 'ls', options: [] });
    chat.agent.say({ type: 'ask', key: 'k', ask });
    expect(talk.get(id)).toMatchObject({ status: 'waiting', pending_approvals: 1 });
    await crash();
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    expect(talk.house.approvals.list({ all: true, limit: 5 }).items).toMatchObject([{ state: 'gone' }]);
    expect(talk.house.store.prompts.get(prompt.id)).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('Look at its messages'),
    });
    await talk.prompt(id, 'next');
    await eventually(() => chat.agents.length === 2);
    await talk.given(1);
    expect(chat.agents.flatMap((agent) => agent.prompts.map(({ content }) => content))).toEqual(['only once', 'next']);
  });

  it('an agent that was left running is ended before it is started again, and at once when prompts wait', async () => {
    const id = await working();
    const left = spawn('sleep', ['600'], { env: { ...process.env, AFIELD_SESSION: id, AFIELD_HOME_ID: 'home' }, detached: true });
    const gone = new Promise((resolve) => left.once('exit', resolve));
    await talk.prompt(id, 'waits');
    let leftWhenStarted: boolean | null = null;
    chat.greets = (agent) => {
      leftWhenStarted = left.exitCode === null && left.signalCode === null;
      agent.say({ type: 'agent_session', id: 'agent-1' });
    };
    await crash();
    await eventually(() => chat.agents.length === 2);
    await gone;
    expect(leftWhenStarted).toBe(false);
    expect((await talk.given(1)).content).toBe('waits');
  });

  it('one whose agent cannot go on is lost, with the reason, and so is what waited for it', async () => {
    chat.can = { ...ABLE, resume: false };
    const id = await working();
    const prompt = await talk.prompt(id, 'waits');
    await crash();
    expect(talk.get(id)).toMatchObject({ status: 'lost', status_reason: 'It ended with the home server. Its agent cannot go on with it.' });
    expect(talk.house.store.prompts.get(prompt.id)?.state).toBe('stuck');
    expect(talk.items(id)[1]).toMatchObject({ state: 'cut' });
    expect((await failure(() => talk.house.sessions.resume(id))).code).toBe('not_supported');
    expect((await failure(() => talk.house.sessions.fork(id, {}))).code).toBe('not_supported');
  });

  it('one in which nothing was said begins anew, where its agent keeps no such sessions', async () => {
    const { id } = await talk.begin({ model: 'large' });
    await talk.house.crash();
    chat.greets = (agent, { resume }) => {
      if (resume !== null) throw new AfieldError('not_found', 'No conversation found with that id.');
      agent.say({ type: 'agent_session', id: 'another' });
    };
    again();
    await talk.prompt(id, 'hello');
    expect((await talk.given(1)).content).toBe('hello');
    expect(chat.agent.started).toMatchObject({ resume: null, model: 'large' });
    expect(talk.get(id)).toMatchObject({ status: 'busy', agent_session_id: 'another' });
  });

  it('an agent that has nothing to go on with ends the session, and the prompt is stuck', async () => {
    const id = await working();
    await talk.house.crash();
    chat.greets = () => {
      throw new AfieldError('not_found', 'No conversation found with that id.');
    };
    again();
    const prompt = await talk.prompt(id, 'go on');
    const session = await talk.becomes(id, 'failed');
    expect(session.status_reason).toBe('It could not go on. No conversation found with that id.');
    expect(talk.house.store.prompts.get(prompt.id)?.state).toBe('stuck');
  });
});

describe('a home server that is closed', () => {
  it('asks agents to end, loses nothing, and the next one goes on', async () => {
    const id = await working();
    const { id: idle } = await talk.begin();
    await talk.house.stop();
    expect(chat.agents.map(({ gone }) => gone)).toEqual([true, true]);
    again();
    expect([talk.get(id).status, talk.get(idle).status]).toEqual(['idle', 'idle']);
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'notice', text: expect.stringContaining('ended while the agent worked') });
    expect(talk.items(idle)).toEqual([]);
    await talk.prompt(idle, 'hello');
    await eventually(() => chat.agents.length === 3);
    expect(chat.agent.started.resume).toBe('agent-2');
  });

  it('loses one whose agent cannot go on', async () => {
    chat.can = { ...ABLE, resume: false };
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    await talk.house.stop();
    again();
    expect(talk.get(id)).toMatchObject({ status: 'lost', status_reason: 'It ended with the home server.' });
  });
});

describe('an ended chat', () => {
  it('goes on under the same id, with its history and as it was chosen', async () => {
    const id = await working();
    await talk.house.sessions.stop(id, 'Pixel');
    expect((await failure(() => talk.prompt(id, 'x'))).code).toBe('session_ended');
    expect(await talk.house.sessions.resume(id)).toMatchObject({ id, status: 'idle', ended_at: null, exit_code: null });
    expect((await failure(() => talk.house.sessions.resume(id))).code).toBe('conflict');
    expect(chat.agent.started).toMatchObject({ resume: 'agent-1', model: 'large', mode: 'edits', command: { env: { ANSWER: '42' } } });
    expect(talk.items(id)[0]).toMatchObject({ text: 'first' });
    expect(talk.told('session.status_changed').map(({ session, previous }) => `${previous} ${session.status}`)).toContain(
      'cancelled starting',
    );
    await talk.house.sessions.stop(id, 'Pixel');
    await crash();
    await talk.house.sessions.resume(id);
    await talk.prompt(id, 'still there?');
    await talk.given(1);
  });

  it('that cannot go on is over again, and says why', async () => {
    const { id } = await talk.begin();
    chat.agent.exit({ code: 0 });
    await talk.becomes(id, 'finished');
    chat.greets = () => {
      throw new AfieldError('start_failed', 'No.');
    };
    expect((await failure(() => talk.house.sessions.resume(id))).code).toBe('start_failed');
    expect(talk.get(id)).toMatchObject({ status: 'failed', status_reason: 'No.', ended_at: expect.any(String) });
  });

  it('is forked: another session that begins with what it knows', async () => {
    const id = await working();
    const fork = await talk.house.sessions.fork(id, { name: 'other way' });
    expect(fork).toMatchObject({
      name: 'other way',
      status: 'idle',
      agent_session_id: 'agent-2',
      model: 'large',
      mode: 'edits',
      cost_usd: null,
    });
    expect(chat.agent.started).toMatchObject({ resume: 'agent-1', fork: true, command: { session_id: fork.id, env: { ANSWER: '42' } } });
    expect(talk.items(fork.id)).toMatchObject([{ text: 'first' }, { kind: 'notice', text: expect.stringContaining('speaker-') }]);
    await talk.house.sessions.fork(id, { id: fork.id });
    chat.agents[0]!.say({ type: 'abilities', can: { fork: false } });
    expect((await failure(() => talk.house.sessions.fork(id, {}))).code).toBe('not_supported');
    expect(chat.agents).toHaveLength(2);
    expect(talk.get(id).status).toBe('busy');
  });
});

describe('kill -9 at every step', { timeout: 120_000 }, () => {
  /** Everything that was told of items stands on disk, once, and nothing is open. */
  const isWhole = (id: string, heard: AfieldEvent[]) => {
    const stored = new Map(talk.house.sessions.messages(id, { limit: 200 }).items.map((item) => [item.id, item]));
    const told = new Map<string, string>();
    for (const { type, payload } of heard) {
      if (type === 'message.chunk') told.set(payload.item_id, told.get(payload.item_id)! + payload.text);
      else if ('item' in payload) told.set(payload.item.id, words(payload.item));
    }
    for (const [item_id, text] of told) {
      expect(stored.has(item_id)).toBe(true);
      expect(words(stored.get(item_id)!).startsWith(text)).toBe(true);
    }
    expect(talk.house.store.chat.open(id)).toEqual([]);
    // Whoever resumes hears the end of everything that is there.
    const ends = new Set(
      talk.house.events
        .read({ since: 0, limit: 1_000, session_id: id })
        .flatMap((event) => ('item' in event.payload ? [event.payload.item.id] : [])),
    );
    for (const item_id of stored.keys()) expect(ends.has(item_id)).toBe(true);
    expect(talk.house.events.read({ since: 0, limit: 1_000, session_id: id, types: ['message.chunk', 'tool.call_updated'] })).toEqual([]);
  };
  const words = (item: ChatItem) => ('text' in item ? item.text : item.kind === 'tool' ? item.output : '');

  it('of a prompt and its answer: nothing is doubled, nothing that was told is lost', async () => {
    let points = 0;
    for (let n = 1, killed = true; killed; n++) {
      await talk.house.close();
      chat = new ScriptedRuntime();
      talk = openTalk({ chat });
      const { id } = await talk.begin();
      const agent = chat.agent;
      talk.house.life.killAt(n);
      const act = async () => {
        const prompt = await talk.prompt(id, 'only once');
        await eventually(() => talk.house.life.dead || agent.prompts.length === 1);
        agent.say(
          { type: 'running' },
          { type: 'text', key: 'a', role: 'agent', text: 'one ' },
          { type: 'text', key: 'a', role: 'agent', text: 'two ' },
          { type: 'tool', key: 't', patch: { name: 'Bash', state: 'running' } },
          { type: 'tool_output', key: 't', text: 'out' },
        );
        await eventually(() => talk.house.life.dead || talk.told('message.chunk').length >= 2);
        agent.say(
          { type: 'tool', key: 't', patch: { state: 'done' } },
          { type: 'text', key: 'a', role: 'agent', text: 'three' },
          { type: 'text_done', key: 'a', role: 'agent' },
          { type: 'notice', level: 'info', text: 'note' },
          { type: 'idle', stop: 'done' },
        );
        return prompt;
      };
      await act().catch(() => {});
      killed = talk.house.life.dead;
      const { heard } = talk.house;
      await crash();
      isWhole(id, heard);
      expect(chat.agents.flatMap(({ prompts }) => prompts).filter(({ content }) => content === 'only once').length).toBeLessThanOrEqual(1);
      await eventually(() => ['idle', 'busy'].includes(talk.get(id).status));
      if (chat.agents.length === 2) {
        // It was never given: it waited, and is given now.
        await talk.given(1);
        chat.agent.answerWith('late');
      }
      expect(talk.items(id).filter((item) => item.kind === 'message' && item.role === 'user').length).toBeLessThanOrEqual(1);
      await talk.prompt(id, 'and on');
      await eventually(() => chat.agent.prompts.at(-1)?.content === 'and on');
      points = n;
    }
    expect(points).toBeGreaterThan(30);
  });

  it('of the take-over: the one after it finds the same', async () => {
    let points = 0;
    for (let n = 1, killed = true; killed; n++) {
      await talk.house.close();
      chat = new ScriptedRuntime();
      talk = openTalk({ chat });
      const id = await working();
      const { heard, folder } = talk.house;
      await talk.house.crash();
      try {
        talk = openTalk({ chat, folder, killAt: n });
        await talk.house.crash();
        killed = talk.house.life.steps >= n;
      } catch {
        // At its very start.
      }
      again();
      expect(talk.get(id).status).toBe('idle');
      isWhole(id, heard);
      expect(talk.items(id).slice(0, 3)).toMatchObject([
        { text: 'first' },
        { text: 'half of an answer', state: 'cut' },
        { output: 'line 1\n', state: 'cut' },
      ]);
      points = n;
    }
    expect(points).toBeGreaterThan(8);
  });
});
