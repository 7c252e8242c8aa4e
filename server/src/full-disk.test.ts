import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { Status } from '@afield/shared/api/system.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { until } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiskProbe } from './core/history/storage.ts';
import { newHome, startTestServer, type TestServer } from './testing.ts';

const MIB = 1024 ** 2;
const SIZE_MIB = 40;
const RUNTIMES = ['pty', ...(spawnSync('tmux', ['-V']).status === 0 ? ['tmux'] : [])];
let runtime: string;

/** A disk of its own for the data folder, where this may be mounted. */
function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const trial = newHome();
const real = mount(trial);
if (real) execFileSync('umount', ['-l', trial]);
rmSync(trial, { recursive: true, force: true });

/** Takes all the room there is, and gives it back. */
class Ballast {
  readonly #file: string;
  pretended = SIZE_MIB * MIB;

  constructor(home: string) {
    this.#file = path.join(home, 'ballast');
  }

  readonly probe: DiskProbe = { room: async () => ({ free: this.pretended, total: SIZE_MIB * MIB }), tryOut: async () => {} };

  fill(leave: number): void {
    this.pretended = leave;
    if (!real) return;
    const file = openSync(this.#file, 'w');
    try {
      const { bavail, bsize } = statfsSync(path.dirname(this.#file));
      for (let left = bavail * bsize - leave; left > 0; ) left -= writeSync(file, Buffer.alloc(Math.min(left, MIB), 'x'));
      fsyncSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    this.pretended = SIZE_MIB * MIB;
    if (real) rmSync(this.#file);
  }
}

let home: string;
let server: TestServer;
let ballast: Ballast;
const heard: AfieldEvent[] = [];
beforeEach(async () => {
  heard.length = 0;
  home = newHome();
  if (real) expect(mount(home)).toBe(true);
  ballast = new Ballast(home);
});
afterEach(async () => {
  for (const { id } of ((await server.call('GET', '/sessions')).body as { items: Session[] }).items)
    await server.call('DELETE', `/sessions/${id}`);
  await server.stop({ keep: true });
  if (real) execFileSync('umount', ['-l', home]);
  rmSync(home, { recursive: true, force: true });
});

const open = async () => {
  server = await startTestServer({ home, env: { AFIELD_RUNTIME: runtime }, overrides: real ? {} : { disk: ballast.probe } });
  server.app.events.subscribe((event) => heard.push(event));
};
const status = async () => (await server.call('GET', '/status')).body as Status;
const start = async (line: string) => {
  const body = { id: uuidv7(), agent: 'shell', args: ['-c', line], cwd: home };
  const made = await server.call('POST', '/sessions', { body });
  expect([made.status, made.body]).toEqual([201, expect.anything()]);
  return made.body as Session;
};
const screenOf = async (id: string) => ((await server.call('GET', `/sessions/${id}/output`)).body as { screen: string }).screen;
const alarms = () => heard.flatMap((event) => (event.type === 'machine.storage_changed' ? [event.payload.storage.writing] : []));
const castOf = async (id: string) => {
  const { body } = await server.call('GET', `/sessions/${id}/recording`);
  return String(body)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as [number, string, string]);
};

const which = real ? `a real one of ${SIZE_MIB} MiB` : 'pretended, since nothing may be mounted here';
describe.each(RUNTIMES)(`G1: a full disk (${which}) under a session in %s`, (name) => {
  beforeEach(() => {
    runtime = name;
    return open();
  });

  it('stops what is written with one alarm, lets agents and viewers go on, and all goes on when there is room', {
    timeout: 60_000,
  }, async () => {
    const session = await start('i=0; while sleep 0.05; do i=$((i+1)); echo "line $i"; done');
    await until('the first line', async () => (await screenOf(session.id)).includes('line 2'));
    ballast.fill(MIB);
    await until('the alarm', async () => !(await status()).storage.writing, 15_000);
    expect((await status()).storage).toMatchObject({ writing: false, detail: expect.stringMatching(/full/), since: expect.any(String) });

    // Agents and viewers go on, reads are answered.
    const seen = await screenOf(session.id);
    await until('more lines', async () => (await screenOf(session.id)) !== seen);
    expect((await server.call('GET', '/sessions')).status).toBe(200);
    expect((await server.call('GET', `/sessions/${session.id}/logs`)).status).toBe(200);
    expect((await server.call('GET', '/doctor')).body).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'disk', level: 'fault', fix: expect.stringContaining('afield history prune') }),
      ]),
    });

    // What would have to be kept is refused, the rest is not.
    const refused = await server.call('POST', '/sessions', { body: { agent: 'shell', cwd: home } });
    expect([refused.status, (refused.body as { code: string }).code]).toEqual([507, 'storage_full']);
    const prompt = await server.call('POST', `/sessions/${session.id}/prompt`, { body: { id: uuidv7(), content: 'hello' } });
    expect(prompt.status).toBe(507);
    expect((await server.call('POST', `/sessions/${session.id}/input`, { body: { text: 'x' } })).status).toBe(204);
    const entries = readdirSync(path.join(home, 'recordings', session.id)).filter((name) => name.endsWith('.new'));
    expect(entries).toEqual([]);

    ballast.empty();
    await until('room again', async () => (await status()).storage.writing, 15_000);
    expect(alarms()).toEqual([false, true]);
    const again = await start('echo second');
    await until('its end', async () => ((await server.call('GET', `/sessions/${again.id}`)).body as Session).status === 'finished');
    const after = Number(/line (\d+)\s*$/.exec((await screenOf(session.id)).trim())?.[1]);
    await until('a later line', async () => (await screenOf(session.id)).includes(`line ${after + 5}`));
    await server.call('DELETE', `/sessions/${session.id}`);
    const cast = await castOf(session.id);
    expect(cast.filter(([, code]) => code === 'm').map(([, , text]) => text)).toEqual([expect.stringMatching(/^Gap: \d+ bytes/)]);
    const last = cast.map(([, code, text]) => (code === 'o' ? text : '')).join('');
    expect(last).toContain(`line ${after + 5}`);
    const times = cast.map(([time]) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(server.logged.filter((line) => line.includes('Nothing new is kept'))).toHaveLength(1);
  });

