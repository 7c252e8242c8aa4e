/** A hundred callers at once, each at the pace of a busy page: how long the slowest of a hundred answers takes, over HTTP and over the link. */

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { type House, startHouse } from '../e2e/kit.ts';
import { percentile } from './figures.ts';
import type { BenchResult } from './result.ts';
import { localClient } from './wires.ts';

const CALLERS = 100;
/** Each asks so often: five hundred requests a second in all. */
const EVERY_MS = 200;
const SESSIONS = 20;
/** Over so many links, two callers on each: one token may hold 64. */
const LINKS = 50;

/** Answers of the first second are not counted: connecting 50 devices and compiling what nobody has called yet are no pace of a page. */
const WARM_MS = 1_000;

type Ask = () => Promise<void>;

export async function benchApi({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const house = await startHouse();
  try {
    for (let i = 0; i < SESSIONS; i++) await house.json<Session>('run', 'shell', '--detach');
    await sleep(2_000);
    const ms = quick ? 3_000 : 10_000;
    const clients = await Promise.all(Array.from({ length: LINKS }, () => localClient(house)));
    const callers = Array.from({ length: CALLERS }, (_, i) => clients[i % LINKS] as (typeof clients)[number]);
    const link = await paced(
      callers.map((client) => async () => void (await client.call('listSessions', { query: { limit: 20 } }))),
      ms,
    );
    for (const client of clients) client.close();
    const http = await paced(httpAsks(house), ms);
    return [figure('API p99, 100 callers, HTTP', http, 50), figure('API p99, 100 callers, link', link, 10)];
  } finally {
    await house.stop();
  }
}

function figure(name: string, times: number[], target: number): BenchResult {
  const p99 = percentile(times, 0.99);
  const detail = `GET /sessions with ${SESSIONS} sessions, ${times.length} answers, p50 ${percentile(times, 0.5).toFixed(1)} ms`;
  return { name, value: p99, unit: 'ms', target: `< ${target}`, pass: p99 < target, detail };
}

/** Every caller at its pace, all of them out of step. */
async function paced(asks: Ask[], ms: number): Promise<number[]> {
  const times: number[] = [];
  const counted = performance.now() + WARM_MS;
  const end = counted + ms;
  const caller = async (ask: Ask, index: number) => {
    await sleep((EVERY_MS / asks.length) * index);
    while (performance.now() < end) {
      const begin = performance.now();
      await ask();
      const took = performance.now() - begin;
      if (begin >= counted) times.push(took);
      await sleep(Math.max(0, EVERY_MS - took));
    }
  };
  await Promise.all(asks.map(caller));
  return times;
}

function httpAsks(house: House): Ask[] {
  const token = readFileSync(path.join(house.home, 'token'), 'utf8').trim();
  const url = `${house.url}/api/v1/sessions?limit=20`;
  return Array.from({ length: CALLERS }, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return () =>
      new Promise<void>((resolve, reject) => {
        const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`GET /sessions: ${response.statusCode}`));
          response.resume().on('end', resolve);
        });
        sent.on('error', reject).end();
      });
  });
}
