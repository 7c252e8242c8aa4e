/** For tests: a home server that is killed in the middle of what it does, between any two calls of what stands around it. */
import type { Clock } from './core/ports.ts';

export interface Life {
  readonly dead: boolean;
  /** Calls so far. */
  readonly steps: number;
  /** Resolves when it is killed. */
  readonly killed: Promise<void>;
  end(): void;
  /** False: it is dead, and this call never happens. */
  step(): boolean;
  /** A clock whose timers die with it. */
  clock(real: Clock): Clock;
}

export function newLife(killAt = Number.POSITIVE_INFINITY): Life {
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
  return {
    get dead() {
      return dead;
    },
    get steps() {
      return steps;
    },
    killed,
    end,
    step() {
      if (!dead && ++steps >= killAt) end();
      return !dead;
    },
    clock: (real) => ({
      now: () => real.now(),
      monotonic: () => real.monotonic(),
      setTimeout: (run, ms) => real.setTimeout(() => dead || run(), ms),
    }),
  };
}

/** The same thing, every call of a method counted. `depth`: how many levels of properties are wrapped. */
export function mortal<T extends object>(thing: T, life: Life, depth: number): T {
  return new Proxy(thing, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value === 'function') {
        return (...args: unknown[]) => {
          if (!life.step()) throw new Killed();
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      }
      return depth > 1 && typeof value === 'object' && value !== null ? mortal(value, life, depth - 1) : value;
    },
  });
}

class Killed extends Error {
  constructor() {
    super('The home server was killed.');
  }
}
