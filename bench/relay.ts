/** The relay beside a bare `ws` forwarder and nginx: latency, processor time, memory. Each measured in a process of its own, in one run. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNginx } from './nginx.ts';
import type { Order } from './relay-ends.ts';
import { cpuSeconds, type Kind, kindsHere, residentBytes, type Subject, startSubject } from './relay-subjects.ts';
import type { BenchResult } from './result.ts';

const KIB = 1024;
const MB = 1_000_000;
/** Small and quick, or enough for the figures to settle. */
const SIZES = {
  quick: { rounds: 1, roundTrips: 3000, floodBytes: 64 * MB, idlePairs: 300, stallMs: 3000 },
  full: { rounds: 5, roundTrips: 20_000, floodBytes: 512 * MB, idlePairs: 1000, stallMs: 30_000 },
};
type Size = (typeof SIZES)['full'];
/** Pairs at once, and how much slower than nginx each may be. */
const ROUND_TRIPS: readonly (readonly [pairs: number, most: number])[] = [
  [1, 1.8],
  [100, 2.3],
  [1000, 1.7],
];
const MOST_CPU = 2.5;
const MOST_IDLE = 1.2;
const MOST_STALL_MB = 8;

/** Figures by what they belong to, one value a round. */
type Figures = Record<Kind, number[]>;
const noFigures = (): Figures => ({ relay: [], forwarder: [], nginx: [] });
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Measures all of it: about 3 minutes, 20 seconds if `quick`. Loopback only. */
export async function benchRelay({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const size: Size = quick ? SIZES.quick : SIZES.full;
  const ends = await Ends.start();
  try {
    return [
      ...(await benchRoundTrips(ends, size)),
      ...(await benchFlood(ends, size)),
      ...(await benchIdle(ends, size)),
      await benchStall(ends, size),
    ];
  } finally {
    ends.stop();
  }
}

async function benchRoundTrips(ends: Ends, size: Size): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [pairs, most] of ROUND_TRIPS) {
    const p50 = noFigures();
    await withSubjects(ends, kindsHere(), async (subjects) => {
      for (let round = 0; round < size.rounds; round++)
        for (const { kind, port } of subjects) {
          await ends.obey({ do: 'open', kind, port, pairs });
          await ends.obey({ do: 'roundTrips', count: Math.max(size.roundTrips / 10, pairs * 2), bytes: KIB }); // warm
          p50[kind].push((await ends.obey<{ p50: number }>({ do: 'roundTrips', count: size.roundTrips, bytes: KIB })).p50 * 1000);
          await ends.obey({ do: 'close' });
        }
    });
    results.push(against(`relay round trip p50, 1 KiB, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}`, p50, 'µs', most));
  }
  return results;
}

async function benchFlood(ends: Ends, size: Size): Promise<BenchResult[]> {
  const cpu = noFigures();
  const speed = noFigures();
  await withSubjects(ends, kindsHere(), async (subjects) => {
    for (let round = 0; round < size.rounds; round++)
      for (const { kind, port, child } of subjects) {
        const pid = child.pid as number;
        await ends.obey({ do: 'open', kind, port, pairs: 1 });
        await ends.obey({ do: 'flood', totalBytes: size.floodBytes / 4, bytes: 16 * KIB }); // warm
        const before = cpuSeconds(pid);
        const { seconds } = await ends.obey<{ seconds: number }>({ do: 'flood', totalBytes: size.floodBytes, bytes: 16 * KIB });
        cpu[kind].push((cpuSeconds(pid) - before) / (size.floodBytes / 1e9));
        speed[kind].push(size.floodBytes / MB / seconds);
        await ends.obey({ do: 'close' });
      }
  });
  const peers = words(speed, 'MB/s');
  return [
    against('relay CPU per GB, 16 KiB', cpu, 's/GB', MOST_CPU),
    {
      name: 'relay throughput, 16 KiB',
      value: round(median(speed.relay)),
      unit: 'MB/s',
      target: '–',
      pass: null,
      ...(peers && { peer: peers }),
    },
  ];
}

async function benchIdle(ends: Ends, size: Size): Promise<BenchResult[]> {
  const perPair = noFigures();
  for (let round = 0; round < Math.min(3, size.rounds); round++)
    for (const kind of kindsHere())
      await withSubjects(ends, [kind], async ([subject]) => {
        const { port, child } = subject as Subject;
        await ends.obey({ do: 'open', kind, port, pairs: 50 });
        await ends.obey({ do: 'close' });
        const before = await settled(child);
        await ends.obey({ do: 'open', kind, port, pairs: size.idlePairs });
        perPair[kind].push(((await settled(child)) - before) / size.idlePairs / KIB);
        await ends.obey({ do: 'close' });
      });
  return [against(`relay memory per idle pair at ${size.idlePairs}`, perPair, 'KiB', MOST_IDLE)];
}

