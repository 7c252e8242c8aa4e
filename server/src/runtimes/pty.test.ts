import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { TerminalProcess } from '../core/machine-ports.ts';
import { eventually } from '../sessions-kit.ts';
import { isRunning } from './processes.ts';
import { createPtyRuntime } from './pty.ts';

const runtime = createPtyRuntime(systemClock());
const env = (id: string) => ({ PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'xterm-256color', AFIELD_SESSION: id });
let folder: string;
let marks = 0;
let started: TerminalProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-pty-'));
});
afterEach(async () => {
  await Promise.all(started.map((process) => process.stop()));
  started = [];
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a line of shell script and keeps what it prints. */
async function run(line: string, size = { cols: 80, rows: 24 }) {
  const mark = `test-${process.pid}-${marks++}`;
  const program = await runtime.start({ session_id: 'test', file: '/bin/bash', args: ['-c', line], cwd: folder, env: env(mark) }, size);
  started.push(program);
  const printed: Buffer[] = [];
  const state = {
    program,
    mark,
    exit: null as { code: number | null; signal: string | null } | null,
    bytes: () => Buffer.concat(printed),
    text: () => Buffer.concat(printed).toString(),
  };
  program.onOutput = (bytes) => {
    expect(state.exit, 'output after the exit').toBeNull();
    printed.push(bytes);
  };
  program.onExit = (exit) => {
    state.exit = exit;
  };
  return state;
}
const pidsIn = (text: string) => [...text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));

describe('a program behind a terminal', () => {
  it('has the size, the directory, the environment it was given, and nothing else of ours', async () => {
    const secret = 'afield-canary-token';
    process.env.AFIELD_TOKEN = secret;
    const state = await run('stty size; pwd; env; exit 7', { cols: 91, rows: 17 });
    await eventually(() => state.exit);
    delete process.env.AFIELD_TOKEN;
    expect(state.exit).toEqual({ code: 7, signal: null });
    expect(state.text()).toContain('17 91');
    expect(state.text()).toContain(folder);
    expect(state.text()).toContain(`AFIELD_SESSION=${state.mark}`);
    expect(state.text()).not.toContain(secret);
  });

  it('gives bytes as they are', async () => {
    const state = await run(`stty raw; printf '\\377\\376\\000\\303\\274\\r\\n\\033[31m'`);
    await eventually(() => state.exit);
    expect(state.bytes()).toEqual(Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0xbc, 0x0d, 0x0a, 0x1b, 0x5b, 0x33, 0x31, 0x6d]));
  });

  it('takes a paste of 100 kB without losing a byte', async () => {
    const state = await run('stty raw -echo; printf ready; head -c 100000 | sha256sum');
    await eventually(() => state.text().includes('ready'));
    const paste = Buffer.from(Array.from({ length: 100_000 }, (_, i) => 33 + (i % 90)));
    expect(state.program.write(paste)).toBe(true);
    await eventually(() => state.exit);
    const { createHash } = await import('node:crypto');
    expect(state.text()).toContain(createHash('sha256').update(paste).digest('hex'));
  });

  it('that reads nothing is given no more than 1 MiB', async () => {
    const state = await run('stty raw -echo; printf ready; sleep 60');
    await eventually(() => state.text().includes('ready'));
    const block = Buffer.alloc(100_000, 'x');
    const taken = Array.from({ length: 30 }, () => state.program.write(block));
    expect(taken[0]).toBe(true);
    expect(taken.filter(Boolean).length).toBeLessThanOrEqual(12);
    expect(taken.at(-1)).toBe(false);
  });

  it('delivers everything before its exit, also when it was held back while it ended', async () => {
    const flood = await run('seq 1 200000');
    await eventually(() => flood.exit);
    expect(flood.text().trimEnd().endsWith('200000')).toBe(true);
    expect(flood.bytes().length).toBe(Array.from({ length: 200_000 }, (_, i) => String(i + 1).length + 2).reduce((a, b) => a + b, 0));

    const held = await run('printf begin; sleep 0.2; printf "last words"');
    await eventually(() => held.text() === 'begin');
    held.program.pause();
    await eventually(() => !isRunning(held.program.pid));
    // Longer than the library's own patience of 200 ms.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(held.exit).toBeNull();
    held.program.resume();
    await eventually(() => held.exit);
    expect(held.text()).toBe('beginlast words');
  });

  it('held back prints no more, and nothing is lost', async () => {
    const state = await run('seq 1 100000; sleep 60');
    await eventually(() => state.bytes().length > 0);
    state.program.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = state.bytes().length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(state.bytes().length).toBe(before);
    state.program.resume();
    await eventually(() => state.text().trimEnd().endsWith('100000'));
  });

  it('is known by the signal that ended it', async () => {
    const state = await run('kill -SEGV $$');
    await eventually(() => state.exit);
    expect(state.exit).toEqual({ code: null, signal: 'SIGSEGV' });
  });

  it('knows whether another program holds the terminal', async () => {
    const shell = await runtime.start(
      { session_id: 'test', file: '/bin/bash', args: ['--norc', '-i'], cwd: folder, env: env('fg') },
      { cols: 80, rows: 24 },
    );
    started.push(shell);
    let text = '';
    shell.onOutput = (bytes) => {
      text += bytes;
    };
    await eventually(() => /[$#] $/.test(text));
    expect(shell.foreignForeground()).toBe(false);
    shell.write(Buffer.from('sleep 60\r'));
    await eventually(() => shell.foreignForeground() === true);
    shell.write(Buffer.from('\x03'));
    await eventually(() => shell.foreignForeground() === false);
  });

  it('that ended takes no keys and no size', async () => {
    const state = await run('true');
    await eventually(() => state.exit);
    expect(state.program.write(Buffer.from('x'))).toBe(false);
    expect(() => state.program.resize(10, 10)).not.toThrow();
    expect(state.program.foreignForeground()).toBeNull();
    await state.program.stop();
  });
});

describe('what cannot be started', () => {
  const size = { cols: 80, rows: 24 };

  it('is an error that says why', async () => {
    const file = join(folder, 'plain');
    writeFileSync(file, 'no program', { mode: 0o644 });
    for (const command of [
      { session_id: 'test', file, cwd: folder },
      { session_id: 'test', file: join(folder, 'missing'), cwd: folder },
      { session_id: 'test', file: folder, cwd: folder },
      { session_id: 'test', file: '/bin/true', cwd: join(folder, 'missing') },
    ]) {
      await expect(runtime.start({ ...command, args: [], env: env('none') }, size)).rejects.toMatchObject({ code: 'start_failed' });
    }
  });
});

describe('stop', () => {
  it('asks first: a program may put things in order', async () => {
    const state = await run(`trap 'echo saved; exit 0' HUP; printf ready; while :; do sleep 0.1; done`);
    await eventually(() => state.text().includes('ready'));
    await state.program.stop();
    await eventually(() => state.exit);
    expect(state.text()).toContain('saved');
  });

  it('D14: ends what ignores every polite signal, forked away, made its own session and lost its parent', { timeout: 30_000 }, async () => {
    const state = await run(`
      trap '' HUP TERM INT
      bash -c 'trap "" HUP TERM; echo "child pid $$"; while :; do sleep 1; done' &
      setsid bash -c 'trap "" HUP TERM; echo "escaped pid $$"; while :; do sleep 1; done' &
      ( setsid bash -c 'trap "" HUP TERM; echo "orphan pid $$"; setsid sleep 1000 & while :; do sleep 1; done' & )
      echo "root pid $$"
      while :; do sleep 1; done`);
    await eventually(() => pidsIn(state.text()).length === 4);
    const pids = pidsIn(state.text());
    expect(pids.every(isRunning)).toBe(true);
    await state.program.stop();
    expect(pids.filter(isRunning)).toEqual([]);
    await eventually(() => state.exit);
    expect(marked(state.mark)).toEqual([]);
  });

  it('ends a program that is stopped (Ctrl-Z)', async () => {
    const state = await run(`trap 'exit 0' HUP; echo "pid $$"; kill -STOP $$; sleep 60`);
    await eventually(() => pidsIn(state.text()).length === 1);
    await state.program.stop();
    await eventually(() => state.exit);
  });

  it('D15: leaves no zombie, no open file behind, however often', { timeout: 60_000 }, async () => {
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const zombies = () =>
      execFileSync('ps', ['-o', 'stat=', '--ppid', String(process.pid)], { encoding: 'utf8' })
        .split('\n')
        .filter((stat) => stat.startsWith('Z')).length;
    const once = async () => {
      const state = await run('echo hi');
      await eventually(() => state.exit);
    };
    await once();
    const before = openFiles();
    for (let i = 0; i < 100; i++) await once();
    await eventually(() => openFiles() <= before + 1);
    expect(zombies()).toBe(0);
  });
});

it('reap ends what an earlier server left behind, and only that', async () => {
  const left = await run('echo "pid $$"; setsid sleep 1000 & while :; do sleep 1; done');
  const other = await run('echo "pid $$"; while :; do sleep 1; done');
  await eventually(() => pidsIn(left.text()).length === 1 && pidsIn(other.text()).length === 1);
  expect(await runtime.reap([left.mark, 'some-other-session'])).toBeGreaterThanOrEqual(2);
  expect(marked(left.mark)).toEqual([]);
  expect(marked(other.mark).length).toBeGreaterThan(0);
  expect(await runtime.reap([])).toBe(0);
});

/** Pids of running processes with this mark, found by other means than the code under test. */
function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`AFIELD_SESSION=${mark}\0`) && isRunning(pid);
      } catch {
        // Gone, or not ours.
        return false;
      }
    });
}
