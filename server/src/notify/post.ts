/** One POST to a push service, bounded in every direction (cases F1 to F3). */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Endpoint, guardedLookup } from './endpoint.ts';

/** Not imported: that would touch every export of the module, `WebSocket` among them, which loads all of undici. */
const { request: httpRequest } = process.getBuiltinModule('node:http');

/** From the first packet to the last byte of the answer. */
const DEADLINE_MS = 5_000;
/** Real services answer with a few hundred bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface Answer {
  status: number;
  /** The header as it came. */
  retryAfter: string | null;
  text: string;
}

export interface PostOptions {
  headers: Record<string, string>;
  body: Uint8Array;
  /** Default 5 s. */
  deadlineMs?: number;
  /** Ends it early. */
  signal?: AbortSignal;
  /** How names are resolved when the endpoint is not trusted. */
  lookup?: LookupFunction;
}

/** Posts, follows no redirect. Rejects with a message fit for a person; it names the host at most, never the path. */
export function post(
  { url, trusted }: Endpoint,
  { headers, body, deadlineMs = DEADLINE_MS, signal, lookup }: PostOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const fail = (cause: unknown) =>
      reject(
        deadline.aborted
          ? new Error(`${url.hostname} did not answer within ${deadlineMs / 1000} s`)
          : new Error(`${url.hostname} could not be reached: ${cause instanceof Error ? cause.message : 'connection lost'}`),
      );
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = request(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': String(body.byteLength) },
      // A connection of its own each time: checked, used, closed. Messages are minutes apart.
      agent: false,
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      ...(trusted ? {} : { lookup: lookup ?? guardedLookup() }),
    });
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      read(incoming).then(resolve, fail);
    });
    outgoing.end(body);
  });
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      incoming.destroy();
      throw new Error(`its answer is larger than ${MAX_ANSWER_BYTES / 1024} KiB`);
    }
    chunks.push(chunk);
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'] ?? null,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}
