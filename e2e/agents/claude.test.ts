/** The real Claude Code, from npm, against a scripted model: started, steered and approved on its own screen from a phone. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from '../desk.ts';
import { until } from '../kit.ts';
import { openPhone, type Phone } from '../phone.ts';
import { pair, screenText, showTerminal, startSession, tapKey, typeLine } from '../steps.ts';
import { AgentHouse } from './agent-house.ts';
import { claudeTerminal } from './claude-home.ts';

const stage = new AgentHouse(claudeTerminal);
let phone: Phone;
let id: string;

beforeAll(async () => {
  [, phone] = await Promise.all([stage.start(), openPhone()]);
});
afterAll(async () => {
  await phone?.close();
  await stage.close();
});

const shows = (text: RegExp) => until(`the phone shows ${text}`, async () => text.test(await screenText(phone.page)));
const status = async () => (await stage.house.get<Session>(`/sessions/${id}`)).status;
const becomes = (wanted: string) => until(`the session is ${wanted}`, async () => (await status()) === wanted);

describe(claudeTerminal.title, () => {
  it('is listed with its version', async () => {
    const { items } = await stage.house.json<{ items: { name: string; installed: boolean; version: string | null }[] }>('agents');
    expect(items.find(({ name }) => name === 'claude')).toMatchObject({
      installed: true,
      version: expect.stringContaining(claudeTerminal.version),
    });
  });

  it('starts from the phone and waits for its first message', async () => {
    await pair(stage.house, phone);
    id = await startSession(phone, 'claude', 'Write hello', stage.repo);
    await shows(/manual mode on/);
    await becomes('idle');
    await phone.shot('claude-idle');
  });

  it('asks before it writes, says so in its status, and writes when approved on its screen', async () => {
    await typeLine(phone, 'SCENARIO:edit');
    await shows(/Do you want to create hello\.txt\?/);
    await becomes('waiting');
    expect(existsSync(stage.inRepo('hello.txt'))).toBe(false);
    await phone.shot('claude-asks');

    await phone.page.getByRole('link', { name: 'Back to Home' }).click();
    await phone.page.getByRole('heading', { name: /^1 needs you/ }).waitFor();
    await phone.shot('home-needs-you');
    // The question itself stands at Home; behind it is the session.
    await phone.page
      .getByRole('link', { name: /Write hello/ })
      .first()
      .click();
    await phone.page.getByRole('link', { name: 'open it' }).click();
    await showTerminal(phone.page);
    await shows(/Do you want to create hello\.txt\?/);

    // the desk looks at the same question
    const desk: Desk = await openDesk([process.execPath, path.resolve('server/bin/afield.mjs'), 'attach', '--look', id], stage.house.env);
    await until('the desk shows the question', async () => /Do you want to create hello\.txt\?/.test(await desk.screen()));
    await desk.close();

    await phone.page.getByRole('button', { name: 'More keys' }).tap();
    await tapKey(phone, 'Enter');
    await shows(/Done with the edit scenario/);
    await becomes('idle');
    expect(await readFile(stage.inRepo('hello.txt'), 'utf8')).toBe('hello\nfrom the scripted model\n');
    await phone.shot('claude-done');
  });

  it('is interrupted by Escape and does not stay busy', async () => {
    await typeLine(phone, 'SCENARIO:slow');
    await shows(/word3/);
    await becomes('busy');
    await tapKey(phone, 'Esc, Escape');
    await shows(/Interrupted/);
    await becomes('idle');
  });

  it('ends with the session', async () => {
    const stopped = await stage.house.json<Session>('stop', id);
    expect(stopped.status).toBe('cancelled');
    await phone.page.getByText('This is its last screen', { exact: false }).waitFor();
    await phone.shot('claude-ended');
    expect(stage.model.requests.filter((request) => request === 'POST /v1/messages').length).toBeGreaterThanOrEqual(3);
  });

  it('goes on in a fork that is made below its last screen', async () => {
    await phone.page.getByRole('button', { name: 'Fork' }).tap();
    await phone.page.getByRole('heading', { name: 'Write hello fork' }).waitFor();
    await showTerminal(phone.page);
    await shows(/SCENARIO:slow/);
    await typeLine(phone, 'SCENARIO:greet');
    await shows(/Hello from the scripted model/);
    await phone.shot('claude-fork');
    expect(phone.complaints).toEqual([]);
  });
});
