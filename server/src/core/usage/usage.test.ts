import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleProject, sampleRow } from '../../sample-row.ts';
import { openStore, type Store } from '../../store/store.ts';
import { createEventLog } from '../event-log.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import type { SessionRow } from '../ports.ts';
import { createUsage, type UsageDeps } from './usage.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-20T22:00:00Z');
let folder: string;
let store: Store;
let clock: ManualClock;
let heard: AfieldEvent[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-usage-'));
  store = openStore(join(folder, 'afield.db'));
  clock = manualClock(START);
  heard = [];
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(over: Partial<UsageDeps> = {}) {
  const events = createEventLog(store.events, clock);
  events.subscribe((event) => heard.push(event));
  return createUsage({ clock, store, events, prices: {}, budgets: { session_usd: null, day_usd: null }, ...over });
}
const id = (n: number) => `01934b1e-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** A session as it stands in the store. */
function session(n: number, over: Partial<SessionRow> = {}): SessionRow {
  const about = {
    id: id(n),
    name: `session ${n}`,
    agent: 'claude',
    cwd: '/',
    faces: ['chat'],
    runtime: 'acp',
  } satisfies Partial<SessionRow>;
  const row = sampleRow({ ...about, ...over }, '2026-11-20T00:00:00.000Z');
  store.sessions.insert(row);
  return row;
}
const turn = (turn_id: string, cost_usd: number | null, model: string | null = 'opus') => ({
  turn_id,
  model,
  input_tokens: 100,
  cached_tokens: 40,
  output_tokens: 10,
  cost_usd,
});
const updates = () => heard.flatMap((event) => (event.type === 'usage.updated' ? [event] : []));
const crossed = () =>
  updates().flatMap(({ payload }) => (payload.crossed ?? []).map(({ budget, state, spent_usd }) => [budget, state, spent_usd]));

describe('a report', () => {
  it('that is told again on another day, word for word, stays on its own', () => {
    const { desk, service } = open({ budgets: { session_usd: null, day_usd: 1 } });
    const row = session(1);
    expect(desk.report(row, turn('a', 0.9)).state).toBe('near');
    clock.advance(DAY);
    expect(desk.report(row, turn('a', 0.9))).toEqual({ state: 'within', cost_usd: 0.9 });
    const { items } = service.report({ by: 'day', from: '2026-11-01', to: '2026-11-30' });
    expect(items.map(({ key, sum }) => [key, sum.turns])).toEqual([['2026-11-20', 1]]);
    expect(updates()).toHaveLength(1);
  });

  it('is stored, told and added up; the same turn again replaces what was reported', () => {
    const { desk, service } = open();
    const row = session(1);
    expect(desk.report(row, turn('a', 0.1))).toEqual({ state: 'within', cost_usd: 0.1 });
    expect(desk.report(row, turn('b', 0.2, 'haiku'))).toEqual({ state: 'within', cost_usd: 0.3 });
    expect(desk.report(row, turn('a', 0.4))).toEqual({ state: 'within', cost_usd: 0.6 });
    const { sum, models } = service.session(row.id);
    expect(sum).toEqual({ turns: 2, input_tokens: 200, cached_tokens: 80, output_tokens: 20, cost_usd: 0.6, unpriced_turns: 0 });
    expect(models.map(({ model, sum }) => [model, sum.cost_usd])).toEqual([
      ['opus', 0.4],
      ['haiku', 0.2],
    ]);
    expect(updates().map(({ session_id, payload }) => [session_id, payload.usage.sum.cost_usd])).toEqual([
      [row.id, 0.1],
      [row.id, 0.3],
      [row.id, 0.6],
    ]);
  });

  it('without a known price is counted and never 0', () => {
    const { desk, service } = open({ prices: { 'gpt-*': { input: 1, output: 1 } } });
    const row = session(1);
    expect(desk.report(row, turn('a', null, 'mystery')).cost_usd).toBeNull();
    expect(service.session(row.id).sum).toMatchObject({ turns: 1, cost_usd: null, unpriced_turns: 1 });
    expect(desk.report(row, turn('b', null, 'gpt-5')).cost_usd).toBe(0.00011);
    expect(service.session(row.id).sum).toMatchObject({ turns: 2, cost_usd: 0.00011, unpriced_turns: 1 });
    expect(service.report({ by: 'model' }).items.map(({ key, sum }) => [key, sum.cost_usd])).toEqual([
      ['gpt-5', 0.00011],
      ['mystery', null],
    ]);
  });

  it('with ever another model stays bounded in what is told, not in the sum', () => {
    const { desk, service } = open();
    const row = session(1);
    for (let n = 0; n < 60; n++) desk.report(row, turn(`t${n}`, 0.01 * (n + 1), `model ${n}`));
    const { sum, models } = service.session(row.id);
    expect([sum.turns, models.length, models[0]?.model]).toEqual([60, 50, 'model 59']);
  });

  it('outlives the server', () => {
    open().desk.report(session(1), turn('a', 0.25));
    store.close();
    store = openStore(join(folder, 'afield.db'));
    const { desk, service } = open({ budgets: { session_usd: 0.2, day_usd: null } });
    expect(service.session(id(1)).sum.cost_usd).toBe(0.25);
    expect(desk.verdict(store.sessions.get(id(1))!).state).toBe('reached');
  });

  it('of an agent that never stops reporting ends in one row, by whether its cost is known', () => {
    const { desk, service } = open();
    const row = session(1);
    const fill = store.usage.put;
    store.atomically(() => {
      for (let n = 0; n < 5_000; n++) {
        const { cost_usd, ...rest } = turn(`t${n}`, 0.001);
        fill({ ...rest, cost_usd, session_id: row.id, project_id: null, agent: 'claude', timestamp: '2026-11-20T21:00:00.000Z' });
      }
    });
    for (const late of ['x', 'y', 'z']) desk.report(row, turn(late, late === 'z' ? null : 0.5));
    expect(service.session(row.id).sum).toMatchObject({ turns: 5_002, input_tokens: 500_300, cost_usd: 6, unpriced_turns: 1 });
    desk.report(row, turn('t7', 0.002));
    expect(service.session(row.id).sum).toMatchObject({ turns: 5_002, cost_usd: 6.001 });
  });

  it('waits in memory while the disk is full, and is kept as soon as there is room', () => {
    const full = { ...store.usage, put: store.usage.put };
    let room = false;
    full.put = (row) => {
      if (!room) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      store.usage.put(row);
    };
    const { desk, service } = open({
      store: { usage: full, sessions: store.sessions, projects: store.projects },
      disk: { failed: (error) => (error as { code?: string }).code === 'SQLITE_FULL' },
    });
    const row = session(1);
    desk.report(row, turn('a', 0.1));
    desk.report(row, turn('a', 0.2));
    expect(service.session(row.id).sum.turns).toBe(0);
    room = true;
    desk.report(row, turn('b', 0.4));
    expect(service.session(row.id).sum).toMatchObject({ turns: 2, cost_usd: 0.6 });
  });

  it('does not hide any other fault of the store', () => {
    const broken = { ...store.usage, put: () => expect.fail('broken') };
    const { desk } = open({ store: { usage: broken, sessions: store.sessions, projects: store.projects } });
    expect(() => desk.report(session(1), turn('a', 1))).toThrow('broken');
  });
});

describe('a budget of a session', () => {
  it('is near from 80 % on and reached at 100 %, and says each once', () => {
    const { desk } = open({ budgets: { session_usd: 1, day_usd: null } });
    const row = session(1);
    expect(desk.report(row, turn('a', 0.79)).state).toBe('within');
    expect(desk.report(row, turn('b', 0.01)).state).toBe('near');
    expect(desk.report(row, turn('c', 0.1)).state).toBe('near');
    expect(desk.report(row, turn('d', 0.1))).toEqual({
      state: 'reached',
      cost_usd: 1,
      reason: 'Budget reached: $1.00 for this session. No new message goes to the agent until you raise it.',
    });
    expect(desk.report(row, turn('e', 0.5)).state).toBe('reached');
    expect(crossed()).toEqual([
      ['session', 'near', 0.8],
      ['session', 'reached', 1],
    ]);
    expect(updates().at(-1)?.payload.usage.budget).toEqual({ usd: 1, state: 'reached' });
  });

  it('of its own wins, and raising it lets the next prompt go', () => {
    const { desk } = open({ budgets: { session_usd: 100, day_usd: null } });
    const row = session(1, { budget_usd: 0.5 });
    expect(desk.report(row, turn('a', 0.5)).state).toBe('reached');
    const raised = { ...row, budget_usd: 2 };
    desk.changed(raised);
    expect(desk.verdict(raised)).toEqual({ state: 'within', cost_usd: 0.5 });
    expect(updates().at(-1)?.payload).toMatchObject({ usage: { budget: { usd: 2, state: 'within' } } });
    desk.report(raised, turn('b', 1.5));
    expect(crossed()).toEqual([
      ['session', 'reached', 0.5],
      ['session', 'reached', 2],
    ]);
  });

  it('that nobody set holds nothing back, and cost that nobody knows holds nothing back either', () => {
    const { desk, service } = open();
    expect(desk.report(session(1), turn('a', 1e5)).state).toBe('within');
    expect(service.session(id(1)).budget).toBeNull();
    const other = session(2, { budget_usd: 0.01 });
    expect(desk.report(other, turn('a', null))).toEqual({ state: 'within', cost_usd: null });
  });
});

describe('a budget of the day', () => {
  it('counts all sessions, and begins anew at midnight UTC, when who waits is told', () => {
    const { desk, service } = open({ budgets: { session_usd: null, day_usd: 10 } });
    let went = 0;
    desk.onNewDay?.(() => {
      went += 1;
    });
    const [one, two] = [session(1), session(2)];
    expect(desk.report(one, turn('a', 7)).state).toBe('within');
    expect(desk.report(two, turn('a', 1)).state).toBe('near');
    expect(desk.verdict(one).state).toBe('near');
    expect(desk.report(two, turn('b', 3))).toMatchObject({ state: 'reached', cost_usd: 4, reason: expect.stringContaining('00:00 UTC') });
    expect(desk.verdict(one).state).toBe('reached');
    expect(service.report({ by: 'day' }).day_budget).toEqual({ usd: 10, spent_usd: 11, state: 'reached' });
    expect(crossed()).toEqual([
      ['day', 'near', 8],
      ['day', 'reached', 11],
    ]);
    clock.advance(2 * 3_600_000 - 1);
    expect([went, desk.verdict(one).state]).toEqual([0, 'reached']);
    clock.advance(1);
    expect([went, desk.verdict(one).state]).toEqual([1, 'within']);
    expect(service.report({ by: 'day' }).day_budget).toEqual({ usd: 10, spent_usd: 0, state: 'within' });
    clock.advance(3 * DAY);
    expect(went).toBe(1);
  });

  it('says both when one report uses up both', () => {
    const { desk } = open({ budgets: { session_usd: 1, day_usd: 2 } });
    expect(desk.report(session(1), turn('a', 2))).toMatchObject({ reason: expect.stringContaining('for this session') });
    expect(crossed().map(([budget, state]) => `${budget} ${state}`)).toEqual(['session reached', 'day reached']);
  });

  it('waits for nothing once nobody listens any more', () => {
    let pending = 0;
    const { desk } = open({
      budgets: { session_usd: null, day_usd: 1 },
      clock: {
        ...clock,
        setTimeout: (run, ms) => {
          pending += 1;
          const timer = clock.setTimeout(run, ms);
          return {
            cancel: () => {
              pending -= 1;
              timer.cancel();
            },
          };
        },
      },
    });
    const stop = desk.onNewDay?.(() => expect.fail('nobody listens'));
    desk.report(session(1), turn('a', 1));
    expect(pending).toBe(1);
    stop?.();
    expect(pending).toBe(0);
    clock.advance(2 * DAY);
  });
});

describe('the window of an agent', () => {
  it('is told by whole percents, at most once a second, and always to who asks', () => {
    const { desk, service } = open();
    const row = session(1);
    desk.context(row, { used_tokens: 1_000, size_tokens: 200_000 });
    desk.context(row, { used_tokens: 4_000, size_tokens: 200_000 });
    expect(updates()).toHaveLength(1);
    clock.advance(1_000);
    desk.context(row, { used_tokens: 1_100, size_tokens: 200_000 });
    expect(updates()).toHaveLength(1);
    desk.context(row, { used_tokens: 5_000, size_tokens: 200_000 });
    expect(updates().map(({ payload }) => payload.usage.context?.used_tokens)).toEqual([1_000, 5_000]);
    desk.context(row, { used_tokens: Number.NaN, size_tokens: -1 });
    expect(service.session(row.id).context).toEqual({ used_tokens: 0, size_tokens: 0 });
  });

  it('is null while it has not told', () => {
    const { service } = open();
    expect(service.session(session(1).id)).toMatchObject({ context: null, budget: null, day_budget: null });
    expect(() => service.session(id(9))).toThrow(expect.objectContaining({ code: 'session_not_found' }));
  });
});

describe('sums', () => {
  function filled() {
    const usage = open();
    const project = sampleProject(id(100), { name: 'shop', cwd: '/shop' });
    store.projects.insert(project);
    const [one, two] = [session(1, { project_id: project.id }), session(2, { agent: 'codex' })];
    usage.desk.report(one, turn('a', 1));
    clock.advance(DAY);
    usage.desk.report(two, turn('a', 3, 'gpt'));
    usage.desk.report(one, turn('b', null, null));
    return usage;
  }
  const read = (usage: ReturnType<typeof open>, by: 'day' | 'model' | 'agent' | 'project' | 'session') =>
    usage.service.report({ by }).items.map(({ key, name, sum }) => [key, name, sum.cost_usd, sum.unpriced_turns]);

  it('by day, model, agent, project and session, with names for people', () => {
    const usage = filled();
    expect(read(usage, 'day')).toEqual([
      ['2026-11-20', null, 1, 0],
      ['2026-11-21', null, 3, 1],
    ]);
    expect(read(usage, 'model')).toEqual([
      ['gpt', null, 3, 0],
      ['opus', null, 1, 0],
      ['', null, null, 1],
    ]);
    expect(read(usage, 'agent')).toEqual([
      ['codex', null, 3, 0],
      ['claude', null, 1, 1],
    ]);
    expect(read(usage, 'project')).toEqual([
      ['', null, 3, 0],
      [id(100), 'shop', 1, 1],
    ]);
    expect(read(usage, 'session')).toEqual([
      [id(2), 'session 2', 3, 0],
      [id(1), 'session 1', 1, 1],
    ]);
    expect(usage.service.report({ by: 'day' })).toMatchObject({
      from: '2026-10-23',
      to: '2026-11-21',
      total: { turns: 3, cost_usd: 4, unpriced_turns: 1 },
      day_budget: null,
    });
  });

  it('keep what a deleted session cost, without its name', () => {
    const usage = filled();
    store.sessions.delete(id(1));
    expect(read(usage, 'session')).toContainEqual([id(1), null, 1, 1]);
  });

  it('of a time: both days count', () => {
    const { service } = filled();
    expect(service.report({ by: 'day', from: '2026-11-20', to: '2026-11-20' }).total.cost_usd).toBe(1);
    expect(service.report({ by: 'day', from: '2026-11-21', to: '2027-12-31' }).total.cost_usd).toBe(3);
    expect(service.report({ by: 'agent', from: '2026-11-22' })).toMatchObject({ to: '2026-11-22', items: [], total: { cost_usd: null } });
    expect(service.report({ by: 'day', to: '9999-12-31' })).toMatchObject({ from: '9999-12-02', items: [] });
  });

  it.each([
    [{ from: '2026-02-30' }, /2026-02-30 is no day/],
    [{ to: '2026-13-01' }, /no day/],
    [{ from: '2026-11-21', to: '2026-11-20' }, /after/],
    [{ from: '2020-01-01', to: '2026-11-20' }, /At most 1,000 days/],
    [{ to: '0000-01-01' }, /no day/],
  ])('refuse %j', (days, message) => {
    expect(() => open().service.report({ by: 'day', ...days })).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(() => open().service.report({ by: 'day', ...days })).toThrow(message);
  });
});
