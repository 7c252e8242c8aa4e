import type { ChatItem } from '@afield/shared/api/chat.ts';

/** The items of a chat apart from their signals: how pages are put together, and what a piece of text does to an item. */

/** As much of a tool's output as is kept, in UTF-16 units; home keeps as much. */
const MAX_OUTPUT = 65_536;
/** Text of one item that is kept here while it is written, in UTF-16 units. Home bounds it before that. */
const MAX_TEXT = 2_000_000;

/** More text of an item. `at`: UTF-16 units that stood before it. */
export interface Chunk {
  at: number;
  text: string;
}

/** The part of an item that grows. Null: none does. */
export function grownText(item: ChatItem): string | null {
  if (item.kind === 'message' || item.kind === 'thought') return item.text;
  return item.kind === 'tool' ? item.output : null;
}

function withText(item: ChatItem, text: string): ChatItem {
  if (item.kind === 'message' || item.kind === 'thought') return { ...item, text: text.slice(0, MAX_TEXT) };
  return item.kind === 'tool' ? { ...item, output: text.slice(-MAX_OUTPUT) } : item;
}

/**
 * The item with more text; the same item when it holds that already; null when the piece does not fit and the item must be asked for.
 * Of a tool whose output is longer than what is kept, `at` counts in what is kept after the piece.
 */
export function withChunk(item: ChatItem, { at, text }: Chunk): ChatItem | null {
  const known = grownText(item);
  if (known === null) return null;
  if (at === known.length) return withText(item, known + text);
  if (known.slice(at, at + text.length) === text) return item;
  const full = item.kind === 'tool' && known.length + text.length > MAX_OUTPUT && at <= known.length && at + text.length >= MAX_OUTPUT - 1;
  return full ? withText(item, known + text) : null;
}

const isOpen = (item: ChatItem): boolean =>
  'state' in item && (item.state === 'open' || item.state === 'pending' || item.state === 'running');

/** Of two states of one item the later one. */
export function newer(known: ChatItem, next: ChatItem): ChatItem {
  if (known.updated_at > next.updated_at) return known;
  const [old, now] = [grownText(known), grownText(next)];
  // pieces came while it was asked for
  if (isOpen(known) && isOpen(next) && known.updated_at === next.updated_at && old !== null && now !== null && old.startsWith(now))
    return known;
  return next;
}

/**
 * The known items with the newest page; null when nothing of the page is known, so that there may be a hole between the two. What came
 * by events since the page was made stays behind it.
 */
export function withTail(known: readonly ChatItem[], page: readonly ChatItem[]): ChatItem[] | null {
  if (known.length === 0 || page.length === 0) return [...page];
  const byId = new Map(known.map((item) => [item.id, item]));
  const first = known.findIndex((item) => page.some((one) => one.id === item.id));
  if (first < 0) return null;
  const inPage = new Set(page.map((item) => item.id));
  const last = page.at(-1)!;
  const later = known.slice(first).filter((item) => !inPage.has(item.id) && item.created_at >= last.created_at);
  return [
    ...known.slice(0, first).filter((item) => !inPage.has(item.id)),
    ...page.map((item) => (byId.has(item.id) ? newer(byId.get(item.id)!, item) : item)),
    ...later,
  ];
}

/** Where an item that is new belongs: behind everything that is not younger. */
export function placeFor(items: readonly ChatItem[], item: ChatItem): number {
  let place = items.length;
  while (place > 0 && items[place - 1]!.created_at > item.created_at) place -= 1;
  return place;
}
