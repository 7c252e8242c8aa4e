/** For tests: a home server that is killed in the middle of what it does, between any two calls of what stands around it. */
import type { Clock } from './core/ports.ts';

export interface Life {
  readonly dead: boolean;
  /** Calls so far. */
  readonly steps: number;
  /** Resolves when it is killed. */
  readonly killed: Promise<void>;
  end(): void;
  /** It is killed before the n-th call from now on. */
  killAt(n: number): void;
  /** False: it is dead, and this call never happens. */
  step(): boolean;
  /** A clock whose timers die with it. */
  clock(real: Clock): Clock;
}

export function newLife(): Life {
  let last = Number.POSITIVE_INFINITY;
  let dead = false;
  let steps = 0;
  let tell: () => void = () => {};
  const killed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const end = () => {
    dead = true;
    tell();
  };
  const untilDeath = (run: () => void) => {
    if (dead) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  };
  return {
    get dead() {
      return dead;
    },
    get steps() {
      return steps;
    },
    killed,
    end,
    killAt: (n) => {
      last = steps + n;
    },
    step() {
      if (!dead && ++steps >= last) end();
      return !dead;
    },
    clock: (real) => ({
      now: () => real.now(),
      monotonic: () => real.monotonic(),
      setTimeout: (run, ms) => real.setTimeout(() => untilDeath(run), ms),
    }),
  };
}

/** What only reads: to die there is to die at the next change. */
const READS = [
  'attachCommand',
  'nextSeq',
  'firstSeq',
  'get',
  'byKey',
  'list',
  'read',
  'at',
  'counts',
  'undelivered',
  'unconfirmed',
  'unfinished',
  'endedSince',
];
const PURE: ReadonlySet<string | symbol> = new Set(READS);

/**
 * The same thing, every call that changes something counted. `depth`: how many levels of properties are wrapped. `after`: what a call
 * comes to that never happens; by default it throws.
 */
export function mortal<T extends object>(thing: T, life: Life, depth: number, after: () => unknown = dies): T {
  return new Proxy(thing, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value === 'function' && !PURE.has(name)) {
        return (...args: unknown[]) => {
          if (!life.step()) return after();
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      }
      return depth > 1 && typeof value === 'object' && value !== null ? mortal(value, life, depth - 1, after) : value;
    },
  });
}

/** For what is waited for. */
export const never = () => new Promise(() => {});

function dies(): void {
  throw new Killed();
}

class Killed extends Error {
  constructor() {
    super('The home server was killed.');
  }
}
