/** The relay as it ships: bundled as the image does it, without rights, in a folder that it cannot write. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dialClient, dialPair, dialRaw, dialRawLeg, dialServer, newRoom, until } from './testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let folder = '';
let flags: string[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  const dockerfile = readFileSync(path.join(ROOT, 'relay/Dockerfile'), 'utf8');
  folder = mkdtempSync(path.join(tmpdir(), 'afield-relay-'));
  const bundle = /^RUN (node_modules\/\.bin\/esbuild .*)$/m.exec(dockerfile)?.[1] ?? 'false';
  execFileSync('sh', ['-c', bundle.replace('--outfile=out/', `--outfile=${folder}/`)], { cwd: ROOT, stdio: 'pipe' });
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  flags = command.slice(1, -1);
  chmodSync(path.join(folder, 'relay.mjs'), 0o444);
  chmodSync(folder, 0o555);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true });
});

interface Program {
  child: ChildProcess;
  lines: string[];
  errors: () => string;
  exit: Promise<number | null>;
}

/** Starts the bundle; as nobody, where we are root. */
function program(env: Record<string, string> = {}, args: string[] = [], descriptors?: number): Program {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, ...flags, 'relay.mjs', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    ...nobody,
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { child, lines, errors: () => errors, exit: once(child, 'close').then(([code]) => code as number | null) };
}
async function started(running: Program): Promise<{ port: number; url: string; max: number }> {
  await until(() => running.lines.some((line) => line.includes('"listening"')) || running.child.exitCode !== null);
  const entry = JSON.parse(running.lines.find((line) => line.includes('"listening"')) ?? '{}') as { port: number; max_sockets: number };
  return { port: entry.port, url: `ws://127.0.0.1:${entry.port}`, max: entry.max_sockets };
}

describe('the program', () => {
  it('works without rights and without a place to write, and answers its health check', async () => {
    const running = program();
    const { port, url } = await started(running);
    const { client, server } = await dialPair(url);
    client.send(Buffer.from('hello'));
    expect((await server.take()).toString()).toBe('hello');
    const health = await (await fetch(`http://127.0.0.1:${port}/health`)).json();
    expect(health).toMatchObject({ status: 'ok', pairs: 1 });
    expect(running.errors()).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends within 2 s of %s, with 1001 for all, even when one does not answer', async (signal) => {
    const running = program();
    const { port, url } = await started(running);
    const { client, server } = await dialPair(url);
    await dialRawLeg(port, newRoom()); // never answers a close
    await dialRaw(port); // never says a word
    running.child.kill(signal);
    const late = new Promise((resolve) => setTimeout(resolve, 2000, 'not within 2 s').unref());
    expect(await Promise.race([running.exit, late])).toBe(0);
    expect([(await client.closed).code, (await server.closed).code]).toEqual([1001, 1001]);
  });

  it('logs one JSON object a line', async () => {
    const running = program();
    const { url } = await started(running);
    await dialPair(url);
    running.child.kill('SIGTERM');
    await running.exit;
    const entries = running.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ event }) => event)).toEqual(['listening', 'closing', 'minute']);
    for (const entry of entries) expect(entry).toMatchObject({ time: expect.stringMatching(/^\d{4}-/), level: 'info' });
  });

  it.each([
    [{ PORT: 'eighty' }, 'PORT=eighty must be a whole number'],
    [{ RELAY_ROOMS: 'short' }, 'entry 1 of RELAY_ROOMS'],
  ])('refuses to start with %j, and says why', async (env, message) => {
    const running = program(env);
    expect(await running.exit).toBe(2);
    expect(running.errors()).toContain(message);
  });

  it('refuses an option that it does not know, and tells those that it does', async () => {
    const running = program({}, ['--prot=1']);
    expect(await running.exit).toBe(2);
    expect(running.errors()).toContain('--debug');
    const help = program({}, ['--help']);
    expect(await help.exit).toBe(0);
    expect(help.lines.join('\n')).toContain('RELAY_ROOMS');
  });

  it('warns of a name that is nearly a setting', async () => {
    const running = program({ RELAY_ROOM: 'x' });
    await started(running);
    expect(running.lines.join('\n')).toContain('"unknown_setting","name":"RELAY_ROOM"');
  });

  it('says by one line that a port is taken', async () => {
    const first = program();
    const { port } = await started(first);
    const second = program({ PORT: String(port) });
    expect(await second.exit).toBe(1);
    expect(second.errors().trim().split('\n')).toHaveLength(1);
    expect(second.errors()).toContain(`Port ${port} on 127.0.0.1 is taken`);
  });
});

describe('B12: a low limit of descriptors', () => {
  it.each([
    ['what it reads from the system', {}],
    ['a limit of its own that is too high', { RELAY_MAX_SOCKETS: '1000' }],
  ])('B12: with %s: new ones are refused, old ones live, and later new ones come in again', async (_what, env) => {
    const running = program(env, [], 64);
    const { port, url, max } = await started(running);
    expect(max).toBe('RELAY_MAX_SOCKETS' in env ? 1000 : 24);
    const { client, server } = await dialPair(url);
    const flood = await Promise.all(Array.from({ length: 80 }, () => dialRaw(port)));
    client.send(Buffer.from('still here'));
    expect((await server.take()).toString()).toBe('still here');
    if (max === 24) await until(() => flood.filter(({ socket }) => socket.destroyed).length === 80 - (24 - 2));
    for (const { socket } of flood) socket.destroy();
    const room = newRoom();
    await until(() => dialServer(url, room).then(Boolean, () => false));
    await dialClient(url, room);
    client.send(Buffer.from('and still'));
    expect((await server.take()).toString()).toBe('and still');
  });
});
