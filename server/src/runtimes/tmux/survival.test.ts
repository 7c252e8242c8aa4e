import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host, TerminalRuntime } from '../../core/machine-ports.ts';
import { HOME, openTmux, TMUX } from '../../tmux-kit.ts';
import { env, heard, newId, type Running } from '../heard.ts';
import { isRunning } from '../processes.ts';

/** A small disk may be mounted here. */
const mounts = canMount();
const SIZE = { cols: 80, rows: 24 };
let kit: ReturnType<typeof openTmux>;
let children: ChildProcess[] = [];
let others: ReturnType<typeof openTmux>[] = [];
beforeEach(() => {
  kit = openTmux();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const other of others) await other.close();
  await kit.close();
  children = [];
  others = [];
});

async function start(line: string, session_id = newId(), runtime: TerminalRuntime = kit.runtime): Promise<Running> {
  const program = await runtime.start({ session_id, file: '/bin/bash', args: ['-c', line], cwd: kit.folder, env: env(session_id) }, SIZE);
  return heard(program, session_id);
}
/** A server that comes after the one before. */
function again(options: Partial<Parameters<typeof openTmux>[0]> = {}) {
  const next = openTmux({ folder: kit.folder, ...options });
  others.push({ ...next, close: () => next.runtime.close() });
  return next;
}
async function resumed(runtime: TerminalRuntime, session_id: string, from: number): Promise<Running> {
  const found = await runtime.resume({ session_id, from, ...SIZE, adopted: null });
  if (!('write' in found)) throw new Error(`it is lost: ${JSON.stringify(found)}`);
  return heard(found, session_id);
}
const cats = (session_id: string) => {
  const folder = join(kit.spool, session_id);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.pid'));
  return files.map((name) => Number(readFileSync(join(folder, name), 'latin1')));
};

/** A home server of its own process, which keeps what it hears in a file and can be killed. */
function server(session_id: string, log: string, command: string | null): ChildProcess {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `
    import { appendFileSync, existsSync, statSync } from 'node:fs';
    import { openTmux } from ${at('../../tmux-kit.ts')};
    const { runtime } = openTmux({ folder: ${JSON.stringify(kit.folder)} });
    const session_id = ${JSON.stringify(session_id)}, log = ${JSON.stringify(log)};
    const command = ${JSON.stringify(command)};
    const process = command === null
      ? await runtime.resume({ session_id, from: existsSync(log) ? statSync(log).size : 0, cols: 80, rows: 24, adopted: null })
      : await runtime.start({ session_id, file: '/bin/bash', args: ['-c', command], cwd: '/', env: ${JSON.stringify(env(session_id))} }, { cols: 80, rows: 24 });
    process.onOutput = (bytes) => appendFileSync(log, bytes);
    console.log('on');`;
  const child = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}
const numbers = (to: number) => Buffer.from(Array.from({ length: to }, (_, i) => `line ${i + 1} of what is printed\n`).join(''));
const counting = (to: number) => `stty -opost; for ((i = 1; i <= ${to}; i++)); do echo "line $i of what is printed"; done; exit 9`;

