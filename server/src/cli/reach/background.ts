/** Starts the home server in the background when none runs: one, however many ask at the same time. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { independentEnv, type ServerState } from '../../config.ts';
import { isAlive, isHeld } from '../../process-identity.ts';
import { UnreachableError } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { printable } from '../print/printable.ts';
import { withProgress } from '../print/progress.ts';
import { managerHere } from '../service/here.ts';
import type { ServiceManager } from '../service/manager.ts';
import { type Home, isAnswering } from './home.ts';
import { lastLines, openLog, tailOf } from './server-log.ts';

/** A server that is not there by then has failed. Ten times what a slow machine takes. */
const READY_MS = 20_000;
/** One that says what it does, such as copying a large database, may take this long. */
const BUSY_STARTING_MS = 15 * 60_000;
/** A busy server answers within this; another one hangs. */
const HUNG_MS = 10_000;
const POLL_MS = 50;
/** After ours failed: another one's server may be about to answer. */
const OTHER_MS = 2000;

/** How the server is started: this very program, with this very Node. */
export interface Launch {
  file: string;
  args: string[];
}
export const thisProgram = (): Launch => ({ file: process.execPath, args: [...process.execArgv, process.argv[1] as string, 'serve'] });

const RESTART = 'afield server restart ends it and starts it again; sessions in tmux go on.';

/** What is wrong with a server that runs and does not answer, and what to do. */
export function hungAdvice({ pid }: ServerState, todo = RESTART): string {
  const why = isHeld(pid) ? `is held by a signal (to let it go on: kill -CONT ${pid})` : 'runs but does not answer';
  return `The home server, process ${pid}, ${why}. ${todo}`;
}

/**
 * Returns true when it had to start one. Errors: `UnreachableError` with the last lines of the log, or for a server that hangs.
 */
export async function ensureRunning(home: Home, io: Io, launch: Launch = thisProgram()): Promise<boolean> {
  if (home.elsewhere) return false;
  const { state } = home;
  if (state !== null && (await isAnswering(state))) return false;
  // One that is starting is waited for, and one that seems to hang for a while; whichever ends meanwhile is replaced.
  const isThere = state?.phase === 'starting' || state?.phase === 'ready';
  if (!isThere) note(io, 'The home server does not run yet: starting it in the background.');
  await startServer(home, io, launch);
  if (!isThere) note(io, `It runs now. afield server stop ends it; its log is ${logOf(home)}.`);
  return !isThere;
}

/** As `ensureRunning` without a word; by the service, where one is installed. */
export const startServer = (home: Home, io: Io, launch: Launch = thisProgram()): Promise<void> =>
  withProgress(io, () => waitingFor(home), new Start(home, io, launch).finish());

/** Where the log of the server that runs is to be read: a file, or a command. */
export function logOf({ state, files }: Home): string {
  const unit = /^systemd:(.+)$/.exec(state?.service ?? '')?.[1];
  return unit === undefined ? files.log : `journalctl --user -u ${printable(unit)}`;
}

const waitingFor = ({ state }: Home): string => (state?.doing ? printable(state.doing) : 'Starting the home server');

/** A try to start it. */
interface Attempt {
  /** By `performance.now`; null while it may still come to be. */
  failedAt: number | null;
  /** What it said, indented. */
  said(): Promise<string>;
  /** Nobody waits for it any longer. */
  leave(): void;
}

class Start {
  readonly #home: Home;
  readonly #io: Io;
  readonly #launch: Launch;
  readonly #lock: string;
  readonly #since = performance.now();
  #attempt: Attempt | null = null;
  #unansweredSince: number | null = null;

  constructor(home: Home, io: Io, launch: Launch) {
    this.#home = home;
    this.#io = io;
    this.#launch = launch;
    this.#lock = path.join(home.config.data_dir, 'starting.lock');
  }

  async finish(): Promise<void> {
    mkdirSync(this.#home.config.data_dir, { recursive: true, mode: 0o700 });
    try {
      while (!(await this.#isReady())) {
        await this.#failWhenHopeless();
        if (this.#home.state === null) await this.#begin();
        await sleep(POLL_MS);
      }
    } finally {
      if (this.#attempt !== null) {
        this.#attempt.leave();
        unlinkSync(this.#lock);
      }
    }
  }

  async #isReady(): Promise<boolean> {
    const { state } = this.#home;
    if (state === null || state.phase !== 'ready') {
      this.#unansweredSince = null;
      return false;
    }
    this.#unansweredSince ??= performance.now();
    return isAnswering(state);
  }

  async #begin(): Promise<void> {
    if (this.#attempt !== null || !takeLock(this.#lock)) return;
    try {
      // Whoever had the lock before may just have started one.
      if (this.#home.state !== null) {
        unlinkSync(this.#lock);
        return;
      }
      this.#attempt = (await byService(this.#home, this.#io)) ?? directly(this.#home, this.#launch);
    } catch (error) {
      unlinkSync(this.#lock);
      throw error;
    }
  }

  async #failWhenHopeless(): Promise<void> {
    const now = performance.now();
    const { state } = this.#home;
    if (state !== null && this.#unansweredSince !== null && now - this.#unansweredSince > HUNG_MS) {
      throw new UnreachableError(hungAdvice(state));
    }
    const failedAt = this.#attempt?.failedAt ?? null;
    if (state === null && failedAt !== null && now - failedAt > OTHER_MS) {
      throw new UnreachableError(`The home server ended while it started.${await this.#attempt?.said()}`);
    }
    if (now - this.#since < (state?.doing ? BUSY_STARTING_MS : READY_MS)) return;
    const what = state?.phase === 'stopping' ? `process ${state.pid} is still stopping` : 'it did not answer';
    throw new UnreachableError(
      `The home server does not run: ${what} after ${READY_MS / 1000} s. Its log is ${logOf(this.#home)}.${(await this.#attempt?.said()) ?? ''}`,
    );
  }
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

/** Null where no service is installed, or its manager cannot be asked, as without a login. */
async function byService(home: Home, io: Io): Promise<Attempt | null> {
  const service = managerHere({ data_dir: home.config.data_dir, log: home.files.log });
  if (service === null || !service.installed()) return null;
  const fault = await service.reachable();
  if (fault === null) return serviceAttempt(service);
  note(io, `${service.kind} cannot be asked (${printable(fault)}): starting it without its service.`);
  return null;
}

function serviceAttempt(service: ServiceManager): Attempt {
  let fault = '';
  const waiting = new AbortController();
  const attempt: Attempt = {
    failedAt: null,
    leave: () => waiting.abort(),
    said: async () => `\n  ${service.name}: ${printable(fault)}${lastLines(await service.lastWords())}`,
  };
  void service.start(waiting.signal).then((failed) => {
    if (failed === null) return;
    fault = failed;
    attempt.failedAt = performance.now();
  });
  return attempt;
}

function directly({ files }: Home, { file, args }: Launch): Attempt {
  const log = openLog(files.log);
  try {
    const from = fstatSync(log).size;
    const attempt: Attempt = { failedAt: null, said: async () => tailOf(files.log, from), leave: () => {} };
    const ended = (): void => {
      attempt.failedAt ??= performance.now();
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
    return attempt;
  } finally {
    closeSync(log);
  }
}
