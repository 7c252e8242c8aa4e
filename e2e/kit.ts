/**
 * A whole house for one test: a relay, a home server with a folder of its own, both as real processes on free ports of the loopback
 * interface, and the command line. Everything started here ends with `stop()`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until as waitUntil } from '@afield/shared/until.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const SERVER = path.join(ROOT, 'server/dist/afield.mjs');
const RELAY = path.join(ROOT, 'relay/dist/relay.mjs');

/** Programs start, agents think, and others use the machine too; what comes sooner is seen sooner. */
const PATIENCE_MS = 60_000;

/** `until` of all tests, and what throws is tried again: a program may not answer yet. Default 60 s. */
export async function until<T>(what: string, probe: () => T | Promise<T>, ms = PATIENCE_MS) {
  let cause: unknown;
  const tried = async () => {
    try {
      return await probe();
    } catch (error) {
      cause = error;
      return null;
    }
  };
  return waitUntil(what, tried, ms).catch((error: Error) => {
    throw new Error(error.message, { cause });
  });
}

/** Does something again until it counts: a dialog that has only just come takes no key. */
export async function againUntil(what: string, act: () => unknown, done: () => boolean | Promise<boolean>): Promise<void> {
  await until(what, async () => {
    await act();
    await until(what, done, 1_500);
    return true;
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A program of ours with everything that it printed. */
export class Program {
  readonly child: ChildProcess;
  output = '';

  /** `descriptors`: how many it may have open. */
  constructor(args: string[], env: Record<string, string>, cwd = ROOT, descriptors: number | null = null) {
    const limited = ['/bin/sh', '-c', 'ulimit -n "$0" && exec "$@"', String(descriptors)];
    const [file = '', ...rest] = [...(descriptors === null ? [] : limited), process.execPath, ...args];
    this.child = spawn(file, rest, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-200_000);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await exit;
    clearTimeout(late);
  }
}

/** Sessions outlive their home server: ends every tmux that has its socket in this folder. */
async function endTmux(home: string): Promise<void> {
  const run = path.join(home, 'run');
  for (const name of await readdir(run).catch(() => [])) {
    const socket = path.join(run, name, 's');
    await new Promise((resolve) => execFile('tmux', ['-S', socket, 'kill-server'], resolve));
  }
}

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface House {
  /** Address of the home server, which also serves the PWA. */
  url: string;
  relayUrl: string;
  relayPort: number;
  /** AFIELD_HOME. */
  home: string;
  /** Environment under which the command line finds this house. */
  env: Record<string, string>;
  /** The home server that runs now, or ran last. */
  readonly server: Program;
  /** As `kill -9` does: it can flush and tell nothing. */
  killServer(): Promise<void>;
  /** On the same folder and port; resolves once it answers. */
  startServer(): Promise<void>;
  relay(): Program;
  startRelay(): Promise<void>;
  killRelay(): Promise<void>;
  cli(...args: string[]): Promise<CliResult>;
  /** The command line's JSON; throws with what it printed when it failed. */
  json<T>(...args: string[]): Promise<T>;
  /** GET below /api/v1, with the token of the house. */
  get<T>(path: string): Promise<T>;
  stop(): Promise<void>;
}

export interface HouseOptions {
  /** Written to config.yaml. */
  config?: Record<string, unknown>;
  /** More environment for the home server. */
  env?: Record<string, string>;
  /** Files and sockets that the home server may have open. Default: as many as we. */
  descriptors?: number;
  /** Relay address to use instead of a relay of this house: a test's own, dishonest one. */
  relayUrl?: string;
}

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const home = await mkdtemp(path.join(tmpdir(), 'afield-house-'));
  const [port, relayPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const relayUrl = options.relayUrl ?? `ws://127.0.0.1:${relayPort}`;
  const env = { AFIELD_HOME: home, AFIELD_PORT: String(port), AFIELD_RELAY_PORT: String(relayPort), NO_COLOR: '1', ...options.env };

  // JSON is YAML too
  if (options.config) await writeFile(path.join(home, 'config.yaml'), JSON.stringify(options.config));

  let relay: Program;
  const startRelay = async () => {
    relay = new Program([RELAY], { HOST: '127.0.0.1', PORT: String(relayPort) });
    await until('the relay answers', () => fetch(`http://127.0.0.1:${relayPort}/health`).then((r) => r.ok));
  };
  if (options.relayUrl === undefined) await startRelay();
  let server: Program;
  const startServer = async () => {
    const started = new Program([SERVER, 'serve', '--port', String(port), '--relay', relayUrl], env, ROOT, options.descriptors);
    server = started;
    const answers = until('the home server answers', async () => !started.running || (await fetch(`${url}/api/v1/health`)).ok);
    const failed = (cause?: unknown) => new Error(`The home server did not start:\n${started.output}`, { cause });
    await answers.catch((cause: unknown) => {
      throw failed(cause);
    });
    if (!started.running) throw failed();
  };
  await startServer();

  const cli = (...args: string[]): Promise<CliResult> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [SERVER, ...args],
        { cwd: home, env: { ...process.env, ...env }, timeout: 60_000 },
        (error, stdout, stderr) => {
          resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
        },
      );
    });

  return {
    url,
    relayUrl,
    relayPort,
    home,
    env,
    get server() {
      return server;
    },
    killServer: () => server.kill('SIGKILL'),
    startServer,
    relay: () => relay,
    startRelay,
    killRelay: () => relay.kill('SIGKILL'),
    cli,
    async json<T>(...args: string[]): Promise<T> {
      const result = await cli(...args, '--json');
      if (result.code !== 0) throw new Error(`afield ${args.join(' ')} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
      return JSON.parse(result.stdout) as T;
    },
    async get<T>(below: string): Promise<T> {
      const token = (await readFile(path.join(home, 'token'), 'utf8')).trim();
      const response = await fetch(`${url}/api/v1${below}`, { headers: { authorization: `Bearer ${token}` } });
      if (!response.ok) throw new Error(`GET ${below}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    async stop() {
      await server.kill();
      await endTmux(home);
      if (options.relayUrl === undefined) await relay.kill();
      // What is just ending may still write.
      await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
