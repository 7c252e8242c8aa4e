import type { DayBudget, UsageSum } from '@afield/shared/api/usage.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { whileOpen } from './while-open.ts';

export type Period = 1 | 7 | 30;
export type Breakdown = 'project' | 'model' | 'agent' | 'session';
export interface Part {
  key: string;
  name: string | null;
  sum: UsageSum;
}
export interface Day {
  /** UTC, as home counts: `2026-11-21`. */
  day: string;
  sum: UsageSum;
}

const DAY_MS = 86_400_000;
/** While agents work sums change all the time: asked for at most this often. */
const AGAIN_MS = 5_000;
export const NOTHING: UsageSum = { turns: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: null, unpriced_turns: 0 };

/** The last days up to `to`, those without use too. */
export function daysUpTo(to: string, period: Period, known: readonly Part[]): Day[] {
  const sums = new Map(known.map(({ key, sum }) => [key, sum]));
  return Array.from({ length: period }, (_, index) => {
    const day = new Date(Date.parse(`${to}T00:00:00Z`) - (period - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return { day, sum: sums.get(day) ?? NOTHING };
  });
}

/** What agents used: by day, and by what they did it for. */
export const UsageModel = createModel((link: HomeLink) => {
  const period = signal<Period>(7);
  const by = signal<Breakdown>('project');
  const days = signal<readonly Day[] | null>(null);
  const total = signal<UsageSum>(NOTHING);
  const parts = signal<readonly Part[]>([]);
  const dayBudget = signal<DayBudget | null>(null);
  const error = signal<string | null>(null);
  const loading = signal(false);
  /** Of the last request; an answer to an earlier one is of no interest. */
  let asked = 0;
  let again: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    const mine = ++asked;
    const span = period.peek();
    loading.value = true;
    try {
      // Which day it is, home says: the clock of this device may be another.
      const all = await link.call('getUsage', { query: { by: 'day' } });
      const shown = daysUpTo(all.to, span, all.items);
      const found = await link.call('getUsage', { query: { by: by.peek(), from: shown[0]?.day ?? all.from, to: all.to } });
      if (mine !== asked) return;
      days.value = shown;
      total.value = found.total;
      parts.value = found.items;
      dayBudget.value = found.day_budget;
      error.value = null;
    } catch (cause) {
      if (mine === asked) error.value = failureOf(cause).text;
    } finally {
      if (mine === asked) loading.value = false;
    }
  }

  const subscription = link.subscribe({ topics: ['usage.updated'], onGap: () => void load() }, () => {
    again ??= setTimeout(() => {
      again = undefined;
      void load();
    }, AGAIN_MS);
  });
  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    stop();
    subscription.close();
    clearTimeout(again);
  });

  return {
    period,
    by,
    days,
    total,
    parts,
    dayBudget,
    error,
    loading,
    /** Something was used in this time. */
    any: computed(() => total.value.turns > 0),
    load,
    choosePeriod(next: Period) {
      period.value = next;
      void load();
    },
    chooseBreakdown(next: Breakdown) {
      by.value = next;
      void load();
    },
  };
});
export type Usage = InstanceType<typeof UsageModel>;
