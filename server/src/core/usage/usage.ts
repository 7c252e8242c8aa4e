/** What agents use: tokens, cost, budgets. */
import type { SessionUsage, UsageSum } from '@afield/shared/api/usage.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { BudgetCrossing } from '@afield/shared/events.ts';
import type { UsageReport } from '../chat-ports.ts';
import type { UsageDesk, UsageService, UsageVerdict } from '../chat-service.ts';
import type { UsageRow, UsageStore } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { Disk } from '../history/storage.ts';
import type { Clock, ProjectStore, SessionRow, SessionStore } from '../ports.ts';
import type { EventLog } from '../service.ts';
import { budgetState, dayOf, dayReason, isWorse, sessionReason } from './budget.ts';
import { createContexts } from './context.ts';
import { createNewDay } from './new-day.ts';
import { type PriceTable, priced, usd } from './price.ts';
import { rounded, sumsOf } from './report.ts';
import { createTurns, sumOf } from './turns.ts';

export interface UsageDeps {
  clock: Clock;
  store: { usage: UsageStore; sessions: SessionStore; projects: ProjectStore };
  events: EventLog;
  /** By model, exact or with a trailing `*`. */
  prices: PriceTable;
  budgets: { session_usd: number | null; day_usd: number | null };
  /** Default: it takes everything. */
  disk?: Pick<Disk, 'failed'>;
}

/** Models of one session that are told of; an agent may name any number. */
const MAX_MODELS = 50;

/** What a session has used, and all of them together today; the latter only where there is a budget for it. */
interface Spent {
  models: { model: string; sum: UsageSum }[];
  sum: UsageSum;
  day: number;
}
type Budgeted = Pick<SessionRow, 'id' | 'budget_usd'>;

export function createUsage({ clock, store, events, prices, budgets, disk }: UsageDeps): { desk: UsageDesk; service: UsageService } {
  const turns = createTurns(store.usage, disk);
  const contexts = createContexts(clock);
  const newDay = createNewDay(clock);

  const budgetOf = ({ budget_usd }: Budgeted) => budget_usd ?? budgets.session_usd;
  function spentToday(): number {
    const today = dayOf(clock.now());
    return usd(store.usage.total({ from: today, to: today }).cost_usd ?? 0);
  }
  function spentBy({ id }: Budgeted): Spent {
    const models = store.usage.ofSession(id);
    return { models, sum: sumOf(models.map((one) => one.sum)), day: budgets.day_usd === null ? 0 : spentToday() };
  }
  const dayBudget = (spent: number) =>
    budgets.day_usd === null ? null : { usd: budgets.day_usd, spent_usd: spent, state: budgetState(spent, budgets.day_usd) };

  function viewOf(row: Budgeted, { models, sum, day } = spentBy(row)): SessionUsage {
    const budget = budgetOf(row);
    return {
      session_id: row.id,
      sum,
      models: models.slice(0, MAX_MODELS).map((one) => ({ model: one.model, sum: rounded(one.sum) })),
      context: contexts.get(row.id),
      budget: budget === null ? null : { usd: budget, state: budgetState(sum.cost_usd ?? 0, budget) },
      day_budget: dayBudget(day),
    };
  }

  function tell(row: Budgeted, spent = spentBy(row), crossed: BudgetCrossing[] = []): void {
    contexts.told(row.id);
    events.publish('usage.updated', row.id, { usage: viewOf(row, spent), ...(crossed.length === 0 ? {} : { crossed }) });
  }

  /** Every budget that this session must keep to. */
  function budgetsOf(row: Budgeted, spent: Spent) {
    const own = budgetOf(row);
    return [
      ...(own === null ? [] : [{ budget: 'session' as const, usd: own, spent: spent.sum.cost_usd ?? 0, reason: sessionReason(own) }]),
      ...(budgets.day_usd === null
        ? []
        : [{ budget: 'day' as const, usd: budgets.day_usd, spent: spent.day, reason: dayReason(budgets.day_usd) }]),
    ].map((one) => ({ ...one, state: budgetState(one.spent, one.usd) }));
  }

  function verdictOf(row: Budgeted, spent: Spent): UsageVerdict {
    const all = budgetsOf(row, spent);
    if (all.some(({ budget, state }) => budget === 'day' && state === 'reached')) newDay.expect();
    const { cost_usd } = spent.sum;
    const reached = all.find(({ state }) => state === 'reached');
    if (reached !== undefined) return { state: 'reached', cost_usd, reason: reached.reason };
    return { state: all.some(({ state }) => state === 'near') ? 'near' : 'within', cost_usd };
  }

  function crossings(row: SessionRow, before: Spent, after: Spent): BudgetCrossing[] {
    const earlier = budgetsOf(row, before);
    return budgetsOf(row, after).flatMap(({ budget, usd, spent, state }, index) => {
      if (state === 'within' || !isWorse(state, earlier[index]?.state ?? 'within')) return [];
      return [{ budget, state, usd, spent_usd: spent, session_name: row.name, agent: row.agent }];
    });
  }

  const desk: UsageDesk = {
    report(row, report) {
      const before = spentBy(row);
      const known = store.usage.get(row.id, report.turn_id);
      // Told again after a restart: it stays where it was, on the day that it was.
      if (known !== null && isSame(known, priced(report, prices))) return verdictOf(row, before);
      const at = { session_id: row.id, project_id: row.project_id, agent: row.agent, timestamp: timestamp(clock) };
      turns.keep({ ...at, ...priced(report, prices) }, before.sum.turns);
      const after = spentBy(row);
      tell(row, after, crossings(row, before, after));
      return verdictOf(row, after);
    },
    context(row, context) {
      if (contexts.put(row.id, context)) tell(row);
    },
    verdict: (row) => verdictOf(row, spentBy(row)),
    changed: (row) => tell(row),
    onNewDay: newDay.subscribe,
  };

  const service: UsageService = {
    report: (query) => ({
      ...sumsOf(store, query, clock.now()),
      day_budget: budgets.day_usd === null ? null : dayBudget(spentToday()),
      as_of: timestamp(clock),
    }),
    session(id) {
      const row = store.sessions.get(id);
      if (row !== null) return viewOf(row);
      throw new AfieldError('session_not_found', `There is no session ${id}. It may have been deleted.`);
    },
  };
  return { desk, service };
}

function isSame(known: UsageRow, now: UsageReport): boolean {
  const { model, input_tokens, cached_tokens, output_tokens, cost_usd } = known;
  return (
    model === now.model &&
    input_tokens === now.input_tokens &&
    cached_tokens === now.cached_tokens &&
    output_tokens === now.output_tokens &&
    cost_usd === now.cost_usd
  );
}
