/** Start to the first HTTP answer, and memory, beside a bare PTY server; and what one more idle session costs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { build } from 'esbuild';
import { freePort, startHouse, until } from '../e2e/kit.ts';
import { median, residentBytes } from './figures.ts';
import type { BenchResult } from './result.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const SERVER = path.join(ROOT, 'server/dist/afield.mjs');

/** Until the program answers on the port, in ms. */
async function start(port: number, args: string[], env: Record<string, string>): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/api/v1/health`, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
    if (answered) break;
    if (performance.now() - begin > 15_000) throw new Error(`Nothing answered within 15 s: ${args.join(' ')}`);
    await sleep(1);
  }
  const took = performance.now() - begin;
  child.kill();
  await once(child, 'exit');
  return took;
}

async function startServer(home: string): Promise<number> {
  const port = await freePort();
  return start(port, [SERVER, 'serve', '--port', String(port)], { AFIELD_HOME: home, AFIELD_PORT: String(port) });
}

/** The peer as one file of plain JavaScript, as ours is: Node would take some 40 ms to read its types away. */
async function bundleBare(): Promise<string> {
  const outfile = path.join(ROOT, 'bench/dist/bare-pty.mjs');
  await build({
    entryPoints: [path.join(ROOT, 'bench/bare-pty.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['node-pty', 'bufferutil', 'utf-8-validate'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

async function startBare(file: string): Promise<number> {
  const port = await freePort();
  return start(port, [file, String(port)], {});
}

export async function benchStart({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const rounds = quick ? 3 : 9;
  const home = mkdtempSync(path.join(tmpdir(), 'afield-bench-'));
  const peer = await bundleBare();
  await startServer(home); // the first start makes keys and database
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await startServer(home));
    bare.push(await startBare(peer));
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
