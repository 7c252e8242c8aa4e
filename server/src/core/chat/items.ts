/** Items of a chat face, between what is stored of them and what is told. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { ChatRow } from '../chat-stores.ts';

export type MessageItem = Extract<ChatItem, { kind: 'message' }>;
export type ThoughtItem = Extract<ChatItem, { kind: 'thought' }>;
export type ToolItem = Extract<ChatItem, { kind: 'tool' }>;
export type OpenItem = MessageItem | ThoughtItem | ToolItem;

/** Seq from which on events tell what the row does not hold yet: kept beside what everybody may see. */
const FROM = 'from_seq';

/** `key`: what the agent calls it, where it may tell of it again. */
export function rowOf({ id, session_id, kind, created_at, updated_at, ...body }: ChatItem, fromSeq: number, key?: string | null): ChatRow {
  return { id, session_id, kind, body: { ...body, [FROM]: fromSeq }, created_at, updated_at, ...(key == null ? {} : { key }) };
}

export function itemOf({ id, session_id, kind, created_at, updated_at, body }: Omit<ChatRow, 'key'>): ChatItem {
  const { [FROM]: _from, ...rest } = body;
  return { id, session_id, created_at, updated_at, kind, ...rest } as ChatItem;
}

export const fromSeqOf = ({ body }: ChatRow): number => Number(body[FROM] ?? 0);

const OPEN: readonly string[] = ['open', 'pending', 'running'];

/** More of it may come. */
export function isOpen(item: ChatItem): item is OpenItem {
  return 'state' in item && OPEN.includes(item.state);
}

/** What grows by `message.chunk`. */
export function textOf(item: OpenItem): string {
  return item.kind === 'tool' ? item.output : item.text;
}

/** The event that tells of an item for good. */
export function endEvent(item: ChatItem): 'message.complete' | 'message.error' | 'tool.call_complete' | 'tool.call_error' | 'plan.updated' {
  if (item.kind === 'tool') return item.state === 'done' ? 'tool.call_complete' : 'tool.call_error';
  if (item.kind === 'plan') return 'plan.updated';
  return item.kind === 'notice' && item.level === 'error' ? 'message.error' : 'message.complete';
}

/** UTF-16 units of text in it. */
export function sizeOf(item: ChatItem): number {
  if (item.kind === 'tool') {
    const diffs = item.diffs.reduce((sum, { before, after }) => sum + (before?.length ?? 0) + (after?.length ?? 0), 0);
    return item.output.length + (item.input?.length ?? 0) + diffs;
  }
  return 'text' in item ? item.text.length : 0;
}
