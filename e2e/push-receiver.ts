/**
 * A push service for tests: takes messages as RFC 8030 says, checks who sends them (RFC 8292), opens them as the browser would
 * (RFC 8291), and can be told to refuse. It answers 400 with the reason to whatever breaks a rule, so that a sender's fault shows.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, jwtVerify } from 'jose';
import { type BrowserKeys, decryptPush, generateBrowserKeys } from './push-crypto.ts';

/** A message that was taken. */
interface Received {
  /** Decrypted JSON. */
  message: Record<string, unknown>;
  ttl: number;
  urgency: string;
  topic: string | null;
  /** Claims of the sender's token. */
  claims: { aud?: unknown; sub?: unknown; exp?: number };
  /** The token itself. */
  token: string;
  /** VAPID public key of the sender, base64url. */
  sender: string;
  /** Length of the sealed body. */
  bytes: number;
}

/** What to answer instead of taking a message. */
interface Refusal {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** One browser's subscription, seen from inside the push service. */
export interface TestSubscription {
  /** As `PushSubscription.toJSON()`. */
  readonly json: { endpoint: string; expirationTime: null; keys: { p256dh: string; auth: string } };
  readonly received: Received[];
  /** Requests that came, answered or not. */
  asked: number;
  /** Every answer that was given, oldest first. */
  readonly answers: number[];
  /** Answers of the next requests, in order; then messages are taken again. */
  refuse(...refusals: Refusal[]): void;
  /** From now on this subscription is gone: 410. */
  expire(): void;
  /** Keeps requests open without an answer until closed. */
  stall(): void;
}

export interface PushReceiver {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** `senderKey`: only this application server may send (RFC 8292, 4). */
  subscribe(senderKey?: string): TestSubscription;
  close(): Promise<void>;
}

interface Entry extends TestSubscription {
  keys: BrowserKeys;
  senderKey: string | null;
  refusals: Refusal[];
  gone: boolean;
  stalled: boolean;
}

/** RFC 8030, 7.2: a service must take 4096 B. Ours takes no more. */
const MAX_BODY_BYTES = 4096;

class Rejected extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Listens on a free port of the loopback interface. */
export async function startPushReceiver(): Promise<PushReceiver> {
  const entries = new Map<string, Entry>();
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.writeHead(error instanceof Rejected ? error.status : 400, { 'Content-Type': 'text/plain' });
      response.end(error instanceof Error ? error.message : 'bad request');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = entries.get(request.url ?? '');
    if (entry === undefined) throw new Rejected(404, 'no such subscription');
    response.on('finish', () => entry.answers.push(response.statusCode));
    const body = await read(request);
    entry.asked += 1;
    if (entry.stalled) return;
    if (entry.gone) throw new Rejected(410, 'push subscription has unsubscribed or expired');
    const refusal = entry.refusals.shift();
    if (refusal !== undefined) {
      response.writeHead(refusal.status, refusal.headers).end(refusal.body ?? '');
      return;
    }
    const received = await take(request, body, entry);
    entry.received.push(received);
    response.writeHead(201, { Location: `${origin}/message/${entry.received.length}`, TTL: String(received.ttl) }).end();
  }

  async function take({ method, headers }: IncomingMessage, body: Buffer, entry: Entry): Promise<Received> {
    if (method !== 'POST') throw new Rejected(405, 'POST a message');
    const signed = await verifySender(String(headers.authorization ?? ''), entry.senderKey);
    if (!/^\d+$/.test(String(headers.ttl))) throw new Rejected(400, 'TTL is required (RFC 8030, 5.2)');
    const urgency = String(headers.urgency ?? 'normal');
    if (!['very-low', 'low', 'normal', 'high'].includes(urgency)) throw new Rejected(400, 'no such urgency (RFC 8030, 5.3)');
    const topic = headers.topic === undefined ? null : String(headers.topic);
    if (topic !== null && !/^[A-Za-z0-9_-]{1,32}$/.test(topic)) throw new Rejected(400, 'not a topic (RFC 8030, 5.4)');
    if (headers['content-encoding'] !== 'aes128gcm') throw new Rejected(400, 'content must be sealed as aes128gcm (RFC 8291, 2)');
    const message = JSON.parse(decryptPush(body, entry.keys).toString('utf8')) as Record<string, unknown>;
    return { message, ttl: Number(headers.ttl), urgency, topic, bytes: body.length, ...signed };
  }

  /** RFC 8292, 2 and 3: `vapid t=<JWT>, k=<public key>`, ES256, `aud` = our origin, `exp` within a day. */
  async function verifySender(header: string, expected: string | null): Promise<Pick<Received, 'sender' | 'token' | 'claims'>> {
    const [, token, sender] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(header) ?? [];
    if (token === undefined || sender === undefined) throw new Rejected(401, 'no vapid token');
    const point = Buffer.from(sender, 'base64url');
    if (point.length !== 65 || point[0] !== 4) throw new Rejected(403, 'k is no uncompressed P-256 point');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
    const key = await importJWK({ kty: 'EC', crv: 'P-256', x: x!, y: y! }, 'ES256');
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      audience: origin,
      requiredClaims: ['exp', 'aud', 'sub'],
    }).catch((cause: unknown) => {
      throw new Rejected(403, `token refused: ${cause instanceof Error ? cause.message : 'invalid'}`);
    });
    if ((payload.exp ?? 0) > Date.now() / 1000 + 24 * 60 * 60) throw new Rejected(403, 'exp lies more than a day ahead');
    if (!/^(mailto:|https:)/.test(String(payload.sub))) throw new Rejected(403, 'sub is no contact');
    if (expected !== null && sender !== expected) throw new Rejected(403, 'the key is not the one that was subscribed with');
    return { sender, token, claims: payload };
  }

  return {
    origin,
    subscribe(senderKey) {
      const keys = generateBrowserKeys();
      const path = `/push/${keys.auth.toString('base64url')}`;
      const entry: Entry = {
        keys,
        senderKey: senderKey ?? null,
        refusals: [],
        gone: false,
        stalled: false,
        received: [],
        asked: 0,
        answers: [],
        json: {
          endpoint: origin + path,
          expirationTime: null,
          keys: { p256dh: keys.publicKey.toString('base64url'), auth: keys.auth.toString('base64url') },
        },
        refuse: (...refusals) => entry.refusals.push(...refusals),
        expire: () => {
          entry.gone = true;
        },
        stall: () => {
          entry.stalled = true;
        },
      };
      entries.set(path, entry);
      return entry;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Rejected(413, 'larger than 4096 bytes');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
