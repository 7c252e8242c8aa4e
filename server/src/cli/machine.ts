import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Machine, SshTarget } from '@afield/shared/api/machines.ts';
import type { Api } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Sent } from '@afield/shared/route.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { note, say, sayJson, styleOf, tableWidth } from './io.ts';
import { checkLines } from './print/checks.ts';
import { printable } from './print/printable.ts';
import type { Role } from './print/style.ts';
import { table } from './print/table.ts';
import type { Home } from './reach/home.ts';
import { isAtTerminal } from './server-sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield machine add builder me@builder.lan', 'a host by ssh; shows its key and asks'],
  ['afield machine add web --prefix -- docker exec -it web', 'whatever runs a command elsewhere'],
  ['afield machine check builder', 'is it reached, which tmux and agents are there'],
];

interface AddOptions {
  port?: number;
  identity?: string;
  hostKey?: string;
  prefix?: true;
  json?: true;
}
type Body = NonNullable<Sent<Api['createMachine']>['body']>;

const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}/;

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new UsageError('--port takes a number from 1 to 65535.');
}

/** `user@host`, `host`. A user's name may hold an @ itself. */
function targetOf(text: string, { port = null, identity_file }: { port?: number | null; identity_file: string | null }): SshTarget {
  const at = text.lastIndexOf('@');
  const host = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (host === '' || at === 0 || text.startsWith('-')) throw new UsageError(`Give a host as user@host, not "${text}".`);
  return { host, port, user: at < 0 ? null : text.slice(0, at), identity_file };
}

function bodyOf(name: string, where: readonly string[], options: AddOptions, { home, cwd }: { home: Home; cwd: string }): Body {
  const { port, identity, hostKey } = options;
  if (options.prefix) {
    if (where.length === 0) throw new UsageError('Say after -- which command stands before the agent: --prefix -- docker exec -it web');
    if (port !== undefined || identity !== undefined || hostKey !== undefined) {
      throw new UsageError('--port, --identity and --host-key are for hosts that are reached by ssh, not for a prefix.');
    }
    return { name, prefix: [...where] };
  }
  const [text, ...more] = where;
  if (text === undefined || more.length > 0) throw new UsageError('Give one host as user@host, or --prefix -- and a command.');
  if (hostKey !== undefined && !new RegExp(`^${FINGERPRINT.source}$`).test(hostKey)) {
    throw new UsageError('--host-key takes a fingerprint as ssh-keygen -lf prints it: SHA256:…');
  }
  // A path here means nothing on another machine.
  const key = identity === undefined ? null : identity.startsWith('~/') || !home.local ? identity : path.resolve(cwd, identity);
  const ssh = targetOf(text, { port: port ?? null, identity_file: key });
  return { name, ssh, ...(hostKey === undefined ? {} : { host_key: hostKey }) };
}

/** Asks whether the key is right, at a terminal; elsewhere says how to confirm it. Returns the confirmed fingerprint. */
async function askKey({ io }: Context, error: AfieldError): Promise<string> {
  const shown = FINGERPRINT.exec(error.message)?.[0];
  if (shown === undefined) throw error;
  if (!isAtTerminal(io)) throw new AfieldError(error.code, `${error.message} To confirm it: --host-key ${shown}`, { cause: error });
  note(io, printable(error.message));
  const lines = createInterface({ input: io.stdin, output: io.stderr as NodeJS.WritableStream });
  try {
    const answer = (await lines.question('Is this the key of that machine? [yes/no, or its fingerprint] ')).trim();
    if (/^y(es)?$/i.test(answer) || answer === shown) return shown;
  } finally {
    lines.close();
  }
  note(io, 'Nothing was added.');
  throw new Exit(EXIT.failed);
}

async function add(context: Context, name: string, where: readonly string[], options: AddOptions): Promise<void> {
  const { io } = context;
  const home = await context.home();
  const body = bodyOf(name, where, options, { home, cwd: io.cwd() });
  const ask = (sent: Body) => home.ask(`Reaching ${printable(name)}`, 'createMachine', { body: sent });
  const machine = await ask(body).catch(async (error: unknown) => {
    if (!(error instanceof AfieldError) || error.code !== 'host_key_unknown') throw error;
    return ask({ ...body, host_key: await askKey(context, error) });
  });
  if (options.json) sayJson(io, machine);
  else say(io, `${printable(machine.name)} is reached. What is there: afield machine check ${printable(machine.name)}`);
}

const LINES: Readonly<Record<Machine['line']['state'], { shape: string; role: Role }>> = {
  up: { shape: '● up', role: 'done' },
  connecting: { shape: '◌ connecting', role: 'signal' },
  down: { shape: '⊘ down', role: 'quiet' },
};

