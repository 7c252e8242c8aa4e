import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { ServerState } from '../config.ts';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { type Io, note, say, sayJson } from './io.ts';
import { since } from './print/age.ts';
import { withProgress } from './print/progress.ts';
import { answers, type Home, isAlive } from './reach/home.ts';

export const examples: CommandModule['examples'] = [
  ['afield server status', 'whether it runs, where, and since when'],
  ['afield server stop', 'ends it; asks first when sessions would end with it'],
];

/** Sessions and connections are ended with care; after this a person should look. */
const STOP_MS = 15_000;
const POLL_MS = 50;
const LIVE = ['starting', 'busy', 'idle', 'waiting'];

/** Only what runs with this machine's data folder can be shown or stopped by its process. */
async function own(context: Context): Promise<Home> {
  const home = await context.home();
  if (home.elsewhere) throw new UsageError('server status and server stop are about the home server of this machine; leave --server out.');
  return home;
}

async function showStatus({ io, ...context }: Context, json: boolean): Promise<void> {
  const home = await own({ io, ...context });
  const { state, files } = home;
  const ready = state !== null && (await withProgress(io, 'Asking the home server', answers(state.url)));
  if (json) sayJson(io, { running: state !== null, answers: ready, ...state, data_dir: home.config.data_dir, log: files.log });
  else if (state === null) say(io, 'The home server does not run. Start it with afield serve.');
  else {
    say(
      io,
      `The home server ${ready ? 'runs' : 'runs but does not answer'}: ${state.url}, process ${state.pid}, version ${state.version},`,
    );
    say(io, `since ${since(state.started_at, io.now())}. Data: ${home.config.data_dir}`);
    if (!ready) say(io, `Its log: ${files.log}. If it does not recover: afield server stop`);
  }
  if (!ready) throw new Exit(EXIT.notReachable);
}

/** Sessions that would end with it; null when it does not answer. */
async function liveSessions(home: Home): Promise<number | null> {
  try {
    const { sessions } = await home.ask('Asking the home server', 'getStatus');
    return LIVE.reduce((sum, status) => sum + (sessions[status] ?? 0), 0);
  } catch {
    // a server that hangs is one more reason to stop it
    return null;
  }
}

async function confirmed(io: Io, question: string): Promise<boolean> {
  const lines = createInterface({ input: io.stdin, output: io.stderr as NodeJS.WritableStream });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

async function gone(pid: number): Promise<boolean> {
  const deadline = performance.now() + STOP_MS;
  while (performance.now() < deadline) {
    if (!isAlive(pid)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function end({ pid }: ServerState, home: Home): Promise<void> {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    throw new AfieldError('forbidden', `Process ${pid} belongs to another user: ask them, or stop it as that user.`, { cause });
  }
  if (await gone(pid)) return;
  throw new AfieldError('unavailable', `Process ${pid} did not end within ${STOP_MS / 1000} s. Its log is ${home.files.log}.`);
}

async function stop({ io, ...context }: Context, force: boolean): Promise<void> {
  const home = await own({ io, ...context });
  const { state } = home;
  if (state === null) {
    say(io, 'The home server does not run.');
    return;
  }
  const live = force ? 0 : await liveSessions(home);
  if (live !== null && live > 0) {
    const what = `${live} ${live === 1 ? 'session runs and ends' : 'sessions run and end'} with the home server.`;
    if ((io.stdin as { isTTY?: boolean }).isTTY !== true) {
      throw new AfieldError('conflict', `${what} Stop them first with afield stop, or say --force.`);
    }
    if (!(await confirmed(io, `${what} Stop it?`))) {
      note(io, 'Nothing was stopped.');
      throw new Exit(EXIT.failed);
    }
  }
  await withProgress(io, 'Stopping the home server', end(state, home));
  say(io, 'The home server has ended. Histories and recordings are kept.');
}

export function define(command: Command, context: Context): void {
  command
    .command('status')
    .description('Show whether it runs, where, and since when')
    .option('--json', 'machine readable')
    .action((options: { json?: true }) => showStatus(context, options.json === true));
  command
    .command('stop')
    .description('Stop it, and every session that cannot outlive it')
    .option('--force', 'do not ask')
    .action((options: { force?: true }) => stop(context, options.force === true));
}