async function benchStall(ends: Ends, size: Size): Promise<BenchResult> {
  const grown = noFigures();
  let detail = '';
  let whole = false;
  // the forwarder has no backpressure: what the others show is what that is for
  for (const kind of kindsHere())
    await withSubjects(ends, [kind], async ([subject]) => {
      const { port, child } = subject as Subject;
      await ends.obey({ do: 'open', kind, port, pairs: 1 });
      await ends.obey({ do: 'flood', totalBytes: size.floodBytes / 4, bytes: 16 * KIB }); // warm
      const before = await settled(child);
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, residentBytes(child.pid as number));
      }, 100);
      const ms = kind === 'relay' ? size.stallMs : Math.min(size.stallMs, 3000);
      const { offered } = await ends.obey<{ offered: number }>({ do: 'stall', maxBytes: 128 * MB, bytes: 16 * KIB, ms });
      clearInterval(watch);
      grown[kind].push((most - before) / MB);
      const { missing, ordered } = await ends.obey<{ missing: number; ordered: boolean }>({ do: 'drain' });
      if (kind === 'relay') {
        whole = missing === 0 && ordered;
        detail = `${round(offered / MB)} MB were on the way; afterwards ${missing} frames missing, ${ordered ? 'in order' : 'out of order'}`;
      }
      await ends.obey({ do: 'close' });
    });
  const value = median(grown.relay);
  return {
    name: `relay memory with one stalled reader, ${size.stallMs / 1000} s`,
    value: round(value),
    unit: 'MB',
    target: `≤ ${MOST_STALL_MB}, nothing dropped`,
    pass: value <= MOST_STALL_MB && whole,
    peer: words(grown, 'MB'),
    detail,
  };
}

/** A ratio to nginx where there is one, else the figure alone. */
function against(name: string, figures: Figures, unit: string, most: number): BenchResult {
  const own = median(figures.relay);
  const ratio = own / median(figures.nginx);
  const peer = words(figures, unit);
  if (Number.isNaN(ratio))
    return { name, value: round(own), unit, target: `≤ ${most} × nginx`, pass: null, peer, detail: 'no nginx on this machine' };
  return { name, value: round(ratio), unit: '× nginx', target: `≤ ${most}`, pass: ratio <= most, peer, detail: `${round(own)} ${unit}` };
}

function words(figures: Figures, unit: string): string {
  const version = findNginx()?.version ?? '';
  const peers = (['nginx', 'forwarder'] as const).filter((kind) => figures[kind].length > 0);
  return peers.map((kind) => `${kind === 'nginx' ? `nginx ${version}` : 'bare ws'} ${round(median(figures[kind]))} ${unit}`).join(', ');
}

const round = (value: number) => Number(value.toPrecision(3));

/** Resident memory once it has stopped moving: the same within 100 kB for half a second, looked at for at most 10 s. */
async function settled(child: ChildProcess): Promise<number> {
  let before = 0;
  let now = residentBytes(child.pid as number);
  for (let tries = 0; tries < 20 && Math.abs(now - before) > 100_000; tries++) {
    await sleep(500);
    before = now;
    now = residentBytes(child.pid as number);
  }
  return now;
}

async function withSubjects(ends: Ends, kinds: readonly Kind[], measure: (subjects: readonly Subject[]) => Promise<void>): Promise<void> {
  const subjects: Subject[] = [];
  try {
    for (const kind of kinds) subjects.push(await startSubject(kind, ends.homePort));
    await measure(subjects);
  } finally {
    for (const subject of subjects) await subject.stop();
  }
}

/** The process in which phones and homes live. */
class Ends {
  readonly #child: ChildProcess;
  readonly homePort: number;

  constructor(child: ChildProcess, homePort: number) {
    this.#child = child;
    this.homePort = homePort;
  }

  static async start(): Promise<Ends> {
    const child = fork(path.join(import.meta.dirname, 'relay-ends.ts'));
    const { homePort } = await hear<{ homePort: number }>(child);
    return new Ends(child, homePort);
  }

  obey<Answer extends object>(order: Order): Promise<Answer> {
    const answer = hear<Answer>(this.#child);
    this.#child.send(order);
    return answer;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

function hear<Answer extends object>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The ends have died.'));
    child.once('exit', onExit);
    child.once('message', (answer: Answer & { error?: string }) => {
      child.off('exit', onExit);
      if (answer.error === undefined) resolve(answer);
      else reject(new Error(answer.error));
    });
  });
}
