/** What handlers ask of the chat face of a session, whether it runs or is over. */
import { join } from 'node:path';
import type { ChatItem, ChatState } from '@afield/shared/api/chat.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import type { Chatting, LiveSessions } from '../sessions/live-sessions.ts';
import { readAttachment } from './attachments.ts';
import { readKnown, unknown } from './chat-known.ts';
import { ChatSession } from './chat-session.ts';
import { itemOf, sizeOf } from './items.ts';

/** Of text in one page: what is larger comes with the next one. */
const PAGE_CHARACTERS = 1_000_000;

export interface ChatPage {
  items: ChatItem[];
  next_cursor: string | null;
}

export function createChatFace(deps: SessionDeps, live: LiveSessions) {
  const { store } = deps;
  const folder = (id: string) => join(deps.recordings, id);
  const running = (id: string): Chatting | null => {
    const session = live.get(id);
    return session instanceof ChatSession ? session : (session?.chat ?? null);
  };

  return {
    running,

    messages(id: string, { limit, cursor }: { limit: number; cursor?: string }): ChatPage {
      live.rowOf(id);
      const now = running(id)?.transcript.now() ?? { open: new Map<string, ChatItem>(), unwritten: [] };
      const rows = store.chat.list({ session_id: id, before: cursor, limit: limit + 1 });
      const page = thatFit(rows.slice(0, limit).map((row) => now.open.get(row.id) ?? itemOf(row)));
      const next_cursor = rows.length > page.length ? (page.at(-1)?.id ?? null) : null;
      const items = page.toReversed();
      return {
        items: cursor === undefined ? [...items, ...now.unwritten.map((item) => now.open.get(item.id) ?? item)] : items,
        next_cursor,
      };
    },

    message(id: string, item_id: string): ChatItem {
      live.rowOf(id);
      const now = running(id)?.transcript.now();
      const open = now?.open.get(item_id) ?? now?.unwritten.find((item) => item.id === item_id);
      if (open !== undefined) return open;
      const row = store.chat.get(item_id);
      if (row?.session_id === id) return itemOf(row);
      throw new AfieldError('not_found', 'There is no such item in this session. It may have been deleted.');
    },

    chat(id: string): ChatState {
      const row = withChat(live.rowOf(id));
      const session = running(id);
      if (session !== null) return session.state;
      return readKnown(id, folder(id)) ?? { ...unknown(id), model: row.model, mode: row.mode };
    },

    async attachment(id: string, attachment_id: string, part?: { from: number; bytes?: number }): Promise<Uint8Array> {
      live.rowOf(id);
      return readAttachment(folder(id), attachment_id, part);
    },
  };
}

/** The newest ones that go into one answer together, at least one. */
function thatFit(items: ChatItem[]): ChatItem[] {
  let left = PAGE_CHARACTERS;
  const last = items.findIndex((item) => {
    left -= sizeOf(item);
    return left < 0;
  });
  return last < 0 ? items : items.slice(0, Math.max(1, last));
}

/** Errors: not_supported. */
export function withChat<R extends Pick<SessionRow, 'faces' | 'name'>>(row: R): R {
  if (row.faces.includes('chat')) return row;
  throw new AfieldError('not_supported', `The session "${row.name}" has no chat face: it is behind a terminal.`);
}

/** Errors: not_supported. */
export function withTerminal(row: SessionRow): SessionRow {
  if (row.faces.includes('terminal')) return row;
  throw new AfieldError('not_supported', `The session "${row.name}" has no terminal: read its messages, and send it prompts.`);
}
