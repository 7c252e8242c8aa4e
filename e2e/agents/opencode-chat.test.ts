/**
 * The real opencode, from npm, as a chat: a home server starts its server against a scripted model, and a device that is paired through
 * the relay prompts it, answers what it asks, interrupts it, and goes on with it after the home server was killed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { Chat, openChatDevice } from './chat-device.ts';
import { opencodeEnv, opencodeProgram, prepareOpencodeHome } from './opencode-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: AfieldClient;
let chat: Chat;

beforeAll(async () => {
  const program = opencodeProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-opencode-chat-'));
  repo = path.join(folder, 'repo');
  model = await startScriptedModel({ cwd: repo });
  await prepareOpencodeHome(folder, repo, model);
  const config = { agents: { opencode: { command: [program], env: opencodeEnv(folder) } } };
  // One that is set for other purposes must not be the one of our servers.
  house = await startHouse({ config, env: { OPENCODE_SERVER_PASSWORD: 'known-to-others', OPENCODE_SERVER_USERNAME: 'somebody' } });
  phone = await openChatDevice(house);
  chat = await Chat.start(phone, { agent: 'opencode', cwd: repo });
});
afterAll(async () => {
  phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const inRepo = (name: string) => path.join(repo, name);
const HELLO = 'hello\nfrom the scripted model\n';

describe('opencode 1.18.33 as a chat', () => {
  it('starts, and tells its version, models, modes and commands', async () => {
    await chat.become('idle');
    const state = await until('it has told of itself', async () => {
      const now = await chat.chat();
      return now.models.length > 0 ? now : null;
    });
    expect(state).toMatchObject({ version: '1.18.33', version_note: null, model: 'scripted/scripted-model', mode: 'build' });
    expect(state.models.map(({ id }) => id).sort()).toEqual(['scripted/plain', 'scripted/scripted-model']);
    expect(state.modes.map(({ id }) => id)).toEqual(['build', 'plan']);
    expect(state.commands.map(({ id }) => id)).toEqual(expect.arrayContaining(['init', 'review', 'compact']));
  });

  it('answers, with its thoughts, and its tokens and cost are known', async () => {
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
    await chat.say('SCENARIO:think');
    await chat.done();
    expect(await chat.story()).toEqual([
      'thought done: First I look at the request. Then I answer it.',
      'message done: I have thought about it.',
    ]);
    const { sum, context } = await chat.usage();
    expect(sum).toMatchObject({ turns: 2, input_tokens: 2_400, cached_tokens: 600, output_tokens: 80, unpriced_turns: 0 });
    expect(sum.cost_usd).toBeCloseTo(0.00678, 5);
    expect(context).toMatchObject({ used_tokens: 1_240, size_tokens: 200_000 });
    expect((await chat.session()).agent_session_id).toMatch(/^ses_/);
  });

  it('shows the file before it writes it, waits, and writes it once it is allowed', async () => {
    await chat.say('SCENARIO:edit');
    const approval = await chat.asked();
    await chat.become('waiting');
    expect(approval.ask).toMatchObject({ kind: 'permission', tool_kind: 'edit', subject: inRepo('hello.txt'), cwd: repo });
    expect(approval.ask.diffs).toEqual([{ path: inRepo('hello.txt'), before: null, after: HELLO, cut: false }]);
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    const answered = await chat.answer(approval, { option_id: 'once' });
    expect(answered.outcome).toMatchObject({ decision: 'allow', scope: 'once', by: 'Test phone' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'done', tool_kind: 'edit', diffs: [{ before: null, after: HELLO }] });
  });

  it('does not write what is denied, and hears the words that go with it', async () => {
    await rm(inRepo('hello.txt'));
    await chat.say('SCENARIO:edit');
    await chat.answer(await chat.asked(), { option_id: 'reject', text: 'Use goodbye.txt instead.' });
    await chat.done();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'failed', output: expect.stringContaining('Use goodbye.txt instead.') });
  });

  it('changes a file after it read it, with the diff', async () => {
    await chat.say('SCENARIO:change');
    const approval = await chat.asked();
    expect(approval.ask).toMatchObject({ subject: inRepo('README.md'), diffs: [{ before: '# demo\n', after: '# demo, changed\n' }] });
    await chat.answer(approval, { option_id: 'once' });
    await chat.done();
    expect(await readFile(inRepo('README.md'), 'utf8')).toBe('# demo, changed\n');
  });

  it('asks twice at once, and each has its own answer', async () => {
    await chat.say('SCENARIO:two');
    const both = await until('two approvals wait', async () => {
      const { items } = await phone.call('listApprovals', { query: { session_id: chat.id } });
      return items.length === 2 ? items : null;
    });
    expect(both.map(({ ask }) => ask.subject).sort()).toEqual(['touch one.tmp', 'touch two.tmp']);
    for (const approval of both) await chat.answer(approval, { option_id: 'once' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect([existsSync(inRepo('one.tmp')), existsSync(inRepo('two.tmp'))]).toEqual([true, true]);
  });

  it('a rejection takes the other question of its turn with it', async () => {
    await chat.say('SCENARIO:two');
    const both = await until('two approvals wait', async () => {
      const { items } = await phone.call('listApprovals', { query: { session_id: chat.id } });
      return items.length === 2 ? items : null;
    });
    await chat.answer(both[0] as (typeof both)[0], { option_id: 'reject' });
    await chat.done();
    const other = await phone.call('getApproval', { params: { id: both[1]?.id ?? '' } });
    expect(other).toMatchObject({ state: 'gone', outcome: { decision: 'deny' } });
  });

  it('does not ask again for what is allowed for the session', async () => {
    await chat.say('SCENARIO:bash');
    const approval = await chat.asked();
    expect(approval.ask.options.map(({ id, scope }) => [id, scope])).toEqual([
      ['once', 'once'],
      ['always', 'session'],
      ['reject', 'once'],
    ]);
    await chat.answer(approval, { option_id: 'always' });
    await chat.done();
    await chat.say('SCENARIO:bash');
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect((await chat.tool(/made-by-bash/)).output).toContain('made-by-bash');
  });

  it('asks a question with choices, and has the answer; a list of todos is its plan', async () => {
    await chat.say('SCENARIO:ask');
    const approval = await chat.asked();
    expect(approval.ask).toMatchObject({
      kind: 'question',
      questions: [{ text: 'Which colour should it be?', choices: [{ id: 'Red' }, { id: 'Blue' }] }],
    });
    await chat.answer(approval, { answers: { [approval.ask.questions[0]?.id ?? '']: ['Blue'] } });
    await chat.done();
    expect((await chat.tool(/question/)).output).toContain('="Blue"');
    await chat.say('SCENARIO:todo');
    await chat.done();
    expect((await chat.chat()).plan).toEqual([
      { text: 'Read the code', state: 'done' },
      { text: 'Write the fix', state: 'now' },
      { text: 'Run the tests', state: 'next' },
    ]);
  });

  it('runs a long command, and shows what it prints while it runs', async () => {
    await chat.say('SCENARIO:long');
    await chat.answer(await chat.asked(), { option_id: 'once' });
    await until('its output comes', async () => (await chat.tool(/tick/)).output.includes('tick 2'));
    expect((await chat.session()).status).toBe('busy');
    await chat.done();
    expect((await chat.tool(/tick/)).output.trim()).toBe('tick 1\ntick 2\ntick 3\ntick 4');
  });

  it('is interrupted in the middle of its words, and while it asks', async () => {
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word3')));
    await chat.cancel();
    await chat.done();
    expect((await chat.story()).join()).not.toContain('word80');
    await rm(inRepo('hello.txt'), { force: true });
    await chat.say('SCENARIO:edit');
    const approval = await chat.asked();
    await chat.cancel();
    await chat.done();
    expect((await phone.call('getApproval', { params: { id: approval.id } })).state).toBe('gone');
    // What was cut is told once more after the end of its turn: it is the same message.
    expect(await chat.said(/\bword2\b/)).toHaveLength(1);
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('a model that hangs can be interrupted too', async () => {
    const before = model.requests.length;
    await chat.say('SCENARIO:hang');
    await chat.become('busy');
    await until('the model was asked', () => model.requests.length > before);
    await chat.cancel();
    await chat.done();
  });

  it('tells why a turn failed, and takes the next prompt', async () => {
    await chat.say('SCENARIO:e401');
    await chat.done();
    expect((await chat.story()).join('\n')).toMatch(/error: invalid x-api-key \(scripted\) \(401\)/);
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
  });

  it('tells that a provider is overloaded and that it tries again, until somebody stops it', async () => {
    await chat.say('SCENARIO:e529');
    await until('it tells', async () => (await chat.story()).some((line) => /warning: .*tries again/.test(line)));
    expect((await chat.session()).status).toBe('busy');
    await chat.cancel();
    await chat.done();
  });

  it('takes a prompt while it works, and an image', async () => {
    const image = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');
    expect((await chat.chat()).can).toMatchObject({ steer: true, images: true });
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word2')));
    const attachments = [{ name: 'dot.png', media_type: 'image/png', base64: image.toString('base64') }];
    await chat.say('SCENARIO:greet', { priority: 'now', attachments });
    // It comes in between two steps of its turn: here after the twenty seconds of words.
    await until('both are answered', async () => (await chat.story()).some((line) => line.includes('Hello from')), 60_000);
    await chat.become('idle');
    expect(model.bodies.at(-1)).toContain(image.toString('base64'));
  });

  it('changes model and mode while it runs', async () => {
    await phone.call('updateSession', { params: { id: chat.id }, body: { model: 'scripted/plain', mode: 'plan' } });
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.chat()).toMatchObject({ model: 'scripted/plain', mode: 'plan' });
    const { models } = await chat.usage();
    expect(models.map((one) => one.model).sort()).toEqual(['scripted/plain', 'scripted/scripted-model']);
    await phone.call('updateSession', { params: { id: chat.id }, body: { model: 'scripted/scripted-model', mode: 'build' } });
  });

  it('goes on with all it knew after the home server was killed, and nothing of the old one runs', async () => {
    const before = serversOf(chat.id);
    expect(before).toHaveLength(1);
    const { agent_session_id } = await chat.session();
    await house.killServer();
    await house.startServer();
    await until('the session is there', () => chat.session());
    chat.statuses.length = 0;
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
    expect((await chat.session()).agent_session_id).toBe(agent_session_id);
    // The conversation that the model is given holds what came before.
    expect(model.bodies.at(-1)).toContain('SCENARIO:think');
    expect(serversOf(chat.id)).toHaveLength(1);
    expect(serversOf(chat.id)).not.toEqual(before);
  });

  it('ends with its session', async () => {
    await house.json('stop', chat.id);
    await until('its server is gone', () => serversOf(chat.id).length === 0);
  });
});

/** Pids of opencode's servers of a session. */
function serversOf(session: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const command = read(`/proc/${pid}/cmdline`).split('\0');
    const ours = read(`/proc/${pid}/environ`).includes(`AFIELD_SESSION=${session}`);
    return ours && command[1] === 'serve' ? [Number(pid)] : [];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It is gone, or not ours.
    return '';
  }
}
