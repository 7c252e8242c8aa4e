import * as z from 'zod/mini';
import { cols, rows, id as uuid } from '../api/base.ts';
import { AfieldError } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';
import { explainIssues, short } from './invalid.ts';
import {
  type Action,
  type ErrorMessage,
  type EventMessage,
  type LinkMessage,
  MAX_LINK_MESSAGE_BYTES,
  type RequestMessage,
  type Requests,
  type ResponseKind,
  type ResponseMessage,
  type Responses,
  type StreamClosed,
} from './messages.ts';

/** Deepest nesting of arrays and objects in a message. Deeper ones break `JSON.stringify` later, in a log or a database. */
export const MAX_MESSAGE_DEPTH = 64;

/** What a request's text turned out to be. `id` of a bad one: when it could be read, so that the answer finds its way. */
export type ReadRequest = { ok: true; message: RequestMessage } | { ok: false; id: string | null; error: AfieldError };

/** Anything a home server sends. Fields that this version does not know are passed on. */
export type Reply = ResponseMessage | EventMessage | ErrorMessage;

const streamId = z.int().check(z.gte(0), z.lte(0xffff_ffff));
const position = z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));
const messageId = z.string().check(z.regex(/^[\x21-\x7e]{1,64}$/));
const headerName = z.string().check(z.regex(/^[a-z0-9-]{1,64}$/));
const headerValue = z.string().check(z.regex(/^[\x20-\x7e]{0,1024}$/));
const topic = z.string().check(z.regex(/^(\*|[a-z_]{1,32}(\.[a-z_]{1,32}){0,3}(\.\*)?)$/));

/** Strict: an unknown field is refused, so that a typing error is heard of and nothing slips by. */
const requestSchemas = {
  auth: z.strictObject({ action: z.literal('auth'), token: z.string().check(z.minLength(1), z.maxLength(4096)) }),
  http: z.strictObject({
    action: z.literal('http'),
    method: z.string().check(z.regex(/^[A-Z]{1,10}$/)),
    path: z.string().check(z.regex(/^\/[\x21-\x7e]{0,8191}$/)),
    headers: z.optional(z.record(headerName, headerValue).check(z.refine((headers) => Object.keys(headers).length <= 32))),
    body: z.optional(z.unknown()),
  }),
  subscribe: z.strictObject({
    action: z.literal('subscribe'),
    topics: z.array(topic).check(z.minLength(1), z.maxLength(32)),
    session_id: z.optional(uuid),
    since: z.optional(position),
  }),
  unsubscribe: z.strictObject({ action: z.literal('unsubscribe'), subscription: z.optional(messageId) }),
  attach: z.strictObject({ action: z.literal('attach'), session_id: uuid, cols, rows, lease: z.enum(['take', 'look']) }),
  detach: z.strictObject({ action: z.literal('detach'), stream: streamId }),
  resize: z.strictObject({ action: z.literal('resize'), stream: streamId, cols, rows }),
  ack: z.strictObject({ action: z.literal('ack'), stream: streamId, offset: position }),
  prompt: z.strictObject({
    action: z.literal('prompt'),
    session_id: uuid,
    prompt_id: uuid,
    content: z.string().check(z.minLength(1), z.maxLength(100_000)),
    priority: z.optional(z.enum(['normal', 'now'])),
    stream: z.optional(z.boolean()),
  }),
  cancel: z.strictObject({ action: z.literal('cancel'), session_id: uuid }),
  ping: z.strictObject({ action: z.literal('ping') }),
} satisfies Record<Action, z.ZodMiniType>;

const requestEnvelope = z.strictObject({ type: z.literal('request'), id: messageId, timestamp: z.iso.datetime(), payload: z.unknown() });

/** What the link itself relies on in a response; the rest of it is the caller's business. */
const responseSchemas = {
  welcome: z.looseObject({ heartbeat_ms: z.int().check(z.gte(1000)), next_seq: position, scopes: z.array(z.string()), user: z.string() }),
  http: z.looseObject({ status: z.int(), headers: z.record(z.string(), z.string()) }),
  subscribed: z.looseObject({ resume: z.enum(['ok', 'gap']), next_seq: position }),
  attached: z.looseObject({ stream: streamId, cols: z.int(), rows: z.int(), offset: position, lease: z.string() }),
  text: z.looseObject({ content: z.string(), done: z.boolean() }),
  complete: z.looseObject({}),
  ok: z.looseObject({}),
  pong: z.looseObject({}),
} satisfies Record<ResponseKind, z.ZodMiniType>;

const replyEnvelope = z.looseObject({ type: z.enum(['response', 'event', 'error']), id: z.string(), payload: z.looseObject({}) });
const streamClosed = z.looseObject({ type: z.literal('stream.closed'), stream: streamId, reason: z.string() });
const anyEvent = z.looseObject({ type: z.string(), seq: position, session_id: z.nullable(z.string()), payload: z.looseObject({}) });

