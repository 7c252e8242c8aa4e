import type { LogEntry, LogType } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { type HomeLink, isOpen } from './home-link.ts';

/** Entries of one request. */
const PAGE = 200;
/** As many as are kept; older ones can be fetched again. */
const MAX_ENTRIES = 2_000;
/** A pause in typing before the search is sent, in ms. */
const SEARCH_AFTER_MS = 300;

export const LOG_TYPES: readonly LogType[] = ['state', 'output', 'input', 'tool', 'message', 'approval', 'probe', 'system'];

/** What happened in a session: the newest page first, older ones on demand, new ones as they come. */
export const SessionLogModel = createModel((link: HomeLink, sessionId: string) => {
  /** Newest first. */
  const entries = signal<LogEntry[]>([]);
  /** Came while the person reads further down; shown when asked for, so that nothing moves under the finger. */
  const held = signal<LogEntry[]>([]);
  const holding = signal(false);
  const type = signal<LogType | null>(null);
  const query = signal('');
  const loading = signal(true);
  const error = signal<string | null>(null);
  const cursor = signal<string | null>(null);
  let round = 0;
  let searchTimer: ReturnType<typeof setTimeout> | undefined;

  /** The newest page, or the next older one. */
  const pageQuery = (at: string | null) => ({
    limit: PAGE,
    ...(type.peek() === null ? {} : { type: type.peek()! }),
    ...(query.peek().trim() === '' ? {} : { q: query.peek().trim() }),
    ...(at === null ? {} : { cursor: at }),
  });

  function fits(entry: LogEntry): boolean {
    if (type.peek() !== null && entry.type !== type.peek()) return false;
    const wanted = query.peek().trim().toLowerCase();
    return wanted === '' || entry.text.toLowerCase().includes(wanted);
  }

  function merge(newer: readonly LogEntry[], known: readonly LogEntry[]): LogEntry[] {
    const seen = new Set<number>();
    const all = [...newer, ...known].filter((entry) => !seen.has(entry.seq) && seen.add(entry.seq));
    return all.sort((a, b) => b.seq - a.seq).slice(0, MAX_ENTRIES);
  }

  function show(items: readonly LogEntry[], next: string | null, older: boolean): void {
    entries.value = merge(items, older ? entries.peek() : []);
    if (!older) held.value = [];
    cursor.value = entries.peek().length >= MAX_ENTRIES ? null : next;
  }

  async function load(older: boolean): Promise<void> {
    round += 1;
    const mine = round;
    // Another filter may be chosen meanwhile: then this answer is of no interest.
    const current = () => mine === round;
    loading.value = true;
    error.value = null;
    try {
      const page = await link.call('getLogs', { params: { id: sessionId }, query: pageQuery(older ? cursor.peek() : null) });
      if (current()) show(page.items, page.next_cursor, older);
    } catch (cause) {
      if (current()) error.value = cause instanceof Error ? cause.message : String(cause);
    } finally {
      if (current()) loading.value = false;
    }
  }

  function onEvent(event: AfieldEvent): void {
    if (event.type !== 'log' || event.session_id !== sessionId || !fits(event.payload.entry)) return;
    if (holding.peek()) held.value = merge([event.payload.entry], held.peek());
    else entries.value = merge([event.payload.entry], entries.peek());
  }

  const subscription = link.subscribe({ topics: ['log'], session_id: sessionId, onGap: () => void load(false) }, onEvent);
  // With every connection anew: what was missed belongs into the same page.
  let up = false;
  const stop = link.connection.subscribe(() => {
    const now = isOpen(link);
    if (now && !up) void load(false);
    up = now;
  });
  if (!up) loading.value = false;
  effect(() => () => {
    clearTimeout(searchTimer);
    stop();
    subscription.close();
  });

  return {
    entries,
    type,
    query,
    loading,
    error,
    more: computed(() => cursor.value !== null),
    heldCount: computed(() => held.value.length),
    choose(next: LogType | null) {
      type.value = next;
      void load(false);
    },
    search(text: string) {
      query.value = text;
      clearTimeout(searchTimer);
      searchTimer = setTimeout(() => void load(false), SEARCH_AFTER_MS);
    },
    loadOlder: () => load(true),
    reload: () => load(false),
    /** The person scrolled away from the newest entry, or back to it. */
    hold(on: boolean) {
      holding.value = on;
      if (on) return;
      entries.value = merge(held.peek(), entries.peek());
      held.value = [];
    },
  };
});
export type SessionLog = InstanceType<typeof SessionLogModel>;
