/** The command line: finds the command, and turns what it throws into a message and an exit code. */
import { AfieldError } from '@afield/shared/errors.ts';
import { Command, CommanderError } from 'commander';
import type { CliDeps, CommandModule, Context } from './context.ts';
import { EXIT, Exit, exitCodeOf, UsageError } from './exit.ts';
import { endWithReader, type Io, note, processIo } from './io.ts';
import { printableJson, printableLines } from './print/printable.ts';
import { Home } from './reach/home.ts';

type Entry = readonly [name: string, summary: string, load: () => Promise<CommandModule>];

/** Every command. Its file is loaded only when it is called. */
export const COMMANDS: readonly Entry[] = [
  ['run', 'Start an agent in a session and attach to it', () => import('./run.ts')],
  ['attach', 'Bring a session to this terminal', () => import('./attach.ts')],
  ['list', 'List the sessions', () => import('./list.ts')],
  ['status', 'Show how the home server is, or one session', () => import('./status.ts')],
  ['why', 'Tell why a session is quiet', () => import('./why.ts')],
  ['send', 'Send a message or keys to a session', () => import('./send.ts')],
  ['messages', 'Show the chat of a session', () => import('./messages.ts')],
  ['attachment', 'Save what was given with a message', () => import('./attachment.ts')],
  ['queue', 'List and change messages that wait, or show one', () => import('./queue.ts')],
  ['approvals', 'List what waits for your answer, exactly', () => import('./approvals.ts')],
  ['approve', 'Allow what an agent asks', () => import('./approve.ts')],
  ['deny', 'Deny what an agent asks, with words if you like', () => import('./deny.ts')],
  ['answer', 'Answer what an agent asks you', () => import('./answer.ts')],
  ['rules', 'Make, try and remove rules that answer for you', () => import('./rules.ts')],
  ['logs', 'Show what happened in a session, or search in all of them', () => import('./logs.ts')],
  ['diff', 'Show what changed in the directory of a session', () => import('./diff.ts')],
  ['history', 'Show how much is kept, and delete what is old', () => import('./history.ts')],
  ['fork', 'Begin a new session with all that another one knows', () => import('./fork.ts')],
  ['resume', 'Go on with a chat that has ended', () => import('./resume.ts')],
  ['stop', 'Stop a session', () => import('./stop.ts')],
  ['rename', 'Rename a session', () => import('./rename.ts')],
  ['pin', 'Keep a session at the top of the lists', () => import('./pin.ts')],
  ['archive', 'Take sessions out of the lists', () => import('./archive.ts')],
  ['adopt', 'Make a session of a program in your own tmux', () => import('./adopt.ts')],
  ['release', 'Let go of an adopted session; its program goes on', () => import('./release.ts')],
  ['recording', 'Save the recording of a session (asciicast)', () => import('./recording.ts')],
  ['agents', 'List the agents that can be started', () => import('./agents.ts')],
  ['usage', 'Show tokens and cost of what agents did', () => import('./usage.ts')],
  ['budget', 'Show or change what a session may cost', () => import('./budget.ts')],
  ['environments', 'List and check what sessions may be started in', () => import('./environment.ts')],
  ['project', 'Add, list, change and remove projects', () => import('./project.ts')],
  ['machine', 'Add, check and remove machines that sessions run on', () => import('./machine.ts')],
  ['pair', 'Pair a phone or a browser: link and QR code', () => import('./pair.ts')],
  ['open', 'Open Afield in the browser of this machine', () => import('./open.ts')],
  ['devices', 'List, rename and revoke paired devices', () => import('./devices.ts')],
  ['serve', 'Run the home server in this terminal', () => import('./serve.ts')],
  ['server', 'Start, stop, upgrade the home server; as a service', () => import('./server.ts')],
  ['doctor', 'Check this machine, with a fix for each fault', () => import('./doctor.ts')],
  ['config', 'Show the settings and where each comes from', () => import('./config.ts')],
];

