import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { post } from './post.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<Endpoint> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/push/secret-path`), trusted: true };
}
const body = Buffer.from('sealed');

describe('one POST', () => {
  it('sends headers and body, gives back status, Retry-After and text', async () => {
    const seen: unknown[] = [];
    const endpoint = await serve((request, response) => {
      request.on('data', (chunk: Buffer) =>
        seen.push(request.method, request.headers.ttl, request.headers['content-length'], chunk.toString()),
      );
      request.on('end', () => response.writeHead(429, { 'Retry-After': '7' }).end('slow down'));
    });
    expect(await post(endpoint, { headers: { TTL: '60' }, body })).toEqual({ status: 429, retryAfter: '7', text: 'slow down' });
    expect(seen).toEqual(['POST', '60', '6', 'sealed']);
  });

  it('F1: follows no redirect', async () => {
    let hits = 0;
    const target = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    const endpoint = await serve((_request, response) => response.writeHead(307, { Location: target.url.href }).end());
    expect((await post(endpoint, { headers: {}, body })).status).toBe(307);
    expect(hits).toBe(0);
  });

  it('F1: a name that leads inside is refused at the moment of connecting', async () => {
    let hits = 0;
    const { url } = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    const named = new URL(url);
    named.hostname = 'localhost';
    await expect(post({ url: named, trusted: false }, { headers: {}, body })).rejects.toThrow(/inside a private network; nothing was sent/);
    expect(hits).toBe(0);
    expect((await post({ url: named, trusted: true }, { headers: {}, body })).status).toBe(200);
  });

  it('F3: gives up on a slow answer', async () => {
    const endpoint = await serve((_request, response) => {
      response.writeHead(201);
      response.write('a');
    });
    await expect(post(endpoint, { headers: {}, body, deadlineMs: 100 })).rejects.toThrow('127.0.0.1 did not answer within 0.1 s');
  });

  it('F3: gives up on a huge answer, and closes the line', async () => {
    let closed: Promise<unknown> | undefined;
    const endpoint = await serve((_request, response) => {
      closed = once(response, 'close');
      response.on('error', () => undefined);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
      };
      response.on('drain', pour);
      pour();
    });
    await expect(post(endpoint, { headers: {}, body })).rejects.toThrow(/larger than 64 KiB/);
    await closed;
  });

  it('says that nobody listens without naming the path, which is a secret', async () => {
    const endpoint = await serve(() => undefined);
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    const error = await post(endpoint, { headers: {}, body }).catch((cause: Error) => cause);
    expect(String(error)).toMatch(/127\.0\.0\.1 could not be reached: .*ECONNREFUSED/);
    expect(String(error)).not.toContain('secret-path');
  });
});
