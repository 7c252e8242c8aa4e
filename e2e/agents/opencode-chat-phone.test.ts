/** The real opencode as a chat on a phone, in a browser, through the relay: prompt, plan, approvals, diff, cost. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, openedTool, sayInChat, startChat, waitingCard } from '../chat-steps.ts';
import { type House, startHouse, until } from '../kit.ts';
import { openPhone, type Phone } from '../phone.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { pair } from '../steps.ts';
import { opencodeEnv, opencodeProgram, prepareOpencodeHome } from './opencode-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let phone: Phone;
let id: string;

beforeAll(async () => {
  const program = opencodeProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-opencode-phone-'));
  repo = path.join(folder, 'repo');
  model = await startScriptedModel({ cwd: repo, chunkMs: 30 });
  await prepareOpencodeHome(folder, repo, model);
  const config = { agents: { opencode: { command: [program], env: opencodeEnv(folder) } } };
  [house, phone] = await Promise.all([startHouse({ config }), openPhone()]);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const inRepo = (name: string) => path.join(repo, name);
const idle = () => until('the session is idle', async () => (await house.get<Session>(`/sessions/${id}`)).status === 'idle', 30_000);
const said = (text: string | RegExp) => phone.page.locator('.chat').getByText(text).last().waitFor();

describe('opencode 1.18.33 as a chat on a phone', () => {
  it('starts from the phone and answers the first message', async () => {
    await pair(house, phone);
    id = await startChat(phone, 'opencode', 'Write hello', repo);
    await sayInChat(phone, 'SCENARIO:greet');
    await said('Hello from the scripted model. Nothing was changed.');
    await idle();
  });

  it('shows its plan', async () => {
    await sayInChat(phone, 'SCENARIO:todo');
    await phone.page
      .locator('.chat')
      .getByRole('region', { name: /^Plan, / })
      .first()
      .waitFor();
    await idle();
  });

  it('asks with the file it would write; allowed, it is written, and its diff stands in the chat', async () => {
    await sayInChat(phone, 'SCENARIO:edit');
    await waitingCard(phone).getByText('from the scripted model').first().waitFor();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    await phone.shot('opencode-chat-asks');
    await answer(phone, 'Allow once');
    await said('Done with the edit scenario.');
    await idle();
    expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe('hello\nfrom the scripted model\n');
    const tool = await openedTool(phone, /hello\.txt/);
    await tool.getByText('from the scripted model').first().waitFor();
    await phone.shot('opencode-chat-diff');
  });

  it('what is answered at the desk is gone from the phone', async () => {
    await rm(inRepo('hello.txt'));
    await sayInChat(phone, 'SCENARIO:edit');
    await waitingCard(phone).getByText('from the scripted model').first().waitFor();
    await house.json('approve', id);
    await waitingCard(phone).waitFor({ state: 'detached' });
    await idle();
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
  });

  it('denied, it leaves the file as it is', async () => {
    await rm(inRepo('hello.txt'));
    await sayInChat(phone, 'SCENARIO:edit');
    await answer(phone, 'Deny');
    await idle();
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('what is allowed for the session is not asked again', async () => {
    await sayInChat(phone, 'SCENARIO:bash');
    await answer(phone, 'Allow for session');
    await until('it ran', () => existsSync(inRepo('made-by-bash')), 30_000);
    await idle();
    await rm(inRepo('made-by-bash'));
    await sayInChat(phone, 'SCENARIO:bash');
    await until('it ran again, unasked', () => existsSync(inRepo('made-by-bash')), 30_000);
    await idle();
  });

  it('is stopped from the phone in the middle of its words', async () => {
    await sayInChat(phone, 'SCENARIO:slow');
    await said(/word3/);
    await phone.page
      .getByRole('button', { name: /^(Stop|Interrupt)/ })
      .first()
      .click();
    await idle();
    expect(await phone.page.locator('.chat').innerText()).not.toContain('word80');
  });

  it('is finished, with what it has cost', async () => {
    await sayInChat(phone, 'SCENARIO:greet');
    await idle();
    const cost = phone.page.locator('.fact-cost');
    await until('its cost is shown', async () => /\$0\.\d\d/.test(await cost.innerText()));
    await phone.shot('opencode-chat-done');
    expect(phone.complaints).toEqual([]);
  });
});
