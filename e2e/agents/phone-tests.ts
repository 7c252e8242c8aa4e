/**
 * What a real agent is driven through as a chat on a phone, in a browser, through the relay: prompt, plan, approvals, diff, stop, cost. What
 * differs between agents is data.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, openedTool, sayInChat, startChat, waitingCard } from '../chat-steps.ts';
import { againUntil, until } from '../kit.ts';
import { openPhone, type Phone } from '../phone.ts';
import { pair } from '../steps.ts';
import { type AgentHome, AgentHouse } from './agent-house.ts';

export interface PhoneAgent extends AgentHome {
  /** The scenario in which it keeps a plan, and where it stands in it then: `step 2 of 3`. */
  plan: { scenario: string; step: string };
  /** How long it can be allowed to do a thing. */
  lasting: keyof typeof LASTING;
  /** Where it keeps what is allowed always, in its repository. */
  keptIn?: string;
}

class PhoneStage extends AgentHouse {
  phone!: Phone;
  id = '';

  override async start(): Promise<void> {
    // slow enough to be stopped in the middle
    [, this.phone] = await Promise.all([super.start(30), openPhone()]);
  }
  override async close(): Promise<void> {
    await this.phone?.close();
    await super.close();
  }
  async say(scenario: string): Promise<void> {
    await sayInChat(this.phone, `SCENARIO:${scenario}`);
  }
  async said(text: string | RegExp): Promise<void> {
    await this.phone.page.locator('.chat').getByText(text).last().waitFor();
  }
  async idle(): Promise<void> {
    await until('the session is idle', async () => (await this.house.get<Session>(`/sessions/${this.id}`)).status === 'idle');
  }
  /** The scripted model wants to write a file, and the phone shows what would stand in it. */
  async asksToWrite(): Promise<void> {
    await rm(this.inRepo('hello.txt'), { force: true });
    await this.say('edit');
    await waitingCard(this.phone).getByText('from the scripted model').waitFor();
    expect(existsSync(this.inRepo('hello.txt'))).toBe(false);
  }
}

/** Ways to allow something for longer. */
const LASTING = {
  'for the session': ({ phone }: PhoneStage) => answer(phone, 'Allow for session'),
  /** Only on the approval's own page, behind "More". */
  async always({ phone, house, id }: PhoneStage) {
    await waitingCard(phone).getByRole('link', { name: 'Waits for your answer' }).click();
    await phone.page.getByRole('button', { name: /^More/ }).click();
    const always = phone.page.locator('dialog button', { hasText: 'Allow always' });
    await always.waitFor();
    // A press in the moment in which it came to stand there does not count.
    const press = () => always.click({ timeout: 2_000 }).catch(() => {});
    await againUntil('the answer is taken', press, async () => (await always.count()) === 0);
    await phone.page.goto(`${house.url}/sessions/${id}`);
  },
};

export function phoneTests(given: PhoneAgent): void {
  const stage = new PhoneStage(given);
  const { agent } = given;
  const hello = () => stage.inRepo('hello.txt');
  beforeAll(() => stage.start());
  afterAll(() => stage.close());

  describe(`${given.title} as a chat on a phone`, () => {
    it('starts from the phone and answers the first message', async () => {
      await pair(stage.house, stage.phone);
      stage.id = await startChat(stage.phone, agent, 'Write hello', stage.repo);
      await stage.say('greet');
      await stage.said('Hello from the scripted model. Nothing was changed.');
      await stage.idle();
    });

    it('shows its plan', async () => {
      await stage.say(given.plan.scenario);
      const plan = stage.phone.page.locator('.chat').getByRole('region', { name: `Plan, ${given.plan.step}` });
      await plan.getByText('Write the fix').waitFor();
      await stage.idle();
    });

    it('asks with the file it would write; allowed, it is written, and its diff stands in the chat', async () => {
      await stage.asksToWrite();
      await stage.phone.shot(`${agent}-chat-asks`);
      await answer(stage.phone, 'Allow once');
      await stage.said('Done with the edit scenario.');
      await stage.idle();
      expect(await readFile(hello(), 'utf8')).toBe('hello\nfrom the scripted model\n');
      const tool = await openedTool(stage.phone, /hello\.txt/);
      await tool.getByText('from the scripted model').waitFor();
      await stage.phone.shot(`${agent}-chat-diff`);
    });

    it('denied, it leaves the file as it is', async () => {
      await stage.asksToWrite();
      await answer(stage.phone, 'Deny');
      await stage.idle();
      expect(existsSync(hello())).toBe(false);
    });

    it(`what is allowed ${given.lasting} is not asked again`, async () => {
      const made = stage.inRepo('made-by-bash');
      await stage.say('bash');
      await LASTING[given.lasting](stage);
      await until('it ran', () => existsSync(made));
      await stage.idle();
      if (given.keptIn !== undefined) expect(await readFile(stage.inRepo(given.keptIn), 'utf8')).toContain('touch made-by-bash');
      await rm(made);
      await stage.say('bash');
      await until('it ran again, unasked', () => existsSync(made));
      await stage.idle();
    });

    it('what is answered at the desk is gone from the phone', async () => {
      await stage.asksToWrite();
      await stage.house.json('approve', stage.id);
      await waitingCard(stage.phone).waitFor({ state: 'detached' });
      await stage.idle();
      expect(existsSync(hello())).toBe(true);
    });

    it('is stopped from the phone in the middle of its words', async () => {
      const { page } = stage.phone;
      await stage.say('slow');
      await stage.said(/word3/);
      const stop = page.getByRole('button', { name: /^(Stop|Interrupt)/ });
      await stop.first().click();
      await stage.idle();
      expect(await page.locator('.chat').innerText()).not.toContain('word80');
    });

    it('is finished, with what it has cost', async () => {
      await stage.say('greet');
      await stage.idle();
      const cost = stage.phone.page.locator('.fact-cost');
      await until('its cost is shown', async () => /\$0\.\d\d/.test(await cost.innerText()));
      await stage.phone.shot(`${agent}-chat-done`);
      expect(stage.phone.complaints).toEqual([]);
    });
  });
}
