/** For tests: a home of its own with real programs, and real terminals by tmux on a socket of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AfieldClient } from '@afield/shared/client/client.ts';
import { until as comes } from '@afield/shared/until.ts';
import type { ServerState } from '../config.ts';

const MAIN = path.resolve(import.meta.dirname, '../main.ts');
/** For a machine that has other things to do. */
const PATIENCE_MS = 25_000;

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

export function readFileOr(file: string, otherwise: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : otherwise;
}

/** `look` is a process or several, each of which may take its time. */
export const until = <T>(look: () => T | Promise<T>, describe: () => string | Promise<string>) => comes(describe, look, PATIENCE_MS);

export class TestDesk {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly #children = new Set<ChildProcess>();
  #terminals: TestTerminals | null = null;

  /** `name`: how its folder begins, for a test of odd paths. */
  constructor(name = 'afield-desk-') {
    this.home = mkdtempSync(path.join(tmpdir(), name));
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: this.home,
      LANG: 'C.UTF-8',
      SHELL: '/bin/bash',
      TERM: 'xterm-256color',
      AFIELD_HOME: path.join(this.home, 'afield'),
      AFIELD_PORT: '0',
    };
  }

  /** One command, to its end. */
  async cli(args: string[], { input, env }: { input?: string; env?: Record<string, string> } = {}): Promise<Outcome> {
    const child = this.spawn(args, env);
    child.stdin?.end(input ?? '');
    return outcomeOf(child);
  }

  /** Another script than ours, run as `cli` runs it. */
  async run(args: string[]): Promise<Outcome> {
    return outcomeOf(this.#start(args, {}));
  }

  /** Like `cli`, but the answer is JSON on success. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, out, err } = await this.cli([...args, '--json']);
    if (code !== 0) throw new Error(`afield ${args.join(' ')} --json ended with ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** A command that goes on; it is ended with the desk. */
  spawn(args: string[], env: Record<string, string> = {}): ChildProcess {
    return this.#start([MAIN, ...args], env);
  }

  #start(args: string[], env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, args, { cwd: this.home, env: { ...this.env, ...env }, stdio: 'pipe' });
    this.#children.add(child);
    child.on('exit', () => this.#children.delete(child));
    return child;
  }

  /** What the terminal of a session shows, asked of the home server without a process of ours. */
  async screenOf(name: string): Promise<string> {
    const client = AfieldClient.http({
      url: (this.server as ServerState).url,
      token: readFileSync(path.join(this.env.AFIELD_HOME as string, 'token'), 'utf8').trim(),
      fetch,
    });
    const { items } = await client.call('listSessions');
    const session = items.find((one) => one.name === name || one.id === name);
    return session === undefined
      ? ''
      : (await client.call('getOutput', { params: { id: session.id }, query: { scrollback: 1000 } })).screen;
  }

  /** Waits until the terminal of a session shows it. */
  async printed(name: string, pattern: RegExp | string): Promise<void> {
    const found = async () => ((await this.screenOf(name)).match(pattern) === null ? undefined : true);
    await until(found, async () => `Expected ${pattern} in ${name}:\n${await this.screenOf(name)}`);
  }

  /** The home server that was started in the background. */
  get server(): ServerState | null {
    const text = readFileOr(path.join(this.env.AFIELD_HOME as string, 'server.json'), '');
    return text === '' ? null : (JSON.parse(text) as ServerState);
  }

  /** Starts the home server by the first command that needs it. */
  async startServer(): Promise<ServerState> {
    const { code, err } = await this.cli(['run', 'shell', '-s', 'first', '--detach']);
    if (code !== 0) throw new Error(`The home server did not start: ${err}`);
    return this.server as ServerState;
  }

  get terminals(): TestTerminals {
    this.#terminals ??= new TestTerminals(this.env, this.home);
    return this.#terminals;
  }

  async close(): Promise<void> {
    await this.#terminals?.close();
    const ends = [...this.#children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ends);
    await this.cli(['server', 'stop', '--force']);
    const left = this.server;
    if (left !== null) killOwn(left.pid);
    // Sessions in tmux outlive the server.
    for (const pid of livingIn(this.home)) killOwn(pid);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Processes that were started with this home directory: those of one desk, whoever started them for it. */
function livingIn(home: string): number[] {
  const inside = (pid: number) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`HOME=${home}`);
    } catch {
      // gone meanwhile, or another user's
      return false;
    }
  };
  const all = existsSync('/proc/self/environ') ? readdirSync('/proc') : [];
  return all
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(inside);
}

