/** Serves the built page on a free port of the loopback interface, as any web server would: for tests that need no home. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const DIST = path.resolve(import.meta.dirname, '../pwa/dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

export interface StaticSite {
  readonly origin: string;
  /** What was asked for, oldest first. */
  readonly requests: string[];
  /** Changes a file from now on, as a new version of the app would. */
  change(file: string, edit: (text: string) => string): void;
  /** Stops answering, as if the network were gone; the origin stays taken. */
  cut(): void;
  close(): Promise<void>;
}

export async function serveSite(): Promise<StaticSite> {
  const edits = new Map<string, (text: string) => string>();
  const requests: string[] = [];
  let down = false;

  async function load(name: string): Promise<{ type: string; body: Buffer | string } | null> {
    const file = path.join(DIST, name);
    const type = TYPES[path.extname(file)];
    if (type === undefined || !file.startsWith(DIST + path.sep)) return null;
    try {
      const bytes = await readFile(file);
      const edit = edits.get(name);
      return { type, body: edit === undefined ? bytes : edit(bytes.toString('utf8')) };
    } catch {
      return null; // no such file: the address is one of the app's own
    }
  }

  const server = createServer(async (request, response) => {
    const name = new URL(request.url ?? '/', 'http://site').pathname;
    requests.push(name);
    if (down) {
      response.destroy();
      return;
    }
    const found = (await load(name)) ?? (await load('/index.html'));
    if (found === null) response.writeHead(404).end('The page is not built. Run: npm run build pwa');
    else response.writeHead(200, { 'Content-Type': found.type, 'Cache-Control': 'no-cache' }).end(found.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    change: (file, edit) => edits.set(file, edit),
    cut: () => {
      down = true;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
