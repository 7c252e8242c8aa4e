/** API calls that travel as link messages: the same dispatch as over HTTP. */
import { AfieldError, type Problem } from '@afield/shared/errors.ts';
import { MAX_LINK_MESSAGE_BYTES, type Requests, type Responses } from '@afield/shared/link/messages.ts';
import type { RawBody } from '@afield/shared/route.ts';
import type { Identity } from '../core/identity.ts';
import type { Dispatch, DispatchResponse } from '../core/request.ts';

/** Bytes of an answer that fit into one message in base64, beside the envelope. */
const MAX_RAW_BYTES = Math.floor(((MAX_LINK_MESSAGE_BYTES - 64 * 1024) * 3) / 4);

export interface HttpCall {
  dispatch: Dispatch;
  identity: Identity;
  signal: AbortSignal;
}

/** Errors: bad_request for a stream of events, too_large for an answer that does not fit. */
export async function callHttp(request: Requests['http'], { dispatch, identity, signal }: HttpCall): Promise<Responses['http']> {
  // Who asks is known from the connection; a token in here would be one too many.
  const { authorization: _, ...headers } = request.headers ?? {};
  const answer = await dispatch({ method: request.method, path: request.path, headers, body: bodyOf(request, headers), identity, signal });
  return {
    status: answer.status,
    headers: answer.headers,
    body: answer.raw === null ? answer.body : { base64: (await collect(answer)).toString('base64') },
  };
}

/** `{"base64": …}` is bytes only when the header says that they are no JSON: for a JSON route it is a body like any other. */
function bodyOf(request: Requests['http'], headers: Record<string, string>): unknown {
  const type = headers['content-type'] ?? 'application/json';
  if (request.body === undefined || /^application\/json\s*(;|$)/i.test(type)) return request.body;
  throw new AfieldError('media_type', `This API takes application/json, not ${type.slice(0, 100)}.`);
}

async function collect({ raw, headers }: DispatchResponse): Promise<Buffer> {
  if (typeof raw === 'string' || raw instanceof Uint8Array) return fitting([Buffer.from(raw as string)]);
  const chunks: Buffer[] = [];
  const stream = raw as Exclude<RawBody, string | Uint8Array>;
  if (headers['content-type']?.startsWith('text/event-stream')) {
    await stream[Symbol.asyncIterator]().return?.();
    throw new AfieldError('bad_request', 'Events come over the link by the action subscribe, not as server-sent events.');
  }
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    fitting(chunks);
  }
  return fitting(chunks);
}

function fitting(chunks: readonly Buffer[]): Buffer {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytes <= MAX_RAW_BYTES) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  throw new AfieldError('too_large', `The answer has more than ${MAX_RAW_BYTES} bytes. Fetch it over HTTP, at home.`);
}

/** For actions that are a route under another name: its success, or its error. */
export function settle({ status, body }: DispatchResponse): void {
  if (status >= 400) throw AfieldError.from(body as Problem);
}
