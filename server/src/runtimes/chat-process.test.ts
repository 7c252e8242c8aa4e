import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { Machine } from '../core/machine-ports.ts';
import { createLocalMachine } from '../machines/local.ts';
import { createPrefixMachine } from '../machines/prefix.ts';
import { createSshMachine } from '../machines/ssh.ts';
import { noSshd, processesWith, TestSshd } from '../machines/test-sshd.ts';
import { type ChatExit, type ChatProcess, type ChatProcessLimits, startChatProcess, tellExit } from './chat-process.ts';

const SESSION = '0192f0c4-0000-7000-8000-000000000001';
const clock = systemClock();
let folder: string;
let started: ChatProcess[];
let closing: (() => Promise<void>)[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-chat-process-')));
  started = [];
  closing = [];
});
afterEach(async () => {
  for (const process of started) await process.stop();
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the home server's own environment holds that no agent may see. */
const env = { PATH: process.env.PATH, HOME: process.env.HOME, CLAUDECODE: '1', IS_SANDBOX: 'yes', NODE_OPTIONS: '--no-warnings' };
const localMachine = () => createLocalMachine({ env, home: folder, folder: join(folder, 'run') });

interface Heard {
  process: ChatProcess;
  lines: string[];
  /** A last line without an end. */
  half: string[];
  exit: Promise<ChatExit>;
}

/** Runs a script of Node; `%s` in it stands for nothing. */
async function start(machine: Machine, script: string, limits: ChatProcessLimits = { leaveMs: 300 }): Promise<Heard> {
  const file = join(folder, `agent-${started.length}.cjs`);
  writeFileSync(file, script);
  const command = {
    session_id: SESSION,
    file: process.execPath,
    args: [file],
    cwd: folder,
    env: machine.environment({ id: SESSION }, { GIVEN: 'a "b" $c\n d' }),
  };
  const made = await startChatProcess(machine, command, clock, limits);
  const lines: string[] = [];
  const half: string[] = [];
  made.onLine = (line, whole) => (whole ? lines : half).push(line);
  const exit = new Promise<ChatExit>((resolve) => {
    made.onExit = resolve;
  });
  started.push(made);
  return { process: made, lines, half, exit };
}

const ECHO = `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => console.log('got ' + line));`;
const SEES = `console.log(JSON.stringify([process.cwd(), process.env.GIVEN, process.env.CLAUDECODE ?? null, process.env.IS_SANDBOX ?? null, process.env.NODE_OPTIONS ?? null, process.env.AFIELD_SESSION]));${ECHO}`;
/** A child in a session of its own that hears nothing, and an agent that does not end with its input. */
const STUBBORN = `
const { spawn } = require('node:child_process');
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); process.on("SIGHUP", () => {}); setInterval(() => {}, 1000)', __dirname], { detached: true, stdio: 'ignore' });
child.on('spawn', () => console.log('ready'));
setInterval(() => {}, 1000);`;

async function ssh(): Promise<Machine> {
  const sshd = await TestSshd.start();
  const setup = { env: { PATH: process.env.PATH }, home: '/nonexistent', knownHosts: join(folder, 'known_hosts') };
  const row = { name: 'box', kind: 'ssh' as const, ssh: sshd.target, prefix: null, created_at: '2026-01-01T00:00:00Z' };
  let sockets = 0;
  const newSocket = () => join(folder, `s${sockets++}`);
  const box = createSshMachine(row, { setup, clock, random: Math.random, newSocket, homeId: 'home', onLine: () => {} });
  closing.push(async () => {
    await box.close();
    await sshd.close();
  });
  await box.confirm(sshd.fingerprint);
  await box.directory(folder);
  return box;
}
async function prefix(): Promise<Machine> {
  mkdirSync(join(folder, 'inside'));
  const words = ['env', '-i', `HOME=${join(folder, 'inside')}`, 'PATH=/usr/local/bin:/usr/bin:/bin', 'setsid', '--wait'];
  const row = { name: 'inside', kind: 'prefix' as const, ssh: null, prefix: words, created_at: '2026-01-01T00:00:00Z' };
  return createPrefixMachine(row, { local: localMachine(), clock, onLine: () => {} });
}
const MACHINES: [string, () => Machine | Promise<Machine>, boolean][] = [
  ['the home server', localMachine, false],
  ['a machine by ssh', ssh, noSshd !== null],
  ['a machine by a prefix', prefix, false],
];

describe.each(MACHINES)('a chat process on %s', (_name, open, missing) => {
  it.skipIf(missing)('runs in its directory with what it was given and nothing of the server, and answers lines', async () => {
    const { process: agent, lines, exit } = await start(await open(), SEES);
    await until('it told what it sees', () => lines.length === 1);
    expect(JSON.parse(lines[0] ?? '')).toEqual([folder, 'a "b" $c\n d', null, null, null, SESSION]);
    agent.send('one "two" ü');
    agent.send('three');
    await until('both lines came back', () => lines.length === 3);
    expect(lines.slice(1)).toEqual(['got one "two" ü', 'got three']);
    await agent.stop();
    expect(await exit).toMatchObject({ code: 0 });
    expect(() => agent.send('four')).toThrow('The agent has ended.');
  });

  it.skipIf(missing)('stop ends what does not end by itself, and what it started elsewhere', async () => {
    const { process: agent, lines, exit } = await start(await open(), STUBBORN);
    await until('its child runs', () => lines.includes('ready'));
    await Promise.all([agent.stop(), agent.stop()]);
    await exit;
    await until('nothing of it is left', () => processesWith(folder).filter(({ command }) => command.includes('setInterval')).length === 0);
  });
});

describe('a chat process', () => {
  it('half a last line is told as such, after the whole ones, and then how it ended', async () => {
    const { lines, half, exit } = await start(
      localMachine(),
      `process.stdout.write('one\\r\\ntwo\\n{"type":"ha', () => { console.error('out of luck'); process.exit(3); });`,
    );
    expect(await exit).toEqual({ code: 3, signal: null, detail: 'out of luck' });
    expect(lines).toEqual(['one', 'two']);
    expect(half).toEqual(['{"type":"ha']);
    expect(tellExit('Claude', await exit)).toBe('Claude ended with code 3: out of luck');
  });

  it('a line of 50 MB arrives whole, and letters that are cut between two reads too', async () => {
    const { lines, exit } = await start(
      localMachine(),
      `const piece = 'ü'.repeat(64 * 1024 - 1); let left = 400;
       const more = () => left-- > 0 ? process.stdout.write(piece, more) : process.stdout.write('\\nlast\\n');
       more();`,
    );
    await exit;
    expect(lines.map((line) => line.length)).toEqual([400 * (64 * 1024 - 1), 4]);
    expect(lines[0]?.replaceAll('ü', '')).toBe('');
  });

  it('a line costs what its length is, however many pieces it comes in', async () => {
    const pieces: string[] = [];
    const machine = fed((out) => {
      for (let i = 0; i < 200_000; i += 1) out(Buffer.from('a'.repeat(64)));
      out(Buffer.from('\n'));
    });
    const agent = await startChatProcess(machine, { session_id: SESSION, file: 'x', args: [], cwd: '/', env: {} }, clock);
    agent.onLine = (line) => pieces.push(line);
    machine.feed();
    expect(pieces.map((line) => line.length)).toEqual([12_800_000]);
  });

  it('an endless line is ended, and its reason told', async () => {
    const { lines, half, exit } = await start(
      localMachine(),
      `const more = () => process.stdout.write('a'.repeat(64 * 1024), more); more();`,
      { lineCharacters: 1024 * 1024 },
    );
    expect(await exit).toMatchObject({ code: null, detail: 'It printed a line without an end.' });
    expect([lines, half]).toEqual([[], []]);
  });

  it('one that reads nothing takes no more than its bounds, and can be ended', async () => {
    const { process: agent, exit } = await start(localMachine(), 'setInterval(() => {}, 1000);');
    const megabyte = 'x'.repeat(1024 * 1024);
    const give = () => {
      for (let i = 0; i < 8; i += 1) agent.send(megabyte);
    };
    expect(give).toThrow('The agent reads nothing now. Try again in a moment.');
    await agent.stop();
    expect(await exit).toMatchObject({ code: null });
  });

  it('its end is seen though a program that it left running holds its pipes', async () => {
    const { lines, exit } = await start(
      localMachine(),
      `const { spawn } = require('node:child_process');
       const child = spawn('sleep', ['1000'], { detached: true, stdio: 'inherit' });
       child.on('spawn', () => process.stdout.write('gone\\n', () => process.kill(process.pid, 'SIGKILL')));`,
    );
    expect(await exit).toMatchObject({ code: null });
    expect(lines).toEqual(['gone']);
  });

  it('a directory or a program that is not there ends it with what the shell said', async () => {
    const machine = localMachine();
    const command = { session_id: SESSION, file: 'no-such-program', args: [], cwd: folder, env: { PATH: '/usr/bin:/bin' } };
    for (const [given, code] of [
      [command, 127],
      [{ ...command, cwd: join(folder, 'gone') }, 126],
    ] as const) {
      const agent = await startChatProcess(machine, given, clock);
      const exit = await new Promise<ChatExit>((resolve) => {
        agent.onExit = resolve;
      });
      expect(exit.code).toBe(code);
      expect(exit.detail).toMatch(code === 127 ? /no-such-program/ : /gone/);
    }
  });

  it('nothing that it was given stands in the arguments that others see', async () => {
    const { process: agent, lines } = await start(localMachine(), SEES);
    await until('it runs', () => lines.length === 1);
    expect(readFileSync(`/proc/${agent.pid}/cmdline`, 'utf8')).toBe(`${process.execPath}\0${join(folder, 'agent-0.cjs')}\0`);
  });
});

/** A machine whose program prints what the test feeds it, at once. */
function fed(run: (out: (bytes: Buffer) => void) => void) {
  const program = {
    pid: null,
    onOutput: (_bytes: Buffer) => {},
    onClose: () => {},
    write: () => true,
    end: () => {},
    kill: () => {},
    pause: () => {},
    resume: () => {},
  };
  const local = localMachine();
  return { ...local, host: { ...local.host, open: async () => program }, feed: () => run((bytes) => program.onOutput(bytes)) };
}
