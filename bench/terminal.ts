/** A key's way and a flood's way: bare, over the local WebSocket, through the relay with encryption. And what late and slow viewers get. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pairing } from '@afield/shared/api/devices.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { TerminalStream } from '@afield/shared/link/link.ts';
import WebSocket from 'ws';
import { pairDevice } from '../e2e/device.ts';
import { type House, startHouse, until } from '../e2e/kit.ts';
import { median, percentile } from './figures.ts';
import type { BenchResult } from './result.ts';

/** A terminal at the end of some way: what it prints, what is typed. */
interface Wire {
  onBytes: (bytes: Uint8Array) => void;
  type(text: string): void;
  close(): void;
}

async function bareWire(): Promise<Wire & { stop(): Promise<void> }> {
  const child = fork(path.join(import.meta.dirname, 'bare-pty.ts'));
  const [port] = await once(child, 'message');
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  const wire = {
    onBytes: (_: Uint8Array) => {},
    type: (text: string) => socket.send(text),
    close: () => socket.close(),
    async stop() {
      socket.close();
      child.disconnect();
      await once(child, 'exit');
    },
  };
  socket.on('message', (bytes: Buffer) => wire.onBytes(bytes));
  return wire;
}

/** Attaches and draws at once: the client's share of the work is the protocol, not a screen. */
async function sessionWire(client: AfieldClient, session_id: string): Promise<Wire> {
  await client.link.ready();
  const ready = Promise.withResolvers<void>();
  let stream: TerminalStream;
  const wire: Wire = { onBytes: () => {}, type: (text) => void stream.input(text), close: () => stream.detach() };
  stream = client.link.attach(
    { session_id, cols: 80, rows: 24, lease: 'take' },
    {
      onSnapshot(bytes, offset) {
        wire.onBytes(bytes);
        stream.consumed(offset);
        ready.resolve();
      },
      onOutput(bytes, offset) {
        wire.onBytes(bytes);
        stream.consumed(offset + bytes.length);
      },
      onClosed: (reason) => ready.reject(new Error(reason)),
    },
  );
  await ready.promise;
  return wire;
}

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

/** `seq 1 N` until its end is seen, in ms. */
async function flood(wire: Wire, lines: number): Promise<number> {
  let tail = '';
  const decoder = new TextDecoder();
  const start = performance.now();
  const ended = new Promise<void>((resolve) => {
    wire.onBytes = (bytes) => {
      tail = (tail + decoder.decode(bytes, { stream: true })).slice(-4000);
      if (tail.includes('flood-over-7')) resolve();
    };
  });
  wire.type(`seq 1 ${lines}; echo flood-over-$((3+4))\n`);
  await ended;
  return performance.now() - start;
}

async function localClient(house: House): Promise<AfieldClient> {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  return AfieldClient.websocket({ url: house.url, token, WebSocket });
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

/** Bytes that a viewer gets before the screen is right, after so much output. */
async function lateViewer(
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
async function slowViewer(house: House, start: () => Promise<Session>): Promise<BenchResult[]> {
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
