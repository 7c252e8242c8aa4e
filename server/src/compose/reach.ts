/** Whether a server answers: nothing is sent but a request for its address, and nothing of the answer is read but its status. */
import { request as http } from 'node:http';
import { request as https } from 'node:https';

const ANSWER_MS = 5_000;

/** Any answer will do, also one that says no. Redirects are not followed. Never rejects. */
export function reach(url: string, timeoutMs = ANSWER_MS): Promise<{ ok: boolean; detail: string }> {
  const { origin, protocol } = new URL(url);
  return new Promise((resolve) => {
    // A connection of its own: none is left open for later.
    const asked = (protocol === 'https:' ? https : http)(url, { method: 'GET', agent: false, headers: { 'user-agent': 'afield' } });
    const end = (ok: boolean, detail: string) => {
      clearTimeout(timer);
      asked.destroy();
      resolve({ ok, detail });
    };
    // Of the whole of it: a socket's own timeout starts anew with every byte.
    const timer = setTimeout(() => end(false, `${origin} does not answer within ${timeoutMs / 1000} s.`), timeoutMs);
    asked.on('response', ({ statusCode }) => end(true, `${origin} answers (HTTP ${statusCode}).`));
    asked.on('error', (error: NodeJS.ErrnoException) => end(false, `${origin} cannot be reached: ${error.code ?? 'it breaks off'}.`));
    asked.end();
  });
}
