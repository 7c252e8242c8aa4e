import type { Probe } from '@afield/shared/api/probes.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProcessFacts } from '../machine-ports.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { Prober, type ProbeSubject } from './probe.ts';
import type { Reading } from './state-reader.ts';

const IDLE: ProcessFacts = { sample_ms: 1_000, processes: 1, cpu_ms: 0, io_bytes: 0, sockets: 0, children: [] };
const reading = (status: Reading['status']): Reading => ({ status, reason: null, activity: null, seen: true });

let clock: ManualClock;
let now: { moved: number; reading: Reading | null; facts: ProcessFacts | null };
let asked: number[];
let told: Probe[];
let observed: boolean[];
let processes: ProbeSubject['processes'];

beforeEach(() => {
  clock = manualClock();
  now = { moved: 0, reading: reading('idle'), facts: IDLE };
  asked = [];
  told = [];
  observed = [];
  processes = async () => {
    asked.push(clock.monotonic());
    return now.facts;
  };
});

function prober(afterMs = 30_000): Prober {
  return new Prober(clock, afterMs, {
    session_id: 's',
    shell: false,
    knownFace: true,
    title: () => null,
    reading: () => now.reading,
    foreign: () => null,
    alternate: () => false,
    movedAt: () => now.moved,
    processes: (ms) => processes(ms),
    observed: (working) => observed.push(working),
    told: (probe) => told.push(probe),
  });
}
const settle = () => new Promise((resolve) => setImmediate(resolve));
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    clock.advance(Math.min(1_000, left));
    await settle();
  }
}

describe('by itself', () => {
  it('it looks after 30 s, 2 min, 10 min, and then every hour', async () => {
    prober().start();
    await pass(3 * 3_600_000 + 5_000);
    expect(asked.map((at) => Math.round(at / 1_000))).toEqual([30, 120, 600, 3_600, 7_200, 10_800]);
  });

  it('it looks at nothing that moves, nor while somebody types', async () => {
    prober().start();
    for (let i = 0; i < 100; i++) {
      now.moved = clock.monotonic();
      await pass(20_000);
    }
    expect(asked).toEqual([]);
    await pass(30_000);
    expect(asked).toHaveLength(1);
    now.moved = clock.monotonic();
    await pass(31_000);
    expect(asked).toHaveLength(2);
  });

  it('it says something only when it is another verdict or another kind of sentence', async () => {
    prober().start();
    await pass(7_200_000);
    expect(told.map(({ verdict }) => verdict)).toEqual(['done']);
    now.reading = reading('busy');
    now.moved = clock.monotonic();
    await pass(130_000);
    expect(told.map(({ verdict }) => verdict)).toEqual(['done', 'stuck']);
    expect(told[1]).toMatchObject({ session_id: 's', facts: { reading: 'busy', processes: 1, sample_ms: 1_000 } });
  });

  it('what works without a sign is looked at again soon, for nothing else tells its end', async () => {
    now.reading = null;
    now.facts = { ...IDLE, cpu_ms: 900 };
    prober().start();
    await pass(95_000);
    expect(asked.map((at) => Math.round(at / 1_000))).toEqual([30, 60, 90]);
    now.facts = IDLE;
    await pass(100_000);
    expect(observed).toEqual([true, true, true, false]);
  });

  it('what moved while it was looked at speaks for itself', async () => {
    processes = async () => {
      now.moved = clock.monotonic() + 1;
      return { ...IDLE, cpu_ms: 900 };
    };
    prober().start();
    await pass(31_000);
    expect(observed).toEqual([]);
  });

  it('it stops, and never begins when it is switched off', async () => {
    const one = prober();
    one.start();
    one.stop();
    prober(0).start();
    await pass(100_000);
    expect(asked).toEqual([]);
  });
});

describe('when somebody asks', () => {
  it('many at once are one look, and its answer is good for 5 s', async () => {
    const one = prober(0);
    const answers = await Promise.all([one.probe(), one.probe(), one.probe()]);
    expect(new Set(answers).size).toBe(1);
    await one.probe();
    expect(asked).toHaveLength(1);
    clock.advance(5_000);
    await one.probe();
    expect(asked).toHaveLength(2);
    expect(told).toHaveLength(1);
  });

  it.each<[string, ProbeSubject['processes']]>([
    ['cannot be seen', async () => null],
    ['cannot be reached', async () => Promise.reject(new Error('the line is cut'))],
    ['never answers', () => new Promise(() => {})],
  ])('a machine that %s leaves the facts open', async (_, how) => {
    processes = how;
    const answer = prober(0).probe();
    await pass(10_000);
    expect(await answer).toMatchObject({ verdict: 'done', facts: { processes: null, cpu_ms: null, sample_ms: 0, top: [] } });
  });

  it('the busiest 8 processes are told', async () => {
    const children = Array.from({ length: 20 }, (_, i) => ({ pid: i, command: `c${i}`, cpu_ms: i, running_ms: 1 }));
    now.facts = { ...IDLE, children };
    const { facts } = await prober(0).probe();
    expect(facts.top.map(({ pid }) => pid)).toEqual([19, 18, 17, 16, 15, 14, 13, 12]);
  });
});
