/**
 * One end of JSON-RPC 2 over lines, lenient in what it takes: with and without the `jsonrpc` field, ids of any kind, answers to nothing.
 * Nothing that comes in throws.
 */
import { AfieldError } from '@afield/shared/errors.ts';

export type RpcId = string | number;

/** What the other side answered instead of a result. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}
export const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;

export interface RpcHandlers {
  /** A request: what it returns is the answer. Throw `RpcError` for another code; default -32603. */
  request(method: string, params: unknown, id: RpcId): unknown;
  notification(method: string, params: unknown): void;
  /** A line that is none of these. */
  unknown(line: string): void;
}

export interface RpcPeer {
  /** Errors: RpcError when the other side answers with one; unavailable when it is gone, or reads nothing. `sent`: its id. */
  request(method: string, params?: unknown, sent?: (id: RpcId) => void): Promise<unknown>;
  /** Errors: unavailable. */
  notify(method: string, params?: unknown): void;
  /** A line from the other side. */
  take(line: string): void;
  /** The other side is gone: what waits for an answer fails with it. */
  close(why: string): void;
}

/** `versioned`: what we send has the field `jsonrpc`. */
export function createRpcPeer({
  send,
  handlers,
  versioned = true,
}: {
  send(line: string): void;
  handlers: RpcHandlers;
  versioned?: boolean;
}): RpcPeer {
  const waiting = new Map<RpcId, { resolve(result: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let closed: string | null = null;
  const put = (message: object) => {
    if (closed !== null) throw new AfieldError('unavailable', closed);
    send(JSON.stringify(versioned ? { jsonrpc: '2.0', ...message } : message));
  };
  /** An answer that can no longer be given is nobody's fault. */
  const reply = (message: object) => {
    try {
      put(message);
    } catch {
      // Its end is heard otherwise.
    }
  };

  async function serve(id: RpcId, method: string, params: unknown): Promise<void> {
    try {
      const result = await handlers.request(method, params, id);
      reply({ id, result: result ?? null });
    } catch (error) {
      const { code, message } = error instanceof RpcError ? error : { code: INTERNAL_ERROR, message: (error as Error).message };
      reply({ id, error: { code, message } });
    }
  }

  function settle(id: RpcId, { result, error }: { result?: unknown; error?: unknown }): boolean {
    const asked = waiting.get(id);
    if (asked === undefined) return false;
    waiting.delete(id);
    if (error === undefined || error === null) asked.resolve(result);
    else asked.reject(asError(error));
    return true;
  }

  return {
    request(method, params, sent) {
      last += 1;
      const id = last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        try {
          put({ id, method, ...(params === undefined ? {} : { params }) });
          sent?.(id);
        } catch (error) {
          waiting.delete(id);
          reject(error as Error);
        }
      });
    },
    notify: (method, params) => put({ method, ...(params === undefined ? {} : { params }) }),
    take(line) {
      const message = parsed(line);
      if (message === null) return handlers.unknown(line);
      const { id, method, params } = message;
      const named = typeof id === 'string' || typeof id === 'number';
      if (typeof method === 'string') {
        if (named) serve(id, method, params).catch(() => {});
        else handlers.notification(method, params);
      } else if (!(named && settle(id, message))) handlers.unknown(line);
    },
    close(why) {
      closed ??= why;
      const left = [...waiting.values()];
      waiting.clear();
      for (const { reject } of left) reject(new AfieldError('unavailable', why));
    },
  };
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON.
    return null;
  }
}

function asError(error: unknown): RpcError {
  const { code, message, data } = (typeof error === 'object' && error !== null ? error : { message: error }) as Record<string, unknown>;
  return new RpcError(
    typeof code === 'number' ? code : INTERNAL_ERROR,
    typeof message === 'string' ? message : JSON.stringify(error),
    data,
  );
}
