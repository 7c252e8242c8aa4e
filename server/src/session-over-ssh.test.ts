/** A whole home server with a session on another machine, which a real sshd stands before. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noSshd, processesWith, TestSshd } from './machines/test-sshd.ts';
import { newHome, startTestServer, type TestServer } from './testing.ts';
import { TMUX } from './tmux-kit.ts';

const LINES = 4_000;
/** At about 4,000 lines a second, so that there is time to cut. */
const FLOOD = `stty -opost; i=0; while [ $i -lt ${LINES} ]; do echo "line $i of the flood"; i=$((i+1)); [ $((i % 40)) = 0 ] && sleep 0.01; done`;
const EXPECTED = Array.from({ length: LINES }, (_, n) => `line ${n} of the flood\n`).join('');

let sshd: TestSshd;
let home: string;
let server: TestServer;

describe.skipIf(noSshd !== null || TMUX === null)('a session on a machine by ssh (skipped without tmux or sshd)', () => {
  beforeEach(async () => {
    sshd = await TestSshd.start();
    home = newHome();
    const agents = {
      flood: { command: ['/bin/bash', '-c', FLOOD] },
      env: { command: ['/bin/bash', '-c', 'env; sleep 60'], pass_env: ['SECRET'] },
    };
    writeFileSync(join(home, 'config.yaml'), JSON.stringify({ agents }));
    server = await startTestServer({ home, overrides: serverEnv() });
    const added = await server.call('POST', '/machines', { body: { name: 'far', ssh: sshd.target, host_key: sshd.fingerprint } });
    expect(added).toMatchObject({ status: 201, body: { name: 'far', kind: 'ssh', line: { state: 'up' } } });
  });
  afterEach(async () => {
    await server.stop({ keep: true });
    endTmux(join(sshd.home, '.local/share/afield'));
    await sshd.close();
    rmSync(home, { recursive: true, force: true });
    await until('nothing of it is left', () => processesWith(home).length === 0 && processesWith(sshd.folder).length === 0);
  });
  const serverEnv = () => ({
    env: { HOME: home, PATH: process.env.PATH, SHELL: '/bin/sh', LANG: 'C.UTF-8', SECRET: 'of the home server' },
  });

  async function start(agent: string): Promise<Session> {
    const { status, body } = await server.call('POST', '/sessions', { body: { agent, machine: 'far' } });
    expect([status, body]).toEqual([201, expect.objectContaining({ machine: 'far', runtime: 'tmux', survives_restart: true })]);
    return body as Session;
  }
  const session = async (id: string) => (await server.call('GET', `/sessions/${id}`)).body as Session;
  const printed = async (id: string) => {
    const { body } = await server.call('GET', `/sessions/${id}/recording`);
    const events = String(body).trim().split('\n').slice(1);
    return events
      .map((line) => JSON.parse(line) as [number, string, string])
      .flatMap(([, kind, data]) => (kind === 'o' ? [data] : []))
      .join('');
  };
  const killLines = () => {
    const ours = processesWith('ControlMaster=yes').filter(({ command }) => command.includes(home));
    for (const { pid } of ours) process.kill(pid, 'SIGKILL');
    return ours.length;
  };

  it('the ssh process is killed three times while it prints: every byte is recorded once', { timeout: 60_000 }, async () => {
    const { id } = await start('flood');
    for (let n = 1; n <= 3; n++) {
      await until('more is printed', async () => (await session(id)).output_bytes > (n * EXPECTED.length) / 5);
      await until('a line is there to be cut', () => killLines() > 0);
    }
    await until('it ends', async () => (await session(id)).status === 'finished', 30_000);
    expect(await printed(id)).toBe(EXPECTED);
    expect(await session(id)).toMatchObject({ output_bytes: EXPECTED.length, exit_code: 0 });
  });

  it('the home server stops, starts while the machine is away, and finds it when it is back', { timeout: 60_000 }, async () => {
    const { id } = await start('flood');
    await until('it prints', async () => (await session(id)).output_bytes > EXPECTED.length / 5);
    await server.stop({ keep: true });
    await sshd.down();
    server = await startTestServer({ home, overrides: serverEnv() });
    const machines = async () =>
      ((await server.call('GET', '/machines')).body as { items: { name: string; line: { state: string } }[] }).items;
    await until('it is looked for', async () => (await machines())[1]?.line.state === 'connecting');
    expect((await session(id)).status).not.toMatch(/lost|failed/);
    expect(await server.call('DELETE', '/machines/far')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await sshd.up();
    await until('it ends', async () => (await session(id)).status === 'finished', 40_000);
    expect(await printed(id)).toBe(EXPECTED);
    expect((await session(id)).recovered_bytes).toBeGreaterThan(0);
    expect((await server.call('DELETE', '/machines/far')).status).toBe(204);
  });

  it('D9: it sees nothing of the environment of the home server', { timeout: 30_000 }, async () => {
    const { id } = await start('env');
    await until('it prints', async () => (await printed(id)).includes('AFIELD_SESSION='));
    const text = await printed(id);
    expect(text).toContain(`HOME=${sshd.home}`);
    expect(text).not.toContain('of the home server');
    expect(text).not.toContain(home);
    await server.call('DELETE', `/sessions/${id}`);
    await until('it is stopped', async () => (await session(id)).status === 'cancelled');
  });
});

/** Every tmux that has its socket below this folder. By its process: asked to end it waits for whoever does not read. */
function endTmux(folder: string): void {
  for (const { pid, command } of processesWith(folder)) if (/^\S*tmux /.test(command)) process.kill(pid, 'SIGKILL');
}
