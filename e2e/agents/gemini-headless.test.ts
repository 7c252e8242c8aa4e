/** The real Gemini CLI, from npm, as a chat without ACP: a run of its own for each prompt, in which nobody can be asked. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { fetchedProgram } from './agent-bins.ts';
import { Chat, openChatDevice } from './chat-device.ts';
import { geminiEnv, prepareGeminiHome } from './gemini-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: AfieldClient;
let chat: Chat;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-gemini-headless-'));
  repo = path.join(folder, 'repo');
  await mkdir(repo);
  model = await startScriptedModel({ cwd: repo });
  await prepareGeminiHome(folder);
  const agent = { command: [fetchedProgram('gemini', 'gemini')], env: geminiEnv(folder, model) };
  house = await startHouse({ config: { agents: { gemini: agent } } });
  phone = await openChatDevice(house);
  chat = await Chat.start(phone, { agent: 'gemini', cwd: repo, runtime: 'stream-json' });
});
afterAll(async () => {
  phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const HELLO = 'message done: Hello from the scripted model. Nothing was changed.';
const written = () => existsSync(path.join(repo, 'hello.txt'));

describe('Gemini CLI 0.61.0 in one-shot runs', () => {
  it('says beforehand that it asks nobody', async () => {
    const { runtimes } = await phone.call('getAgent', { params: { name: 'gemini' } });
    expect(runtimes.find(({ name }) => name === 'stream-json')?.note).toMatch(/changes nothing/);
  });

  it('answers, and its tokens are known', async () => {
    await chat.become('idle');
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect((await chat.story()).at(-1)).toBe(HELLO);
    expect((await chat.usage()).sum).toMatchObject({ turns: 1, input_tokens: 1200, cached_tokens: 300, output_tokens: 40 });
  });

  it('changes nothing in its default mode, and everything without asking in the mode that is called so', async () => {
    await chat.say('SCENARIO:edit');
    await chat.done();
    expect(written()).toBe(false);
    await phone.call('updateSession', { params: { id: chat.id }, body: { mode: 'yolo' } });
    await chat.say('SCENARIO:edit');
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect(await readFile(path.join(repo, 'hello.txt'), 'utf8')).toContain('hello');
    expect(await chat.tool(/hello\.txt/)).toMatchObject({ state: 'done', tool_kind: 'edit' });
  });

  it('is interrupted; says why its provider refused; answers again', async () => {
    await chat.say('SCENARIO:slow');
    await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word3')), 60_000);
    await chat.cancel();
    await chat.done();
    expect((await chat.story()).join()).not.toContain('word80');
    await chat.say('SCENARIO:e401');
    await chat.done();
    expect((await chat.story()).join()).toMatch(/error: .*invalid x-api-key/);
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect((await chat.story()).at(-1)).toBe(HELLO);
  });

  it('goes on with its session after the home server was killed', async () => {
    const before = (await chat.session()).agent_session_id;
    await house.killServer();
    await house.startServer();
    await until('the house answers again', async () => (await chat.session()).id === chat.id, 60_000);
    await chat.say('SCENARIO:greet');
    await chat.done();
    expect((await chat.story()).at(-1)).toBe(HELLO);
    expect((await chat.session()).agent_session_id).toBe(before);
    expect(model.bodies.at(-1)).toContain('SCENARIO:slow');
  });
});
