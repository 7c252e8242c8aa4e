import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { SEARCH_AFTER_MS } from './session-log.ts';
import { whileOpen } from './while-open.ts';

const PAGE = 50;
/** As many as are kept; whoever looks for an older one searches. */
const MAX_SESSIONS = 1_000;
/** So many are archived at the same time. */
const AT_ONCE = 4;

/** Sessions that left the lists: found again by name, directory and agent, brought back, deleted. */
export const ArchiveModel = createModel((link: HomeLink) => {
  const all = signal<Session[] | null>(null);
  const query = signal('');
  const agent = signal('');
  const cursor = signal<string | null>(null);
  const loading = signal(false);
  const error = signal<string | null>(null);
  const changing = createAction();
  let round = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function pageQuery(from: string | null) {
    const q = query.peek().trim();
    return {
      archived: true,
      limit: PAGE,
      ...(q === '' ? {} : { q }),
      ...(agent.peek() === '' ? {} : { agent: agent.peek() }),
      ...(from === null ? {} : { cursor: from }),
    };
  }

  async function load(older: boolean): Promise<void> {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    const from = older ? cursor.peek() : null;
    loading.value = true;
    error.value = null;
    try {
      const page = await link.call('listSessions', { query: pageQuery(from) });
      if (mine !== round) return;
      // Whatever home's idea of the question is: only archived ones belong here.
      const items = page.items.filter((session) => session.archived);
      all.value = [...(older ? (all.peek() ?? []) : []), ...items].slice(0, MAX_SESSIONS);
      cursor.value = page.next_cursor;
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
    /** Null until the first answer. */
    sessions: all,
    query,
    agent,
    loading,
    error,
    changing,
    more: computed(() => cursor.value !== null && (all.value?.length ?? 0) < MAX_SESSIONS),
    search(text: string) {
      query.value = text;
      clearTimeout(timer);
      if (isOpen(link)) timer = setTimeout(() => void load(false), SEARCH_AFTER_MS);
    },
    choose(name: string) {
      agent.value = name;
      void load(false);
    },
    loadMore: () => load(true),
    reload: () => load(false),
    bringBack: (id: string, take: (session: Session) => void) =>
      changing.run(async () => {
        take(await link.call('updateSession', { params: { id }, body: { archived: false } }));
        all.value = all.peek()?.filter((session) => session.id !== id) ?? null;
      }),
  };
});
export type Archive = InstanceType<typeof ArchiveModel>;

/** Archives what is over, all at once. Pinned ones stay: they were pinned to be seen. */
export const ArchiveEndedModel = createModel((link: HomeLink, drop: (id: string) => void) => {
  const archiving = createAction();
  const done = signal(0);
  const left = signal(0);
  return {
    archiving,
    /** How far it is. */
    done,
    left,
    run(sessions: readonly Session[]) {
      const waiting = archivable(sessions);
      return archiving.run(async () => {
        done.value = 0;
        left.value = waiting.length;
        const worker = async () => {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            await link.call('updateSession', { params: { id: next.id }, body: { archived: true } });
            drop(next.id);
            done.value += 1;
            left.value -= 1;
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, worker));
      });
    },
  };
});

/** What "archive all that ended" takes. */
export function archivable(sessions: readonly Session[]): Session[] {
  return sessions.filter((session) => ENDED.has(session.status) && !session.pinned && !session.archived);
}
