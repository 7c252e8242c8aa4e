/** Sums of what was used, for `GET /usage`. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { UsageAnswer } from '../chat-service.ts';
import type { UsageStore } from '../chat-stores.ts';
import type { ProjectStore, SessionStore } from '../ports.ts';
import { DAY_MS, dayOf } from './budget.ts';
import { usd } from './price.ts';

export type UsageQuestion = { by: 'day' | 'model' | 'agent' | 'project' | 'session'; from?: string; to?: string };

const DEFAULT_DAYS = 30;
/** As many days as items of an answer, so that no day is left out. */
const MAX_ITEMS = 1_000;

interface ReportDeps {
  usage: UsageStore;
  sessions: SessionStore;
  projects: ProjectStore;
}

/** Errors: bad_request for days that are none, in the wrong order, or too many. */
export function sumsOf({ usage, sessions, projects }: ReportDeps, { by, ...asked }: UsageQuestion, now: number) {
  const { from, to } = daysOf(asked, now);
  const names: Record<UsageQuestion['by'], (key: string) => string | null> = {
    day: () => null,
    model: () => null,
    agent: () => null,
    project: (key) => (key === '' ? null : (projects.get(key)?.name ?? null)),
    session: (key) => sessions.get(key)?.name ?? null,
  };
  const items = usage.sums({ by, from, to, limit: MAX_ITEMS }).map(({ key, sum }) => ({ key, name: names[by](key), sum: rounded(sum) }));
  return { from, to, items, total: rounded(usage.total({ from, to })) };
}

export const rounded = (sum: UsageAnswer['total']): UsageAnswer['total'] => ({
  ...sum,
  cost_usd: sum.cost_usd === null ? null : usd(sum.cost_usd),
});

function daysOf({ from, to }: Pick<UsageQuestion, 'from' | 'to'>, now: number): { from: string; to: string } {
  const last = to === undefined ? Math.max(startOf(dayOf(now)), from === undefined ? 0 : startOf(from)) : startOf(to);
  const first = from === undefined ? Math.max(0, last - (DEFAULT_DAYS - 1) * DAY_MS) : startOf(from);
  if (first > last) throw new AfieldError('bad_request', `The first day, ${from}, is after the last, ${to}.`);
  if (last - first >= MAX_ITEMS * DAY_MS) throw new AfieldError('bad_request', `At most ${MAX_ITEMS.toLocaleString('en')} days at once.`);
  return { from: dayOf(first), to: dayOf(last) };
}

/** 2026-02-30 is none: it must come back as it was given. Nothing was used before computers count. */
function startOf(day: string): number {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at) || at < 0 || dayOf(at) !== day) throw new AfieldError('bad_request', `${day} is no day of the calendar.`);
  return at;
}