/** Reads and validates what a client sent. Never throws; the caller answers `error` under `id`, or closes when there is none. */
export function readRequest(text: string): ReadRequest {
  let id: string | null = null;
  try {
    const raw = parseBounded(text);
    id = readableId(raw);
    const envelope = check(requestEnvelope, raw, 'The message');
    return { ok: true, message: { ...envelope, payload: readPayload(envelope.payload) } as RequestMessage };
  } catch (error) {
    return { ok: false, id, error: error instanceof AfieldError ? error : new AfieldError('bad_request', 'Unreadable.', { cause: error }) };
  }
}

/** Reads what a home server sent. Null: something this version does not know, or a malformed message; both are ignored. */
export function readReply(text: string): Reply | null {
  try {
    const envelope = check(replyEnvelope, parseBounded(text), 'The message');
    if (envelope.type === 'response') {
      const { kind } = envelope.payload;
      if (typeof kind !== 'string' || !Object.hasOwn(responseSchemas, kind)) return null;
      check(responseSchemas[kind as ResponseKind], envelope.payload, 'The response');
    } else if (envelope.type === 'event') {
      check(envelope.payload.type === 'stream.closed' ? streamClosed : anyEvent, envelope.payload, 'The event');
    }
    return envelope as unknown as Reply;
  } catch {
    // A newer or faulty server must not take the client down with one message; its request then ends by its timeout.
    return null;
  }
}

/** Builders: `now` in ms since 1970. Ids of requests are the client's to choose: 1 to 64 printable ASCII characters. */
export function request<A extends Action>(id: string, action: A, fields: Requests[A], now: number): RequestMessage {
  return { type: 'request', id, timestamp: stamp(now), payload: { ...fields, action } } as RequestMessage;
}

/** `id`: that of the request. */
export function response<K extends ResponseKind>(id: string, kind: K, fields: Responses[K], now: number): ResponseMessage {
  return { type: 'response', id, timestamp: stamp(now), payload: { ...fields, kind } } as ResponseMessage;
}

/** `subscription`: id of the `subscribe` request that it answers to; left out for `stream.closed`. */
export function event(payload: AfieldEvent | StreamClosed, now: number, subscription?: string): EventMessage {
  const id = 'seq' in payload ? `e${payload.seq}` : `s${payload.stream}`;
  return { type: 'event', id, timestamp: stamp(now), ...(subscription === undefined ? {} : { subscription }), payload };
}

/** `id`: that of the request; empty when it could not be read. */
export function error(id: string, problem: AfieldError, now: number): ErrorMessage {
  return { type: 'error', id, timestamp: stamp(now), payload: problem.toProblem() };
}

/** The text to send. Throws `too_large` above `MAX_LINK_MESSAGE_BYTES`: the channel could not carry it. */
export function encodeMessage(message: LinkMessage): string {
  const text = JSON.stringify(message);
  if (isTooLarge(text)) throw new AfieldError('too_large', `A message of more than ${MAX_LINK_MESSAGE_BYTES} bytes cannot be sent.`);
  return text;
}

const stamp = (now: number) => new Date(now).toISOString();

function readPayload(payload: unknown): unknown {
  const action = typeof payload === 'object' && payload !== null && 'action' in payload ? payload.action : undefined;
  if (typeof action !== 'string') throw new AfieldError('bad_request', 'payload.action is missing: say what is wanted.');
  if (!Object.hasOwn(requestSchemas, action)) throw new AfieldError('bad_request', `There is no action ${short(action)}.`);
  return check(requestSchemas[action as Action], payload, `The request ${action}`);
}

function check<S extends z.ZodMiniType>(schema: S, value: unknown, subject: string): z.output<S> {
  const result = z.safeParse(schema, value, { reportInput: true });
  if (!result.success) throw new AfieldError('bad_request', explainIssues(result.error.issues, subject));
  return result.data;
}

function readableId(raw: unknown): string | null {
  if (typeof raw !== 'object' || raw === null || !('id' in raw)) return null;
  const result = z.safeParse(messageId, raw.id);
  return result.success ? result.data : null;
}

function parseBounded(text: string): unknown {
  if (isTooLarge(text)) throw new AfieldError('too_large', `A message may have at most ${MAX_LINK_MESSAGE_BYTES} bytes.`);
  if (isTooDeep(text)) throw new AfieldError('bad_request', `A message may be nested at most ${MAX_MESSAGE_DEPTH} deep.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AfieldError('bad_request', 'The message is not JSON.', { cause });
  }
}

/** A UTF-16 unit is one to three bytes of UTF-8, so only texts in between need counting. */
function isTooLarge(text: string): boolean {
  if (text.length > MAX_LINK_MESSAGE_BYTES) return true;
  return text.length * 3 > MAX_LINK_MESSAGE_BYTES && new TextEncoder().encode(text).length > MAX_LINK_MESSAGE_BYTES;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside of strings, before the parser recurses into them. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > MAX_MESSAGE_DEPTH) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return false;
}