const EXAMPLES = [
  ['afield run claude "fix the failing test"', 'starts claude here, and the home server when it does not run'],
  ['afield list', 'what runs, and what waits for you'],
  ['afield pair', 'lets your phone in'],
] as const;

const examplesText = (examples: CommandModule['examples'] | typeof EXAMPLES): string => {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`).join('\n')}\n`;
};

/** Options of `afield` itself that take a value, before the command's name. */
const VALUE_OPTIONS = new Set(['--server', '--token-file']);

/** Index of the command's name in the arguments, or -1. */
function commandAt(argv: readonly string[]): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (VALUE_OPTIONS.has(word)) i++;
    else if (!word.startsWith('-')) return i;
  }
  return -1;
}

/** What stands after `--` belongs to the agent of `run`; other commands take it as their own words. */
function splitDashes(argv: readonly string[]): { own: readonly string[]; after: readonly string[] } {
  const dashes = argv.indexOf('--');
  if (dashes < 0 || argv[commandAt(argv)] !== 'run') return { own: argv, after: [] };
  return { own: argv.slice(0, dashes), after: argv.slice(dashes + 1) };
}

function programOf(deps: CliDeps, io: Io): Command {
  return new Command('afield')
    .description('Your coding agents work at home, you do not have to.')
    .version(deps.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show how it is written')
    .option('--server <url>', 'another home server than the one of this machine')
    .option('--token-file <file>', 'file with the token of that server')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(`afield: ${printableLines(text.replace(/^error: /, ''))}`),
    })
    .addHelpText(
      'after',
      `${examplesText(EXAMPLES)}\nafield help <command> tells more about one.\nExit codes: 0 done, 1 failed, 2 usage, 3 not reachable, 4 not allowed.`,
    );
}

/** Builds the commands' names and summaries; each file is loaded when its command is about to run or to be explained. */
export function buildProgram(deps: CliDeps, io: Io, afterDashes: readonly string[] = []): Command {
  const program = programOf(deps, io);
  let home: Promise<Home> | null = null;
  const context: Context = {
    deps,
    io,
    afterDashes,
    home: () => {
      home ??= Home.open(program.opts(), io);
      return home;
    },
  };
  const defined = new Set<Command>();
  const load = async (command: Command): Promise<void> => {
    const entry = COMMANDS.find(([name]) => name === command.name());
    if (entry === undefined || defined.has(command)) return;
    defined.add(command);
    const module = await entry[2]();
    module.define(command, context);
    command.addHelpText('after', examplesText(module.examples));
  };
  for (const [name, summary] of COMMANDS) program.command(name).description(summary);
  program
    .command('help [command]', { hidden: true })
    .description('Show how a command is written')
    .action(async (name?: string) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (command === undefined) throw new UsageError(`There is no command "${name}". afield help lists all.`);
      await load(command);
      command.outputHelp();
    });
  program.hook('preSubcommand', (_program, command) => load(command));
  return program;
}

/** Says on standard error what happened and what to do; as problem details when the command was asked for JSON. */
function report(error: unknown, io: Io, json: boolean): void {
  if (error instanceof Exit) return;
  if (json && error instanceof AfieldError) {
    note(io, printableJson(error.toProblem(), 0));
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  note(io, `afield: ${printableLines(message)}`);
}

/** Runs one command. `argv` without Node and script. Resolves with the exit code; never rejects, never ends the process. */
export async function runCli(argv: readonly string[], deps: CliDeps, io: Io = processIo): Promise<number> {
  if (io === processIo) endWithReader();
  const { own, after } = splitDashes(argv);
  const program = buildProgram(deps, io, after);
  try {
    if (own.length === 0) program.outputHelp();
    else await program.parseAsync(own, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    report(error, io, own.includes('--json'));
    return exitCodeOf(error);
  }
}
