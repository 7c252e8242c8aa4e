/** Starts the home server in the background when none runs: one, however many ask at the same time. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { independentEnv } from '../../config.ts';
import { UnreachableError } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { printableLines } from '../print/printable.ts';
import { withProgress } from '../print/progress.ts';
import { answers, type Home, isAlive } from './home.ts';

/** A server that is not there by then has failed. Ten times what a slow machine takes. */
const READY_MS = 20_000;
const POLL_MS = 50;
/** After the child ended: another one's server may be about to answer. */
const OTHER_MS = 2000;
/** A log larger than this becomes the old one at the next start. */
const MAX_LOG_BYTES = 5_000_000;
const TAIL_BYTES = 2000;
const TAIL_LINES = 6;

/** How the server is started: this very program, with this very Node. */
export interface Launch {
  file: string;
  args: string[];
}
export const thisProgram = (): Launch => ({ file: process.execPath, args: [...process.execArgv, process.argv[1] as string, 'serve'] });

/** Returns true when it had to start one. Errors: `UnreachableError` with the last lines of the log. */
export async function ensureRunning(home: Home, io: Io, launch: Launch = thisProgram()): Promise<boolean> {
  if (home.elsewhere || (await isReady(home))) return false;
  note(io, 'The home server does not run yet: starting it in the background.');
  await withProgress(io, 'Starting the home server', start(home, launch));
  note(io, `It runs now. afield server stop ends it; its log is ${home.files.log}.`);
  return true;
}

async function isReady(home: Home): Promise<boolean> {
  const state = home.state;
  return state !== null && (await answers(state.url));
}

async function start(home: Home, launch: Launch): Promise<void> {
  mkdirSync(home.config.data_dir, { recursive: true, mode: 0o700 });
  const lock = path.join(home.config.data_dir, 'starting.lock');
  const deadline = performance.now() + READY_MS;
  let child: Started | null = null;
  try {
    while (performance.now() < deadline) {
      if (await isReady(home)) return;
      if (child === null && takeLock(lock)) child = launchServer(home, launch);
      if (child?.endedAt !== undefined && child.endedAt !== null && performance.now() - child.endedAt > OTHER_MS) {
        throw new UnreachableError(`The home server ended while it started.${tail(home.files.log, child.logFrom)}`);
      }
      await sleep(POLL_MS);
    }
  } finally {
    if (child !== null) unlinkSync(lock);
  }
  throw new UnreachableError(
    `The home server did not answer within ${READY_MS / 1000} s. Its log is ${home.files.log}.${tail(home.files.log, child?.logFrom ?? 0)}`,
  );
}

/** True when this process may start the server. A lock whose owner is gone counts for nothing. */
function takeLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch {
    // somebody else has it
  }
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    // An empty file is one that is being written at this moment, unless it stays so.
    const abandoned = owner > 0 ? !isAlive(owner) : Date.now() - statSync(file).mtimeMs > READY_MS;
    if (abandoned) unlinkSync(file);
  } catch {
    // gone meanwhile: the next round takes it
  }
  return false;
}

interface Started {
  /** Length of the log before it. */
  logFrom: number;
  /** By `performance.now`; null while it runs. */
  endedAt: number | null;
}

function launchServer(home: Home, { file, args }: Launch): Started {
  const log = openLog(home.files.log);
  try {
    const started: Started = { logFrom: fstatSync(log).size, endedAt: null };
    const ended = (): void => {
      started.endedAt ??= performance.now();
    };
    // Its own group, and a directory that it keeps nobody from unmounting or deleting.
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: homedir(),
      env: independentEnv(),
      windowsHide: true,
    });
    child.on('exit', ended);
    child.on('error', ended);
    child.unref();
    return started;
  } finally {
    closeSync(log);
  }
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // there is none yet
  }
  return openSync(file, 'a', 0o600);
}

/** The last lines that were logged after `from`, indented, or nothing. */
function tail(file: string, from: number): string {
  try {
    const log = openSync(file, 'r');
    try {
      const { size } = fstatSync(log);
      const start = Math.max(from, size - TAIL_BYTES);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      readSync(log, buffer, 0, buffer.length, start);
      const lines = printableLines(buffer.toString('utf8')).trim().split('\n').slice(-TAIL_LINES);
      return lines.join('') === '' ? '' : `\n${lines.map((line) => `  ${line}`).join('\n')}`;
    } finally {
      closeSync(log);
    }
  } catch {
    // no log, nothing to show
    return '';
  }
}
