import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { budgetOf, SessionUsageModel } from './session-usage.ts';
import { daysUpTo, NOTHING, UsageModel } from './usage.ts';

const sum = (cost_usd: number | null, turns = 1) => ({ ...NOTHING, turns, cost_usd, unpriced_turns: cost_usd === null ? turns : 0 });
const updated = (session_id: string, usage: object = {}) =>
  ({ type: 'usage.updated', seq: 1, session_id, timestamp: '', payload: { usage } }) as unknown as AfieldEvent;

function open() {
  const way = scriptedLink(ONLINE);
  const queries: Record<string, unknown>[] = [];
  way.answers.getUsage = ({ query }) => {
    queries.push(query ?? {});
    return {
      from: query?.from ?? '2026-10-22',
      to: '2026-11-20',
      items: query?.by === 'day' ? [{ key: '2026-11-18', name: null, sum: sum(2) }] : [{ key: 'x', name: 'shop', sum: sum(2) }],
      total: sum(2),
      day_budget: null,
      as_of: '',
    };
  };
  return { ...way, queries, usage: new UsageModel(way.link) };
}

describe('what agents used', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is asked for the last 7 days as home counts them, those without use too', async () => {
    const { usage, queries } = open();
    await settled();
    expect(queries).toEqual([{ by: 'day' }, { by: 'project', from: '2026-11-14', to: '2026-11-20' }]);
    expect(usage.days.value?.map(({ day, sum: { cost_usd, turns } }) => [day, cost_usd, turns])).toEqual([
      ['2026-11-14', null, 0],
      ['2026-11-15', null, 0],
      ['2026-11-16', null, 0],
      ['2026-11-17', null, 0],
      ['2026-11-18', 2, 1],
      ['2026-11-19', null, 0],
      ['2026-11-20', null, 0],
    ]);
    expect(usage.parts.value.map(({ name }) => name)).toEqual(['shop']);
    expect(usage.any.value).toBe(true);
  });

  it('an answer for another period or breakdown that comes late is dropped', async () => {
    const { usage, answers } = open();
    await settled();
    const usual = answers.getUsage!;
    let late: (value: unknown) => void = () => undefined;
    answers.getUsage = () => new Promise((resolve) => (late = resolve));
    usage.choosePeriod(30);
    answers.getUsage = usual;
    usage.chooseBreakdown('model');
    await settled();
    late({ to: '2020-01-01', items: [], total: NOTHING });
    await settled();
    expect(usage.days.value).toHaveLength(30);
    expect(usage.days.value?.at(-1)?.day).toBe('2026-11-20');
  });

  it('is asked for anew while agents work, but not at every word', async () => {
    const { usage, queries, event } = open();
    await settled();
    for (let n = 0; n < 50; n += 1) event(updated('one'));
    expect(queries).toHaveLength(2);
    vi.advanceTimersByTime(5_000);
    await settled();
    expect(queries).toHaveLength(4);
    usage[Symbol.dispose]();
    event(updated('one'));
    vi.advanceTimersByTime(60_000);
    await settled();
    expect(queries).toHaveLength(4);
  });

  it('a failure says why, and what was known stays', async () => {
    const { usage, answers } = open();
    await settled();
    answers.getUsage = () => Promise.reject(new AfieldError('unavailable', 'Not yet.'));
    await usage.load();
    expect(usage.error.value).toBe('Not yet.');
    expect(usage.days.value).toHaveLength(7);
    expect(usage.loading.value).toBe(false);
  });
});

it('days are whole over the change of a month and of a year', () => {
  expect(daysUpTo('2026-03-01', 7, []).map(({ day }) => day)[0]).toBe('2026-02-23');
  expect(daysUpTo('2027-01-01', 7, []).map(({ day }) => day)[0]).toBe('2026-12-26');
});

describe('the usage of a session', () => {
  const known = session({ name: 'web', minutes: 1 });
  function look() {
    const way = scriptedLink(ONLINE);
    way.answers.getSessionUsage = () => ({
      session_id: known.id,
      sum: sum(0.8),
      models: [],
      context: null,
      budget: null,
      day_budget: null,
    });
    const bodies: unknown[] = [];
    way.answers.updateSession = ({ body }) => {
      bodies.push(body);
      return { ...known, budget_usd: 2 };
    };
    const changed: (number | null)[] = [];
    return { ...way, bodies, changed, model: new SessionUsageModel(way.link, known.id, (one) => changed.push(one.budget_usd)) };
  }

  it('is told by home, and by every report of that session', async () => {
    const { model, event } = look();
    await settled();
    expect(model.usage.value?.sum.cost_usd).toBe(0.8);
    event(updated('another', { sum: sum(9) }));
    event(updated(known.id, { sum: sum(1.2) }));
    expect(model.usage.value?.sum.cost_usd).toBe(1.2);
  });

  it('a budget is sent as a number, and none as none', async () => {
    const { model, bodies, changed } = look();
    expect(await model.setBudget(' 2,50 ')).toBe(true);
    expect(await model.setBudget('')).toBe(true);
    expect(bodies).toEqual([{ budget_usd: 2.5 }, { budget_usd: null }]);
    expect(changed).toEqual([2, 2]);
    expect(await model.setBudget('much')).toBe(false);
    expect(model.saving.failure.value?.text).toContain('amount in dollars');
    expect(bodies).toHaveLength(2);
  });
});

it.each([
  ['', 'none'],
  ['2', 2],
  ['$2.50', 2.5],
  ['0,5', 0.5],
  ['0', null],
  ['-1', null],
  ['1e3', null],
  ['100001', null],
  ['two', null],
])('%j is the budget %j', (text, budget) => {
  expect(budgetOf(text)).toBe(budget);
});
