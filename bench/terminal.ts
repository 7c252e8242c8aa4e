/** A key's way and a flood's way: bare, over the local WebSocket, through the relay with encryption. And what late and slow viewers get. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pairing } from '@afield/shared/api/devices.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { pairDevice } from '../e2e/device.ts';
import { type House, startHouse } from '../e2e/kit.ts';
import { median, percentile } from './figures.ts';
import type { BenchResult } from './result.ts';
import { lateViewer, slowViewer } from './viewers.ts';
import { bareWire, flood, localClient, sessionWire, type Wire } from './wires.ts';

/** Until each typed letter is echoed, in ms. */
async function echoes(wire: Wire, keys: number): Promise<number[]> {
  const times: number[] = [];
  wire.type('stty -icanon echo; cat >/dev/null\n');
  await sleep(500);
  for (let key = 0; key < keys; key++) {
    const letter = String.fromCharCode(97 + (key % 26));
    const echoed = new Promise<void>((resolve) => {
      wire.onBytes = (bytes) => bytes.includes(letter.charCodeAt(0)) && resolve();
    });
    const start = performance.now();
    wire.type(letter);
    await echoed;
    times.push(performance.now() - start);
    if (key % 10 === 0) await sleep(5);
  }
  wire.type('\x03');
  await sleep(200);
  return times;
}

export async function benchTerminal({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const house = await startHouse();
  try {
    const { link } = await house.json<Pairing>('pair');
    const device = await pairDevice(link as string, 'bench');
    const start = () => house.json<Session>('run', 'shell', '--detach');
    return [
      ...(await echoAndFlood(house, device.connect, start, quick)),
      ...(await lateViewer(house, device.connect, start, quick)),
      ...(await slowViewer(house, start)),
    ];
  } finally {
    await house.stop();
  }
}

async function echoAndFlood(
  house: House,
  connect: () => AfieldClient,
  start: () => Promise<Session>,
  quick: boolean,
): Promise<BenchResult[]> {
  const keys = quick ? 100 : 500;
  const lines = quick ? 100_000 : 1_000_000;
  const bare = await bareWire();
  const local = await localClient(house);
  const remote = connect();
  const ways = [
    ['bare', bare],
    ['direct', await sessionWire(local, (await start()).id)],
    ['relay', await sessionWire(remote, (await start()).id)],
  ] as const;
  const echo: Record<string, number[]> = { bare: [], direct: [], relay: [] };
  const floods: Record<string, number[]> = { bare: [], direct: [], relay: [] };
  for (let round = 0; round < 3; round++) {
    for (const [name, wire] of ways) echo[name]?.push(...(await echoes(wire, keys)));
    for (const [name, wire] of ways) floods[name]?.push(await flood(wire, lines));
  }
  await bare.stop();
  local.close();
  remote.close();
  const p50 = (name: string) => median(echo[name] ?? []);
  const best = (name: string) => Math.min(...(floods[name] ?? []));
  const spread = (name: string) => `p50 ${p50(name).toFixed(2)} ms, p99 ${percentile(echo[name] ?? [], 0.99).toFixed(2)} ms`;
  return [
    {
      name: "key's echo p50, direct ÷ bare PTY server",
      value: p50('direct') / p50('bare'),
      unit: '×',
      target: '–',
      pass: null,
      peer: spread('bare'),
      detail: spread('direct'),
    },
    {
      name: "key's echo p50, relay and encryption ÷ bare PTY server",
      value: p50('relay') / p50('bare'),
      unit: '×',
      target: '≤ 5',
      pass: p50('relay') / p50('bare') <= 5,
      peer: spread('bare'),
      detail: spread('relay'),
    },
    {
      name: `seq 1 ${lines}, direct ÷ bare PTY server`,
      value: best('direct') / best('bare'),
      unit: '×',
      target: '–',
      pass: null,
      peer: `${best('bare').toFixed(0)} ms`,
      detail: `${best('direct').toFixed(0)} ms`,
    },
    {
      name: `seq 1 ${lines}, relay and encryption ÷ bare PTY server`,
      value: best('relay') / best('bare'),
      unit: '×',
      target: '≤ 2',
      pass: best('relay') / best('bare') <= 2,
      peer: `${best('bare').toFixed(0)} ms`,
      detail: `${best('relay').toFixed(0)} ms`,
    },
  ];
}
