/** What an agent asks and what it changed, on a phone through the relay: answered on Home and on its own screen, then read file by file. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Rule } from '@afield/shared/api/approvals.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair } from './steps.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, '../server/src/runtimes/acp/small-agent.ts');

let folder: string;
let house: House;
let phone: Phone;
let id: string;

const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.net', ...args], { cwd: folder });
const button = (name: string | RegExp) => phone.page.getByRole('button', { name }).first();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-changes-'));
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  await writeFile(path.join(folder, 'README.md'), '# demo\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  const small = { command: [process.execPath, SMALL_AGENT], chat: 'acp', env: { SMALL_AGENT_HOME: path.join(folder, '.git/small') } };
  [house, phone] = await Promise.all([startHouse({ config: { agents: { small } } }), openPhone()]);
  await pair(house, phone);
  ({ id } = await house.json<Session>('run', 'small', 'SCENARIO:work', '--detach', '--face', 'chat', '-s', 'Say hello', '--cwd', folder));
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

it('Home says that it needs somebody, with exactly what is asked', async () => {
  const { page } = phone;
  await page.goto(`${house.url}/`);
  const card = page.locator('.appr[data-open="true"]');
  await card.waitFor();
  await page.getByRole('heading', { name: '1 needs you' }).waitFor();
  expect(existsSync(path.join(folder, 'hello.txt'))).toBe(false);
  await card.getByText('from the small agent').waitFor();
  await phone.shot('home-approval');
});

it('its own screen has all that an answer agrees to; allowed there it says when the agent has it', async () => {
  const { page } = phone;
  await page.getByRole('link', { name: 'Say hello' }).first().click();
  await page.getByRole('heading', { name: /^small wants to / }).waitFor();
  await page.getByText(/^sha256 [0-9a-f]{4} /).waitFor();
  await phone.shot('approval');
  // a button that just appeared takes nothing: it is pressed until it does
  await until('it is allowed', async () => {
    if (await button('Allow once').isVisible()) await button('Allow once').click();
    return page.getByText(/^Allow once · /).isVisible();
  });
  await page.getByText(/^Allow once · delivered/).waitFor();
  await until('the agent has written', () => existsSync(path.join(folder, 'hello.txt')));
  await page.getByRole('link', { name: 'Back to Home' }).click();
  await page.getByRole('heading', { name: 'All quiet' }).waitFor();
});

it('Changes shows what it did since the start, and its lines', async () => {
  const { page } = phone;
  await page.goto(`${house.url}/sessions/${id}/changes`);
  await button(/^added: hello\.txt/).click();
  await page.getByRole('group', { name: 'Changes of hello.txt' }).getByText('from the small agent').waitFor();
  await phone.shot('changes');
});

it('what changes next shows with “Look again”, and another base is another picture', async () => {
  const { page } = phone;
  await writeFile(path.join(folder, 'README.md'), '# demo\n<img src=x onerror=alert(1)>\n');
  await button('Look again').click();
  await button(/^modified: README\.md/).click();
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  git('add', '-A');
  git('commit', '-q', '-m', 'second');
  await button('Last commit').click();
  await page.getByText('Nothing changed yet.').waitFor();
  expect(phone.complaints).toEqual([]);
});

it('a rule that is made of it answers the next one by itself, and was tried on the past first', async () => {
  const { page } = phone;
  await page.goto(`${house.url}/rules`);
  await page.getByText('No rules').waitFor();
  await button('Make a rule').click();
  await page.getByLabel('Command, path or input').fill('**');
  await page.getByText('It would have approved 1 of your last one, 0 of them you denied.').waitFor();
  await button('Make this rule').click();
  await page.getByText('never used').waitFor();
  await house.cli('send', id, 'SCENARIO:work');
  await until('the rule has answered', async () => (await house.get<{ items: Rule[] }>('/rules')).items[0]?.used === 1);
  await page.reload();
  await page.getByText(/^used 1 time, last /).waitFor();
  expect((await house.get<{ items: unknown[] }>('/approvals')).items).toEqual([]);
});
