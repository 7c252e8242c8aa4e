import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { batch, computed, createModel, effect, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { apart, findMarks, type Mark } from './log-marks.ts';
import { whileOpen } from './while-open.ts';

/** Entries of one request. */
const PAGE = 200;
/** Around a place: so many older and so many newer ones. */
const HALF_PAGE = 60;
/** As many as are kept; from the oldest of them one can go on. */
const MAX_ENTRIES = 2_000;
/** A pause in typing before the search is sent, in ms. */
export const SEARCH_AFTER_MS = 300;

export const LOG_TYPES: readonly LogType[] = ['state', 'output', 'input', 'tool', 'message', 'approval', 'probe', 'system'];

/** An entry, and where the words of the search stand in it. */
export interface LogLine extends LogEntry {
  marks?: readonly Mark[];
}

interface Page {
  items: LogLine[];
  next_cursor: string | null;
}

/** Both, each entry once, newest first. */
function merge(newer: readonly LogLine[], known: readonly LogLine[]): LogLine[] {
  const seen = new Set<number>();
  return [...newer, ...known].filter((entry) => !seen.has(entry.seq) && seen.add(entry.seq)).sort((a, b) => b.seq - a.seq);
}

export function chosenTypes(types: ReadonlySet<LogType>): { type?: string } {
  return types.size === 0 ? {} : { type: LOG_TYPES.filter((type) => types.has(type)).join(',') };
}

/** With this kind, or without it when it was there; null, and all of them at once, mean every kind. */
export function toggled(types: ReadonlySet<LogType>, type: LogType | null): ReadonlySet<LogType> {
  const next = new Set(type === null ? [] : types);
  if (type !== null && !next.delete(type)) next.add(type);
  return next.size === LOG_TYPES.length ? new Set() : next;
}

/** What happened in a session: the newest page first or the one around a place, more on demand, new entries as they come. */
export const SessionLogModel = createModel((link: HomeLink, sessionId: string, place: number | null = null) => {
  /** Newest first. */
  const entries = signal<LogLine[]>([]);
  /** Came while the person reads further down; shown when asked for, so that nothing moves under the finger. */
  const held = signal<LogLine[]>([]);
  const holding = signal(false);
  /** None: all. */
  const types = signal<ReadonlySet<LogType>>(new Set());
  const query = signal('');
  /** The entry that was asked for; null: the newest page. */
  const at = signal(place);
  /** Shown is the past: there are newer entries which are not here. */
  const behind = signal(false);
  const missed = signal(0);
  const loading = signal(true);
  const loadingNewer = signal(false);
  const error = signal<string | null>(null);
  const cursor = signal<string | null>(null);
  const full = computed(() => entries.value.length >= MAX_ENTRIES);
  const words = () => query.peek().trim();
  let round = 0;
  let searchTimer: ReturnType<typeof setTimeout> | undefined;

  function fits(entry: LogEntry): LogLine | null {
    if (types.peek().size > 0 && !types.peek().has(entry.type)) return null;
    if (words() === '') return entry;
    const marks = findMarks(entry.text, words());
    return marks === null ? null : { ...entry, marks };
  }

  /** The newest page, or the next older one. */
  async function fetchPage(from: string | null): Promise<Page> {
    const page = { limit: PAGE, ...chosenTypes(types.peek()), ...(from === null ? {} : { cursor: from }) };
    if (words() === '') return link.call('getLogs', { params: { id: sessionId }, query: page });
    const found = await link.call('searchLogs', { query: { ...page, q: words(), session_id: sessionId } });
    return { ...found, items: found.items.map((hit) => ({ ...hit, marks: apart(hit.marks, hit.text.length) })) };
  }

  async function fetchAround(seq: number): Promise<{ older: Page; newer: Page }> {
    const shared = { limit: HALF_PAGE, ...chosenTypes(types.peek()) };
    const params = { id: sessionId };
    const [older, newer] = await Promise.all([
      link.call('getLogs', { params, query: { ...shared, before: seq + 1 } }),
      link.call('getLogs', { params, query: { ...shared, since: seq, oldest: true } }),
    ]);
    return { older, newer };
  }

  /** Another filter may be chosen meanwhile: then this answer is of no interest. */
  async function fetching(work: (current: () => boolean) => Promise<void>): Promise<void> {
    round += 1;
    const mine = round;
    const current = () => mine === round;
    loading.value = true;
    error.value = null;
    try {
      await work(current);
    } catch (cause) {
      if (current()) error.value = failureOf(cause).text;
    } finally {
      if (current()) loading.value = false;
    }
  }

  function show(items: readonly LogLine[], next: string | null, isBehind: boolean): void {
    batch(() => {
      entries.value = merge(items, []).slice(0, MAX_ENTRIES);
      held.value = [];
      missed.value = 0;
      behind.value = isBehind;
      cursor.value = next;
    });
  }

  function load(): Promise<void> {
    return fetching(async (current) => {
      const seq = at.peek();
      if (seq === null || words() !== '') {
        const page = await fetchPage(null);
        if (current()) show(page.items, page.next_cursor, false);
        return;
      }
      const { older, newer } = await fetchAround(seq);
      if (current()) show([...newer.items, ...older.items], older.next_cursor, newer.next_cursor !== null);
    });
  }

  async function loadOlder(): Promise<void> {
    const from = cursor.peek();
    if (from === null || full.peek() || loading.peek()) return;
    await fetching(async (current) => {
      const page = await fetchPage(from);
      if (!current()) return;
      batch(() => {
        entries.value = merge(entries.peek(), page.items).slice(0, MAX_ENTRIES);
        cursor.value = page.next_cursor;
      });
    });
  }

  /** Towards the present, from the newest that is shown. */
  async function loadNewer(): Promise<void> {
    const newest = entries.peek()[0];
    if (newest === undefined || loadingNewer.peek() || full.peek()) return;
    const mine = round;
    loadingNewer.value = true;
    try {
      const wanted = { limit: PAGE, ...chosenTypes(types.peek()), since: newest.seq, oldest: true };
      const page = await link.call('getLogs', { params: { id: sessionId }, query: wanted });
      if (mine !== round) return;
      batch(() => {
        entries.value = merge(page.items, entries.peek());
        behind.value = page.next_cursor !== null;
        if (!behind.peek()) missed.value = 0;
      });
    } catch (cause) {
      if (mine === round) error.value = failureOf(cause).text;
    } finally {
      loadingNewer.value = false;
    }
  }

  function onEvent(event: AfieldEvent): void {
    if (event.type !== 'log' || event.session_id !== sessionId) return;
    const entry = fits(event.payload.entry);
    if (entry === null) return;
    if (behind.peek()) missed.value += 1;
    else if (holding.peek()) held.value = merge([entry], held.peek()).slice(0, MAX_ENTRIES);
    else entries.value = merge([entry], entries.peek()).slice(0, MAX_ENTRIES);
  }

  const subscription = link.subscribe({ topics: ['log'], session_id: sessionId, onGap: () => void load() }, onEvent);
  const stop = whileOpen(link, () => void load());
  if (!isOpen(link)) loading.value = false;
  effect(() => () => {
    clearTimeout(searchTimer);
    stop();
    subscription.close();
  });

  function goTo(seq: number | null): Promise<void> {
    clearTimeout(searchTimer);
    query.value = '';
    at.value = seq;
    return load();
  }

  return {
    entries,
    types,
    query,
    at,
    behind,
    loading,
    loadingNewer,
    error,
    full,
    /** There are older ones, and room for them. */
    more: computed(() => cursor.value !== null && !full.value),
    /** How many came that are not shown. */
    heldCount: computed(() => (behind.value ? missed.value : held.value.length)),
    /** Shows this kind too, or no longer; null: all kinds. */
    choose(type: LogType | null) {
      types.value = toggled(types.peek(), type);
      void load();
    },
    search(text: string) {
      query.value = text;
      clearTimeout(searchTimer);
      searchTimer = setTimeout(() => void load(), SEARCH_AFTER_MS);
    },
    loadOlder,
    loadNewer,
    reload: load,
    /** Around this entry; null: the newest page. */
    goTo,
    /** The person scrolled away from the newest entry, or back to it. */
    hold(on: boolean) {
      holding.value = on;
      if (on || held.peek().length === 0) return;
      entries.value = merge(held.peek(), entries.peek()).slice(0, MAX_ENTRIES);
      held.value = [];
    },
  };
});
export type SessionLog = InstanceType<typeof SessionLogModel>;
