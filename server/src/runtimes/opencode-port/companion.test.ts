/** What a real opencode 1.18.33 said is played to its companion, while somebody else prompts it, as a person at the desk does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChatUpdate, Companion } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import type { Command } from '../../core/machine-ports.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { createOpencodePort } from './runtime.ts';

const FIXTURES = path.join(import.meta.dirname, '../opencode-server/fixtures');

let folder: string;
let companions: Companion[] = [];
let programs: ChildProcess[] = [];
let updates: ChatUpdate[] = [];
let exits: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-opencode-port-'));
  updates = [];
  exits = [];
});
afterEach(async () => {
  for (const companion of companions) companion.leave();
  for (const program of programs) {
    const ended = program.exitCode === null && program.signalCode === null ? once(program, 'exit') : null;
    program.kill();
    await ended;
  }
  [companions, programs] = [[], []];
  await rm(folder, { recursive: true, force: true });
});

const runtime = createOpencodePort({ clock: systemClock() }, { startMs: 10_000, quietMs: 200, goneMs: 300 });
const machine = () => createLocalMachine({ env: process.env, home: folder, folder });
const command = (args: string[]): Command => ({ session_id: 's', file: 'opencode', args, cwd: folder, env: {} });
const eventually = (probe: () => void | Promise<void>) => vi.waitFor(probe, 10_000);
const of = <T extends ChatUpdate['type']>(type: T) =>
  updates.filter((update): update is Extract<ChatUpdate, { type: T }> => update.type === type);
const states = () =>
  updates.flatMap((update) => {
    if (update.type === 'idle') return [`idle: ${update.stop}`];
    return update.type === 'running' || update.type === 'waiting' ? [update.type] : [];
  });

interface Desk {
  memory: Record<string, unknown>;
  /** What somebody at the desk did next, as it was recorded. */
  next(): Promise<void>;
  program: ChildProcess;
}

