/** Ends the home server, and starts it again: `server stop`, `restart` and `upgrade`. */
import { statfsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ServerState } from '../config.ts';
import { isAlive, isHeld, processIdentity } from '../process-identity.ts';
import type { Context } from './context.ts';
import { UsageError } from './exit.ts';
import { note, say } from './io.ts';
import { size } from './print/age.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { hungAdvice, logOf, startServer } from './reach/background.ts';
import type { Home } from './reach/home.ts';
import { confirm, endingSentence, type LiveSessions, liveSessions } from './server-sessions.ts';
import { managerHere } from './service/here.ts';
import { startsAnother } from './service/own-program.ts';

/** Sessions and connections are ended with care; after this a person should look. */
const STOP_MS = 15_000;
const KILL_MS = 5_000;
const POLL_MS = 50;
/** Beside what copying the database and changing its tables needs. */
const SPARE_BYTES = 64 * 1024 * 1024;

/** Only what runs with this machine's data folder can be shown or stopped by its process. */
export async function ownHome(context: Context): Promise<Home> {
  const home = await context.home();
  if (home.elsewhere) throw new UsageError('afield server is about the home server of this machine; leave --server out.');
  return home;
}

export interface StopOptions {
  /** End it although sessions end with it. */
  unasked: boolean;
  /** When it does not end by itself: SIGKILL. */
  kill: boolean;
}

export async function stop(context: Context, { unasked, kill }: StopOptions): Promise<void> {
  const { io } = context;
  const home = await ownHome(context);
  const { state } = home;
  if (state === null) {
    say(io, 'The home server does not run.');
    return;
  }
  const live = unasked ? null : await liveSessions(home);
  await ask(context, live, 'Stop it?', 'Stop them first with afield stop, or say --force.');
  await end(context, home, state, kill);
  const goingOn = live === null || live.goingOn === 0 ? '' : ` ${sessionsGoOn(live.goingOn)}`;
  say(io, `The home server has ended.${goingOn} Histories and recordings are kept.`);
}

const sessionsGoOn = (count: number) => `${count === 1 ? '1 session in tmux goes' : `${count} sessions in tmux go`} on.`;

async function ask({ io }: Context, live: LiveSessions | null, question: string, otherwise: string): Promise<void> {
  const what = live === null ? null : endingSentence(live);
  if (what !== null) await confirm(io, what, { question, otherwise });
}

/** Resolves once the process has ended. Errors: `unavailable`, `forbidden`, with what to do. */
async function end({ io }: Context, home: Home, state: ServerState, kill: boolean): Promise<void> {
  await withProgress(io, 'Stopping the home server', askToEnd(home, state));
  if (!runs(state)) return;
  if (!kill) {
    const doing = home.state?.doing;
    throw new AfieldError(
      'unavailable',
      `Process ${state.pid} did not end within ${STOP_MS / 1000} s${doing ? ` (${printable(doing)})` : ''}. Its log: ${logOf(home)}. ` +
        'afield server stop --kill ends it at once; sessions in tmux go on.',
    );
  }
  signal(state, 'SIGKILL');
  await withProgress(io, 'Ending it at once', gone(state, KILL_MS));
  if (runs(state)) throw new AfieldError('unavailable', `Process ${state.pid} cannot be ended: the system holds it.`);
}

async function askToEnd(home: Home, state: ServerState): Promise<void> {
  // Its manager must know that this is meant, or it would start it again.
  const service = state.service === null ? null : serviceOf(home);
  const own = service !== null && state.service === `${service.kind}:${service.name}`;
  if (!own || (await service.stop()) !== null) {
    signal(state, 'SIGTERM');
    // One that is held hears nothing before it goes on.
    if (isHeld(state.pid)) signal(state, 'SIGCONT');
  }
  await gone(state, STOP_MS);
}

function signal({ pid }: ServerState, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    throw new AfieldError('forbidden', `Process ${pid} belongs to another user: ask them, or stop it as that user.`, { cause });
  }
}

/** True while this very process runs, whether or not its files are still there. */
const runs = ({ pid, process: identity }: ServerState) => isAlive(pid) && (identity === null || processIdentity(pid) === identity);

async function gone(state: ServerState, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (runs(state) && performance.now() < deadline) await sleep(POLL_MS);
}

export interface RestartOptions {
  /** Sessions that end with it are no reason to ask. */
  yes: boolean;
  /** Another version may start, so the database may be changed. */
  upgrade: boolean;
}

/** Also starts one that does not run. */
export async function restart(context: Context, { yes, upgrade }: RestartOptions): Promise<void> {
  const { io, deps } = context;
  const home = await ownHome(context);
  if (upgrade) refuseWithoutRoom(home);
  // One that is just starting would not hear us before it is there.
  if (home.state?.phase === 'starting') await home.url();
  const { state } = home;
  const live = state === null ? null : await liveSessions(home);
  const hangs = state !== null && state.phase !== 'stopping' && live === null;
  if (!yes && hangs) {
    const what = `${hungAdvice(state, 'Sessions that are not in tmux would end.')}`;
    await confirm(io, what, { question: 'End it?', otherwise: 'Say --yes to end it.' });
  } else if (!yes) await ask(context, live, 'Go on?', 'Stop them first with afield stop, or say --yes.');

  if (state !== null) await end(context, home, state, hangs || yes);
  await startServer(home, io);
  const now = home.state;
  const changed = state !== null && state.version !== deps.version ? ` (it was ${printable(state.version)})` : '';
  say(io, `The home server runs: ${now?.url ?? ''}, process ${now?.pid ?? '?'}, version ${printable(now?.version ?? '?')}${changed}.`);
  if (live !== null && live.goingOn > 0) await sayWhatWentOn(context, home, live);
  const service = serviceOf(home);
  if (service?.installed() === true && startsAnother(home, service)) {
    note(io, `The service ${service.name} starts another Afield than this one. To let it start this one: afield server install --now`);
  }
}

const serviceOf = ({ config, files }: Home) => managerHere({ data_dir: config.data_dir, log: files.log });

async function sayWhatWentOn({ io }: Context, home: Home, before: LiveSessions): Promise<void> {
  const after = (await liveSessions(home))?.goingOn ?? 0;
  if (after >= before.goingOn) say(io, `${before.goingOn === 1 ? '1 session' : `${before.goingOn} sessions`} in tmux went on.`);
  else note(io, `Of ${before.goingOn} sessions in tmux ${after} went on. afield list --all shows what became of the others.`);
}

/** Before anything is touched. Errors: `storage_full`. */
function refuseWithoutRoom({ files, config }: Home): void {
  const bytes = [files.database, `${files.database}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  if (bytes === 0) return;
  const { bavail, bsize } = statfsSync(config.data_dir);
  const [free, needed] = [bavail * bsize, 2 * bytes + SPARE_BYTES];
  if (free >= needed) return;
  throw new AfieldError(
    'storage_full',
    `The disk of ${config.data_dir} has ${size(free)} left; to copy the database and change its tables ${size(needed)} may be needed. ` +
      'Nothing was touched: the home server goes on. Make room, then try again.',
  );
}
