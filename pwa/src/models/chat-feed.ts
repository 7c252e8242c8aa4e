import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import { type Chunk, newer, placeFor, withChunk, withTail } from './chat-items.ts';
import { SHOW_EVERY_MS } from './chat-pace.ts';
import type { HomeLink } from './home-link.ts';

/** Items of one request. */
const PAGE = 60;
/** As many are kept; who reads further back leaves the newest ones, and goes back to them by asking anew. */
export const MAX_ITEMS = 600;
export interface FeedDeps {
  link: Pick<HomeLink, 'call'>;
  session_id: string;
  later(run: () => void, ms: number): () => void;
}

/** The items of one chat: its newest page, older ones on demand, and what events do to them. Bounded. */
export function createChatFeed({ link, session_id, later }: FeedDeps) {
  /** In order. Changes only when items come or go: each item has a signal of its own. */
  const order = signal<readonly string[]>([]);
  const items = new Map<string, Signal<ChatItem>>();
  const loading = signal<'newest' | 'older' | null>(null);
  const loaded = signal(false);
  const error = signal<string | null>(null);
  const cursor = signal<string | null>(null);
  /** There are newer items which are not here. */
  const behind = signal(false);
  /** Came since the newest page was shown: counts up, for who reads further back. */
  const arrived = signal(0);

  /** Pieces that came while their item was being asked for. */
  const waiting = new Map<string, Chunk[]>();
  /** Items that are being asked for. `again`: once more after that. */
  const asked = new Map<string, { again: boolean }>();
  let round = 0;
  let over = false;

  const known = (): ChatItem[] => order.peek().map((id) => items.get(id)!.peek());

  function show(next: readonly ChatItem[]): void {
    batch(() => {
      const wanted = new Set(next.map((item) => item.id));
      for (const id of [...items.keys()]) {
        if (wanted.has(id)) continue;
        items.delete(id);
        waiting.delete(id);
      }
      for (const item of next) set(item);
      order.value = next.map((item) => item.id);
    });
  }

  function set(item: ChatItem): void {
    const one = items.get(item.id);
    if (one === undefined) items.set(item.id, signal(item));
    else one.value = item;
  }

  async function load(): Promise<void> {
    round += 1;
    const mine = round;
    loading.value = 'newest';
    try {
      const page = await link.call('getMessages', { params: { id: session_id }, query: { limit: PAGE } });
      if (mine !== round || over) return;
      batch(() => {
        const whole = behind.peek() ? null : withTail(known(), page.items);
        show(whole ?? page.items);
        if (whole === null || !loaded.peek()) cursor.value = page.next_cursor;
        behind.value = false;
        loaded.value = true;
        error.value = null;
        arrived.value = 0;
      });
    } catch (cause) {
      if (mine === round) error.value = failureOf(cause).text;
    } finally {
      if (mine === round) loading.value = null;
    }
  }

  async function loadOlder(): Promise<void> {
    const from = cursor.peek();
    if (from === null || loading.peek() !== null || over) return;
    const mine = round;
    loading.value = 'older';
    try {
      const page = await link.call('getMessages', { params: { id: session_id }, query: { limit: PAGE, cursor: from } });
      if (mine !== round || over) return;
      batch(() => {
        const here = new Set(order.peek());
        const all = [...page.items.filter((item) => !here.has(item.id)), ...known()];
        if (all.length > MAX_ITEMS) behind.value = true;
        show(all.slice(0, MAX_ITEMS));
        cursor.value = page.next_cursor;
        error.value = null;
      });
    } catch (cause) {
      if (mine === round) error.value = failureOf(cause).text;
    } finally {
      if (mine === round) loading.value = null;
    }
  }

  /** One item as home has it now; what came meanwhile is put behind it. */
  async function askFor(id: string): Promise<void> {
    const before = asked.get(id);
    if (before !== undefined) {
      before.again = true;
      return;
    }
    const mine = { again: false };
    asked.set(id, mine);
    try {
      const item = await link.call('getMessage', { params: { id: session_id, item_id: id } });
      if (over || !items.has(id)) return;
      items.get(id)!.value = newer(items.get(id)!.peek(), item);
      mine.again = !showPieces(id);
    } catch {
      // the line broke: the newest page comes with its return. Or the item is gone, and so it stays as it was
      waiting.delete(id);
    } finally {
      asked.delete(id);
    }
    if (mine.again && !over) later(() => void askFor(id), SHOW_EVERY_MS);
  }

  /** Puts the pieces that wait into an item. False: one does not fit. */
  function showPieces(id: string): boolean {
    const pieces = waiting.get(id);
    const one = items.get(id);
    waiting.delete(id);
    if (pieces === undefined || one === undefined) return true;
    let item: ChatItem | null = one.peek();
    for (const piece of pieces) {
      item = withChunk(item, piece);
      if (item === null) return false;
      one.value = item;
    }
    return true;
  }

  function onChunk(id: string, piece: Chunk): void {
    if (!items.has(id)) {
      // its beginning was missed; or it is far back, where nobody looks
      if (!behind.peek() && loaded.peek()) void load();
      return;
    }
    waiting.set(id, [...(waiting.get(id) ?? []), piece]);
    if (!asked.has(id) && !showPieces(id)) void askFor(id);
  }

  /** An item as it is now. */
  function take(item: ChatItem): void {
    waiting.delete(item.id);
    const one = items.get(item.id);
    if (one !== undefined) {
      one.value = newer(one.peek(), item);
      return;
    }
    const all = known();
    const place = placeFor(all, item);
    // older than everything that is here: it comes with its page
    if (place === 0 && cursor.peek() !== null) return;
    if (behind.peek()) {
      arrived.value += 1;
      return;
    }
    items.set(item.id, signal(item));
    const next = [...order.peek().slice(0, place), item.id, ...order.peek().slice(place)];
    order.value = next;
    arrived.value += 1;
    // a chat that is left open for days begins anew with its newest page
    if (next.length <= MAX_ITEMS * 2) return;
    behind.value = true;
    void load();
  }

  return {
    order: order as ReadonlySignal<readonly string[]>,
    item: (id: string): ReadonlySignal<ChatItem> | undefined => items.get(id),
    loading,
    loaded,
    error,
    behind,
    arrived,
    /** There are older ones. */
    more: computed(() => cursor.value !== null),
    load,
    loadOlder,
    seen() {
      arrived.value = 0;
    },
    onEvent(event: AfieldEvent): void {
      switch (event.type) {
        case 'message.chunk':
          onChunk(event.payload.item_id, event.payload);
          break;
        case 'message.start':
        case 'message.complete':
        case 'message.error':
        case 'tool.call_start':
        case 'tool.call_updated':
        case 'tool.call_complete':
        case 'tool.call_error':
        case 'plan.updated':
          batch(() => take(event.payload.item));
          break;
        default:
          break;
      }
    },
    close() {
      over = true;
      round += 1;
    },
  };
}
export type ChatFeed = ReturnType<typeof createChatFeed>;
