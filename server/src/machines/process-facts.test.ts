import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../core/machine-ports.ts';
import { createLocalMachine } from './local.ts';
import { watchProcesses } from './process-facts.ts';

let folder: string;
let child: ChildProcess | null;
let server: Server | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-facts-'));
  child = null;
  server = null;
});
afterEach(async () => {
  if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  rmSync(folder, { recursive: true, force: true });
});

const local = () => createLocalMachine({ env: { PATH: process.env.PATH, HOME: folder }, home: folder, folder: join(folder, 'run') });
async function start(file: string, args: string[], mark?: string): Promise<number> {
  child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, ...(mark && { AFIELD_SESSION: mark }) },
  });
  let ready = false;
  child.stdout?.on('data', () => {
    ready = true;
  });
  await until('it runs', () => ready);
  return child.pid!;
}

describe('what the processes of a session do', () => {
  it('nothing: they wait', async () => {
    const pid = await start('/bin/sh', ['-c', 'sleep 60 & echo; wait']);
    const facts = await local().processes({ id: 'unmarked', pid }, 300);
    expect(facts).toMatchObject({ processes: 2, io_bytes: 0, sockets: 0, sample_ms: 300 });
    expect(facts?.cpu_ms).toBeLessThanOrEqual(20);
    expect(facts?.children).toEqual([{ pid: expect.any(Number), command: 'sleep 60', cpu_ms: 0, running_ms: expect.any(Number) }]);
  });

  it('compute: also what has left the tree, by its mark, and children that came and went', async () => {
    const id = `session-${folder}`;
    const away = 'setsid sh -c "while :; do :; done" >/dev/null 2>&1 & while :; do seq 1 20000 >/dev/null; done';
    const pid = await start('/bin/sh', ['-c', `echo; ${away}`], id);
    const facts = await local().processes({ id, pid }, 500);
    expect(facts?.cpu_ms).toBeGreaterThan(0);
    const busiest = facts?.children[0];
    expect(busiest?.command).toBe('sh -c while :; do :; done');
    expect(busiest?.cpu_ms).toBeGreaterThan(0);
    // It left the tree, so nobody else ends it.
    process.kill(busiest!.pid, 'SIGKILL');
  });

  it('read, write and talk: bytes and open connections', async () => {
    const opened = createServer((socket) => socket.on('error', () => {}));
    server = opened;
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    const { port } = opened.address() as { port: number };
    const pid = await start('bash', [
      '-c',
      `exec 3<>/dev/tcp/127.0.0.1/${port}; echo; while :; do head -c 100000 /dev/zero > ${folder}/out; sleep 0.02; done`,
    ]);
    const facts = await local().processes({ id: 'unmarked', pid }, 400);
    expect(facts?.sockets).toBe(1);
    expect(facts?.io_bytes).toBeGreaterThan(100_000);
  });

  it('are gone, or nobody can tell: null', async () => {
    expect(await local().processes({ id: `none-${folder}`, pid: 2 ** 22 - 7 }, 0)).toBeNull();
    expect(await local().processes({ id: `none-${folder}`, pid: null }, 0)).toBeNull();
    const silent: Host['run'] = async () => ({ code: null, stdout: Buffer.alloc(0), stderr: '' });
    expect(await watchProcesses(silent, { id: 'x', pid: 1 }, 0)).toBeNull();
  });

  it('as ps of a system without /proc tells it', async () => {
    const out = (time: string) =>
      `@ps\n  10     1   0:01.00    02:00 sh\n  11    10   ${time} 1-00:00:10 node agent.js \u001b[31m${'x'.repeat(300)}\n  12     1   5:00.00    00:01 other\n`;
    const run: Host['run'] = async () => ({ code: 0, stdout: Buffer.from(out('0:02.50') + out('0:03.00')), stderr: '' });
    const facts = await watchProcesses(run, { id: 'x', pid: 10 }, 100);
    expect(facts).toMatchObject({ processes: 2, cpu_ms: 500, io_bytes: null, sockets: null });
    expect(facts?.children).toEqual([
      { pid: 11, command: expect.stringMatching(/^node agent.js {2}\[31mx+$/), cpu_ms: 500, running_ms: 86_410_000 },
    ]);
    expect(facts?.children[0]?.command.length).toBeLessThanOrEqual(100);
  });
});
