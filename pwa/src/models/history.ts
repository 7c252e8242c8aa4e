import type { HistorySize, Pruned } from '@afield/shared/api/history.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** What a person wants to keep; empty: as it is set at home. */
export interface Bounds {
  /** Days; `0`: without a bound. */
  days: string;
  /** Gigabytes of 1000³; `0`: without a bound. */
  gigabytes: string;
}

const DAYS = /^\d{1,5}$/;
const GIGABYTES = /^\d{1,6}(?:[.,]\d{1,3})?$/;
const MAX_DAYS = 36_500;

/** Null when one of them is no number that will do. */
export function boundsOf({ days, gigabytes }: Bounds): { days?: number; bytes?: number } | null {
  const [d, g] = [days.trim(), gigabytes.trim()];
  if ((d !== '' && !(DAYS.test(d) && Number(d) <= MAX_DAYS)) || (g !== '' && !GIGABYTES.test(g))) return null;
  return {
    ...(d === '' ? {} : { days: Number(d) }),
    ...(g === '' ? {} : { bytes: Math.round(Number(g.replace(',', '.')) * 1e9) }),
  };
}

/** How much home keeps, what would go, and making it go. */
export const HistoryModel = createModel((link: HomeLink) => {
  const size = signal<HistorySize | null>(null);
  const error = signal<string | null>(null);
  const bounds = signal<Bounds>({ days: '', gigabytes: '' });
  /** What would go; what went. */
  const dry = signal<Pruned | null>(null);
  const done = signal<Pruned | null>(null);
  const pruning = createAction();

  async function load(): Promise<void> {
    try {
      size.value = await link.call('getHistory');
      error.value = null;
    } catch (cause) {
      error.value = failureOf(cause).text;
    }
  }

  const prune = (dry_run: boolean) =>
    pruning.run(async () => {
      const wanted = boundsOf(bounds.peek());
      if (wanted === null) throw new Error('Days and gigabytes are numbers. Leave a field empty to use what is set at home.');
      const result = await link.call('pruneHistory', { body: { ...wanted, dry_run } });
      dry.value = dry_run ? result : null;
      done.value = dry_run ? null : result;
      if (!dry_run) await load();
    });

  const stop = whileOpen(link, () => void load());
  effect(() => stop);

  return {
    size,
    error,
    bounds,
    dry,
    done,
    pruning,
    load,
    change(next: Partial<Bounds>) {
      bounds.value = { ...bounds.peek(), ...next };
      dry.value = null;
      done.value = null;
      pruning.clear();
    },
    /** Deletes nothing: tells what would go. */
    tryOut: () => prune(true),
    prune: () => prune(false),
    leave() {
      dry.value = null;
      pruning.clear();
    },
  };
});
export type History = InstanceType<typeof HistoryModel>;
