/** The process at both ends: phones and homes of every pair. Told what to do by messages from bench/relay.ts, answers with figures. */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kind, waysIn } from './relay-subjects.ts';
import { dial, type End, frameOf, serve } from './relay-wire.ts';

export type Order =
  | { do: 'open'; kind: Kind; port: number; pairs: number }
  | { do: 'close' }
  | { do: 'roundTrips'; count: number; bytes: number }
  | { do: 'flood'; totalBytes: number; bytes: number }
  | { do: 'stall'; maxBytes: number; bytes: number; ms: number }
  | { do: 'drain' };

interface Pair {
  phone: End;
  home: End;
}
let pairs: Pair[] = [];
const homes = new Map<string, (end: End) => void>();
const server = await serve((path, end) => homes.get(path)?.(end));

async function open(kind: Kind, port: number, count: number): Promise<void> {
  for (let index = pairs.length; index < count; index++) {
    const ways = waysIn(kind, index);
    const dialled = new Promise<End>((resolve) => homes.set(ways.phone.path, resolve));
    const own = ways.home && (await dial(port, ways.home.path, ways.home.headers));
    const phone = await dial(port, ways.phone.path, ways.phone.headers);
    const home = own ?? (await dialled);
    const paired = new Promise<void>((resolve) => {
      home.onFrame = () => resolve();
    });
    phone.socket.write(frameOf(Buffer.alloc(65), true)); // a relay pairs at the first frame
    await paired;
    pairs.push({ phone, home });
  }
}

async function close(): Promise<void> {
  const gone = pairs.flatMap(({ phone, home }) => [phone, home].map((end) => new Promise((resolve) => end.socket.once('close', resolve))));
  for (const { phone, home } of pairs) {
    phone.socket.destroy();
    home.socket.destroy();
  }
  await Promise.all(gone);
  pairs = [];
}

/** Every pair has one message under way at any time, until `count` have come back. */
function roundTrips(count: number, bytes: number): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  const payload = Buffer.alloc(bytes, 7);
  let started = 0;
  return new Promise((resolve) => {
    for (const { phone, home } of pairs) {
      const there = frameOf(payload, true);
      const back = frameOf(payload, home.masks);
      let sent = 0;
      const next = () => {
        if (started++ >= count) return;
        sent = performance.now();
        phone.socket.write(there);
      };
      home.onFrame = () => void home.socket.write(back);
      phone.onFrame = () => {
        times.push(performance.now() - sent);
        if (times.length === count) {
          times.sort((a, b) => a - b);
          resolve({ p50: times[count >> 1] as number, p99: times[Math.floor(count * 0.99)] as number });
        } else next();
      };
      next();
    }
  });
}

/** The first home sends as fast as its socket takes it. */
function flood(totalBytes: number, bytes: number): Promise<{ seconds: number }> {
  const { phone, home } = pairs[0] as Pair;
  const frame = frameOf(Buffer.alloc(bytes, 7), home.masks);
  const count = Math.ceil(totalBytes / bytes);
  const start = performance.now();
  return new Promise((resolve) => {
    let arrived = 0;
    phone.onFrame = () => {
      if (++arrived === count) resolve({ seconds: (performance.now() - start) / 1000 });
    };
    let sent = 0;
    const push = () => {
      while (sent < count) {
        sent += 1;
        if (!home.socket.write(frame)) return void home.socket.once('drain', push);
      }
    };
    push();
  });
}

/** What a stalled phone was sent and has read. */
let stalled: { offered: number; arrived: number; ordered: boolean } | undefined;

/** The phone stops reading while the home goes on sending. Answers after `ms` how much the home's socket took. */
async function stall(maxBytes: number, bytes: number, ms: number): Promise<{ offered: number }> {
  const { phone, home } = pairs[0] as Pair;
  const state = { offered: 0, arrived: 0, ordered: true };
  stalled = state;
  const payload = Buffer.alloc(bytes, 7);
  phone.onFrame = (length, start) => {
    if (length !== bytes || (start.length >= 4 && start.readUInt32BE(0) !== state.arrived)) state.ordered = false;
    state.arrived += 1;
  };
  phone.socket.pause();
  let over = false;
  const push = () => {
    while (!over && state.offered * bytes < maxBytes) {
      payload.writeUInt32BE(state.offered, 0);
      state.offered += 1;
      if (!home.socket.write(frameOf(payload, home.masks))) return void home.socket.once('drain', push);
    }
  };
  push();
  await sleep(ms);
  over = true;
  return { offered: state.offered * bytes };
}

/** The phone reads on; answers once all has come, or after 30 s, how many frames are missing and whether they came in order. */
async function drain(): Promise<{ missing: number; ordered: boolean }> {
  const state = stalled ?? { offered: 0, arrived: 0, ordered: true };
  pairs[0]?.phone.socket.resume();
  for (let tries = 0; tries < 600 && state.arrived < state.offered; tries++) await sleep(50);
  return { missing: state.offered - state.arrived, ordered: state.ordered };
}

async function obey(order: Order): Promise<object> {
  switch (order.do) {
    case 'open':
      await open(order.kind, order.port, order.pairs);
      return {};
    case 'close':
      await close();
      return {};
    case 'roundTrips':
      return roundTrips(order.count, order.bytes);
    case 'flood':
      return flood(order.totalBytes, order.bytes);
    case 'stall':
      return stall(order.maxBytes, order.bytes, order.ms);
    case 'drain':
      return drain();
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ homePort: (server.address() as AddressInfo).port });
