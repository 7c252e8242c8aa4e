import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { reach } from './reach.ts';

const servers: (Server | TcpServer)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening<S extends Server | TcpServer>(server: S): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const answering = (listener: RequestListener) => listening(createServer(listener));

describe('a server', () => {
  it.each([200, 401, 404, 529])('that answers %i is reached', async (status) => {
    const url = await answering((_request, response) => response.writeHead(status).end('x'));
    expect(await reach(url)).toEqual({ ok: true, detail: `${url} answers (HTTP ${status}).` });
  });

  it('that sends elsewhere is reached, and nobody goes there', async () => {
    let followed = 0;
    const other = await answering((_request, response) => {
      followed += 1;
      response.end();
    });
    const url = await answering((_request, response) => response.writeHead(302, { location: other }).end());
    expect(await reach(url)).toMatchObject({ ok: true, detail: expect.stringContaining('302') });
    expect(followed).toBe(0);
  });

  it('is given no secret, and its answer is not read to the end', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    let seen: Record<string, unknown> = {};
    const url = await answering((request, response) => {
      seen = request.headers;
      response.on('close', closed);
      const fill = () => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
      };
      response.on('drain', fill);
      fill();
    });
    expect((await reach(`${url}/v1`)).ok).toBe(true);
    await gone;
    expect(Object.keys(seen).sort()).toEqual(['connection', 'host', 'user-agent']);
  });

  it('that is not there, breaks off, or never answers is not reached', async () => {
    const url = await answering(() => {});
    expect(await reach(url, 100)).toEqual({ ok: false, detail: `${url} does not answer within 0.1 s.` });
    const rude = await listening(createTcp((socket) => socket.destroy()));
    expect(await reach(rude)).toMatchObject({ ok: false, detail: expect.stringContaining('cannot be reached') });
    const closedUrl = await answering(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await reach(closedUrl)).toMatchObject({ ok: false, detail: `${closedUrl} cannot be reached: ECONNREFUSED.` });
  });
});
