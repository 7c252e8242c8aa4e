import { AfieldError } from '../../errors.ts';
import { type Clock, systemClock } from '../../link/clock.ts';
import { DEFAULT_TIMEOUT_MS, type RequestOptions } from '../../link/link.ts';
import type { Exchange, Outcome, Transport } from '../transport.ts';

/** As much of `fetch` as is used; the browser's and Node's fit. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal; redirect: 'error' },
) => Promise<{ status: number; headers: { get(name: string): string | null }; arrayBuffer(): Promise<ArrayBuffer> }>;

/** A token, or where to get the one of the moment. */
export type Token = string | (() => string | Promise<string>);

export interface HttpOptions {
  /** Root of the server: `http://127.0.0.1:4096`. */
  url: string;
  /** Sent as `Authorization: Bearer …`; never in the URL. */
  token?: Token;
  fetch: Fetch;
  clock?: Clock;
}

/** One request, one attempt: whoever calls decides whether to try again. */
export function httpTransport(options: HttpOptions): Transport {
  const root = options.url.replace(/\/+$/, '');
  return {
    async exchange(exchange, { signal, timeout_ms = DEFAULT_TIMEOUT_MS }) {
      const { abort, done, timedOut } = limited(options.clock ?? systemClock, timeout_ms, signal);
      try {
        return await attempt(root, exchange, options, abort);
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        if (cause instanceof AfieldError) throw cause;
        const detail = timedOut()
          ? `The home server at ${root} did not answer within ${Math.round(timeout_ms / 1000)} s.`
          : `Nothing answers at ${root}. Is the home server running? Start it with: afield serve`;
        throw new AfieldError('unavailable', detail, { cause });
      } finally {
        done();
      }
    },
  };
}

async function attempt(
  root: string,
  { method, path, body }: Exchange,
  { token, fetch }: HttpOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const bearer = typeof token === 'function' ? await token() : token;
  const headers: Record<string, string> = { accept: 'application/json, */*' };
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  // A redirect would carry the token to wherever it points.
  const sent = { method, headers, signal, redirect: 'error' as const, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(root + path, sent);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, body: parsed(bytes, answer.headers.get('content-type') ?? '') };
}

function parsed(bytes: Uint8Array, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  if (!/^application\/(problem\+)?json\s*(;|$)/i.test(contentType)) return bytes;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new AfieldError('internal', 'The answer is cut or not what it says it is: perhaps this is not a home server.', { cause });
  }
}

/** A signal that fires on the caller's, or when the time is up. */
function limited(clock: Clock, timeoutMs: number, signal: RequestOptions['signal']) {
  const controller = new AbortController();
  let late = false;
  const timer = clock.setTimeout(() => {
    late = true;
    controller.abort();
  }, timeoutMs);
  const forward = () => controller.abort();
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward);
  return {
    abort: controller.signal,
    timedOut: () => late,
    done: () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', forward);
    },
  };
}
