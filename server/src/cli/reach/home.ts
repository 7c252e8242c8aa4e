/** The home server that a command speaks to: where it is, and with which token. */
import { readFileSync } from 'node:fs';
import type { Api, Operation } from '@afield/shared/api.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { WebSocketConstructor } from '@afield/shared/client/doors/web-socket.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { ConnectFailed } from '@afield/shared/link/door.ts';
import type { Received, Sent } from '@afield/shared/route.ts';
import { type Config, type DataFiles, dataFiles, loadConfig, type ServerState } from '../../config.ts';
import { UnreachableError, UsageError } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { withProgress } from '../print/progress.ts';

export interface HomeOptions {
  /** `--server`: the root of a home server elsewhere, or of another one here. */
  server?: string;
  /** `--token-file`: whose token it is. Default: the one of this machine's home server. */
  tokenFile?: string;
}

/** An answer to a health check comes within this, or there is none. */
const HEALTH_TIMEOUT_MS = 2000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True while a process with this number runs, of whomever it is. One that has ended and was not yet waited for does not run. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

/** proc_pid_stat(5): the state stands after the program's name, which is in parentheses and may hold any. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')));
  } catch {
    // no /proc to look into
    return false;
  }
}

/** What a running server wrote about itself; null when none runs with this data folder. */
export function readState(file: string): ServerState | null {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as ServerState;
    return Number.isInteger(state.pid) && typeof state.url === 'string' && isAlive(state.pid) ? state : null;
  } catch {
    // missing, or being written at this moment: the same for us as not running
    return null;
  }
}

/** True when a home server answers at `url`. No token is sent. */
export async function answers(url: string, timeoutMs = HEALTH_TIMEOUT_MS): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/v1/health`, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    return answer.ok && ((await answer.json()) as { status?: unknown }).status === 'ok';
  } catch {
    // whatever it was, it is no home server that answers
    return false;
  }
}

/** Errors: `UsageError` for anything but the root of an http or https address. */
export function parseServer(text: string): { url: string; local: boolean } {
  const withScheme = /^[a-z][a-z+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.pathname !== '/' || url.search !== '') {
    throw new UsageError(`--server takes the address of a home server, such as http://127.0.0.1:4096, not "${text}".`);
  }
  return { url: url.origin, local: LOOPBACK.test(url.hostname) };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AfieldError(
        'unauthenticated',
        `There is no token file ${file}. The home server makes it when it first starts: afield serve`,
      );
    }
    throw new AfieldError('forbidden', `The token file ${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

export class Home {
  readonly config: Config;
  readonly files: DataFiles;
  /** True when it runs on this machine: paths mean the same there. */
  readonly local: boolean;
  readonly #given: string | null;
  readonly #tokenFile: string | null;
  readonly #io: Io;

  private constructor(config: Config, io: Io, given: { url: string; local: boolean } | null, tokenFile: string | null) {
    this.config = config;
    this.files = dataFiles(config.data_dir);
    this.#io = io;
    this.#given = given?.url ?? null;
    this.local = given?.local ?? true;
    this.#tokenFile = tokenFile;
  }

  /** Reads settings only; nothing is asked of the server yet. */
  static async open({ server, tokenFile }: HomeOptions, io: Io): Promise<Home> {
    const given = server === undefined ? null : parseServer(server);
    if (given !== null && !given.local) {
      if (tokenFile === undefined) {
        throw new UsageError(`Say with --token-file which token belongs to ${given.url}; the one of this machine is not sent elsewhere.`);
      }
      if (given.url.startsWith('http:')) note(io, `Without https everybody on the way to ${given.url} can read the token.`);
    }
    return new Home(await loadConfig(), io, given, tokenFile ?? null);
  }

  /** The server that runs with this machine's data folder, or null. Not asked when `--server` names one. */
  get state(): ServerState | null {
    return readState(this.files.state);
  }

  /** True when `--server` says which one is meant: it is not ours to start or stop. */
  get elsewhere(): boolean {
    return this.#given !== null;
  }

  /** Root of the server. Errors: `UnreachableError` when none runs. */
  async url(): Promise<string> {
    const url = this.#given ?? this.state?.url;
    if (url !== undefined) return url;
    const { host, port, data_dir } = this.config;
    const other = `http://${['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host}:${port}`;
    const stranger = await answers(other, 500);
    throw new UnreachableError(
      stranger
        ? `A home server answers at ${other}, but not the one that keeps its data in ${data_dir}. Is AFIELD_HOME the same for both?`
        : 'The home server does not run. Start it with afield serve, or let afield run <agent> start it.',
    );
  }

  token(): string {
    return readToken(this.#tokenFile ?? this.files.token);
  }

  /** Calls by HTTP. Errors: `UnreachableError`; no token. */
  async client(): Promise<AfieldClient> {
    return AfieldClient.http({ url: await this.url(), token: this.token(), fetch });
  }

  /** A client with a live connection, for attaching and following. Close it. It finds the server again when that starts anew elsewhere. */
  async live(): Promise<AfieldClient> {
    await this.url();
    const [{ WebSocket }, { websocketDoor }] = await Promise.all([import('ws'), import('@afield/shared/client/doors/websocket.ts')]);
    return AfieldClient.through({
      via: 'local',
      token: () => this.token(),
      connect: (signal) => {
        const url = this.#given ?? this.state?.url;
        if (url === undefined) throw new ConnectFailed('home_offline', 'The home server does not run.');
        return websocketDoor({ url, WebSocket: WebSocket as unknown as WebSocketConstructor }).connect(signal);
      },
    });
  }

  /** One operation, with a word on what is being done when it takes long. */
  async ask<O extends Operation>(what: string, operation: O, sent: Sent<Api[O]> = {}): Promise<Received<Api[O]>> {
    const client = await this.client();
    return withProgress(this.#io, what, client.call(operation, sent));
  }

  /** A body as it comes, for what may be larger than memory. `path` below the base of the API. Errors: the server's. */
  async download(path: `/${string}`): Promise<AsyncIterable<Uint8Array>> {
    const url = await this.url();
    const answer = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${this.token()}` }, redirect: 'error' }).catch(
      (cause: unknown) => {
        throw new AfieldError('unavailable', `Nothing answers at ${url}. Is the home server running? Start it with: afield serve`, {
          cause,
        });
      },
    );
    if (!answer.ok) throw AfieldError.from((await answer.json().catch(() => ({}))) as { code?: string; detail?: string });
    return (answer.body ?? []) as AsyncIterable<Uint8Array>;
  }
}
