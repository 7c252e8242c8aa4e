/** Calls of opencode's HTTP server: with its password, bounded in time and size. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Clock } from '../../core/ports.ts';

/** A request while the server starts may never be answered. */
const ANSWER_MS = 15_000;
/** Larger than any answer that is a conversation's page. */
const MAX_BYTES = 128 * 1024 * 1024;
const USER = 'opencode';

type Method = 'GET' | 'POST' | 'PATCH';

export interface Answer {
  status: number;
  body: unknown;
}

/** Its server on the loopback interface. */
export interface Api {
  /** Errors: unavailable when it does not answer, or not in time. */
  call(method: Method, path: string, body?: object, timeoutMs?: number): Promise<Answer>;
  /** The same; what is not a 2xx is `unavailable` too, with what it said. */
  ask(method: Method, path: string, body?: object): Promise<unknown>;
  /** A stream of events. Errors: unavailable. */
  stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export function createApi(origin: string, password: string, clock: Clock): Api {
  const headers = { authorization: `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`, 'content-type': 'application/json' };

  async function call(method: Method, path: string, body?: object, timeoutMs = ANSWER_MS): Promise<Answer> {
    const gaveUp = new AbortController();
    const late = clock.setTimeout(() => gaveUp.abort(), timeoutMs);
    try {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`${origin}${path}`, { method, headers, signal: gaveUp.signal, redirect: 'error', ...sent });
      return { status: response.status, body: parsed(await bounded(response)) };
    } catch (cause) {
      const why = gaveUp.signal.aborted ? `did not answer in ${Math.round(timeoutMs / 1_000)} s` : 'does not answer';
      throw new AfieldError('unavailable', `opencode ${why}. Try again, or stop the session and go on with it.`, { cause });
    } finally {
      late.cancel();
    }
  }

  return {
    call,
    async ask(method, path, body) {
      const answer = await call(method, path, body);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      throw new AfieldError('unavailable', `opencode refused: ${told(answer)}`);
    },
    async stream(path, signal) {
      const response = await fetch(`${origin}${path}`, { headers: { ...headers, accept: 'text/event-stream' }, signal, redirect: 'error' });
      if (response.ok && response.body !== null) return response.body;
      await response.body?.cancel();
      throw new AfieldError('unavailable', `opencode gives no events: ${response.status}`);
    },
  };
}

/** What a refusal says, for a person. */
export function told({ status, body }: Answer): string {
  const { message, data } = (typeof body === 'object' && body !== null ? body : {}) as { message?: unknown; data?: { message?: unknown } };
  const text = [message, data?.message].find((part) => typeof part === 'string' && part !== '');
  return text === undefined ? `it answered ${status}.` : String(text).slice(0, 500);
}

async function bounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error('the answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
