/** Writes turns down, so that neither an agent that reports without end nor a full disk can stop anything. */
import type { UsageSum } from '@afield/shared/api/usage.ts';
import type { UsageRow, UsageStore } from '../chat-stores.ts';
import type { Disk } from '../history/storage.ts';
import { usd } from './price.ts';

/**
 * Turns of one session that are kept one by one. What comes after them is summed up, by whether its cost is known; one of those that is
 * reported twice counts twice.
 */
export const MAX_TURNS = 5_000;
const REST = { priced: 'rest', unpriced: 'rest without cost' };
/** Turns of all sessions that are kept, about 150 bytes each: years of ordinary work. */
const KEEP_TURNS = 1_000_000;
const PRUNE_EVERY = 10_000;
/** While the disk is full so many wait in memory. */
const MAX_UNSAVED = 1_000;

export function createTurns(store: UsageStore, disk: Pick<Disk, 'failed'> | undefined) {
  const unsaved = new Map<string, UsageRow>();
  let sincePruned = 0;

  /** False when the disk is full. */
  const tries = (write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      if (disk?.failed(error) !== true) throw error;
      return false;
    }
  };
  const prune = () => tries(() => store.prune(KEEP_TURNS));
  prune();

  return {
    /** `turns`: how many of its session are there already. */
    keep(row: UsageRow, turns: number): void {
      const single = turns < MAX_TURNS || store.get(row.session_id, row.turn_id) !== null;
      const kept = single ? row : summedUp(row, (turn_id) => store.get(row.session_id, turn_id));
      unsaved.set(`${kept.session_id} ${kept.turn_id}`, kept);
      for (const [key, one] of unsaved) {
        if (!tries(() => store.put(one))) break;
        unsaved.delete(key);
      }
      for (const [oldest] of unsaved) {
        if (unsaved.size <= MAX_UNSAVED) break;
        unsaved.delete(oldest);
      }
      if (++sincePruned < PRUNE_EVERY) return;
      sincePruned = 0;
      prune();
    },
  };
}

function summedUp(row: UsageRow, known: (turn_id: string) => UsageRow | null): UsageRow {
  const turn_id = row.cost_usd === null ? REST.unpriced : REST.priced;
  const rest = known(turn_id);
  if (rest === null) return { ...row, turn_id };
  return {
    ...row,
    turn_id,
    model: rest.model === row.model ? row.model : null,
    input_tokens: rest.input_tokens + row.input_tokens,
    cached_tokens: rest.cached_tokens + row.cached_tokens,
    output_tokens: rest.output_tokens + row.output_tokens,
    cost_usd: row.cost_usd === null ? null : usd((rest.cost_usd ?? 0) + row.cost_usd),
  };
}

const NOTHING: UsageSum = { turns: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: null, unpriced_turns: 0 };

export const sumOf = (sums: readonly UsageSum[]): UsageSum => sums.reduce(plus, NOTHING);

const plus = (a: UsageSum, b: UsageSum): UsageSum => ({
  turns: a.turns + b.turns,
  input_tokens: a.input_tokens + b.input_tokens,
  cached_tokens: a.cached_tokens + b.cached_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  cost_usd: a.cost_usd === null && b.cost_usd === null ? null : usd((a.cost_usd ?? 0) + (b.cost_usd ?? 0)),
  unpriced_turns: a.unpriced_turns + b.unpriced_turns,
});