  it.runIf(real)(
    'that has not one byte left loses nothing but what came then, and how a session ended is known',
    { timeout: 60_000 },
    async () => {
      const session = await start('read line; echo got $line; exit 3');
      await until('its recording', () => readdirSync(path.join(home, 'recordings', session.id)).includes('index.bin'));
      ballast.fill(0);
      // The database has room within its own file for a moment; a recording has none.
      expect((await server.call('POST', `/sessions/${session.id}/input`, { body: { text: 'this\r' } })).status).toBe(204);
      const ended = await until('its end', async () => {
        const found = (await server.call('GET', `/sessions/${session.id}`)).body as Session;
        return found.status === 'failed' ? found : null;
      });
      expect(ended.exit_code).toBe(3);
      await until('the alarm', async () => !(await status()).storage.writing, 15_000);
      ballast.empty();
      await until('room again', async () => (await status()).storage.writing, 15_000);
      await server.stop({ keep: true });
      await open();
      expect((await server.call('GET', `/sessions/${session.id}`)).body).toMatchObject({ status: 'failed', exit_code: 3 });
      expect(await castOf(session.id)).toBeInstanceOf(Array);
      expect((await server.call('GET', '/doctor')).body).toMatchObject({
        checks: expect.arrayContaining([
          expect.objectContaining({ name: 'database', ok: true }),
          expect.objectContaining({ name: 'disk' }),
        ]),
      });
      expect(readFileSync(path.join(home, 'afield.db')).subarray(0, 6).toString()).toBe('SQLite');
      mkdirSync(path.join(home, 'writable'));
    },
  );

  it.runIf(real)('is not filled to the last byte by a session that prints without end', { timeout: 60_000 }, async () => {
    ballast.fill(10 * MIB);
    // A flood could take so small a reserve between two looks: tmux writes as fast as the program prints.
    const session = await start("while :; do head -c 65536 /dev/zero | tr '\\0' x; sleep 0.05; done");
    await until('the alarm', async () => !(await status()).storage.writing, 40_000);
    const { bavail, bsize } = statfsSync(home);
    expect(bavail * bsize).toBeGreaterThan(0);
    const stopped = await server.call('DELETE', `/sessions/${session.id}`);
    expect(stopped.status).toBe(200);
    const pruned = await server.call('POST', '/history/prune', { body: { bytes: 1, dry_run: false } });
    expect([pruned.status, pruned.body]).toEqual([200, expect.objectContaining({ sessions: 1 })]);
    await until('room again', async () => (await status()).storage.writing, 15_000);
  });
});
