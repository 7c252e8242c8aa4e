/**
 * The real Claude Code, from npm, as a chat: a home server starts it against a scripted model, and a device that is paired through the
 * relay prompts it, answers what it asks, interrupts it, and goes on with it after the home server was killed.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { Chat, openChatDevice } from './chat-device.ts';
import { claudeEnv, claudeProgram, prepareClaudeHome } from './claude-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: AfieldClient;
let chat: Chat;

beforeAll(async () => {
  const program = claudeProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-claude-chat-'));
  repo = path.join(folder, 'repo');
  await prepareClaudeHome(folder, repo, true);
  model = await startScriptedModel({ cwd: repo });
  // With its search for tools every tool would be offered only after it was looked for, which the script does not do.
  // And its first prompt waits for its servers of MCP.
  const env = { ...claudeEnv(folder, model), ENABLE_TOOL_SEARCH: 'false', MCP_CONNECTION_NONBLOCKING: '0' };
  const config = { agents: { claude: { command: [program], env } } };
  // Variables that a shell inside of an agent has, and that end Claude Code when they reach it.
  house = await startHouse({ config, env: { CLAUDECODE: '1', IS_SANDBOX: 'yes' } });
  phone = await openChatDevice(house);
  chat = await Chat.start(phone, { agent: 'claude', cwd: repo });
});
afterAll(async () => {
  phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const inRepo = (name: string) => path.join(repo, name);
const HELLO = 'hello\nfrom the scripted model\n';

describe('Claude Code 2.1.329 as a chat', () => {
  it('starts, tells its version, models, modes and commands, and asks by default', async () => {
    await chat.become('idle');
    const state = await until('it has told of itself', async () => {
      const now = await chat.chat();
      return now.models.length > 0 ? now : null;
    });
    expect(state).toMatchObject({ version: '2.1.329', version_note: null, mode: 'default' });
    expect(state.models.map(({ id }) => id)).toContain('opus');
    expect(state.modes.map(({ id }) => id)).toEqual(expect.arrayContaining(['default', 'acceptEdits', 'plan']));
    expect(state.modes.map(({ id }) => id)).not.toContain('bypassPermissions');
    expect(state.commands.map(({ id }) => id)).toContain('compact');
    expect((await chat.session()).faces).toEqual(['chat']);
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
    expect(sum).toMatchObject({ turns: 2, input_tokens: 3_000, cached_tokens: 600, output_tokens: 80, unpriced_turns: 0 });
    expect(sum.cost_usd).toBeCloseTo(0.01132, 5);
    expect(context?.size_tokens).toBeGreaterThan(100_000);
    expect((await chat.session()).agent_session_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('shows the file before it writes it, waits, and writes it once it is allowed', async () => {
    await chat.say('SCENARIO:edit');
    const approval = await chat.asked();
    await chat.become('waiting');
    expect(approval.ask).toMatchObject({
      kind: 'permission',
      tool_kind: 'edit',
      tool_name: 'Write',
      subject: inRepo('hello.txt'),
      cwd: repo,
    });
    expect(approval.ask.diffs).toEqual([{ path: inRepo('hello.txt'), before: null, after: HELLO, cut: false }]);
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    const answered = await chat.answer(approval, { option_id: 'allow' });
    expect(answered.outcome).toMatchObject({ decision: 'allow', scope: 'once', by: 'Test phone' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'done', tool_kind: 'edit', diffs: [{ before: null, after: HELLO }] });
  });

  it('does not write what is denied, and hears the words that go with it', async () => {
    await rm(inRepo('hello.txt'));
    await chat.say('SCENARIO:edit');
    await chat.answer(await chat.asked(), { option_id: 'deny', text: 'Use goodbye.txt instead.' });
    await chat.done();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'failed', output: 'Use goodbye.txt instead.' });
    await chat.say('SCENARIO:edit');
    await chat.answer(await chat.asked(), { option_id: 'stop' });
    await chat.done();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('changes a file after it read it, with the diff', async () => {
    await chat.say('SCENARIO:change');
    const approval = await chat.asked();
    expect(approval.ask).toMatchObject({ subject: inRepo('README.md'), diffs: [{ before: '# demo', after: '# demo, changed' }] });
    await chat.answer(approval, { option_id: 'allow' });
    await chat.done();
    expect(await readFile(inRepo('README.md'), 'utf8')).toBe('# demo, changed\n');
  });

  it('asks twice in one turn', async () => {
    await chat.say('SCENARIO:two');
    for (const name of ['one.tmp', 'two.tmp']) {
      const approval = await until(`the question about ${name}`, async () => {
        const now = await chat.asked();
        return now.ask.subject.includes(name) ? now : null;
      });
      expect(approval.ask).toMatchObject({ tool_kind: 'execute', subject: `touch ${name}` });
      await chat.answer(approval, { option_id: 'allow' });
    }
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'waiting', 'busy', 'idle']);
    expect([existsSync(inRepo('one.tmp')), existsSync(inRepo('two.tmp'))]).toEqual([true, true]);
  });

  it('does not ask again for what is allowed in this session, nor for what is always', async () => {
    await chat.say('SCENARIO:bash');
    const approval = await chat.asked();
    expect(approval.ask.options.map(({ id, scope }) => [id, scope])).toEqual([
      ['allow', 'once'],
      ['allow_session', 'session'],
      ['allow_always', 'always'],
      ['deny', 'once'],
      ['stop', 'once'],
    ]);
    await chat.answer(approval, { option_id: 'allow_session' });
    await chat.done();
    await chat.say('SCENARIO:bash');
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect(existsSync(inRepo('.claude/settings.local.json'))).toBe(false);

    const other = await Chat.start(phone, { agent: 'claude', cwd: repo });
    await other.say('SCENARIO:bash');
    await other.answer(await other.asked(), { option_id: 'allow_always' });
    await other.done();
    expect(await readFile(inRepo('.claude/settings.local.json'), 'utf8')).toContain('touch made-by-bash');
    const third = await Chat.start(phone, { agent: 'claude', cwd: repo });
    await third.say('SCENARIO:bash');
    await third.done();
    expect(third.statuses).not.toContain('waiting');
    for (const { id } of [other, third]) await house.json('stop', id);
  });

  it('asks a question with choices, and has the answer', async () => {
    await chat.say('SCENARIO:ask');
    const approval = await chat.asked();
    expect(approval.ask).toMatchObject({
      kind: 'question',
      questions: [{ text: 'Which colour should it be?', choices: [{ id: 'Red' }, { id: 'Blue' }] }],
    });
    await chat.answer(approval, { answers: { q1: ['Blue'] } });
    await chat.done();
    expect((await chat.tool(/AskUserQuestion/)).output).toContain('"Which colour should it be?"="Blue"');
  });

  it('what a server of MCP asks is a question: a form, a page, a plain yes', async () => {
    const asks = async (scenario: string): Promise<Approval> => {
      await chat.say(`SCENARIO:${scenario}`);
      await chat.answer(await chat.asked(), { option_id: 'allow' });
      return chat.asked();
    };
    const form = await asks('form');
    expect(form.ask).toMatchObject({
      kind: 'question',
      tool_name: 'forms',
      subject: 'Which?',
      questions: [{ id: 'colour' }, { id: 'many' }],
    });
    await chat.answer(form, { answers: { colour: ['blue'], many: ['3'] } });
    await chat.done();
    expect(JSON.parse((await chat.tool(/forms__form/)).output)).toEqual({ action: 'accept', content: { colour: 'blue', many: 3 } });
    const page = await asks('page');
    expect(page.ask).toMatchObject({ kind: 'question', subject: 'https://login.example/x', detail: 'Log in.', questions: [] });
    await chat.answer(page, { option_id: 'accept' });
    await chat.done();
    expect(JSON.parse((await chat.tool(/forms__page/)).output)).toEqual({ action: 'accept' });
    await chat.answer(await asks('yes'), { option_id: 'decline' });
    await chat.done();
    expect(JSON.parse((await chat.tool(/forms__yes/)).output)).toEqual({ action: 'decline' });
    expect((await chat.items()).filter((item) => item.kind === 'notice')).toEqual([]);
  });

  it('keeps a plan', async () => {
    await chat.say('SCENARIO:tasks');
    await chat.done();
    expect((await chat.chat()).plan).toEqual([
      { text: 'Read the code', state: 'done' },
      { text: 'Write the fix', state: 'now' },
    ]);
  });

  it('runs a long command, and is busy as long', async () => {
    await chat.say('SCENARIO:long');
    await chat.answer(await chat.asked(), { option_id: 'allow' });
    await chat.done();
    expect((await chat.tool(/tick/)).output).toBe('tick 1\ntick 2\ntick 3\ntick 4');
  });

  it('is interrupted in the middle of its words, and while it asks', async () => {
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word3')));
    await chat.cancel();
    await chat.done();
    expect((await chat.story()).join()).not.toContain('word80');
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
    for (const patient of [true, false]) {
      const before = model.requests.length;
      await chat.say('SCENARIO:hang');
      await chat.become('busy');
      if (patient) await until('the model was asked', () => model.requests.length > before);
      await chat.cancel();
      await chat.done();
    }
  });

  it.each([
    ['e401', /Invalid API key/],
    ['e529', /529/],
  ])('tells why a turn failed (%s), and takes the next prompt', async (scenario, why) => {
    await chat.say(`SCENARIO:${scenario}`);
    await chat.done();
    const errors = (await chat.story()).filter((line) => line.startsWith('error: '));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(why);
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
  });

  it('takes a picture and a text file', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const text = Buffer.from('remember the milk').toString('base64');
    await chat.say('SCENARIO:greet', {
      attachments: [
        { name: 'dot.png', media_type: 'image/png', base64: png },
        { name: 'note.txt', media_type: 'text/plain', base64: text },
      ],
    });
    await chat.done();
    const asked = (await chat.items()).findLast((item) => item.kind === 'message' && item.role === 'user');
    expect(asked).toMatchObject({ text: 'SCENARIO:greet', attachments: [{ name: 'dot.png' }, { name: 'note.txt' }] });
    expect(model.bodies.at(-1)).toContain(png);
    expect(model.bodies.at(-1)).toContain('remember the milk');
  });

  it('goes on with what it knew after the home server was killed, with its costs', async () => {
    const before = await chat.usage();
    const { agent_session_id } = await chat.session();
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word2')));
    await house.killServer();
    await house.startServer();
    const { status } = await until('the session is there', () => chat.session());
    expect(status).not.toBe('busy');
    chat.statuses.length = 0;
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
    expect((await chat.session()).agent_session_id).toBe(agent_session_id);
    // The conversation that the model is given holds what came before.
    expect(model.bodies.at(-1)).toContain('SCENARIO:ask');
    const after = await chat.usage();
    expect((after.sum.cost_usd ?? 0) - (before.sum.cost_usd ?? 0)).toBeCloseTo(0.00566, 5);
  });

  it('ends with the session, and leaves no process', async () => {
    const { pid } = await chat.session();
    await house.json('stop', chat.id);
    expect((await chat.session()).status).toMatch(/finished|cancelled/);
    if (pid !== null) await until('its process is gone', () => !existsSync(`/proc/${pid}`));
    await writeFile(inRepo('after.txt'), '');
  });
});
