import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { HostProcess } from '../core/machine-ports.ts';
import type { Timing } from './ssh/master.ts';
import { createSshMachine, type SshMachine } from './ssh.ts';
import { noSshd, processesWith, TestSshd } from './test-sshd.ts';

/** Quicker than in life, so that a test need not wait for 18 s. */
const QUICK: Partial<Timing> = { pingMs: 150, silentMs: 600, retryMs: [50, 200], connectMs: 8_000, idleMs: 300 };

let sshd: TestSshd;
let folder: string;
let machines: SshMachine[];
let sockets = 0;

beforeEach(async () => {
  if (noSshd !== null) return;
  sshd = await TestSshd.start();
  folder = mkdtempSync(join(tmpdir(), 'afield-ssh-'));
  machines = [];
});
afterEach(async () => {
  if (noSshd !== null) return;
  await Promise.all(machines.map((machine) => machine.close()));
  await until(`no ssh of ours is left: ${JSON.stringify(processesWith(folder))}`, () => processesWith(folder).length === 0);
  await sshd.close();
  rmSync(folder, { recursive: true, force: true });
});

function machine({ target = {}, timing = {}, lines = [] as string[] } = {}): SshMachine {
  const made: SshMachine = createSshMachine(
    { name: 'box', kind: 'ssh', ssh: { ...sshd.target, ...target }, prefix: null, created_at: '2026-01-01T00:00:00Z' },
    {
      setup: {
        env: { PATH: process.env.PATH, SECRET: 'of the home server', LANG: 'xx_YY' },
        home: '/nonexistent',
        knownHosts: join(folder, 'known_hosts'),
      },
      clock: systemClock(),
      timing: { ...QUICK, ...timing },
      random: Math.random,
      newSocket: () => join(folder, `s${sockets++}`),
      homeId: 'home',
      onLine: () => lines.push(`${made.line.state}: ${made.line.detail}`),
    },
  );
  machines.push(made);
  return made;
}

async function known(options: Parameters<typeof machine>[0] = {}): Promise<SshMachine> {
  const made = machine(options);
  await made.confirm(sshd.fingerprint);
  return made;
}

const text = (run: { stdout: Buffer }) => run.stdout.toString();

