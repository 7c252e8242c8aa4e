import type { Command } from 'commander';
import type { ServerState } from '../config.ts';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit } from './exit.ts';
import { type Io, note, say, sayJson } from './io.ts';
import { since } from './print/age.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { ensureRunning, hungAdvice, logOf } from './reach/background.ts';
import { type Home, isAnswering } from './reach/home.ts';
import { ownHome, restart, stop } from './server-end.ts';
import { type InstallOptions, install, uninstall } from './server-install.ts';
import { managerHere } from './service/here.ts';

export const examples: CommandModule['examples'] = [
  ['afield server status', 'whether it runs, where, and since when'],
  ['afield server stop', 'ends it; asks first when sessions would end with it'],
  ['afield server install --now', 'lets systemd or launchd start it, now and at every login'],
  ['afield server upgrade', 'starts the version that was just installed; sessions in tmux go on'],
];

/** A busy server answers within this; another one hangs. */
const PATIENCE_MS = 5_000;

/** `hung`: its process lives and does not answer. */
type Found = 'off' | 'starting' | 'ready' | 'hung' | 'stopping';

async function find(io: Io, state: ServerState | null): Promise<Found> {
  if (state === null) return 'off';
  if (state.phase !== 'ready') return state.phase;
  return (await withProgress(io, 'Asking the home server', isAnswering(state, PATIENCE_MS))) ? 'ready' : 'hung';
}

async function showStatus(context: Context, json: boolean): Promise<void> {
  const { io } = context;
  const home = await ownHome(context);
  const { state, files } = home;
  const found = await find(io, state);
  if (json) {
    const { data_dir } = home.config;
    sayJson(io, {
      state: found,
      running: state !== null,
      answers: found === 'ready',
      ...state,
      installed: context.deps.version,
      data_dir,
      log: files.log,
    });
  } else sayStatus(context, home, found, state);
  if (found !== 'ready') throw new Exit(EXIT.notReachable);
}

function sayStatus({ io, deps }: Context, home: Home, found: Found, state: ServerState | null): void {
  const service = managerHere({ data_dir: home.config.data_dir, log: home.files.log });
  const installed = service?.installed() === true ? `The service ${service.name} (${service.kind}) is installed.` : null;
  if (state === null) {
    say(io, 'The home server does not run. Start it with afield server start.');
    if (installed !== null) say(io, installed);
    return;
  }
  const doing = state.doing === null ? '' : ` ${printable(state.doing)}.`;
  const said: Readonly<Record<Exclude<Found, 'off'>, string>> = {
    starting: `The home server is starting, process ${state.pid}, version ${printable(state.version)}.${doing}`,
    stopping: `The home server is stopping, process ${state.pid}.`,
    hung: hungAdvice(state),
    ready: `The home server runs: ${state.url}, process ${state.pid}, version ${printable(state.version)},`,
  };
  say(io, said[found as Exclude<Found, 'off'>]);
  if (found !== 'ready') {
    say(io, `Its log: ${logOf(home)}`);
    return;
  }
  say(io, `since ${since(state.started_at, io.now())}. Data: ${home.config.data_dir}`);
  if (state.socket !== null) say(io, `Socket: ${printable(state.socket)}`);
  say(io, state.service === null ? 'Started by hand.' : `Started by its service, ${printable(state.service.replace(/^\w+:/, ''))}.`);
  if (state.service === null && installed !== null) say(io, `${installed} It takes over at the next login, or with afield server restart.`);
  if (state.version !== deps.version) say(io, `Version ${deps.version} is installed. To change to it: afield server upgrade`);
}

async function start(context: Context): Promise<void> {
  const { io } = context;
  const home = await ownHome(context);
  const started = await ensureRunning(home, io);
  const { state } = home;
  if (state === null) return;
  say(io, `The home server ${started ? 'runs' : 'runs already'}: ${state.url}, process ${state.pid}.`);
  if (state.version !== context.deps.version) {
    note(io, `It is version ${printable(state.version)}; ${context.deps.version} is installed. To change to it: afield server upgrade`);
  }
}

export function define(command: Command, context: Context): void {
  command
    .command('status')
    .description('Show whether it runs, where, and since when')
    .option('--json', 'machine readable')
    .action((options: { json?: true }) => showStatus(context, options.json === true));
  command
    .command('start')
    .description('Start it in the background, by its service where one is installed')
    .action(() => start(context));
  command
    .command('stop')
    .description('Stop it, and every session that cannot outlive it')
    .option('--force', 'do not ask')
    .option('--kill', 'end it at once when it does not end by itself')
    .action((options: { force?: true; kill?: true }) => stop(context, { unasked: options.force === true, kill: options.kill === true }));
  command
    .command('restart')
    .description('Stop it and start it again; sessions in tmux go on')
    .option('-y, --yes', 'do not ask')
    .action((options: { yes?: true }) => restart(context, { yes: options.yes === true, upgrade: false }));
  command
    .command('upgrade')
    .description('Change to the version that is installed now: stop, copy and change the database, start; sessions in tmux go on')
    .option('-y, --yes', 'do not ask')
    .action((options: { yes?: true }) => restart(context, { yes: options.yes === true, upgrade: true }));
  command
    .command('install')
    .description('Let systemd or launchd start it at every login')
    .option('--systemd', 'as a systemd user unit')
    .option('--launchd', 'as a launchd agent')
    .option('--print', 'print the file and change nothing')
    .option('--now', 'start it by the service at once')
    .option('-y, --yes', 'do not ask')
    .option('--allow-root', 'as root: everything that an agent does is done by root')
    .action((options: InstallOptions) => install(context, options));
  command
    .command('uninstall')
    .description('Take the service away; histories and recordings are kept')
    .option('-y, --yes', 'do not ask')
    .action((options: { yes?: true }) => uninstall(context, options.yes === true));
}
