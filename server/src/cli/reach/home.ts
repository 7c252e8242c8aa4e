/** The home server that a command speaks to: where it is, and with which token. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, Operation } from '@afield/shared/api.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { Fetch } from '@afield/shared/client/doors/http.ts';
import type { WebSocketConstructor } from '@afield/shared/client/doors/web-socket.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { ConnectFailed } from '@afield/shared/link/door.ts';
import type { Received, Sent } from '@afield/shared/route.ts';
import { type Config, type DataFiles, dataFiles, loadConfig, type ServerState } from '../../config.ts';
import { UnreachableError, UsageError } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { withProgress } from '../print/progress.ts';
import { nobodyThere, requestBy, socketFetch, socketWebSocket } from './local-socket.ts';
import { readState } from './server-state.ts';

export interface HomeOptions {
  /** `--server`: the root of a home server elsewhere, or of another one here. */
  server?: string;
  /** `--token-file`: whose token it is. Default: the one of this machine's home server. */
  tokenFile?: string;
}

/** An answer to a health check comes within this, or there is none. */
const HEALTH_TIMEOUT_MS = 2000;
/** A server that is just starting is waited for. */
const STARTING_MS = 20_000;
const POLL_MS = 50;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True when a home server answers at `url`. No token is sent. */
export async function answers(url: string, timeoutMs = HEALTH_TIMEOUT_MS, by: Fetch = fetch): Promise<boolean> {
  try {
    const sent = { method: 'GET', headers: {}, signal: AbortSignal.timeout(timeoutMs), redirect: 'error' } as const;
    const answer = await by(`${url}/api/v1/health`, sent);
    if (answer.status !== 200) return false;
    return (JSON.parse(new TextDecoder().decode(await answer.arrayBuffer())) as { status?: unknown }).status === 'ok';
  } catch {
    // whatever it was, it is no home server that answers
    return false;
  }
}

/** True when the home server that wrote this answers. One that is starting or stopping does not. */
export async function isAnswering({ phase, url, socket }: ServerState, timeoutMs = HEALTH_TIMEOUT_MS): Promise<boolean> {
  return phase === 'ready' && answers(url, timeoutMs, socket === null ? fetch : socketFetch(socket));
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

  /** The server that runs with this machine's data folder, in whatever phase, or null. Not asked when `--server` names one. */
  get state(): ServerState | null {
    return readState(this.files.state);
  }

  /** True when `--server` says which one is meant: it is not ours to start or stop. */
  get elsewhere(): boolean {
    return this.#given !== null;
  }

  /** Root of the server. Waits for one that is just starting. Errors: `UnreachableError` when none runs. */
  async url(): Promise<string> {
    return (await this.#place()).url;
  }

  /** `socket`: goes before the address where there is one. */
  async #place(): Promise<Place> {
    if (this.#given !== null) return { url: this.#given, socket: null };
    let state = this.state;
    if (state?.phase === 'starting') state = await withProgress(this.#io, 'The home server is starting', this.#started());
    if (state?.phase === 'ready') return state;
    if (state !== null) {
      throw new UnreachableError(
        state.phase === 'stopping'
          ? `The home server (process ${state.pid}) is just stopping. afield server start starts it again.`
          : `The home server (process ${state.pid}) is still starting${state.doing === null ? '' : `: ${state.doing}`}. Try again in a while.`,
      );
    }
    const { host, port, data_dir } = this.config;
    const other = `http://${['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host}:${port}`;
    const stranger = await answers(other, 500);
    throw new UnreachableError(
      stranger
        ? `A home server answers at ${other}, but not the one that keeps its data in ${data_dir}. Is AFIELD_HOME the same for both?`
        : 'The home server does not run. Start it with afield server start, or let afield run <agent> start it.',
    );
  }

  async #started(): Promise<ServerState | null> {
    const deadline = performance.now() + STARTING_MS;
    let { state } = this;
    while (state?.phase === 'starting' && performance.now() < deadline) {
      await sleep(POLL_MS);
      ({ state } = this);
    }
    return state;
  }

  token(): string {
    return readToken(this.#tokenFile ?? this.files.token);
  }

  /** Calls by HTTP. Errors: `UnreachableError`; no token. */
  async client(): Promise<AfieldClient> {
    const { url, socket } = await this.#place();
    return AfieldClient.http({ url, token: this.token(), fetch: socket === null ? fetch : socketFetch(socket) });
  }

  /** A client with a live connection, for attaching and following. Close it. It finds the server again when that starts anew elsewhere. */
  async live(): Promise<AfieldClient> {
    await this.#place();
    const [{ WebSocket }, { websocketDoor }] = await Promise.all([import('ws'), import('@afield/shared/client/doors/websocket.ts')]);
    const byPort = WebSocket as unknown as WebSocketConstructor;
    return AfieldClient.through({
      via: 'local',
      token: () => this.token(),
      connect: async (signal) => {
        const state = this.#given === null ? this.state : { phase: 'ready', url: this.#given, socket: null };
        if (state?.phase !== 'ready') throw new ConnectFailed('home_offline', 'The home server does not run.');
        const { url, socket } = state;
        if (socket !== null) {
          try {
            return await websocketDoor({ url, WebSocket: socketWebSocket(WebSocket, socket) }).connect(signal);
          } catch (error) {
            if (signal.aborted) throw error;
          }
        }
        return websocketDoor({ url, WebSocket: byPort }).connect(signal);
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
    const { url, socket } = await this.#place();
    const address = `${url}/api/v1${path}`;
    const headers = { authorization: `Bearer ${this.token()}` };
    const { ok, body } = await (socket === null ? byPort(address, headers) : bySocket(socket, address, headers)).catch((cause: unknown) => {
      throw new AfieldError('unavailable', `Nothing answers at ${url}. Is the home server running? Start it with: afield server start`, {
        cause,
      });
    });
    if (!ok) throw AfieldError.from(await problemIn(body));
    return body;
  }
}

interface Place {
  url: string;
  socket: string | null;
}

interface Download {
  ok: boolean;
  body: AsyncIterable<Uint8Array>;
}

async function byPort(address: string, headers: Record<string, string>): Promise<Download> {
  const { ok, body } = await fetch(address, { headers, redirect: 'error' });
  return { ok, body: (body ?? []) as AsyncIterable<Uint8Array> };
}

async function bySocket(socket: string, address: string, headers: Record<string, string>): Promise<Download> {
  try {
    const answer = await requestBy(socket, address, { headers });
    return { ok: answer.statusCode === 200, body: answer };
  } catch (error) {
    if (!nobodyThere(error)) throw error;
    return byPort(address, headers);
  }
}

async function problemIn(body: AsyncIterable<Uint8Array>): Promise<{ code?: string; detail?: string }> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}
