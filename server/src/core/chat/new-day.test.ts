import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openTalk, type Talk } from '../../chat-kit.ts';
import { openStore } from '../../store/store.ts';
import { createEventLog } from '../event-log.ts';
import { manualClock } from '../manual-clock.ts';
import { createUsage } from '../usage/usage.ts';

let talk: Talk;
const folder = mkdtempSync(join(tmpdir(), 'afield-new-day-'));
const store = openStore(join(folder, 'usage.db'));
afterEach(async () => {
  await talk.house.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

it('a prompt that waits for the budget of the day goes at midnight, to an agent that has not worked since', async () => {
  const clock = manualClock(Date.parse('2026-11-20T23:00:00Z'));
  const { desk } = createUsage({
    clock,
    store,
    events: createEventLog(store.events, clock),
    prices: {},
    budgets: { session_usd: null, day_usd: 1 },
  });
  talk = openTalk({ deps: { usage: desk } });
  const { id } = await talk.begin({ prompt: 'first' });
  await talk.given(1);
  const usage = { turn_id: 'a', model: 'opus', input_tokens: 10, cached_tokens: 0, output_tokens: 1, cost_usd: 1.5 };
  talk.chat.agent.say({ type: 'usage', usage });
  talk.chat.agent.answerWith('one');
  const { id: prompt } = await talk.prompt(id, 'second');
  expect(talk.house.sessions.queue(id)).toMatchObject([{ id: prompt, state: 'home', reason: expect.stringContaining('00:00 UTC') }]);
  expect(talk.get(id).status_reason).toMatch(/^Budget reached: \$1\.00 a day/);
  clock.advance(3_599_000);
  expect(talk.chat.agent.prompts).toHaveLength(1);
  clock.advance(1_000);
  await talk.given(2);
  expect(talk.chat.agent.prompts.map(({ content }) => content)).toEqual(['first', 'second']);
});
