import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import { FOLLOWED, type HomeStore } from '../platform/store.ts';

/** A prompt that home took from this device, and of which it is not known that the agent has it. */
interface Followed {
  id: string;
  session_id: string;
}

/** So many at most, of all sessions together; the oldest go first. */
export const MAX_FOLLOWED = 50;

/** After these nothing more is to come; one that is stuck is shown until somebody has read it. */
const SETTLED: ReadonlySet<DeliveryState> = new Set<DeliveryState>(['consumed', 'withdrawn']);

export const isSettled = (state: DeliveryState): boolean => SETTLED.has(state);

/** Read with distrust: an older version may have written it. */
function followedIn(stored: unknown): Followed[] {
  if (!Array.isArray(stored)) return [];
  return stored.filter(
    (one: Partial<Followed> | null): one is Followed => typeof one?.id === 'string' && typeof one.session_id === 'string',
  );
}

/** Prompts whose end this device has not seen, over the ends of the app: their chat asks home what became of them. */
export function createFollowed(store: Pick<HomeStore, 'readPreference' | 'writePreference'>) {
  /** What is known where the storage is shut off. */
  let list: readonly Followed[] = [];
  let working: Promise<void> = Promise.resolve();

  const read = (): Promise<readonly Followed[]> => store.readPreference(FOLLOWED).then(followedIn, () => list);

  /** The stored list with one change: another window of the app may have written its own. */
  function change(next: (now: readonly Followed[]) => readonly Followed[]): void {
    working = working
      .then(async () => {
        const now = await read();
        list = next(now).slice(-MAX_FOLLOWED);
        if (list.length !== now.length || list.at(-1)?.id !== now.at(-1)?.id) await store.writePreference(FOLLOWED, list);
      })
      .catch(() => undefined); // storage is shut off or full: it lives as long as the page
  }

  return {
    add: ({ id, session_id }: Followed) => change((now) => [...now.filter((one) => one.id !== id), { id, session_id }]),
    /** Nothing is to be asked about them any more. */
    drop(ids: readonly string[]) {
      if (ids.length > 0) change((now) => now.filter(({ id }) => !ids.includes(id)));
    },
    /** Ids of one session, oldest first. */
    async of(session_id: string): Promise<string[]> {
      await working;
      return (await read()).filter((one) => one.session_id === session_id).map(({ id }) => id);
    },
  };
}
