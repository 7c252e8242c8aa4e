import { beforeEach, describe, expect, it } from 'vitest';
import type { ProcessFacts } from '../machine-ports.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { TurnEnd } from './turn-end.ts';

let clock: ManualClock;
let printedAt: number;
/** What runs: since when, and how much of a processor it uses. */
let programs: { since: number; share: number }[];
let seen: 'facts' | 'null' | 'fails' | 'hangs';
let done: { at: number; background: number }[];

beforeEach(() => {
  clock = manualClock();
  clock.advance(1_000_000);
  printedAt = 0;
  programs = [];
  seen = 'facts';
  done = [];
});

function facts(sample_ms: number): ProcessFacts {
  const children = programs.map(({ since, share }, pid) => ({
    pid,
    command: 'x',
    cpu_ms: share * sample_ms,
    running_ms: clock.monotonic() - since,
  }));
  return { sample_ms, processes: children.length, cpu_ms: 0, io_bytes: 0, sockets: 0, children };
}
function turnEnd(status: 'starting' | 'idle' | 'busy' = 'idle'): TurnEnd {
  return new TurnEnd(clock, status, {
    printedAt: () => printedAt,
    processes: async (ms) => {
      if (seen === 'hangs') return new Promise(() => {});
      if (seen === 'fails') throw new Error('cut');
      return seen === 'null' ? null : facts(ms);
    },
    done: (background) => done.push({ at: clock.monotonic(), background }),
  });
}
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
/** The agent works for 10 s and stops. */
async function work(end: TurnEnd, ms = 10_000): Promise<number> {
  end.became('busy');
  await pass(ms);
  end.became('idle');
  return clock.monotonic();
}

describe('users 4: a turn is done', () => {
  it('after 3 s of quiet, once', async () => {
    const end = turnEnd();
    const at = await work(end);
    await pass(2_500);
    expect(done).toEqual([]);
    await pass(600_000);
    expect(done).toEqual([{ at: at + 3_000, background: 0 }]);
    end.became('idle');
    await pass(600_000);
    expect(done).toHaveLength(1);
  });

  it('not while the agent goes on within them, nor while it asks', async () => {
    const end = turnEnd();
    for (let i = 0; i < 5; i++) {
      await work(end);
      await pass(2_000);
    }
    end.became('waiting');
    await pass(600_000);
    expect(done).toEqual([]);
    const at = await work(end);
    await pass(5_000);
    expect(done).toEqual([{ at: at + 3_000, background: 0 }]);
  });

  it('not while a program that it started works', async () => {
    const end = turnEnd();
    end.became('busy');
    await pass(10_000);
    programs = [{ since: clock.monotonic() - 5_000, share: 0.9 }];
    end.became('idle');
    await pass(60_000);
    expect(done).toEqual([]);
    programs = [];
    await pass(31_000);
    expect(done).toMatchObject([{ background: 0 }]);
  });

  it('with programs that run and do nothing, which are counted, after a second look', async () => {
    const end = turnEnd();
    end.became('busy');
    await pass(10_000);
    programs = [
      { since: clock.monotonic() - 5_000, share: 0 },
      { since: clock.monotonic() - 2_000, share: 0.01 },
    ];
    end.became('idle');
    const at = clock.monotonic();
    await pass(60_000);
    expect(done).toEqual([{ at: at + 8_000, background: 2 }]);
  });

  it('without counting helpers that ran before the turn, whatever they do', async () => {
    const end = turnEnd();
    programs = [{ since: 0, share: 0.9 }];
    const at = await work(end);
    await pass(10_000);
    expect(done).toEqual([{ at: at + 3_000, background: 0 }]);
  });

  it('at last, when a program works without end', async () => {
    const end = turnEnd();
    end.became('busy');
    await pass(1_000);
    programs = [{ since: clock.monotonic(), share: 1 }];
    end.became('idle');
    await pass(595_000);
    expect(done).toEqual([]);
    await pass(60_000);
    expect(done).toMatchObject([{ background: 1 }]);
  });

  it('not while it still prints, for a while', async () => {
    const end = turnEnd();
    end.became('busy');
    end.became('idle');
    const at = clock.monotonic();
    for (let i = 0; i < 5; i++) {
      await pass(1_000);
      printedAt = clock.monotonic();
    }
    await pass(10_000);
    expect(done).toEqual([{ at: at + 8_000, background: 0 }]);
    end.became('busy');
    end.became('idle');
    const again = clock.monotonic();
    for (let i = 0; i < 30; i++) {
      await pass(1_000);
      printedAt = clock.monotonic();
    }
    expect(done[1]!.at - again).toBe(12_000);
  });

  it.each(['null', 'fails', 'hangs'] as const)('when its processes cannot be seen: %s', async (how) => {
    seen = how;
    const end = turnEnd();
    const at = await work(end);
    await pass(10_000);
    expect(done).toEqual([{ at: at + (how === 'hangs' ? 8_000 : 3_000), background: 0 }]);
  });

  it('but its start is no turn', async () => {
    const end = turnEnd('starting');
    await work(end);
    await pass(10_000);
    expect(done).toEqual([]);
    await work(end);
    await pass(10_000);
    expect(done).toHaveLength(1);
  });

  it('also when an earlier server saw it begin', async () => {
    const end = turnEnd('busy');
    programs = [{ since: 0, share: 0 }];
    end.became('idle');
    await pass(10_000);
    expect(done).toMatchObject([{ background: 0 }]);
  });
});
