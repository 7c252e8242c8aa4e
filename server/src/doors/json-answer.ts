/** Writes a dispatch response to an HTTP response, streams included. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { DispatchResponse } from '../core/request.ts';

/** Resolves when it is written, or the caller is gone. */
export async function writeAnswer(response: ServerResponse, { status, headers, body, raw }: DispatchResponse): Promise<void> {
  response.writeHead(status, headers);
  if (raw === null) {
    response.end(status === 204 ? undefined : JSON.stringify(body));
    return;
  }
  if (typeof raw === 'string' || raw instanceof Uint8Array) {
    response.end(raw);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    for await (const chunk of raw) {
      if (gone.signal.aborted) return;
      // Wait for a slow reader: what it has not taken stays where it comes from.
      if (!response.write(chunk)) await once(response, 'drain', { signal: gone.signal });
    }
    response.end();
  } catch (error) {
    // The status has been sent: all that is left is to break off, so that nobody takes half for the whole.
    if (!gone.signal.aborted) response.destroy();
    if (!gone.signal.aborted) throw error;
  }
}
