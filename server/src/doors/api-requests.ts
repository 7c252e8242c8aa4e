/** API calls over HTTP: reads them in the order of the rules, hands them to dispatch, writes what comes back. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Identity } from '../core/identity.ts';
import type { DispatchRequest } from '../core/request.ts';
import { type Dispatcher, refusal } from '../dispatch.ts';
import { writeAnswer } from './json-answer.ts';
import { parseJsonBody } from './json-body.ts';
import type { DoorLog, Gatekeeper } from './ports.ts';

export interface ApiDoor {
  dispatch: Dispatcher;
  gate: Gatekeeper;
  bodyLimitBytes: number;
  log: DoorLog;
}

/** Answers one request below the base path. `inspect` of the gate has passed already. Never throws. */
export async function serveApi(request: IncomingMessage, response: ServerResponse, door: ApiDoor): Promise<void> {
  const gone = new AbortController();
  // An abort makes an exception, which costs more than a small answer: only for those who left before theirs.
  response.once('close', () => response.writableFinished || gone.abort());
  try {
    const method = request.method ?? '';
    const path = request.url ?? '';
    const identity = door.gate.identify(request.headers.authorization, request.socket.remoteAddress ?? '');
    const early = door.dispatch.precheck({ method, path, identity });
    if (early !== null) {
      await refuse(request, response, early);
      return;
    }
    limit(door, identity);
    const body = await readBody(request, door.bodyLimitBytes);
    const headers = request.headers as DispatchRequest['headers'];
    await writeAnswer(response, await door.dispatch({ method, path, headers, body, identity, signal: gone.signal }));
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      if (!gone.signal.aborted) door.log.warn('An answer broke off', { error: String(error) });
      response.destroy();
      return;
    }
    const fault = error instanceof AfieldError ? error : new AfieldError('internal', 'Something went wrong here.', { cause: error });
    if (fault.code === 'internal') door.log.warn('A request failed', { error: String(error) });
    await refuse(request, response, refusal(fault.code, fault.message));
  }
}

/** Who is let in asks at a rate that one person's programs need; nobody counts once more for a failed answer. */
function limit({ gate }: ApiDoor, identity: Identity | null): void {
  if (identity !== null && !gate.take(identity))
    throw new AfieldError('rate_limited', 'Too many requests. Wait a few seconds, then go on.');
}

async function refuse(request: IncomingMessage, response: ServerResponse, answer: ReturnType<typeof refusal>): Promise<void> {
  // Who is still sending would not read the answer: a close with unread bytes in it resets the connection.
  if (!(await discard(request))) response.setHeader('connection', 'close');
  await writeAnswer(response, answer);
}

/** Bytes and time that are spent on a body that nobody wants. */
const DISCARD_BYTES = 16 * 1024 * 1024;
const DISCARD_MS = 3_000;

/** True when the body was read to its end. */
async function discard(request: IncomingMessage): Promise<boolean> {
  let bytes = 0;
  const late = AbortSignal.timeout(DISCARD_MS);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > DISCARD_BYTES || late.aborted) return false;
    }
    return true;
  } catch {
    // The caller is gone, so nobody waits for the answer.
    return false;
  }
}

/** The parsed JSON, or undefined without a body. Errors: media_type, too_large, bad_request. */
async function readBody(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length === 0 && request.headers['transfer-encoding'] === undefined) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type)) {
    throw new AfieldError('media_type', 'Send the body as JSON, with "Content-Type: application/json".');
  }
  if (request.headers['content-encoding'] !== undefined) throw new AfieldError('media_type', 'Send the body without Content-Encoding.');
  const tooLarge = () => new AfieldError('too_large', `A body may have at most ${limitBytes} bytes (body_limit_bytes in config.yaml).`);
  if (length > limitBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return bytes === 0 ? undefined : parseJsonBody(decode(Buffer.concat(chunks)));
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AfieldError('bad_request', 'The body is not UTF-8.', { cause });
  }
}