describe.skipIf(TMUX === null)('a session in tmux (skipped where tmux is not installed)', () => {
  it('G2: a server that is killed in a flood, three times, loses nothing and doubles nothing', { timeout: 60_000 }, async () => {
    const session_id = newId();
    const log = join(kit.folder, 'log');
    let child = server(session_id, log, counting(200_000));
    for (const bytes of [100_000, 1_500_000, 3_000_000]) {
      await eventually(() => existsSync(log) && statSync(log).size > bytes, 30_000);
      child.kill('SIGKILL');
      await once(child, 'exit');
      child = server(session_id, log, null);
      await once(child.stdout!, 'data');
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const last = await resumed(kit.runtime, session_id, statSync(log).size);
    await eventually(() => last.exit, 30_000);
    expect(last.exit).toEqual({ code: 9, signal: null });
    const all = Buffer.concat([readFileSync(log), last.bytes()]);
    expect(all.equals(numbers(200_000))).toBe(true);
  });

  it('that ended while nobody listened tells its end after its last bytes, marked as recovered', async () => {
    const state = await start('stty -opost; echo first; read -r _; echo second; exit 4');
    await eventually(() => state.text().includes('first'));
    const { length } = state.bytes();
    await kit.runtime.close();
    kit.tmux('send-keys', '-t', `=${state.session_id}:`, 'x', 'Enter');
    const { runtime } = again();
    // How it ended tmux may not have collected yet: that comes once somebody asks.
    await eventually(() => kit.tmux('list-panes', '-t', `=${state.session_id}:`, '-F', '#{pane_dead}') === '1');
    const found = await resumed(runtime, state.session_id, length);
    await eventually(() => found.exit);
    expect(found.exit).toEqual({ code: 4, signal: null });
    expect(found.text()).toBe('x\nsecond\n');
    expect(found.recovered).toBe(found.bytes().length);
  });

  it('goes on as before: keys, size, stop; what comes new is not called recovered', async () => {
    const state = await start(`stty -opost -echo; trap 'stty size' WINCH; echo ready; while :; do read -t 0.1 -r l && echo "got $l"; done`);
    await eventually(() => state.text() === 'ready\n');
    await kit.runtime.close();
    const { runtime } = again();
    const found = await resumed(runtime, state.session_id, 6);
    found.program.resize(100, 30);
    await eventually(() => found.text().includes('30 100'));
    found.program.write(Buffer.from('hello\r'));
    await eventually(() => found.text().includes('got hello'));
    expect(found.recovered).toBe(0);
    await found.program.stop();
    await eventually(() => found.exit);
    expect(isRunning(found.program.pid)).toBe(false);
  });

  it('whose window is closed by hand is lost, and that is said', async () => {
    const state = await start('echo ready; sleep 60');
    await eventually(() => state.text().includes('ready'));
    kit.tmux('kill-session', '-t', `=${state.session_id}`);
    await eventually(() => state.exit);
    expect(state.exit?.lost).toBe('Its tmux window was closed.');
    await kit.runtime.forget(state.session_id);
    expect(await kit.runtime.resume({ session_id: state.session_id, from: 7, ...SIZE, adopted: null })).toEqual({
      lost: 'Its tmux window was closed.',
    });
  });

  it('whose tmux server is killed is lost, after its last bytes; another can be started at once', async () => {
    const states = await Promise.all([start('stty -opost; echo one; exec sleep 60'), start('stty -opost; echo two; exec sleep 60')]);
    await eventually(() => states.every((state) => state.bytes().length === 4));
    kit.tmux('kill-server');
    await eventually(() => states.every((state) => state.exit !== null));
    for (const { exit } of states) expect(exit?.lost).toBe('Its tmux server was ended.');
    const next = await start('echo three');
    await eventually(() => next.exit);
    expect(next.text()).toBe('three\r\n');
  });

  it('whose tmux server was killed while nobody listened: the rest of its output comes, then the reason', async () => {
    const state = await start('stty -opost; echo first; exec sleep 60');
    await eventually(() => state.text() === 'first\n');
    await kit.runtime.close();
    process.kill(Number(kit.tmux('display-message', '-p', '#{pid}')), 'SIGKILL');
    await eventually(() => kit.tmux('list-sessions') === '');
    const { runtime } = again();
    const found = await resumed(runtime, state.session_id, 2);
    await eventually(() => found.exit);
    expect(found.text()).toBe('rst\n');
    expect(found.exit?.lost).toBe('Its tmux server was ended.');
    await runtime.forget(state.session_id);
    expect(await runtime.resume({ session_id: state.session_id, from: 6, ...SIZE, adopted: null })).toEqual({
      lost: 'Its tmux server was ended.',
    });
  });

  it('of before a restart of the machine is lost for that reason', async () => {
    const state = await start('sleep 60');
    await kit.runtime.close();
    kit.tmux('kill-server');
    writeFileSync(join(kit.folder, 'run', HOME, 'boot'), 'another-boot\n');
    const found = await resumed(again().runtime, state.session_id, 0).catch((error: Error) => error.message);
    expect(JSON.stringify(found)).toContain('Its machine was restarted.');
  });

  it('goes on when only the control client is killed, without a word', async () => {
    const state = await start('stty -opost -echo; echo ready; cat');
    await eventually(() => state.text() === 'ready\n');
    const client = Number(kit.tmux('list-clients', '-F', '#{client_pid}'));
    process.kill(client, 'SIGKILL');
    await eventually(() => !isRunning(client));
    // What was typed in the very moment may be lost with it, as with any line.
    await eventually(() => {
      state.program.write(Buffer.from('x\r'));
      return state.text().includes('x');
    });
    expect(state.exit).toBeNull();
    expect(state.lines).toEqual([]);
  });

  it('is shared with the desk: the command attaches, and who scrolls back there keeps no keys from it', async () => {
    const state = await start('stty -opost -echo; echo ready; cat');
    await eventually(() => state.text() === 'ready\n');
    expect(kit.runtime.attachCommand(state.session_id, null)).toBe(`tmux -S ${kit.socket} attach -t ${state.session_id}`);
    const far = again({ host: { ...kit.host, login: () => ['ssh', '-t', 'box'] } });
    await far.runtime.adoptable();
    expect(far.runtime.attachCommand(state.session_id, null)).toBe(`ssh -t box 'tmux -S ${kit.socket} attach -t ${state.session_id}'`);
    kit.tmux('copy-mode', '-t', `=${state.session_id}:`);
    await eventually(() => kit.tmux('display-message', '-p', '-t', `=${state.session_id}:`, '#{pane_in_mode}') === '1');
    state.program.write(Buffer.from('hello\r'));
    await eventually(() => state.text().includes('hello'));
  });

  it('D6: a title, a name or a window that is made of formats runs nothing', async () => {
    const trap = join(kit.folder, 'trapped');
    const state = await start(
      `printf '\\033]2;#(touch ${trap})\\007\\033k#(touch ${trap})\\033\\\\'; echo ready; sleep 60`,
      `#(touch ${trap});-x`,
    );
    await eventually(() => state.text().includes('ready'));
    kit.tmux('list-panes', '-a', '-F', '#{pane_title} #{window_name} #{session_name}');
    await kit.runtime.close();
    const found = await resumed(again().runtime, state.session_id, 0);
    await eventually(() => found.text().includes('ready'));
    await found.program.stop();
    await eventually(() => found.exit);
    expect(existsSync(trap)).toBe(false);
  });

  it('D9: nothing of the environment in which tmux was started reaches it, but what is allowed', async () => {
    process.env.AFIELD_CANARY = 'canary';
    const state = await start('env; tmux -V >/dev/null; exit 0');
    await eventually(() => state.exit);
    delete process.env.AFIELD_CANARY;
    const names = [...state.text().matchAll(/^([A-Za-z_]+)=/gm)].map(([, name]) => name);
    const allowed = [
      'AFIELD_HOME_ID',
      'AFIELD_SESSION',
      'HOME',
      'LANG',
      'LOGNAME',
      'PATH',
      'PWD',
      'SHELL',
      'SHLVL',
      'TERM',
      'TMPDIR',
      'USER',
      '_',
    ];
    expect(names.filter((name) => !allowed.includes(name ?? ''))).toEqual([]);
    const tmux = Number(kit.tmux('display-message', '-p', '#{pid}'));
    expect(readFileSync(`/proc/${tmux}/environ`, 'latin1')).not.toContain('canary');
  });

  it('of one home server is not met by another on the same machine', async () => {
    const other = openTmux({ folder: kit.folder, home: 'fedcba543210' });
    others.push({ ...other, close: () => other.runtime.close() });
    const session_id = newId();
    const mine = await start('stty -opost; echo mine; sleep 60', session_id);
    const theirs = await start('stty -opost; echo theirs; sleep 60', session_id, other.runtime);
    await eventually(() => mine.text() === 'mine\n' && theirs.text() === 'theirs\n');
    other.tmux('kill-server');
    await eventually(() => theirs.exit);
    expect(mine.exit).toBeNull();
    // Both are marked with the same session here, which does not happen in life; their homes differ.
    expect(await other.runtime.strays([])).toEqual([]);
    expect((await kit.runtime.strays([])).map(({ session_id: id }) => id)).toContain(session_id);
  });

  it('lives in a folder with any name, and in one that is too long for a socket', async () => {
    for (const name of [`it's a "odd" #{x} %H $(id) ;`, 'x'.repeat(120)]) {
      const folder = join(kit.folder, name);
      mkdirSync(folder);
      const other = openTmux({ folder });
      const state = await start('stty -opost; echo ready; read -r _; echo bye', newId(), other.runtime);
      await eventually(() => state.text() === 'ready\n');
      await other.runtime.close();
      const next = openTmux({ folder });
      const found = await resumed(next.runtime, state.session_id, 3);
      const socket = /-S '?(\/tmp\/afield-\d+-[0-9a-f]{12}\/s)/.exec(next.runtime.attachCommand(state.session_id, null) ?? '')?.[1];
      expect(socket !== undefined).toBe(name.length === 120);
      found.program.write(Buffer.from('\r'));
      await eventually(() => found.exit);
      expect(found.text()).toContain('dy\n');
      expect(found.text()).toContain('bye\n');
      await next.runtime.forget(state.session_id);
      await next.close();
      if (socket === undefined) continue;
      expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
      rmSync(join(socket, '..'), { recursive: true, force: true });
    }
  });

  it('D15: three hundred in a row leave no process, no file and no window behind', { timeout: 120_000 }, async () => {
    const first = await start('echo 0');
    await eventually(() => first.exit);
    await kit.runtime.forget(first.session_id);
    const files = () => readdirSync('/proc/self/fd').length;
    const before = files();
    for (let i = 1; i <= 30; i++) {
      // each stays until its line is read: what is printed in the moment of the end tmux may lose (docs/guides/sessions.md)
      const some = await Promise.all(Array.from({ length: 10 }, () => start(`echo ${i}; read end`)));
      await eventually(() => some.every((state) => state.text() === `${i}\r\n`));
      for (const state of some) state.program.write(Buffer.from('\r'));
      await eventually(() => some.every((state) => state.exit !== null));
      for (const state of some) expect(state.exit?.code).toBe(0);
      await Promise.all(some.map((state) => kit.runtime.forget(state.session_id)));
    }
    await eventually(() => files() <= before + 2);
    await eventually(() => kit.tmux('list-sessions', '-F', '#{session_name}') === 'afield');
    expect(readdirSync(kit.spool)).toEqual([]);
    await eventually(() => childrenOf(Number(kit.tmux('display-message', '-p', '#{pid}'))).length === 0);
  });

  it('a session that runs costs one small process besides its own, and ends it', async () => {
    const state = await start('sleep 60');
    const [cat] = await eventually(() => (cats(state.session_id)[0] ? cats(state.session_id) : null));
    expect(readFileSync(`/proc/${cat}/cmdline`, 'latin1')).toMatch(/^cat/);
    await state.program.stop();
    await eventually(() => state.exit);
    await kit.runtime.forget(state.session_id);
    await eventually(() => !isRunning(cat ?? 0));
  });

  it('whose output writer is killed goes on from the screen as it is, and nothing after it is lost', async () => {
    const state = await start('stty -opost -echo; echo before; while read -r l; do echo "got $l"; done');
    await eventually(() => state.text() === 'before\n');
    process.kill((await eventually(() => cats(state.session_id)[0])) ?? 0, 'SIGKILL');
    const [resync] = await eventually(() => (state.resyncs.length > 0 ? state.resyncs : null));
    expect(resync?.bytes.toString()).toContain('before');
    state.program.write(Buffer.from('one\r'));
    await eventually(() => state.text() === 'before\ngot one\n');
    await kit.runtime.close();
    // Before the resync was on disk: it comes again, at its place.
    const found = await resumed(again().runtime, state.session_id, 3);
    await eventually(() => found.text() === 'ore\ngot one\n');
    expect(found.resyncs.map(({ at }) => at)).toEqual([7]);
    found.program.write(Buffer.from('two\r'));
    await eventually(() => found.text().endsWith('got two\n'));
  });

  it.skipIf(!mounts)('G1: on a full disk its output goes to memory, and back when there is room', { timeout: 90_000 }, async () => {
    const disk = join(kit.folder, 'run', HOME, 'spool');
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const state = await start(
        'stty -opost -echo; echo first; while read -r l; do case $l in [0-9]*) head -c $l /dev/zero | tr "\\0" y;; *) echo "got $l";; esac; done',
      );
      await eventually(() => state.text() === 'first\n');
      const fill = join(disk, 'fill');
      writeFileSync(fill, Buffer.alloc(5_500_000));
      const all = () => [state.text(), ...state.resyncs.map(({ bytes }) => bytes.toString())].join('');
      // More than is left, and then on from memory.
      state.program.write(Buffer.from('2000000\r'));
      await eventually(() => state.resyncs.length > 0);
      state.program.write(Buffer.from('one\r'));
      await eventually(() => all().includes('got one'));
      await kit.runtime.close();
      const found = await resumed(again().runtime, state.session_id, 0);
      found.program.write(Buffer.from('two\r'));
      await eventually(() => found.text().endsWith('got two\n'));
      rmSync(fill);
      await eventually(() => found.resyncs.some(({ reason }) => reason === 'The disk has room again.'), 45_000);
      found.program.write(Buffer.from('three\r'));
      await eventually(() => found.text().endsWith('got three\n'));
      expect(readdirSync(join(disk, state.session_id)).length).toBeGreaterThan(0);
      await found.program.stop();
      await eventually(() => found.exit);
      await others.at(-1)?.runtime.forget(state.session_id);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it.skipIf(!mounts)('G1: on a full disk without any memory to use its screen is fetched now and then', { timeout: 90_000 }, async () => {
    const disk = join(kit.folder, 'run', HOME, 'spool');
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const run: Host['run'] = async (argv, options) => {
        const result = await kit.host.run(argv, options);
        return { ...result, stdout: Buffer.from(result.stdout.toString('latin1').replace(/^memory=.*\n/m, ''), 'latin1') };
      };
      const poor = again({ host: { ...kit.host, run } });
      const line =
        'stty -opost -echo; echo first; while read -r l; do case $l in [0-9]*) head -c $l /dev/zero | tr "\\0" y; printf "\\n";; *) echo "got $l";; esac; done';
      const state = await start(line, newId(), poor.runtime);
      await eventually(() => state.text() === 'first\n');
      writeFileSync(join(disk, 'fill'), Buffer.alloc(5_500_000));
      state.program.write(Buffer.from('2000000\r'));
      await eventually(() => state.resyncs.length > 0);
      state.program.write(Buffer.from('one\r'));
      await eventually(() => state.resyncs.some(({ bytes }) => bytes.toString().includes('got one')));
      rmSync(join(disk, 'fill'));
      // Back on the disk: from there on every byte again.
      await eventually(() => {
        state.program.write(Buffer.from('two\r'));
        return state.text().includes('got two');
      });
      await state.program.stop();
      await eventually(() => state.exit);
      await poor.runtime.forget(state.session_id);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('gives room back for what is in the recording', async () => {
    const state = await start("stty -opost -echo; head -c 20000000 /dev/zero | tr '\\0' x; read -r _");
    await eventually(() => state.bytes().length === 20_000_000);
    state.program.kept?.(20_000_000);
    const file = join(kit.spool, state.session_id, '0');
    await eventually(() => statSync(file).blocks * 512 < 4_000_000);
    expect(statSync(file).size).toBe(20_000_000);
    await kit.runtime.close();
    const found = await resumed(again().runtime, state.session_id, 20_000_000);
    found.program.write(Buffer.from('\r'));
    await eventually(() => found.exit);
    expect(found.bytes().length).toBe(0);
    expect(found.resyncs).toEqual([]);
  });

  it('prints no more than its spool may hold at once: the oldest is let go, and that is said', { timeout: 60_000 }, async () => {
    const small = again({ limit: 1_000_000 });
    const state = await start(
      "stty -opost -echo; printf ready; while read -r _; do head -c 800000 /dev/zero | tr '\\0' x; done",
      newId(),
      small.runtime,
    );
    await eventually(() => state.bytes().toString() === 'ready');
    for (let i = 1; i <= 6; i++) {
      state.program.write(Buffer.from('\r'));
      await eventually(() => state.bytes().length === 'ready'.length + i * 800_000);
      await eventually(() => state.resyncs.length === Math.floor(i / 2));
    }
    await eventually(() => readdirSync(join(kit.spool, state.session_id)).filter((name) => /^\d+$/.test(name)).length <= 2);
    await state.program.stop();
  });
});

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'latin1');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    });
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'afield-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', ['-l', folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
