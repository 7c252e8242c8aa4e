import type { LogHit } from '@afield/shared/api/history.ts';
import type { LogType } from '@afield/shared/api/logs.ts';
import { batch, computed, createModel, effect, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { apart } from './log-marks.ts';
import { chosenTypes, SEARCH_AFTER_MS, toggled } from './session-log.ts';
import { whileOpen } from './while-open.ts';

/** Hits of one request. */
const PAGE = 50;
/** As many as are kept: whoever has not found it by then needs other words. */
const MAX_HITS = 500;

/** What was found in one session, newest first. */
export interface FoundSession {
  session_id: string;
  name: string;
  agent: string;
  machine: string;
  hits: LogHit[];
}

/** By session, in the order of their newest hit. */
export function bySession(hits: readonly LogHit[]): FoundSession[] {
  const groups = new Map<string, FoundSession>();
  for (const hit of hits) {
    const group = groups.get(hit.session_id);
    if (group !== undefined) group.hits.push(hit);
    else
      groups.set(hit.session_id, {
        session_id: hit.session_id,
        name: hit.session_name,
        agent: hit.agent,
        machine: hit.machine,
        hits: [hit],
      });
  }
  return [...groups.values()];
}

/** The search in the logs of all sessions. `words`: what was searched for when the screen was left. */
export const LogSearchModel = createModel((link: HomeLink, words = '', chosen: readonly LogType[] = []) => {
  const query = signal(words);
  const types = signal<ReadonlySet<LogType>>(new Set(chosen));
  const hits = signal<LogHit[]>([]);
  /** What the hits are for; null: nothing was searched for yet. */
  const answered = signal<string | null>(null);
  const loading = signal(false);
  const error = signal<string | null>(null);
  const cursor = signal<string | null>(null);
  let round = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function clear(): void {
    batch(() => {
      hits.value = [];
      answered.value = null;
      cursor.value = null;
      error.value = null;
      loading.value = false;
    });
  }

  async function load(older: boolean): Promise<void> {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    const q = query.peek().trim();
    if (q === '') return clear();
    const from = older ? cursor.peek() : null;
    loading.value = true;
    error.value = null;
    try {
      const page = await link.call('searchLogs', {
        query: { q, limit: PAGE, ...chosenTypes(types.peek()), ...(from === null ? {} : { cursor: from }) },
      });
      if (mine !== round) return;
      batch(() => {
        const found = page.items.map((hit) => ({ ...hit, marks: apart(hit.marks, hit.text.length) as [number, number][] }));
        hits.value = [...(older ? hits.peek() : []), ...found].slice(0, MAX_HITS);
        cursor.value = page.next_cursor;
        answered.value = q;
      });
    } catch (cause) {
      if (mine === round) error.value = failureOf(cause).text;
    } finally {
      if (mine === round) loading.value = false;
    }
  }

  const stop = whileOpen(link, () => void load(false));
  effect(() => () => {
    clearTimeout(timer);
    stop();
  });

  return {
    query,
    types,
    found: computed(() => bySession(hits.value)),
    count: computed(() => hits.value.length),
    answered,
    loading,
    error,
    more: computed(() => cursor.value !== null && hits.value.length < MAX_HITS),
    /** So many hits that the oldest are not shown. */
    full: computed(() => hits.value.length >= MAX_HITS),
    search(text: string) {
      query.value = text;
      clearTimeout(timer);
      if (text.trim() === '') void load(false);
      else if (isOpen(link)) timer = setTimeout(() => void load(false), SEARCH_AFTER_MS);
    },
    choose(type: LogType | null) {
      types.value = toggled(types.peek(), type);
      void load(false);
    },
    loadMore: () => load(true),
    now: () => load(false),
  };
});
export type LogSearch = InstanceType<typeof LogSearchModel>;