/** A recorded opencode, prepared as a terminal's is, in which a conversation has begun. */
async function desk(scenario: string, faults = ''): Promise<Desk> {
  const prepared = await runtime.prepare({ command: command([]), machine: machine(), folder });
  if (prepared === null) throw new Error('It was not prepared.');
  const file = path.join(FIXTURES, `${scenario}.jsonl`);
  const env = { ...process.env, ...prepared.command.env, REPLAY: faults };
  const program = spawn(process.execPath, [path.join(FIXTURES, 'replay-server.mjs'), file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  programs.push(program);
  const [said] = (await once(program.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const port = Number(/:(\d+)\s*$/.exec(String(said))?.[1]);
  const password = await readFile(path.join(folder, 'password'), 'utf8');
  const headers = { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`, 'content-type': 'application/json' };
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ dir, msg }) => dir === 'in' && msg.method === 'POST');
  const next = async () => {
    const { path: at, body } = calls.shift().msg;
    await fetch(`http://127.0.0.1:${port}${at}`, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  await next();
  return { memory: { ...prepared.memory, port }, next, program };
}

async function join(memory: Record<string, unknown>): Promise<Companion> {
  const sink = { update: (update: ChatUpdate) => updates.push(update), exit: ({ detail }: { detail: string }) => exits.push(detail) };
  const companion = await runtime.join({ session_id: 's', machine: machine(), folder, memory }, sink);
  companions.push(companion);
  await eventually(() => expect(states()).not.toEqual([]));
  return companion;
}
const ASKED = ['idle: done', 'running', 'waiting', 'running', 'idle: done'];

describe('the companion of an opencode in a terminal', () => {
  it('hears what is said at the desk, and answers what is asked', async () => {
    const { memory, next } = await desk('edit');
    const companion = await join({ ...memory, since: 0 });
    await next();
    await eventually(() => expect(of('ask')).toHaveLength(1));
    const said = of('text_done').map(({ role, text }) => `${role}: ${text}`);
    expect(said.slice(0, 2)).toEqual(['user: SCENARIO:edit', 'agent: I will create hello.txt.']);
    expect(of('agent_session')).toEqual([{ type: 'agent_session', id: expect.stringMatching(/^ses_/) }]);
    await companion.answer(of('ask')[0]?.key ?? '', { option_id: 'once', decision: 'allow', text: null, answers: {} });
    await eventually(() => expect(states()).toEqual(ASKED));
    expect(of('ask_gone')).toEqual([]);
    expect(of('usage').length).toBeGreaterThan(0);
  });

  it('what is answered at the desk is gone, with what was decided', async () => {
    const { memory, next } = await desk('edit-reject');
    const companion = await join(memory);
    await next();
    await eventually(() => expect(of('ask')).toHaveLength(1));
    const key = of('ask')[0]?.key ?? '';
    await next();
    await eventually(() => expect(of('ask_gone')).toEqual([{ type: 'ask_gone', key, by: 'elsewhere', decision: 'deny' }]));
    await eventually(() => expect(states().at(-1)).toBe('idle: cancelled'));
    await expect(companion.answer(key, { option_id: 'once', decision: 'allow', text: null, answers: {} })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('whoever listens again while it asks is asked the same', async () => {
    const { memory, next } = await desk('edit');
    const first = await join(memory);
    await next();
    await eventually(() => expect(of('ask')).toHaveLength(1));
    const before = of('ask')[0];
    first.leave();
    updates.length = 0;
    const again = await join(memory);
    await eventually(() => expect(of('ask')).toEqual([before]));
    expect(states().at(-1)).toBe('waiting');
    expect(of('tool').filter(({ patch }) => patch.state === 'failed')).toEqual([]);
    await again.answer(before?.key ?? '', { option_id: 'once', decision: 'allow', text: null, answers: {} });
    await eventually(() => expect(states().at(-1)).toBe('idle: done'));
  });

  it.each([2, 6, 12])('what happened while the stream was cut (after %i events) is looked up', async (events) => {
    const { memory, next } = await desk('edit', `cut:${events}`);
    await join(memory);
    await next();
    await eventually(() => expect(of('ask')).toHaveLength(1));
    expect(states().at(-1)).toBe('waiting');
    await next();
    await eventually(() => expect(of('ask_gone')).toEqual([expect.objectContaining({ by: 'elsewhere' })]));
    await eventually(() => expect(states().at(-1)).toBe('idle: done'));
    expect(of('text_done').at(-1)?.text).toBe('Done with the edit scenario.');
  });

  it('what was used before the session began is not counted', async () => {
    const { memory, next } = await desk('greet');
    await join({ ...memory, since: Date.now() });
    await next();
    await eventually(() => expect(states().at(-1)).toBe('idle: done'));
    await eventually(() => expect(of('title').at(-1)?.title).toBe('End of the recording'));
    expect(of('usage')).toEqual([]);
  });

  it('its end is told once, and nothing is answered any more', async () => {
    const { memory, next, program } = await desk('edit');
    const companion = await join(memory);
    await next();
    await eventually(() => expect(of('ask')).toHaveLength(1));
    program.kill();
    await eventually(() => expect(exits).toEqual(['opencode does not answer any more.']));
    await expect(
      companion.answer(of('ask')[0]?.key ?? '', { option_id: 'once', decision: 'allow', text: null, answers: {} }),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a second start of the session begins with no conversation', async () => {
    const { memory, next } = await desk('greet');
    await join(memory);
    await next();
    await eventually(() => expect(of('agent_session')).toHaveLength(1));
    await eventually(async () => expect(await readdir(folder)).toContain('conversation'));
    await runtime.prepare({ command: command([]), machine: machine(), folder });
    expect(await readdir(folder)).toEqual(['password']);
  });

  it('another program on its port is not spoken to as opencode', async () => {
    const { memory } = await desk('greet');
    const other = path.join(folder, 'other');
    await mkdir(other);
    const impatient = createOpencodePort({ clock: systemClock() }, { startMs: 300 });
    const prepared = await impatient.prepare({ command: command([]), machine: machine(), folder: other });
    const start = { session_id: 's', machine: machine(), folder: other, memory: { ...prepared?.memory, port: memory.port } };
    await expect(impatient.join(start, { update: () => {}, exit: () => {} })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the command of its terminal', () => {
  it('gets a port and a password, which stands in its environment and in a file alone', async () => {
    const prepared = await runtime.prepare({ command: command(['--model', 'a/b']), machine: machine(), folder });
    const password = await readFile(path.join(folder, 'password'), 'utf8');
    expect((await stat(path.join(folder, 'password'))).mode & 0o777).toBe(0o600);
    expect(prepared?.command.env.OPENCODE_SERVER_PASSWORD).toBe(password);
    expect(password.length).toBeGreaterThan(30);
    expect(prepared?.command.args).toEqual(['--model', 'a/b', '--port', String(prepared?.memory.port), '--hostname', '127.0.0.1']);
    expect(JSON.stringify([prepared?.command.args, prepared?.memory])).not.toContain(password);
  });

  it.each([[['--port', '4096']], [['serve']], [['--model', 'x', 'run']], [['--hostname=0.0.0.0']], [['--version']]])(
    '%j is not accompanied',
    async (args) => {
      expect(await runtime.prepare({ command: command(args), machine: machine(), folder })).toBeNull();
    },
  );

  it('the conversation that it is told to open is the first that is heard', async () => {
    const prepare = (...args: string[]) => runtime.prepare({ command: command(args), machine: machine(), folder });
    expect((await prepare('--session=ses_1'))?.memory).toMatchObject({ session: 'ses_1', last: false });
    expect((await prepare('-s', 'ses_1', '--fork'))?.memory).toMatchObject({ session: null });
    expect((await prepare('--continue', '--prompt', 'serve'))?.memory).toMatchObject({ session: null, last: true });
  });
});