/** As a person would type it. */
function whereOf({ ssh, prefix }: Machine): string {
  if (ssh !== null) return `ssh ${ssh.port === null ? '' : `-p ${ssh.port} `}${ssh.user === null ? '' : `${ssh.user}@`}${ssh.host}`;
  return prefix === null ? 'the home server' : prefix.join(' ');
}

async function list({ io, home: open }: Context, json: boolean): Promise<void> {
  const machines = await (await open()).ask('Asking the home server', 'listMachines');
  if (json) {
    sayJson(io, machines);
    return;
  }
  const style = styleOf(io);
  const rows = machines.items.map((machine) => [
    LINES[machine.line.state].shape,
    printable(machine.name),
    printable(whereOf(machine)),
    printable(machine.runtime ?? '-'),
    printable(machine.line.detail ?? ''),
  ]);
  const paint = (text: string, row: number) => style(LINES[machines.items[row]?.line.state ?? 'down'].role, text);
  const columns = [
    { title: 'LINE', paint },
    { title: 'MACHINE' },
    { title: 'WHERE', cut: 'end' },
    { title: 'RUNTIME' },
    { title: 'DETAIL', cut: 'end' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
}

async function check({ io, home: open }: Context, name: string, json: boolean): Promise<void> {
  const found = await (await open()).ask(`Looking at ${printable(name)}`, 'checkMachine', { params: { name } });
  if (json) sayJson(io, found);
  else {
    say(io, ...checkLines(styleOf(io), found.checks));
    const installed = found.agents.filter((agent) => agent.installed);
    if (installed.length > 0) {
      const rows = installed.map((agent) => [printable(agent.name), printable(agent.version ?? '-'), printable(agent.title)]);
      const columns = [{ title: 'AGENT' }, { title: 'VERSION' }, { title: 'TITLE' }];
      say(io, '', ...table(columns, rows, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
    }
  }
  if (found.checks.some(({ name: what, ok }) => what === 'reached' && !ok)) throw new Exit(EXIT.notReachable);
  if (found.checks.some(({ level }) => level === 'fault')) throw new Exit(EXIT.failed);
}

async function adoptable({ io, home: open }: Context, name: string, json: boolean): Promise<void> {
  const found = await (await open()).ask(`Looking at ${printable(name)}`, 'listAdoptable', { params: { name } });
  if (json) {
    sayJson(io, found);
    return;
  }
  if (found.items.length === 0) {
    say(io, `Nothing runs in a tmux of your own on ${printable(name)}.`);
    return;
  }
  const rows = found.items.map((one) => [
    printable(one.session_name),
    printable(one.pane),
    printable(one.command),
    printable(one.cwd),
    `${one.cols}×${one.rows}`,
    printable(one.socket),
  ]);
  const columns = [
    { title: 'TMUX SESSION', cut: 'end' },
    { title: 'PANE' },
    { title: 'PROGRAM', cut: 'end' },
    { title: 'DIRECTORY', cut: 'start' },
    { title: 'SIZE' },
    { title: 'SOCKET', cut: 'start' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => styleOf(io)('quiet', text) }));
}

const JSON_OPTION = ['--json', 'machine readable, as the API answers'] as const;

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('add')
    .description('Add a host reached by ssh, or by a command prefix')
    .argument('<name>', 'what it is called from now on')
    .argument('[where...]', 'user@host, or an alias of your ssh configuration')
    .usage('[options] <name> <user@host>\n       afield machine add [options] <name> --prefix -- <command…>')
    .option('--port <number>', 'port of ssh there', portOf)
    .option('--identity <file>', 'private key (keys of the ssh agent, and the usual files)')
    .option('--host-key <fingerprint>', 'SHA256:…, the key of that machine as you know it; then nothing is asked')
    .option('--prefix', 'what stands after -- runs a command elsewhere')
    .option(...JSON_OPTION)
    .action((name: string, where: string[], options: AddOptions) => add(context, name, where, options));
  command
    .command('list', { isDefault: true })
    .description('List the machines, the home server first')
    .option(...JSON_OPTION)
    .action((options: { json?: true }) => list(context, options.json === true));
  command
    .command('check')
    .description('Look at a machine now: reached, tmux, disk, agents')
    .argument('<name>', 'the machine')
    .option(...JSON_OPTION)
    .action((name: string, options: { json?: true }) => check(context, name, options.json === true));
  command
    .command('adoptable')
    .description('List what runs in a tmux of your own and can become a session')
    .argument('[name]', 'the machine (the home server)', 'local')
    .option(...JSON_OPTION)
    .action((name: string, options: { json?: true }) => adoptable(context, name, options.json === true));
  command
    .command('remove')
    .description('Forget a machine; refused while sessions run there')
    .argument('<name>', 'the machine')
    .action(async (name: string) => {
      await (await context.home()).ask('Removing the machine', 'deleteMachine', { params: { name } });
      say(io, `${printable(name)} is forgotten. Nothing was changed there.`);
    });
}