/** Ends a process that this desk started. */
export function killOwn(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended already
  }
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const texts = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1)));
  return { code, ...texts };
}

/** Real terminals: windows of a tmux server of our own. */
class TestTerminals {
  readonly #env: Record<string, string>;
  readonly #socket: string;
  #windows = 0;

  constructor(env: Record<string, string>, home: string) {
    this.#env = env;
    this.#socket = path.join(home, 'tmux');
  }

  tmux(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        'tmux',
        ['-S', this.#socket, '-f', '/dev/null', ...args],
        { env: this.#env, cwd: this.#env.HOME },
        (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(`tmux ${args.join(' ')}: ${stderr}`))),
      );
    });
  }

  /** A terminal with a plain shell in it. */
  async open(cols: number, rows: number): Promise<TestTerminal> {
    const name = `w${this.#windows++}`;
    await this.tmux('new-session', '-d', '-s', name, '-x', String(cols), '-y', String(rows), 'PS1="desk$ " exec bash --norc');
    await this.tmux('set-option', '-g', 'status', 'off');
    await this.tmux('resize-window', '-t', name, '-x', String(cols), '-y', String(rows));
    const terminal = new TestTerminal(this, name);
    await terminal.shows(/desk\$ $/);
    return terminal;
  }

  async close(): Promise<void> {
    if (this.#windows > 0) await this.tmux('kill-server').catch(() => {});
  }
}

export class TestTerminal {
  readonly #terminals: TestTerminals;
  readonly #name: string;

  constructor(terminals: TestTerminals, name: string) {
    this.#terminals = terminals;
    this.#name = name;
  }

  /** Types an afield command and Enter. */
  async afield(args: string, env = ''): Promise<void> {
    await this.line(`${env} '${process.execPath}' '${MAIN}' ${args}`);
  }

  /** Types text as it is, and Enter. */
  async line(text: string): Promise<void> {
    await this.type(text);
    await this.keys('Enter');
  }

  async type(text: string): Promise<void> {
    await this.#terminals.tmux('send-keys', '-t', this.#name, '-l', text);
  }

  /** Keys by their tmux names. */
  async keys(...names: string[]): Promise<void> {
    await this.#terminals.tmux('send-keys', '-t', this.#name, ...names);
  }

  /** As a terminal pastes: bracketed when the program asked for it. */
  async paste(text: string): Promise<void> {
    await this.#terminals.tmux('set-buffer', '-b', 'paste', text);
    await this.#terminals.tmux('paste-buffer', '-p', '-b', 'paste', '-t', this.#name);
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#terminals.tmux('resize-window', '-t', this.#name, '-x', String(cols), '-y', String(rows));
  }

  /** What the terminal shows, without empty lines at the end. */
  async screen(): Promise<string> {
    return (await this.#terminals.tmux('capture-pane', '-p', '-t', this.#name)).trimEnd().concat(' ').trimStart();
  }

  /** A tmux format such as `#{alternate_on}`. */
  async state(format: string): Promise<string> {
    return (await this.#terminals.tmux('display-message', '-p', '-t', this.#name, format)).trim();
  }

  /** Waits until the screen fits. Returns it. */
  async shows(pattern: RegExp): Promise<string> {
    return until(
      async () => {
        const screen = await this.screen();
        return pattern.test(screen) ? screen : undefined;
      },
      async () => `Expected ${pattern} on:\n${await this.screen()}`,
    );
  }

  /** Waits until the screen no longer fits. */
  async showsNot(pattern: RegExp): Promise<void> {
    await until(
      async () => (pattern.test(await this.screen()) ? undefined : true),
      async () => `Expected no ${pattern} on:\n${await this.screen()}`,
    );
  }

  /** The program in the foreground, and its process. */
  async foreground(): Promise<number> {
    const shell = Number(await this.state('#{pane_pid}'));
    return until(
      () => {
        const children = readFileOr(`/proc/${shell}/task/${shell}/children`, '').trim();
        return children === '' ? undefined : Number(children.split(' ').at(-1));
      },
      () => 'No program runs in the terminal.',
    );
  }
}
