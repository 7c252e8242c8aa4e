/** For tests: an app-server on a socket, which tells its second client what a real one told, and keeps what it was told by it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: a test reads its own recordings
export type Message = any;

const LINES: Message[] = readFileSync(path.join(import.meta.dirname, 'fixtures/shared.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const resumed = LINES.find(({ answer }) => answer === 'thread/resume').result;
const own = LINES.find(({ method }) => method === 'thread/started').params.thread;
export const THREAD: string = own.id;

export class PlayedAppServer {
  /** All that came. */
  readonly told: Message[] = [];
  /** How often to resume is refused, as before the first message was kept. */
  refusals = 0;
  /** What goes out in one piece with the answer to `thread/resume`. */
  withResume: Message[] = [];
  /** Until which line it has played. */
  #at = 0;
  #client: WebSocket | null = null;
  readonly #http = createServer();
  readonly #sockets = new WebSocketServer({ server: this.#http });

  static async listen(socket: string): Promise<PlayedAppServer> {
    const server = new PlayedAppServer();
    server.#http.listen(socket);
    await once(server.#http, 'listening');
    server.#sockets.on('connection', (client) => {
      server.#client = client;
      client.on('message', (data) => server.#take(JSON.parse(String(data))));
    });
    return server;
  }

  /** The recording goes on, up to the first line that fits, which is the last one told. */
  playTo(fits: (line: Message) => boolean): void {
    for (let over = false; !over && this.#at < LINES.length; this.#at += 1) {
      const line = LINES[this.#at];
      if (line.answer === undefined) this.tell(line);
      over = fits(line);
    }
  }
  playOn(): void {
    this.playTo(() => false);
  }

  tell(...messages: Message[]): void {
    for (const message of messages) this.#client?.send(JSON.stringify(message));
  }

  answers(): Message[] {
    return this.told.filter(({ method }) => method === undefined);
  }

  cut(): void {
    this.#client?.terminate();
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
    if (!this.#http.listening) return;
    this.#http.close();
    await once(this.#http, 'close');
  }

  #take(message: Message): void {
    this.told.push(message);
    const { id, method, params } = message;
    const results: Record<string, () => Message> = {
      initialize: () => ({ userAgent: 'codex-tui/0.169.0 (Debian 12.0.0; x86_64)' }),
      'thread/loaded/list': () => ({ data: [THREAD], nextCursor: null }),
      'thread/read': () => ({ thread: params.threadId === THREAD ? own : null }),
      'thread/resume': () => ({ ...resumed, thread: { ...resumed.thread, id: params.threadId } }),
    };
    if (id === undefined || method === undefined) return;
    if (method === 'thread/resume' && this.refusals > 0) {
      this.refusals -= 1;
      this.tell({ id, error: { code: -32_600, message: `no rollout found for thread id ${params.threadId}` } });
    } else {
      const result = results[method];
      const after = method === 'thread/resume' ? this.withResume : [];
      this.tell(result === undefined ? { id, error: { code: -32_601, message: 'unknown' } } : { id, result: result() }, ...after);
    }
  }
}

export const approvalOf = (line: Message): boolean => line.method === 'item/commandExecution/requestApproval';
export const APPROVAL: Message = LINES.find(approvalOf);
