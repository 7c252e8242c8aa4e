import { AfieldError } from '@afield/shared/errors.ts';

/** The seq that a resuming reader saw last (HTML standard, 9.2.4), or null. Errors: bad_request when it is no number. */
export function lastEventId(headers: Readonly<Record<string, string | undefined>>): number | null {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return null;
  const seq = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(seq)) throw new AfieldError('bad_request', 'Last-Event-ID is the number of the last event seen.');
  return seq;
}
