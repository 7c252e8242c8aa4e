/** What every runtime does alike: the tests that run over each of them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_MARK, type TerminalRuntime } from '../core/machine-ports.ts';
import { contents, env, heard, marked, newId, type Running } from './heard.ts';
import { isRunning } from './processes.ts';

export interface RuntimeUnderTest {
  runtime: TerminalRuntime;
  close(): Promise<void>;
}
const pidsIn = (text: string) => [...text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));

export function terminalRuntimeTests(open: () => RuntimeUnderTest): void {
  const under = open();
  const { runtime } = under;
  let folder: string;
  let started: Running[] = [];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-runtime-')));
  });
  afterEach(async () => {
    await Promise.all(started.map(({ program }) => program.stop()));
    await Promise.all(started.map(({ session_id }) => runtime.forget?.(session_id)));
    started = [];
    rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => under.close());

  async function start(file: string, args: string[], size = { cols: 80, rows: 24 }, session_id = newId()): Promise<Running> {
    const program = await runtime.start({ session_id, file, args, cwd: folder, env: env(session_id) }, size);
    const state = heard(program, session_id);
    started.push(state);
    return state;
  }
  const run = (line: string, size?: { cols: number; rows: number }) => start('/bin/bash', ['-c', line], size);

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
      expect(state.text()).toContain(`${SESSION_MARK}=${state.session_id}`);
      expect(state.text()).toContain('TERM=xterm-256color');
      expect(state.text()).not.toContain(secret);
      expect(state.text()).not.toMatch(/^(?:TMUX|TMUX_PANE|TERM_PROGRAM|TERM_PROGRAM_VERSION)=/m);
    });

    it('gets arguments and variables as they are, whatever is in them (D6)', async () => {
      const trap = join(folder, 'trapped');
      const odd = [
        `#(touch ${trap})`,
        `$(touch ${trap})`,
        `\`touch ${trap}\``,
        ';',
        `; touch ${trap} ;`,
        'x;',
        '-t',
        '--',
        '#{pane_id}',
        '%H %%',
        '~',
        '~/x',
        '"\'\\',
        '\\n',
        'a\nb\tc',
        '',
        'ü€😀',
        '$HOME',
        '{',
        '}',
        '%if 1',
        '#S',
      ];
      const session_id = newId();
      const show = 'for a in "$@"; do printf "<%s>" "$a"; done; printf "[%s]" "$ODD"; exit 3';
      const command = { session_id, file: '/bin/bash', args: ['-c', `stty -opost; ${show}`, 'sh', ...odd], cwd: folder };
      const program = await runtime.start({ ...command, env: { ...env(session_id), ODD: odd.join('|') } }, { cols: 80, rows: 24 });
      const state = heard(program, session_id);
      started.push(state);
      await eventually(() => state.exit);
      expect(state.exit).toEqual({ code: 3, signal: null });
      expect(state.text()).toBe(`${odd.map((word) => `<${word}>`).join('')}[${odd.join('|')}]`);
      expect(existsSync(trap)).toBe(false);
    });

    it('gives bytes as they are', async () => {
      const state = await run(`stty raw; printf '\\377\\376\\000\\303\\274\\r\\n\\033[31m'`);
      await eventually(() => state.exit);
      expect(state.bytes()).toEqual(Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0xbc, 0x0d, 0x0a, 0x1b, 0x5b, 0x33, 0x31, 0x6d]));
    });

    it('E4: ten megabytes of one OSC, invalid UTF-8, NUL, an endless line and an open DCS arrive byte for byte', {
      timeout: 60_000,
    }, async () => {
      const file = join(folder, 'hostile');
      const random = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
      const parts = [
        Buffer.from('\x1b]0;'),
        Buffer.alloc(10 * 1024 * 1024, 'O'),
        Buffer.from('\x07'),
        random,
        Buffer.alloc(2_000_000, 'x'),
        Buffer.alloc(1_000),
        Buffer.from('%end 1 1 1\n%exit\n\x1bP'),
        Buffer.alloc(100_000, 0xff),
      ];
      const all = Buffer.concat(parts);
      writeFileSync(file, all);
      // It ends once it is told: what a program prints in the moment of its end is another matter.
      const state = await run(`stty raw -echo; cat '${file}'; head -c 1 >/dev/null`);
      await eventually(() => state.bytes().length >= all.length, 50_000);
      expect(state.bytes().equals(all)).toBe(true);
      state.program.write(Buffer.from('q'));
      await eventually(() => state.exit);
      expect(state.exit).toEqual({ code: 0, signal: null });
    });

    it('takes a paste of 100 kB without losing a byte, and every byte there is', async () => {
      const state = await run('stty raw -echo; printf ready; head -c 100000 | sha256sum');
      await eventually(() => state.text().includes('ready'));
      const paste = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256));
      expect(state.program.write(paste)).toBe(true);
      await eventually(() => state.exit);
      expect(state.text()).toContain(createHash('sha256').update(paste).digest('hex'));
    });

    it('that reads nothing is given no more than about 1 MiB', async () => {
      const state = await run('stty raw -echo; printf ready; sleep 60');
      await eventually(() => state.text().includes('ready'));
      const block = Buffer.alloc(100_000, 'x');
      const taken = Array.from({ length: 30 }, () => state.program.write(block));
      expect(taken[0]).toBe(true);
      expect(taken.filter(Boolean).length).toBeLessThanOrEqual(14);
      expect(taken.at(-1)).toBe(false);
    });

    it('delivers everything before its exit, also when it was held back while it ended', async () => {
      const flood = await run('seq 1 200000');
      await eventually(() => flood.exit);
      expect(flood.exit).toEqual({ code: 0, signal: null });
      expect(flood.text()).toBe(Array.from({ length: 200_000 }, (_, i) => `${i + 1}\r\n`).join(''));

      const held = await run('printf begin; sleep 0.2; printf "last words"');
      await eventually(() => held.text() === 'begin');
      held.program.pause();
      await eventually(() => !isRunning(held.program.pid) || readFileSync(`/proc/${held.program.pid}/stat`, 'latin1').includes(') Z'));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(held.exit).toBeNull();
      held.program.resume();
      await eventually(() => held.exit);
      expect(held.text()).toBe('beginlast words');
    });

    it('held back prints no more to us, and nothing is lost', async () => {
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
      for (const signal of ['SEGV', 'KILL', 'TERM']) {
        const state = await run(`kill -${signal} $$`);
        await eventually(() => state.exit);
        expect(state.exit).toEqual({ code: null, signal: `SIG${signal}` });
      }
    });

    it('has another size when it is told', async () => {
      const state = await run(`trap 'stty size' WINCH; printf ready; while :; do sleep 0.05; done`);
      await eventually(() => state.text().includes('ready'));
      state.program.resize(133, 41);
      await eventually(() => state.text().includes('41 133'));
    });

    it('knows whether another program holds the terminal', async () => {
      const shell = await start('/bin/bash', ['--norc', '-i']);
      await eventually(() => /[$#] $/.test(shell.text()));
      await eventually(() => shell.program.foreignForeground() === false);
      shell.program.write(Buffer.from("sh -c 'echo up; sleep 60'\r"));
      await eventually(() => shell.program.foreignForeground() === true);
      // Until it has become the program, what the shell has forked passes an interrupt by.
      await eventually(() => /[\r\n]up\r/.test(shell.text()));
      shell.program.write(Buffer.from('\x03'));
      await eventually(() => shell.program.foreignForeground() === false);
    });

    it('that ended takes no keys and no size', async () => {
      const state = await run('true');
      await eventually(() => state.exit);
      expect(state.program.write(Buffer.from('x'))).toBe(false);
      expect(() => state.program.resize(10, 10)).not.toThrow();
      expect(state.program.foreignForeground()).toBeNull();
      await state.program.stop();
    });

    it('what cannot be started is an error that says why', async () => {
      const file = join(folder, 'plain');
      writeFileSync(file, 'no program', { mode: 0o644 });
      const size = { cols: 80, rows: 24 };
      for (const command of [
        { file, cwd: folder },
        { file: join(folder, 'missing'), cwd: folder },
        { file: folder, cwd: folder },
        { file: '/bin/true', cwd: join(folder, 'missing') },
      ]) {
        const session_id = newId();
        await expect(runtime.start({ session_id, ...command, args: [], env: env(session_id) }, size)).rejects.toMatchObject({
          code: 'start_failed',
        });
      }
    });

    it("D16: a secret in its environment is in nobody's command line", async () => {
      const secret = `canary-${process.pid}-${Date.now()}`;
      const session_id = newId();
      let seen = 0;
      const scan = setInterval(() => {
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
          if (contents(`/proc/${pid}/cmdline`).includes(secret)) seen++;
      }, 1);
      const command = { session_id, file: '/bin/bash', args: ['-c', 'printf "%s" "$SECRET"; sleep 0.2'], cwd: folder };
      const state = heard(
        await runtime.start({ ...command, env: { ...env(session_id), SECRET: secret } }, { cols: 80, rows: 24 }),
        session_id,
      );
      started.push(state);
      await eventually(() => state.exit);
      clearInterval(scan);
      expect(state.text()).toBe(secret);
      expect(seen).toBe(0);
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

    it('D14: ends what ignores every polite signal, forked away, made its own session and lost its parent', {
      timeout: 30_000,
    }, async () => {
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
      expect(marked(state.session_id)).toEqual([]);
    });

    it('ends a program that is stopped (Ctrl-Z)', async () => {
      const state = await run(`trap 'exit 0' HUP; echo "pid $$"; kill -STOP $$; sleep 60`);
      await eventually(() => pidsIn(state.text()).length === 1);
      await state.program.stop();
      await eventually(() => state.exit);
    });

    it('D15: leaves no zombie, no open file behind, however often', { timeout: 120_000 }, async () => {
      const openFiles = () => readdirSync('/proc/self/fd').length;
      const zombies = () =>
        execFileSync('ps', ['-o', 'stat=', '--ppid', String(process.pid)], { encoding: 'utf8' })
          .split('\n')
          .filter((stat) => stat.startsWith('Z')).length;
      const once = async () => {
        // it stays until its line is read: what is printed in the moment of the end tmux may lose (docs/guides/sessions.md)
        const state = await run('echo hi; read end');
        await eventually(() => state.text() === 'hi\r\n');
        state.program.write(Buffer.from('\r'));
        await eventually(() => state.exit);
        expect(state.exit?.code).toBe(0);
        await runtime.forget?.(state.session_id);
        started = started.filter((other) => other !== state);
      };
      await once();
      const before = openFiles();
      for (let i = 0; i < 100; i++) await once();
      await eventually(() => openFiles() <= before + 2);
      expect(zombies()).toBe(0);
    });
  });

  it('reap ends what an earlier server left behind, and only that', async () => {
    const left = await run('echo "pid $$"; setsid sleep 1000 & while :; do sleep 1; done');
    const other = await run('echo "pid $$"; while :; do sleep 1; done');
    await eventually(() => pidsIn(left.text()).length === 1 && pidsIn(other.text()).length === 1);
    const strays = await runtime.strays([other.session_id]);
    expect(strays.filter(({ session_id }) => session_id === left.session_id).length).toBeGreaterThanOrEqual(2);
    expect(strays.some(({ session_id }) => session_id === other.session_id)).toBe(false);
    expect(await runtime.reap([left.session_id, 'some-other-session'])).toBeGreaterThanOrEqual(2);
    expect(marked(left.session_id)).toEqual([]);
    expect(marked(other.session_id).length).toBeGreaterThan(0);
    expect(await runtime.reap([])).toBe(0);
  });
}
