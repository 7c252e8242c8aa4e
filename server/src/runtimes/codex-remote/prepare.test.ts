import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../core/machine-ports.ts';
import { isRunning } from '../processes.ts';
import { prepare } from './prepare.ts';

/** Stands in for codex: writes its arguments down, listens or ends at once. */
const PROGRAM = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(process.env.SEEN, JSON.stringify({ args, pid: process.pid }) + '\\n');
if (args[0] !== 'app-server') process.exit(7);
if (process.env.BROKEN) process.exit(1);
process.on('SIGTERM', () => { if (!process.env.DEAF) process.exit(0); });
require('node:net').createServer().listen(args.at(-1).slice('unix://'.length));
`;

let folder: string;
let program: string;
let seen: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "afield codex's "));
  program = path.join(folder, 'codex');
  seen = path.join(folder, 'seen');
  await writeFile(program, PROGRAM, { mode: 0o700 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const command = (args: string[]): Command => ({ session_id: 's', file: program, args, cwd: folder, env: {} });

async function run(args: string[], env: Record<string, string> = {}) {
  const prepared = await prepare(command(args), folder);
  if (prepared === null) throw new Error('It was not prepared.');
  const child = spawn(prepared.file, prepared.args, { env: { PATH: process.env.PATH, SEEN: seen, ...env }, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  const programs = (await readFile(seen, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { args: string[]; pid: number });
  return { code, programs };
}

describe('the terminal with an app-server of its own', () => {
  it('attaches to it; what is set for one is set for both, and its code is the code of both', async () => {
    const odd = 'notify=["a b", "$(touch x)"]';
    const { code, programs } = await run(['--no-daemon', '--model', 'a model', '-c', odd, '--config=x=1', '--enable', 'y']);
    const at = `unix://${path.join(folder, 'codex.sock')}`;
    expect(programs.map(({ args }) => args)).toEqual([
      ['app-server', '-c', odd, '--config=x=1', '--enable', 'y', '--listen', at],
      ['-c', odd, '--config=x=1', '--enable', 'y', '--model', 'a model', '--remote', at],
    ]);
    expect(code).toBe(7);
    expect(programs.filter(({ pid }) => isRunning(pid))).toEqual([]);
  });

  it.each([
    [
      ['--no-daemon', 'fork', 'an-id', '--model', 'm'],
      ['fork', 'an-id', '--model', 'm'],
    ],
    [
      ['-c', 'a=b', 'resume', 'an-id'],
      ['resume', 'an-id'],
    ],
  ])('attaches with an earlier conversation too, whose permissions are the app-server’s: %j', async (args, own) => {
    const { programs } = await run(args);
    expect(programs.at(-1)?.args).toEqual([...own, '--remote', `unix://${path.join(folder, 'codex.sock')}`]);
  });

  it('without an app-server an earlier conversation has all that was set', async () => {
    const { programs } = await run(['fork', 'an-id', '-c', 'a=b'], { BROKEN: '1' });
    expect(programs.at(-1)?.args).toEqual(['--no-daemon', '-c', 'a=b', 'fork', 'an-id']);
  });

  it('an app-server that does not listen to its end is ended all the same', async () => {
    const { code, programs } = await run([], { DEAF: '1' });
    expect(code).toBe(7);
    expect(programs.filter(({ pid }) => isRunning(pid))).toEqual([]);
  });

  it('without an app-server the terminal goes its own way', async () => {
    const { code, programs } = await run(['--model', 'm'], { BROKEN: '1' });
    expect(programs.at(-1)?.args).toEqual(['--no-daemon', '--model', 'm']);
    expect(code).toBe(7);
  });
});

it.each([
  [['--remote', 'ws://box:1']],
  [['resume', '--last']],
  [['fork']],
  [['resume', 'an-id', 'a prompt']],
  [['-c', 'a=b', 'exec']],
  [['--profile=work']],
  [['--add-dir', '/srv']],
  [['--worktree']],
  [['--version']],
])('%j is not accompanied', async (args) => {
  expect(await prepare(command(args), folder)).toBeNull();
});
