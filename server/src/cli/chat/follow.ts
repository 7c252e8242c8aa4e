/** A chat as it is and as it goes on: the tail first, then every event after it, without a hole. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';

const PAGE = 200;
const TOPICS = ['message.*', 'tool.*', 'plan.*', 'approval.*', 'session.status_changed', 'session.deleted', 'usage.updated'];

/** The newest `count` items, in order. */
export async function tailOf(client: Pick<AfieldClient, 'call'>, id: string, count: number): Promise<ChatItem[]> {
  let items: ChatItem[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE, count - items.length);
    const query: { limit: number; cursor?: string } = cursor === null ? { limit } : { limit, cursor };
    const page = await client.call('getMessages', { params: { id }, query });
    items = [...page.items, ...items];
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < count);
  return items;
}

/** Approvals of the items, by id; those that are gone with their history are left out. */
export async function approvalsOf(client: Pick<AfieldClient, 'call'>, items: readonly ChatItem[]): Promise<Map<string, Approval>> {
  const found = new Map<string, Approval>();
  for (const item of items) {
    if (item.kind !== 'approval') continue;
    try {
      found.set(item.approval_id, await client.call('getApproval', { params: { id: item.approval_id } }));
    } catch (error) {
      if (!(error instanceof AfieldError && error.code === 'approval_not_found')) throw error;
    }
  }
  return found;
}

export interface FollowHandlers {
  /** The tail, before any event; again after a gap. */
  begin(session: Session, items: ChatItem[], approvals: Map<string, Approval>, waiting: Approval[]): void;
  event(event: AfieldEvent): void;
  failed(error: unknown): void;
}

/** The link must be ready. Resolves once `begin` was called. Returns the end of it. */
export async function followChat(client: AfieldClient, id: string, count: number, handlers: FollowHandlers): Promise<() => void> {
  const load = async (): Promise<void> => {
    const session = await client.call('getSession', { params: { id } });
    const items = await tailOf(client, id, count);
    const waiting = await client.call('listApprovals', { query: { session_id: id } });
    handlers.begin(session, items, await approvalsOf(client, items), waiting.items);
  };
  // Known before the tail is asked for: what happens meanwhile comes as events, and twice does no harm.
  const since = (client.link.welcome?.next_seq ?? 1) - 1;
  await load();
  const onGap = (): void => void load().catch(handlers.failed);
  const subscription = client.link.subscribe({ topics: TOPICS, session_id: id, since, onGap, onError: handlers.failed }, handlers.event);
  const watch = client.link.connection.subscribe((state) => {
    if (state.state === 'refused') handlers.failed(new AfieldError('unauthenticated', state.detail));
  });
  return () => {
    subscription.close();
    watch();
  };
}