describe.skipIf(noSshd !== null)('a machine by ssh', () => {
  it('refuses an unknown host and tells the key to compare; the confirmed key is written, and no other', async () => {
    const box = machine();
    await expect(box.reach()).rejects.toMatchObject({ code: 'host_key_unknown', message: expect.stringContaining(sshd.fingerprint) });
    expect(box.line).toMatchObject({ state: 'down', detail: expect.stringContaining(sshd.fingerprint) });
    const other = `SHA256:${'A'.repeat(43)}`;
    await expect(box.confirm(other)).rejects.toMatchObject({ code: 'host_key_changed' });
    expect(existsSync(join(folder, 'known_hosts'))).toBe(false);
    await box.confirm(sshd.fingerprint);
    expect(statSync(join(folder, 'known_hosts')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'known_hosts'), 'utf8')).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/);
    await box.reach();
    expect(box.line).toMatchObject({ state: 'up', detail: null });
  });

  it('a changed host key is refused, with what to do; confirmed it replaces the old one', async () => {
    const box = await known();
    await box.reach();
    await sshd.rekey();
    await until('the line is cut', () => box.line.state !== 'up');
    await expect(box.reach()).rejects.toMatchObject({ code: 'host_key_changed', message: expect.stringContaining(sshd.fingerprint) });
    await box.confirm(sshd.fingerprint);
    await box.reach();
    expect(readFileSync(join(folder, 'known_hosts'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('a refused key is told, and not tried again until somebody asks', async () => {
    const box = await known();
    sshd.refuseKeys();
    await expect(box.reach()).rejects.toMatchObject({ code: 'machine_refused' });
    const waiting = box.host.up();
    const logins = () => sshd.log.split('Failed publickey').length - 1;
    await until('sshd has told of the first attempt', () => logins() > 0);
    const before = logins();
    await expect(box.host.run(['true'])).rejects.toMatchObject({ code: 'machine_refused' });
    // More than the longest pause between attempts.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(logins()).toBe(before);
    sshd.acceptKeys();
    await box.reach();
    await waiting;
  });

  it('a host that is down is told; who waits for it gets it when it is there', async () => {
    const lines: string[] = [];
    const box = await known({ lines });
    await sshd.down();
    await expect(box.reach()).rejects.toMatchObject({ code: 'machine_unreachable', message: expect.stringContaining('refused') });
    let up = false;
    const waited = box.host.up().then(() => {
      up = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(up).toBe(false);
    expect(box.line.state).toBe('connecting');
    const said = lines.length;
    await sshd.up();
    await waited;
    // Attempts in vain say nothing new.
    expect(lines.slice(said)).toEqual(['up: null']);
    await expect(machine({ target: { host: 'no-such-host.invalid' } }).reach()).rejects.toMatchObject({ code: 'machine_unreachable' });
  });

  it('closed while it is being reached: the way is given up at once', { timeout: 8_000 }, async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const box = machine({ target: { port }, timing: { connectMs: 60_000 } });
    const reaching = expect(box.reach()).rejects.toMatchObject({ code: 'machine_unreachable' });
    const waiting = expect(box.host.up()).rejects.toMatchObject({ code: 'machine_unreachable' });
    await until('ssh is on its way', () => processesWith(folder).length > 0);
    await box.close();
    await Promise.all([reaching, waiting]);
    await expect(box.reach()).rejects.toMatchObject({ code: 'machine_unreachable' });
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });

  it('D8: a host or user that looks like an option never reaches ssh as one', async () => {
    for (const target of [{ host: '-oProxyCommand=touch pwned' }, { user: '-oProxyCommand=x' }, { host: 'a b' }, { host: '' }]) {
      const box = machine({ target });
      await expect(box.reach()).rejects.toMatchObject({ code: expect.stringMatching(/bad_request|machine_unreachable/) });
      await expect(box.confirm(`SHA256:${'A'.repeat(43)}`)).rejects.toMatchObject({ code: 'bad_request' });
    }
    expect(existsSync('pwned')).toBe(false);
  });

  it('runs programs: code, input, output, environment; nothing of it in arguments, nothing of the home server', async () => {
    const box = await known();
    const { host } = box;
    const env = { TOKEN: "s3cret'\\\n$HOME `id`", EMPTY: '' };
    const run = await host.run(
      ['sh', '-c', 'cat; printf "%s|%s|" "$TOKEN" "$EMPTY"; tr "\\0" " " < /proc/$$/cmdline; env; echo no >&2; exit 3'],
      {
        env,
        input: Buffer.from('in\0\xffput', 'latin1'),
      },
    );
    expect(run).toMatchObject({ code: 3, stderr: 'no' });
    expect(run.stdout.subarray(0, 7).toString('latin1')).toBe('in\0\xffput');
    expect(text(run).slice(run.stdout.subarray(0, 7).toString().length)).toContain(`${env.TOKEN}||sh -c`);
    expect(text(run).split('|sh -c')[1]?.split('TOKEN=')[0]).not.toContain('s3cret');
    expect(text(run)).not.toContain('of the home server');
    expect(text(run)).not.toContain('xx_YY');
    await expect(host.run(['x'], { env: { 'A=B; id': '1' } })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(host.run(['x'.repeat(200_000)])).rejects.toMatchObject({ code: 'too_large' });
    expect(await host.run(['/no/such/program'])).toMatchObject({ code: 127 });
  });

  it('ends what does not end in time, and what floods, there too', async () => {
    const { host } = await known();
    expect(await host.run(['sh', '-c', 'sleep 61 & exec sleep 61'], { timeoutMs: 300 })).toMatchObject({ code: null });
    const flood = await host.run(['sh', '-c', `yes ${folder}/flood`], { maxBytes: 100_000 });
    expect(flood.code).toBeNull();
    expect(flood.stdout.length).toBeLessThanOrEqual(100_000);
    await until('nothing of it is left', () => processesWith(`${folder}/flood`).length === 0 && processesWith('sleep 61').length === 0);
  });

  it('a program with open pipes: both ways, held back, ended', async () => {
    const { host } = await known();
    const program = await host.open(['sh', '-c', 'cat; echo why >&2; exit 5']);
    const got = collect(program);
    expect(program.write(Buffer.from('one'))).toBe(true);
    await until('it came back', () => got.text() === 'one');
    program.pause();
    program.write(Buffer.from('two'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got.text()).toBe('one');
    program.resume();
    program.end();
    await until('it ended', () => got.ends.length > 0);
    expect(got.text()).toBe('onetwo');
    expect(got.ends).toEqual([{ code: 5, detail: 'why' }]);
    expect(program.write(Buffer.from('x'))).toBe(false);
    const other = await host.open(['sleep', '62']);
    const ended = collect(other);
    other.kill();
    await until('it was killed there too', () => ended.ends.length > 0 && processesWith('sleep 62').length === 0);
    expect(ended.ends).toEqual([{ code: null, detail: '' }]);
  });

  it('a line that is cut and comes back while files are followed: nothing lost, nothing doubled, no reader left', {
    timeout: 60_000,
  }, async () => {
    const { host } = await known();
    const file = join(folder, 'followed');
    const got: Buffer[] = [];
    let cuts = 0;
    let stopped = false;
    const at = () => got.reduce((sum, bytes) => sum + bytes.length, 0);
    let stop = () => {};
    const follow = () => {
      const follower = host.follow(file, at(), {
        bytes: (bytes) => got.push(bytes),
        cut: () => {
          cuts++;
          if (!stopped) host.up().then(follow, () => {});
        },
      });
      stop = () => follower.stop();
    };
    follow();
    await new Promise((resolve) => setTimeout(resolve, 200));
    let written = '';
    for (let n = 0; n < 60; n++) {
      const line = `${String(n).padStart(6, '0')} ${'x'.repeat((n * 7919) % 3000)}\n`;
      written += line;
      appendFileSync(file, line);
      if (n % 20 === 10) {
        const seen = at();
        await until('it is followed', () => at() > seen || at() === written.length);
        const before = cuts;
        sshd.killConnections();
        await until('it is cut', () => cuts > before);
      }
    }
    await until('all has come', () => at() >= written.length);
    expect(Buffer.concat(got).toString()).toBe(written);
    expect(cuts).toBeGreaterThanOrEqual(3);
    expect(processesWith(`-- ${file}`).filter(({ command }) => command.startsWith('tail'))).toHaveLength(1);
    stopped = true;
    stop();
    await until('no reader is left', () => processesWith(file).length === 0);
  });

  it('a line that hangs is noticed, and what was followed goes on over another', { timeout: 30_000 }, async () => {
    const lines: string[] = [];
    const { host } = await known({ lines });
    const file = join(folder, 'followed');
    writeFileSync(file, 'one');
    let bytes = '';
    let cut = '';
    host.follow(file, 0, { bytes: (more) => (bytes += more), cut: (detail) => (cut = detail) });
    await until('it is followed', () => bytes === 'one');
    sshd.stall();
    appendFileSync(file, 'two');
    await until('the cut is noticed', () => cut !== '');
    await host.up();
    const follower = host.follow(file, 3, { bytes: (more) => (bytes += more), cut: () => {} });
    await until('it goes on', () => bytes === 'onetwo');
    expect(lines.some((line) => /^(connecting|down): Nothing has come over the line/.test(line))).toBe(true);
    follower.stop();
    sshd.unstall();
    await until('no reader is left', () => processesWith(file).length === 0);
  });

  it('a program that only computes for long does not make the line count as cut, nor does a flood that nobody reads', {
    timeout: 30_000,
  }, async () => {
    const lines: string[] = [];
    const { host } = await known({ lines });
    const flood = await host.open(['yes']);
    flood.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(text(await host.run(['echo', 'still there']))).toBe('still there\n');
    expect(lines).toEqual(['connecting: null', 'up: null']);
    flood.kill();
  });

  it('more programs than a connection carries share several; too many ended ones leave none behind', { timeout: 60_000 }, async () => {
    const { host } = await known();
    const followed = Array.from({ length: 25 }, (_, n) => {
      const file = join(folder, `f${n}`);
      writeFileSync(file, `file ${n}`);
      const one = { text: '', cut: null as string | null, stop: () => {} };
      one.stop = host.follow(file, 0, { bytes: (bytes) => (one.text += bytes), cut: (detail) => (one.cut = detail) }).stop;
      return one;
    });
    await until(`all are followed: ${JSON.stringify(followed)}`, () => followed.every(({ text: got }, n) => got === `file ${n}`));
    const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => host.run(['echo', String(n)])));
    expect(runs.map((run) => text(run).trim())).toEqual(runs.map((_, n) => String(n)));
    const most = sshd.connections().length;
    expect(most).toBeGreaterThanOrEqual(4);
    for (const { stop } of followed) stop();
    await until('connections that carry nothing end', () => sshd.connections().length < most);
    expect(followed.map(({ cut }) => cut)).toEqual(followed.map(() => null));
  });

  it('a stricter sshd is used as far as it lets', { timeout: 30_000 }, async () => {
    await sshd.close();
    sshd = await TestSshd.start(['MaxSessions 3']);
    const { host } = await known();
    const open = await Promise.all(Array.from({ length: 5 }, () => host.open(['cat'])));
    const got = open.map(collect);
    for (const program of open) program.write(Buffer.from('hello'));
    await until('all answer', () => got.every((one) => one.text() === 'hello'));
    for (const program of open) program.end();
  });

  it('a login shell that greets, sets PATH and exports: its PATH counts, its greeting does not', async () => {
    mkdirSync(join(sshd.home, 'own-bin'));
    writeFileSync(join(sshd.home, 'own-bin', 'my-agent'), '#!/bin/sh\necho my-agent 7.1\n', { mode: 0o755 });
    const profile = `echo "Welcome, this is 1.0"; export PATH="$HOME/own-bin:$PATH" ANTHROPIC_API_KEY=key OTHER=1 LANG=C.UTF-8\n`;
    for (const name of ['.profile', '.bash_profile', '.zprofile']) writeFileSync(join(sshd.home, name), profile);
    writeFileSync(join(sshd.home, '.bashrc'), 'echo noise from bashrc\n');
    const box = await known();
    const file = join(sshd.home, 'own-bin', 'my-agent');
    expect(await box.which('my-agent')).toBe(file);
    expect(await box.which('no-such')).toBeNull();
    expect(await box.which('sh; touch pwned')).toBeNull();
    expect(await box.which('../own-bin/my-agent')).toBeNull();
    expect(await box.which(file)).toBe(file);
    expect(await box.version(file, ['--version'])).toBe('my-agent 7.1');
    const env = box.environment({ id: 'own' }, { EXTRA: '1', TERM: 'dumb' }, ['ANTHROPIC_*']);
    expect(env).toMatchObject({
      HOME: sshd.home,
      LANG: 'C.UTF-8',
      ANTHROPIC_API_KEY: 'key',
      EXTRA: '1',
      TERM: 'xterm-256color',
      AFIELD_SESSION: 'own',
    });
    expect(env.PATH).toContain(`${sshd.home}/own-bin`);
    for (const name of ['OTHER', 'SECRET', 'SSH_CONNECTION']) expect(env).not.toHaveProperty(name);
    expect(text(await box.host.run(['my-agent']))).toBe('my-agent 7.1\n');
  });

  it('directories there: real ones only', async () => {
    const box = await known();
    const odd = join(sshd.home, "it's $(id) \\ \n -x");
    mkdirSync(odd);
    expect(await box.directory('~')).toBe(sshd.home);
    expect(await box.directory(odd)).toBe(odd);
    expect(await box.directory('~/../home')).toBe(sshd.home);
    for (const path of ['repo', '', '-', '/no/such', '~root', '/etc/passwd', '/tmp\0']) {
      await expect(box.directory(path)).rejects.toMatchObject({ code: 'cwd_missing' });
    }
  });

  it('its folder is ours alone, another home server has another', async () => {
    const box = await known();
    const own = await box.host.folder();
    expect(own).toMatch(/\/\.local\/share\/afield\/at-[0-9a-f]{10}$/);
    expect(own.startsWith(sshd.home)).toBe(true);
    expect(statSync(own).mode & 0o777).toBe(0o700);
  });

  it('checks tell what is there', async () => {
    const box = await known();
    const checks = await box.checks();
    expect(checks.map(({ name }) => name)).toEqual(['reached', 'tmux', 'shell', 'disk']);
    expect(checks.find(({ name }) => name === 'tmux')).toMatchObject({ detail: expect.stringMatching(/tmux/) });
    await sshd.down();
    sshd.killConnections();
    await until('the line is cut', () => box.line.state !== 'up');
    expect(await box.checks()).toEqual([
      expect.objectContaining({ name: 'reached', ok: false, level: 'fault', fix: expect.stringContaining('ssh -p') }),
    ]);
  });

  it("the user's own ssh configuration counts: aliases, jump hosts; but no forwarding and no command of its own", {
    timeout: 30_000,
  }, async () => {
    const config = join(folder, 'config');
    const own = `User ${sshd.target.user}\n IdentityFile ${sshd.identityFile}\n UserKnownHostsFile ${join(folder, 'jump_known')}\n`;
    writeFileSync(
      config,
      `Host jump\n HostName 127.0.0.1\n Port ${sshd.port}\n ${own}Host far\n HostName 127.0.0.1\n Port ${sshd.port}\n ProxyJump jump\n ${own} PermitLocalCommand yes\n LocalCommand touch ${folder}/pwned\n ForwardAgent yes\n RemoteForward 0 127.0.0.1:1\n RemoteCommand touch ${folder}/pwned\n RequestTTY force\n`,
    );
    const box = createSshMachine(
      {
        name: 'far',
        kind: 'ssh',
        ssh: { host: 'far', port: null, user: null, identity_file: null },
        prefix: null,
        created_at: '2026-01-01T00:00:00Z',
      },
      {
        setup: { env: { PATH: process.env.PATH }, home: '/nonexistent', knownHosts: join(folder, 'known_hosts'), configFile: config },
        clock: systemClock(),
        timing: QUICK,
        random: Math.random,
        newSocket: () => join(folder, `s${sockets++}`),
        homeId: 'home',
        onLine: () => {},
      },
    );
    machines.push(box);
    // Keys of jump hosts are the user's own business.
    const direct = machine();
    await direct.confirm(sshd.fingerprint);
    writeFileSync(join(folder, 'jump_known'), readFileSync(join(folder, 'known_hosts')));
    rmSync(join(folder, 'known_hosts'));
    await box.confirm(sshd.fingerprint);
    expect(text(await box.host.run(['echo', 'there']))).toBe('there\n');
    expect(text(await box.host.run(['sh', '-c', 'tty; echo "$SSH_AUTH_SOCK"']))).toBe('not a tty\n\n');
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });
});

function collect(program: HostProcess) {
  const got: Buffer[] = [];
  const ends: unknown[] = [];
  program.onOutput = (bytes) => got.push(bytes);
  program.onClose = (end) => ends.push(end);
  return { text: () => Buffer.concat(got).toString(), ends };
}
