/** `server install` and `uninstall`: the home server as a service of its person. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, note, say } from './io.ts';
import { printable } from './print/printable.ts';
import type { Home } from './reach/home.ts';
import { ownHome, restart, stop } from './server-end.ts';
import { launchdHere, managerHere, systemdHere } from './service/here.ts';
import type { ServiceManager, ServiceProgram } from './service/manager.ts';
import { isPassing, programOf } from './service/own-program.ts';

export interface InstallOptions {
  systemd?: true;
  launchd?: true;
  print?: true;
  now?: true;
  yes?: true;
  allowRoot?: true;
}

/** By this line a file is known to be ours. */
const MARK = 'Written by afield server install';
function chosen({ systemd, launchd }: InstallOptions, home: Home): ServiceManager {
  if (systemd === true && launchd === true) throw new UsageError('Say --systemd or --launchd, not both.');
  const settings = { data_dir: home.config.data_dir, log: home.files.log };
  if (systemd === true) return systemdHere(settings);
  if (launchd === true) return launchdHere(settings);
  const manager = managerHere(settings);
  if (manager !== null) return manager;
  throw new AfieldError(
    'unavailable',
    'Neither systemd nor launchd is here to start it. Let what starts programs on this machine run: afield serve. ' +
      'To see what a service would need: afield server install --print --systemd',
  );
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function refuseRoot(io: Io, allowed: boolean, print: boolean): void {
  if (process.getuid?.() !== 0) return;
  const what = 'You are root: the home server and every agent in it would run as root, and so would whoever takes one over.';
  if (!allowed && !print) {
    throw new AfieldError(
      'forbidden',
      `${what} Install it as the user whose sessions they are, without sudo. If root is meant: --allow-root`,
    );
  }
  note(io, what);
}

function warnOfPassingPlace(io: Io, { argv }: ServiceProgram): void {
  // The last one is the program; before it stands the Node that runs it.
  const passing = argv.filter((word) => path.isAbsolute(word)).findLast(isPassing);
  if (passing === undefined) return;
  note(
    io,
    `${printable(passing)} lies in a place that is emptied now and then; after that the service would find nothing to start.`,
    'Install Afield to stay (in its folder: npm install -g ./server), then say afield server install again.',
  );
}

export async function install(context: Context, options: InstallOptions): Promise<void> {
  const { io } = context;
  const home = await ownHome(context);
  const service = chosen(options, home);
  const program = programOf(home);
  refuseRoot(io, options.allowRoot === true, options.print === true);
  const text = service.describe(program);
  warnOfPassingPlace(io, program);
  if (options.print === true) {
    io.stdout.write(text);
    return;
  }
  const before = readOr(service.file, MARK);
  if (!before.includes(MARK)) {
    throw new AfieldError('conflict', `${service.file} was not written by afield server install. Move it away, then say it again.`);
  }
  mkdirSync(path.dirname(service.file), { recursive: true });
  writeFileSync(service.file, text, { mode: 0o644 });
  say(io, `Written: ${service.file}`);
  await putIntoForce(context, home, service, options);
}

async function putIntoForce(context: Context, home: Home, service: ServiceManager, { now, yes }: InstallOptions): Promise<void> {
  const { io } = context;
  const unreachable = await service.reachable();
  if (unreachable !== null) {
    throw new AfieldError(
      'unavailable',
      `${service.kind} cannot be asked now: ${printable(unreachable)}. Once you are logged in, say afield server install again.`,
    );
  }
  const runs = home.state !== null;
  const fault = await service.enable(now === true && !runs);
  if (fault !== null) throw await failed(service, fault);
  // One that runs by hand, or with the file as it was, ends first: there can be only one.
  if (now === true && runs) await restart(context, { yes: yes === true, upgrade: false });
  else if (now !== true) say(io, `It starts at every login. To start it by the service now: afield server ${runs ? 'restart' : 'start'}`);
  else say(io, `The service ${service.name} runs, and starts at every login.`);
  const linger = await service.lingerHint();
  if (linger !== null)
    say(io, `When you log out of this machine, systemd ends it, and tmux with all sessions. To let them go on: ${linger}`);
}

async function failed(service: ServiceManager, fault: string): Promise<AfieldError> {
  const words = (await service.lastWords()).trim();
  return new AfieldError(
    'unavailable',
    `${service.name} could not be started: ${fault}. Its log: ${service.logCommand}${words === '' ? '' : `\n${words}`}`,
  );
}

export async function uninstall(context: Context, yes: boolean): Promise<void> {
  const { io } = context;
  const home = await ownHome(context);
  const service = managerHere({ data_dir: home.config.data_dir, log: home.files.log });
  if (service === null || !service.installed()) {
    say(io, 'No service is installed.');
    return;
  }
  if (!readOr(service.file, '').includes(MARK)) {
    throw new AfieldError('conflict', `${service.file} was not written by afield server install. Remove it yourself if it is not wanted.`);
  }
  // By hand or not, it is asked first whether sessions may end; one that somebody else started goes on.
  const { state } = home;
  if (state?.service === `${service.kind}:${service.name}`) await stop(context, { unasked: yes, kill: false });
  const unreachable = await service.reachable();
  if (unreachable === null) {
    const fault = await service.disable();
    if (fault !== null) throw new AfieldError('unavailable', `${service.name} could not be taken away: ${fault}`);
  }
  rmSync(service.file);
  if (unreachable === null) await service.forget();
  say(io, `Removed: ${service.file}. Histories and recordings are kept.`);
}
