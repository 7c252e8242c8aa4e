/** Start to the first HTTP answer, and memory, beside a bare PTY server; and what one more idle session costs. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { freePort, startHouse, until } from '../e2e/kit.ts';
import { median, residentBytes } from './figures.ts';
import type { BenchResult } from './result.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const SERVER = path.join(ROOT, 'server/dist/afield.mjs');

/** Until something answers on the port, in ms. */
async function answerTime(begin: () => Promise<number> | number, stop: () => Promise<void>): Promise<number> {
  const start = performance.now();
  const port = await begin();
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/api/v1/health`, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
    if (answered || performance.now() - start > 15_000) break;
    await sleep(1);
  }
  const took = performance.now() - start;
  await stop();
  return took;
}

async function startServer(home: string, port: number): Promise<number> {
  const env = { ...process.env, AFIELD_HOME: home, AFIELD_PORT: String(port) };
  const child = spawn(process.execPath, [SERVER, 'serve', '--port', String(port)], { env, stdio: 'ignore' });
  return answerTime(
    () => port,
    async () => {
      child.kill();
      await once(child, 'exit');
    },
  );
}

async function startBare(): Promise<number> {
  const child = fork(path.join(ROOT, 'bench/bare-pty.ts'));
  child.once('message', () => {});
  return answerTime(
    async () => Number((await once(child, 'message'))[0]),
    async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  );
}

export async function benchStart({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const rounds = quick ? 3 : 9;
  const home = mkdtempSync(path.join(tmpdir(), 'afield-bench-'));
  await startServer(home, await freePort()); // the first start makes keys and database
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await startServer(home, await freePort()));
    bare.push(await startBare());
  }
  rmSync(home, { recursive: true, force: true });
  const ratio = median(ours) / median(bare);
  return [
    {
      name: 'start to first HTTP answer ÷ bare PTY server',
      value: ratio,
      unit: '×',
      target: '≤ 2',
      pass: ratio <= 2,
      peer: `${median(bare).toFixed(0)} ms`,
      detail: `${median(ours).toFixed(0)} ms, median of ${rounds}`,
    },
    ...(await memory(quick)),
  ];
}

async function memory(quick: boolean): Promise<BenchResult[]> {
  const sessions = quick ? 10 : 40;
  const house = await startHouse();
  try {
    const pid = house.server.child.pid as number;
    await sleep(1500);
    const idle = residentBytes(pid);
    const ids: string[] = [];
    for (let index = 0; index < sessions; index++) ids.push((await house.json<Session>('run', 'shell', '--detach')).id);
    await until('all sessions have drawn their prompt', async () => {
      const { items } = await house.get<{ items: Session[] }>('/sessions?limit=1000');
      return items.length >= sessions && items.every((session) => session.output_bytes > 0 && session.status !== 'starting');
    });
    await sleep(1500);
    const each = (residentBytes(pid) - idle) / sessions;
    return [
      { name: 'memory of the idle home server', value: idle / 1e6, unit: 'MB', target: '< 100 MB', pass: idle < 100e6 },
      {
        name: 'memory of one more idle session',
        value: each / 1e6,
        unit: 'MB',
        target: '≤ 3 MB',
        pass: each <= 3e6,
        detail: `mean of ${sessions}`,
      },
    ];
  } finally {
    await house.stop();
  }
}
