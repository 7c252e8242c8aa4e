/**
 * The real Claude Code in a terminal, which a person at the desk uses and a phone looks after: what it asks stands on both, the first
 * answer wins, and the other one sees that it is answered.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { openChatDevice } from './chat-device.ts';
import { claudeEnv, claudeProgram, prepareClaudeHome } from './claude-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: AfieldClient;
const id = uuidv7();

beforeAll(async () => {
  const program = claudeProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-claude-desk-'));
  repo = path.join(folder, 'repo');
  await prepareClaudeHome(folder, repo);
  model = await startScriptedModel({ cwd: repo });
  const claude = { command: [program, '--permission-mode', 'manual'], env: claudeEnv(folder, model) };
  house = await startHouse({ config: { agents: { claude } } });
  phone = await openChatDevice(house);
  await phone.call('createSession', { body: { id, agent: 'claude', cwd: repo, face: 'terminal' } });
  await shows(/manual mode on/);
  await becomes('idle');
});
afterAll(async () => {
  phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const inRepo = (name: string) => path.join(repo, name);
const screen = async () => (await house.get<{ screen: string }>(`/sessions/${id}/output`)).screen;
const shows = (text: RegExp) => until(`the desk shows ${text}`, async () => text.test(await screen()), 30_000);
const becomes = (status: string) =>
  until(`the session is ${status}`, async () => (await house.get<Session>(`/sessions/${id}`)).status === status, 30_000);
/** A dialog that has only just come takes no key; one that is gone takes none either. */
const pressUntil = (keys: string, done: () => Promise<boolean>) =>
  until(`${JSON.stringify(keys)} counts`, async () => {
    await phone.call('inputSession', { params: { id }, body: { text: keys } });
    await until('it counts', done, 1_000);
    return true;
  });
const approval = (approval_id: string) => phone.call('getApproval', { params: { id: approval_id } });

async function ask(scenario: string): Promise<Approval> {
  await phone.call('promptSession', { params: { id }, body: { id: uuidv7(), content: `SCENARIO:${scenario}` } });
  const asked = await until(`it asks (${scenario})`, async () => {
    const { items } = await phone.call('listApprovals', { query: { session_id: id } });
    return items[0] ?? null;
  });
  await shows(/Do you want to|Which colour/);
  await becomes('waiting');
  return asked;
}
const answer = ({ id: approval_id, hash }: Approval, body: { option_id?: string; text?: string; answers?: Record<string, string[]> }) =>
  phone.call('answerApproval', { params: { id: approval_id }, body: { hash, ...body } });
const delivered = (one: Approval) => until('it is delivered', async () => (await approval(one.id)).state === 'delivered');
const gone = async (one: Approval) => (await approval(one.id)).state === 'gone';

describe('Claude Code 2.1.329 at a desk, with a phone beside it', () => {
  it('what the phone allows closes the dialog at the desk', async () => {
    const asked = await ask('edit');
    expect(asked.ask).toMatchObject({ tool_name: 'Write', subject: inRepo('hello.txt'), diffs: [{ before: null }] });
    expect((await house.get<Session>(`/sessions/${id}`)).pending_approvals).toBe(1);
    await answer(asked, { option_id: 'allow' });
    await delivered(asked);
    await shows(/Allowed by PermissionRequest hook/);
    await shows(/Done with the edit scenario/);
    await becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
  });

  it('what the phone denies, with words, is not done', async () => {
    await rm(inRepo('hello.txt'));
    const asked = await ask('edit');
    await answer(asked, { option_id: 'deny', text: 'Use goodbye.txt instead.' });
    await delivered(asked);
    await becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('what is allowed at the desk is gone from the phone', async () => {
    const asked = await ask('edit');
    await pressUntil('\r', () => gone(asked));
    await becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
    await expect(answer(asked, { option_id: 'deny' })).rejects.toMatchObject({ code: 'approval_answered' });
  });

  it('what is denied at the desk by Escape is gone too', async () => {
    await rm(inRepo('hello.txt'));
    const asked = await ask('edit');
    await pressUntil('\x1b', () => gone(asked));
    await becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('goes on to be so after the home server was killed, whose end leaves the dialog at the desk', async () => {
    const asked = await ask('edit');
    await house.killServer();
    await house.startServer();
    await until('it is gone', async () => (await house.get<Approval>(`/approvals/${asked.id}`)).state === 'gone');
    await shows(/Do you want to/);
    await pressUntil('\x1b', async () => (await house.get<Session>(`/sessions/${id}`)).status === 'idle');
    const again = await ask('edit');
    await answer(again, { option_id: 'allow' });
    await shows(/Done with the edit scenario/);
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
  });

  it('nothing of it stands in arguments that others see', async () => {
    const { pid } = await house.get<Session>(`/sessions/${id}`);
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    expect(line).toContain('PermissionRequest');
    const key = /AFIELD_HOOK_KEY=([^\0]+)/.exec(await readFile(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
    expect(key.length).toBeGreaterThan(40);
    expect(line).not.toContain(key);
  });
});
