/** Where the Claude Code of one terminal asks beside its screen: http hooks, on the loopback interface. The first answer wins. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Loose, parsed } from '../loose.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface HookListener {
  readonly port: number;
  /** A hook; whoever takes it ends its response. Until then they wait. */
  onHook: (hook: Loose, response: ServerResponse) => void;
  close(): void;
}

/** Errors: those of listening, when `port` is taken. */
export async function listenToHooks(key: string, port: number): Promise<HookListener> {
  const right = Buffer.from(`Bearer ${key}`);
  const early: [Loose, ServerResponse][] = [];
  let heard: HookListener['onHook'] | null = null;

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = Buffer.from(request.headers.authorization ?? '');
    const ours = request.method === 'POST' && given.length === right.length && timingSafeEqual(given, right);
    if (!ours) return void response.writeHead(404).end();
    const body = await bodyOf(request);
    const hook = body === null ? null : parsed(body);
    if (hook === null) return void response.writeHead(400).end();
    response.setHeader('content-type', 'application/json');
    if (heard === null) early.push([hook, response]);
    else heard(hook, response);
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  // It waits as long as its person does.
  server.requestTimeout = 0;
  await listening(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    set onHook(hear: HookListener['onHook']) {
      heard = hear;
      for (const [hook, response] of early.splice(0)) hear(hook, response);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Null: too much. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += (piece as Buffer).length;
    if (size > MAX_BODY_BYTES) return null;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString();
}
