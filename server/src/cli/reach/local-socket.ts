/** Calls by the socket of this machine's home server: quicker than the port, and right whatever port it has. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Fetch } from '@afield/shared/client/doors/http.ts';
import type { WebSocketConstructor } from '@afield/shared/client/doors/web-socket.ts';
import type { WebSocket } from 'ws';

/** An import would touch every export of the module, `WebSocket` among them, which loads all of undici: 25 ms and some MB. */
const { request } = process.getBuiltinModule('node:http');

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** Nobody is behind the socket: nothing was sent yet, so the port may be tried. */
export const nobodyThere = (error: unknown): boolean => {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'connect' && code !== undefined;
};

/** One request. Of the address only path and query count. Resolves once the head of the answer is here. */
export function requestBy(socketPath: string, url: string, { method = 'GET', headers = {}, body, signal }: Sent): Promise<IncomingMessage> {
  const { pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked: ClientRequest = request({
      socketPath,
      path: pathname + search,
      method,
      headers: { ...headers, ...length, host: 'localhost' },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    asked.once('response', resolve);
    asked.once('error', reject);
    asked.end(body);
  });
}

/** As `fetch` by the socket; by the port when nobody is there. */
export const socketFetch =
  (socketPath: string): Fetch =>
  async (url, init) => {
    let answer: IncomingMessage;
    try {
      answer = await requestBy(socketPath, url, init);
    } catch (error) {
      if (!nobodyThere(error)) throw error;
      return fetch(url, init);
    }
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      answer.destroy();
      throw new TypeError('A home server sends nobody elsewhere.');
    }
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    return {
      status,
      headers: { get: (name) => answer.headers[name.toLowerCase()]?.toString() ?? null },
      arrayBuffer: async () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    };
  };

/** A WebSocket that goes by the socket, whatever host its address names. */
export function socketWebSocket(Base: typeof WebSocket, socketPath: string): WebSocketConstructor {
  class BySocket extends Base {
    constructor(url: string, protocols?: string | string[]) {
      const { pathname, search } = new URL(url);
      super(`ws://localhost${pathname}${search}`, protocols, { createConnection: () => connect(socketPath), perMessageDeflate: false });
    }
  }
  return BySocket as unknown as WebSocketConstructor;
}
