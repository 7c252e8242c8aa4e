/** With a systemd of its own: a user manager in a mount namespace that believes the machine was booted by systemd. Linux, as root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerState } from '../../config.ts';
import { isAlive } from '../../process-identity.ts';
import { killOwn, TestDesk, until } from '../test-desk.ts';

const SYSTEMD = '/lib/systemd/systemd';
const PRIVATE = 'mount -t tmpfs afield /run/systemd && mkdir /run/systemd/system && exec "$@"';
const TIMEOUT_MS = 120_000;

let desk: TestDesk;
let manager: ChildProcess | null = null;
/** Why it cannot be tried here. */
let missing = 'systemd cannot be run here';
beforeAll(async () => {
  desk = new TestDesk(`afield desk %h "q" 'r' $x-`);
  const runtime = path.join(desk.home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  Object.assign(desk.env, { XDG_RUNTIME_DIR: runtime });
  if (process.getuid?.() !== 0 || !existsSync(SYSTEMD)) return;
  manager = spawn('unshare', ['-m', '/bin/sh', '-c', PRIVATE, 'sh', SYSTEMD, '--user', '--log-target=null'], {
    cwd: '/',
    env: desk.env,
    stdio: 'ignore',
  });
  const ended = new Promise<string>((resolve) => manager?.once('exit', (code) => resolve(`it ended with ${code}`)));
  const up = until(
    () => (systemctl('show', '--property=SystemState', '--value').out === 'running' ? 'up' : undefined),
    () => 'systemd does not come up',
  );
  const outcome = await Promise.race([up, ended]).catch(String);
  missing = outcome === 'up' ? '' : `systemd cannot be run here: ${outcome}`;
}, TIMEOUT_MS);
afterAll(async () => {
  await desk.close();
  if (manager?.pid !== undefined && manager.exitCode === null) {
    const ended = new Promise((resolve) => manager?.once('exit', resolve));
    killOwn(manager.pid, 'SIGTERM');
    const late = setTimeout(() => manager?.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }
}, TIMEOUT_MS);

function systemctl(...args: string[]): { code: number | null; out: string } {
  const { status, stdout } = spawnSync('systemctl', ['--user', ...args], { env: desk.env, encoding: 'utf8', timeout: 30_000 });
  return { code: status, out: stdout.trim() };
}
const unitOf = () => (desk.server as ServerState).service?.replace('systemd:', '') ?? '';
const status = async () => JSON.parse((await desk.cli(['server', 'status', '--json'])).out) as ServerState & { state: string };
/** Once another process than this one is ready. */
const another = (pid: number) =>
  until(
    async () => {
      const now = await status();
      return now.state === 'ready' && now.pid !== pid ? now : undefined;
    },
    async () => JSON.stringify(await status()),
  );

/** The session that was started before still runs, below the unit, and knows nothing of the service. */
async function expectKept(): Promise<void> {
  await until(
    async () => ((await desk.cli(['send', 'kept', '--keys', 'Enter'])).code === 0 ? true : undefined),
    async () => (await desk.cli(['list', '--all'])).out,
  );
  expect(
    (await desk.cli(['send', 'kept', 'env | grep -c -E "^(NOTIFY_SOCKET|WATCHDOG_|AFIELD_SERVICE|INVOCATION_ID)"; echo said'])).code,
  ).toBe(0);
  await desk.printed('kept', /^0\nsaid$/m);
}

it('as root it is installed only when that is meant', async ({ skip }) => {
  if (missing) skip(missing);
  const refused = await desk.cli(['server', 'install', '--now']);
  expect(refused).toMatchObject({ code: 4, err: expect.stringMatching(/You are root: .*--allow-root/) });
  const { code, out, err } = await desk.cli(['server', 'install', '--print']);
  expect([code, out, err]).toEqual([0, expect.stringContaining('KillMode=process'), expect.stringContaining('You are root')]);
  expect(existsSync(path.join(desk.home, '.config'))).toBe(false);
});

it(
  'install --now: it runs, is ready when systemd says so, and has the variables and the folder that it was given',
  async ({ skip }) => {
    if (missing) skip(missing);
    const { code, out, err } = await desk.cli(['server', 'install', '--allow-root', '--now']);
    expect(code, err).toBe(0);
    expect(out).toMatch(/Written: .*\/systemd\/user\/afield-[0-9a-f]{8}\.service\n[\s\S]*runs, and starts at every login/);
    const now = await status();
    expect(now).toMatchObject({ state: 'ready', service: expect.stringMatching(/^systemd:afield-/) });
    expect(systemctl('is-active', unitOf()).out).toBe('active');
    expect(systemctl('is-enabled', unitOf()).out).toBe('enabled');
    expect(systemctl('show', '--property=MainPID', '--value', unitOf()).out).toBe(String(now.pid));
    expect(systemctl('show', '--property=StatusText', '--value', unitOf()).out).toBe(`Listens at ${now.url}`);
    expect(systemctl('show', '--property=WorkingDirectory', '--value', unitOf()).out).toBe(desk.home);
    expect((await desk.cli(['status'])).out).toMatch(/^Service +started by systemd, afield-/m);
  },
  TIMEOUT_MS,
);

it(
  'server restart goes by the service; killed, it is started again',
  async ({ skip }) => {
    if (missing) skip(missing);
    const first = await status();
    expect((await desk.cli(['run', 'shell', '-s', 'kept', '--detach'])).code).toBe(0);
    expect((await desk.cli(['server', 'restart', '--yes'])).code).toBe(0);
    const second = await another(first.pid);
    expect([second.service, isAlive(first.pid)]).toEqual([first.service, false]);
    killOwn(second.pid);
    const third = await another(second.pid);
    expect(systemctl('show', '--property=MainPID', '--value', unitOf()).out).toBe(String(third.pid));
    await expectKept();
  },
  TIMEOUT_MS,
);

it(
  'a server that hangs is heard of no more, ended and started again',
  async ({ skip }) => {
    if (missing) skip(missing);
    const unit = unitOf();
    const folder = path.join(desk.home, '.config/systemd/user', `${unit}.d`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'short.conf'), '[Service]\nWatchdogSec=3\n');
    systemctl('daemon-reload');
    const before = await status();
    expect((await desk.cli(['server', 'restart', '--yes'])).code).toBe(0);
    const beating = await another(before.pid);
    // Longer than the watchdog waits: it is heard of while it works.
    const until6 = performance.now() + 6_000;
    await until(
      () => (performance.now() > until6 ? true : undefined),
      () => '',
    );
    expect((await status()).pid).toBe(beating.pid);
    killOwn(beating.pid, 'SIGSTOP');
    await another(beating.pid);
    expect(isAlive(beating.pid)).toBe(false);
    await expectKept();
  },
  TIMEOUT_MS,
);

it(
  'server stop ends it for good, server start and a command that needs it start it by the service',
  async ({ skip }) => {
    if (missing) skip(missing);
    const unit = unitOf();
    expect((await desk.cli(['server', 'stop', '--force'])).code).toBe(0);
    expect(systemctl('is-active', unit).out).toBe('inactive');
    expect((await desk.cli(['server', 'status'])).out).toContain(`The service ${unit} (systemd) is installed.`);
    const { code, err } = await desk.cli(['run', 'shell', '-s', 'one', '--detach']);
    expect(code, err).toBe(0);
    expect([systemctl('is-active', unit).out, unitOf()]).toEqual(['active', unit]);
  },
  TIMEOUT_MS,
);

it(
  'install --now takes over from a server that was started by hand; uninstall takes it away',
  async ({ skip }) => {
    if (missing) skip(missing);
    const unit = unitOf();
    expect((await desk.cli(['server', 'uninstall', '--yes'])).code).toBe(0);
    expect([systemctl('is-active', unit).out, existsSync(path.join(desk.home, '.config/systemd/user', unit))]).toEqual(['inactive', false]);
    expect((await desk.cli(['server', 'start'])).code).toBe(0);
    const byHand = await status();
    expect(byHand.service).toBeNull();
    const { code, err } = await desk.cli(['server', 'install', '--allow-root', '--now', '--yes']);
    expect(code, err).toBe(0);
    expect((await another(byHand.pid)).service).toBe(`systemd:${unit}`);
    expect((await desk.cli(['server', 'uninstall', '--yes'])).code).toBe(0);
    expect((await desk.cli(['server', 'status'])).code).toBe(3);
  },
  TIMEOUT_MS,
);

it('a file of somebody else is left alone', async ({ skip }) => {
  if (missing) skip(missing);
  const { out } = await desk.cli(['server', 'install', '--allow-root']);
  const file = /^Written: (.+)$/m.exec(out)?.[1] as string;
  writeFileSync(file, '[Service]\nExecStart=/bin/true\n');
  for (const args of [['install', '--allow-root'], ['uninstall']])
    expect(await desk.cli(['server', ...args])).toMatchObject({
      code: 1,
      err: expect.stringContaining('was not written by afield server install'),
    });
});
