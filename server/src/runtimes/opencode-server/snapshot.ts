/** What opencode says of a conversation when it is asked: for the times in which nobody listened. */
import { record, records } from '../loose.ts';
import type { Api } from './api.ts';
import type { Conversation } from './conversation.ts';

const LOOKS = 5;
/** The newest messages: those of a turn and more. */
const PAGE = 40;

/** Brings a conversation up to date. An answer that events have overtaken counts for nothing: it is asked again. Errors: unavailable. */
export async function lookUp(api: Api, conversation: Conversation, over: () => boolean, page = PAGE): Promise<void> {
  for (let tries = 0; tries < LOOKS && !over(); tries += 1) {
    const before = conversation.changes;
    const list = (path: string) => api.ask('GET', path).then(records);
    // Whatever else cannot be read now: its state can.
    const [status, messages, asks] = await Promise.all([
      api.ask('GET', '/session/status').then(record),
      messagesOf(api, conversation.id, page).catch(() => []),
      Promise.all([list('/permission'), list('/question')]).then(
        (both) => both.flat(),
        () => null,
      ),
    ]);
    if (over()) return;
    conversation.read(messages);
    if (conversation.changes !== before) continue;
    // A conversation that does nothing is not in the list.
    conversation.reconcile({ status: { type: 'idle', ...record(status[conversation.id]) }, asks });
    return;
  }
}

/** Errors: unavailable. */
export async function messagesOf(api: Api, session: string, limit: number): Promise<Record<string, unknown>[]> {
  return records(await api.ask('GET', `/session/${encodeURIComponent(session)}/message?limit=${limit}`));
}
