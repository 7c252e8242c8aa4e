/**
 * The real Codex, from npm, as a chat: a home server starts its app-server against a scripted model, and a device that is paired through
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
import { codexEnv, codexProgram, prepareCodexHome } from './codex-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: AfieldClient;
let chat: Chat;

beforeAll(async () => {
  const program = codexProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-codex-chat-'));
  repo = path.join(folder, 'repo');
  model = await startScriptedModel({ cwd: repo });
  await prepareCodexHome(folder, repo, model);
  const config = { agents: { codex: { command: [program], env: codexEnv(folder) } } };
  house = await startHouse({ config });
  phone = await openChatDevice(house);
  chat = await Chat.start(phone, { agent: 'codex', cwd: repo });
});
afterAll(async () => {
  phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const inRepo = (name: string) => path.join(repo, name);
const HELLO = 'hello\nfrom the scripted model\n';

describe('Codex 0.169.0 as a chat', () => {
  it('starts in the mode that asks, whatever is configured, and tells its version, models and modes', async () => {
    await chat.become('idle');
    const state = await until('it has told of itself', async () => {
      const now = await chat.chat();
      return now.models.length > 0 ? now : null;
    });
    expect(state).toMatchObject({ version: '0.169.0', version_note: null, model: 'gpt-5.5', mode: 'read-only' });
    expect(state.modes.map(({ id }) => id)).toEqual(['read-only', 'workspace-write']);
  });

  it('answers, with its thoughts, and its tokens are known', async () => {
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
    expect(sum).toMatchObject({ turns: 2, input_tokens: 2_400, cached_tokens: 600, output_tokens: 80 });
    expect(context).toMatchObject({ used_tokens: 1_240 });
    expect((await chat.session()).agent_session_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('shows the file before it writes it, waits, and writes it once it is allowed', async () => {
    await chat.say('SCENARIO:edit');
    const approval = await chat.asked();
    await chat.become('waiting');
    expect(approval.ask).toMatchObject({ kind: 'permission', tool_kind: 'edit', subject: inRepo('hello.txt'), cwd: repo });
    expect(approval.ask.diffs).toEqual([{ path: inRepo('hello.txt'), before: null, after: HELLO, cut: false }]);
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'pending' });
    const answered = await chat.answer(approval, { option_id: 'accept' });
    expect(answered.outcome).toMatchObject({ decision: 'allow', scope: 'once', by: 'Test phone' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'done', tool_kind: 'edit', diffs: [{ before: null, after: HELLO }] });
  });

  it('does not write what is declined, and hears the words that go with it; or it stops', async () => {
    await rm(inRepo('hello.txt'));
    await chat.say('SCENARIO:edit');
    await chat.answer(await chat.asked(), { option_id: 'decline', text: 'Use goodbye.txt instead.' });
    await chat.done();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    expect(await chat.tool(/hello\.txt$/)).toMatchObject({ state: 'failed' });
    await chat.say('SCENARIO:edit');
    expect(model.bodies.at(-1)).toContain('Use goodbye.txt instead.');
    await chat.answer(await chat.asked(), { option_id: 'cancel' });
    await chat.done();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('changes a file after it read it, with the diff', async () => {
    await chat.say('SCENARIO:change');
    const approval = await chat.asked();
    expect(approval.ask).toMatchObject({ subject: inRepo('README.md'), diffs: [{ before: '# demo\n', after: '# demo, changed\n' }] });
    await chat.answer(approval, { option_id: 'accept' });
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
    for (const approval of both) await chat.answer(approval, { option_id: 'accept' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect([existsSync(inRepo('one.tmp')), existsSync(inRepo('two.tmp'))]).toEqual([true, true]);
  });

  it('runs a long command, and is busy as long', async () => {
    await chat.say('SCENARIO:long');
    await chat.answer(await chat.asked(), { option_id: 'accept' });
    await chat.done();
    expect((await chat.tool(/tick/)).output.trim()).toBe('tick 1\ntick 2\ntick 3\ntick 4');
  });

  it('is interrupted in the middle of its words, while it asks, and while a provider hangs', async () => {
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
    const before = model.requests.length;
    await chat.say('SCENARIO:hang');
    await chat.become('busy');
    await until('the model was asked', () => model.requests.length > before);
    await chat.cancel();
    await chat.done();
  });

  it.each([
    ['e401', /401/],
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

  it('takes an image and a text file, and what is said while it works', async () => {
    const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
    const note = Buffer.from('remember the milk').toString('base64');
    await chat.say('SCENARIO:greet', {
      attachments: [
        { name: 'dot.png', media_type: 'image/png', base64: image },
        { name: 'note.txt', media_type: 'text/plain', base64: note },
      ],
    });
    await chat.done();
    expect(model.bodies.at(-1)).toContain('data:image/png;base64,');
    expect(model.bodies.at(-1)).toContain('remember the milk');
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word2')));
    await chat.say('SCENARIO:greet', { priority: 'now' });
    await until('both are answered', async () => (await chat.story()).some((line) => line.includes('Hello from')), 60_000);
    await chat.become('idle');
  });

  it('works without asking in another mode, and asks again after that', async () => {
    await phone.call('updateSession', { params: { id: chat.id }, body: { mode: 'workspace-write' } });
    await chat.say('SCENARIO:edit');
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    await rm(inRepo('hello.txt'));
    await phone.call('updateSession', { params: { id: chat.id }, body: { mode: 'read-only' } });
    await chat.say('SCENARIO:edit');
    await chat.answer(await chat.asked(), { option_id: 'cancel' });
    await chat.done();
  });

  it('goes on with all it knew after the home server was killed, and counts nothing twice', async () => {
    const before = await chat.usage();
    const { agent_session_id } = await chat.session();
    await house.killServer();
    await house.startServer();
    await until('the session is there', () => chat.session());
    chat.statuses.length = 0;
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect(await chat.story()).toEqual(['message done: Hello from the scripted model. Nothing was changed.']);
    expect((await chat.session()).agent_session_id).toBe(agent_session_id);
    expect(model.bodies.at(-1)).toContain('SCENARIO:think');
    const after = await chat.usage();
    expect(after.sum.input_tokens - before.sum.input_tokens).toBe(1_200);
  });

  it('ends with its session, and leaves no process, no daemon either', async () => {
    await house.json('stop', chat.id);
    await until('nothing of it runs', () => processesIn(folder).length === 0);
  });
});

/** Pids of everything that has this folder as its home. */
function processesIn(home: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HOME=${home}`) ? [Number(pid)] : [];
    } catch {
      // It is gone, or not ours.
      return [];
    }
  });
}
