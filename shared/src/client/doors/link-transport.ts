import { AfieldError } from '../../errors.ts';
import type { Link } from '../../link/link.ts';
import type { Transport } from '../transport.ts';

/** HTTP exchanges as messages of the link: the same routes, without a second connection. */
export function linkTransport(link: Link): Transport {
  return {
    async exchange({ method, path, body }, options) {
      const fields = { method, path, ...(body === undefined ? {} : { body }) };
      const answer = await link.request('http', fields, options);
      const isJson = /^application\/(problem\+)?json\s*(;|$)/i.test(answer.headers['content-type'] ?? '');
      return { status: answer.status, body: isJson ? answer.body : bytesOf(answer.body) };
    },
  };
}

/** `{"base64": …}` stands for bytes; anything else is left as it is. */
function bytesOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('base64' in body) || typeof body.base64 !== 'string') return body ?? undefined;
  try {
    return Uint8Array.from(atob(body.base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new AfieldError('internal', 'The answer holds broken base64.', { cause });
  }
}
