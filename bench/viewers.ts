/** What late and slow viewers get. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { type House, until } from '../e2e/kit.ts';
import type { BenchResult } from './result.ts';
import { flood, localClient, sessionWire } from './wires.ts';

/** Bytes that a viewer gets before the screen is right, after so much output. */
export async function lateViewer(
  house: House,
  connect: () => AfieldClient,
  start: () => Promise<Session>,
  quick: boolean,
): Promise<BenchResult[]> {
  const megabytes = quick ? 10 : 100;
  const { id } = await start();
  const writer = await localClient(house);
  const wire = await sessionWire(writer, id);
  wire.type(`yes "$(head -c 200 /dev/urandom | base64 -w 0 | head -c 99)" | head -c ${megabytes}000000; echo; echo late-$((1+1))\n`);
  await until('all of it was printed', async () => (await house.get<Session>(`/sessions/${id}`)).output_bytes > megabytes * 1e6, 300_000);
  await until(
    'its last line is on the screen',
    async () => (await house.get<{ screen: string }>(`/sessions/${id}/output`)).screen.includes('late-2'),
    60_000,
  );
  const late = connect();
  let bytes = 0;
  const begin = performance.now();
  const seen = Promise.withResolvers<void>();
  await late.link.ready();
  const connected = performance.now();
  const stream = late.link.attach(
    { session_id: id, cols: 80, rows: 24, lease: 'look' },
    {
      onSnapshot(snapshot, offset) {
        bytes += snapshot.length;
        stream.consumed(offset);
        if (new TextDecoder().decode(snapshot).includes('late-2')) seen.resolve();
      },
      onOutput: (output) => {
        bytes += output.length;
      },
      onClosed: (reason) => seen.reject(new Error(reason)),
    },
  );
  await seen.promise;
  const took = performance.now() - connected;
  late.close();
  writer.close();
  return [
    {
      name: `attach after ${megabytes} MB: bytes until the screen is right`,
      value: bytes,
      unit: 'B',
      target: '≤ 8000 B',
      pass: bytes <= 8000,
      detail: `${took.toFixed(1)} ms after the connection stood, which took ${(connected - begin).toFixed(0)} ms`,
    },
  ];
}

/** A viewer that draws 10 kB/s beside one that draws at once, during a flood. */
export async function slowViewer(house: House, start: () => Promise<Session>): Promise<BenchResult[]> {
  const { id } = await start();
  const [fastClient, slowClient] = [await localClient(house), await localClient(house)];
  const fast = await sessionWire(fastClient, id);
  const lines = 600_000;
  const alone = await flood(fast, lines);
  let snapshots = 0;
  let queued = 0;
  let mostQueued = 0;
  // what has arrived and is not drawn yet, with the position to acknowledge once it is
  const arrived: { left: number; upTo: number }[] = [];
  const arrive = (length: number, upTo: number) => {
    arrived.push({ left: length, upTo });
    queued += length;
    mostQueued = Math.max(mostQueued, queued);
  };
  await slowClient.link.ready();
  const stream = slowClient.link.attach(
    { session_id: id, cols: 80, rows: 24, lease: 'look' },
    {
      onSnapshot(bytes, offset) {
        snapshots += 1;
        arrive(bytes.length, offset);
      },
      onOutput: (bytes, offset) => arrive(bytes.length, offset + bytes.length),
      onClosed: () => {},
    },
  );
  const pace = setInterval(() => {
    for (let budget = 500; budget > 0 && arrived.length > 0; ) {
      const first = arrived[0] as { left: number; upTo: number };
      const part = Math.min(budget, first.left);
      first.left -= part;
      budget -= part;
      queued -= part;
      if (first.left > 0) break;
      arrived.shift();
      stream.consumed(first.upTo);
    }
  }, 50);
  await sleep(300);
  const together = await flood(fast, lines);
  const before = snapshots;
  // the slow one is caught up by a snapshot once what lies before it is drawn
  const caughtUp = await until('the slow viewer gets its snapshot', () => snapshots > before || snapshots > 1, 60_000).then(
    () => true,
    () => false,
  );
  clearInterval(pace);
  fastClient.close();
  slowClient.close();
  const slower = together / alone - 1;
  return [
    {
      name: 'queued behind a 10 kB/s viewer',
      value: mostQueued / 1000,
      unit: 'kB',
      target: '≤ 270 kB',
      pass: mostQueued <= 270_000 && caughtUp,
      detail: caughtUp ? `caught up by snapshot (${snapshots} in all)` : 'never caught up',
    },
    {
      name: 'another viewer beside it: slower by',
      value: slower * 100,
      unit: '%',
      target: '≤ 20 %',
      pass: slower <= 0.2,
      peer: `${alone.toFixed(0)} ms alone`,
    },
  ];
}
