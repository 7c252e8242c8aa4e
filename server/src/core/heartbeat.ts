/** Remembers that this home server is alive, so that the next one can say how long nobody was there. */
import type { Clock, MetaStore } from './ports.ts';

const KEY = 'alive_at';
/** How exactly an absence after a crash is known. */
const BEAT_MS = 10_000;

export interface Heartbeat {
  /** When an earlier server was last known to be alive, in ms since 1970; 0: never. */
  readonly aliveAt: number;
  /** Since an earlier server was last known to be alive; 0 when there was none, or the clock went back. */
  readonly awayMs: number;
  stop(): void;
}

/** `needed`: somebody would want to know. `lastSeen`: another trace of the earlier server, in ms since 1970. */
export function startHeartbeat(
  { store, clock, warn }: { store: { meta: MetaStore }; clock: Clock; warn(message: string, cause?: unknown): void },
  needed: () => boolean,
  lastSeen: number,
): Heartbeat {
  const alive = Math.max(lastSeen, Number(store.meta.get(KEY) ?? 0));
  const awayMs = alive === 0 ? 0 : Math.max(0, clock.now() - alive);
  let timer: { cancel(): void } | null = null;
  const beat = () => {
    try {
      if (needed()) store.meta.set(KEY, String(clock.now()));
    } catch (error) {
      warn('That the home server is alive cannot be written.', error);
    }
  };
  const arm = () => {
    timer = clock.setTimeout(() => {
      beat();
      arm();
    }, BEAT_MS);
  };
  arm();
  return {
    aliveAt: alive,
    awayMs,
    stop() {
      timer?.cancel();
      beat();
    },
  };
}
