import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { ConnectionState, Reconnected } from '@afield/shared/link/link.ts';
import { batch, computed, createModel, effect, signal } from '@preact/signals';
import type { Presence } from '../platform/presence.ts';
import type { HomeRecord, HomeStore, Snapshot } from '../platform/store.ts';
import { failureOf } from './action.ts';
import { watchApprovals } from './approvals.ts';
import { type ConnectionView, faultFor, pillFor, reconnectedText } from './connection-words.ts';
import type { HomeLink } from './home-link.ts';
import { applyEvent, fetchSessions, forSnapshot, groupSessions, type SessionMap, toMap, whatHappened, without } from './session-list.ts';
import { watchStanding } from './standing.ts';

/** What the home level needs; `log` is left to the screen that shows it. */
const TOPICS = ['session.*'];
/** A broken line shorter than this does not turn the list into the past: it is usually back before one could read it. */
const GRACE_MS = 4_000;
/** How long after a change the list is written to the device. */
const SAVE_AFTER_MS = 1_000;
/** How long a notice of what happened stays. */
const NOTICE_MS = 30_000;
/** As many sessions outside of the list as are remembered: archived ones that were opened. */
const MAX_OTHERS = 20;

export interface HomeDependencies {
  record: HomeRecord;
  link: HomeLink;
  store: Pick<HomeStore, 'saveSnapshot'>;
  snapshot: Snapshot | null;
  presence: Presence;
  /** Says a length of time: `12 s`. */
  span(ms: number): string;
}

const isUp = (state: ConnectionState): boolean => state.state === 'online' || state.state === 'catching_up';

/** One home server as the phone sees it: its sessions, live or as last seen, and how the way there stands. */
export const HomeModel = createModel((deps: HomeDependencies) => {
  const { link, presence, store, record } = deps;
  const connection = signal<ConnectionState>(link.connection.value);
  const online = signal(presence.online());
  const visible = signal(presence.visible());
  const sessions = signal<SessionMap>(toMap(deps.snapshot?.sessions ?? []));
  const lastSeq = signal(deps.snapshot?.last_seq ?? 0);
  /** When home was last heard; null when never. */
  const seenAt = signal<number | null>(deps.snapshot?.seen_at ?? null);
  /** True once a list has come over this link: only then are words of the present allowed. */
  const fresh = signal(false);
  const listed = signal(deps.snapshot !== null);
  const graceOver = signal(false);
  /** Sessions that are not in the list and were opened: archived ones. */
  const others = signal<SessionMap>(new Map());
  const notice = signal<string | null>(null);
  const listError = signal<string | null>(null);

  /** The list as it was when the line broke. */
  let before: SessionMap | null = null;
  let slept = false;
  let noticeTimer: ReturnType<typeof setTimeout> | undefined;
  let graceTimer: ReturnType<typeof setTimeout> | undefined;
  let saveTimer: ReturnType<typeof setTimeout> | undefined;
  let fetching: Promise<void> | null = null;
  let fetchAgain = false;

  const standing = watchStanding(link);
  const approvals = watchApprovals(link);
  const groups = computed(() => groupSessions(sessions.value));
  const open = computed(() => isUp(connection.value));
  const live = computed(() => fresh.value && (open.value || !graceOver.value));
  const view = computed<ConnectionView>(() => ({ link: connection.value, online: online.value }));

  function save(): void {
    clearTimeout(saveTimer);
    saveTimer = undefined;
    const seen_at = seenAt.peek();
    if (seen_at === null || !listed.peek()) return;
    const snapshot = { home_id: record.home_id, sessions: forSnapshot(sessions.peek()), last_seq: lastSeq.peek(), seen_at };
    store.saveSnapshot(snapshot).catch(() => undefined); // storage is full or gone: the app works, only its memory is older
  }

  function heard(): void {
    seenAt.value = Date.now();
    saveTimer ??= setTimeout(save, SAVE_AFTER_MS);
  }

  function onEvent(event: AfieldEvent): void {
    batch(() => {
      sessions.value = applyEvent(sessions.peek(), event);
      if (event.session_id !== null && others.peek().has(event.session_id)) others.value = applyEvent(others.peek(), event, true);
      lastSeq.value = Math.max(lastSeq.peek(), event.seq);
      heard();
    });
  }

  async function fetchList(): Promise<void> {
    // Everything before the welcome is in this list, whether or not an event of ours was among it.
    const covered = (link.welcome?.next_seq ?? 1) - 1;
    try {
      const items = await fetchSessions(link, sessions);
      batch(() => {
        sessions.value = items;
        listed.value = true;
        listError.value = null;
        fresh.value = true;
        lastSeq.value = Math.max(lastSeq.peek(), covered);
        heard();
      });
    } catch (error) {
      if (open.peek()) listError.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** One fetch at a time; a wish that comes meanwhile is granted once, afterwards. */
  function refresh(): Promise<void> {
    if (fetching !== null) {
      fetchAgain = true;
      return fetching;
    }
    fetching = fetchList().finally(() => {
      fetching = null;
      if (!fetchAgain) return;
      fetchAgain = false;
      void refresh();
    });
    return fetching;
  }

  const awayFor = (ms: number): string => (ms < 1_000 ? 'a moment' : deps.span(ms));

  async function tellWhatHappened(summary: Reconnected): Promise<void> {
    const known = before;
    const cause = slept ? 'asleep' : summary.cause;
    before = null;
    slept = !visible.peek();
    if (known === null) return;
    const [uptime] = await Promise.all([standing.load(), refresh()]);
    const restarted = uptime !== null && uptime <= summary.away_ms;
    const happened = whatHappened(known, sessions.peek());
    notice.value = `Reconnected. ${reconnectedText({ cause, away: awayFor(summary.away_ms), restarted, ...happened })}`;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => {
      notice.value = null;
    }, NOTICE_MS);
  }

  function onUp(): void {
    graceOver.value = false;
    clearTimeout(graceTimer);
    graceTimer = undefined;
    void refresh();
    void standing.load();
  }

  function onDown(): void {
    before ??= sessions.peek();
    notice.value = null;
    save();
    graceTimer ??= setTimeout(() => {
      graceTimer = undefined;
      graceOver.value = !open.peek();
    }, GRACE_MS);
  }

  function onConnection(state: ConnectionState): void {
    const wasUp = isUp(connection.peek());
    connection.value = state;
    if (isUp(state)) heard();
    if (isUp(state) && !(wasUp && started)) onUp();
    else if (wasUp && !isUp(state)) onDown();
  }

  function onPresence(): void {
    const cameBack = !visible.peek() && presence.visible();
    visible.value = presence.visible();
    if (!visible.peek()) {
      slept = true;
      save();
    } else if (open.peek() && before === null) {
      slept = false;
    }
    if (online.peek() !== presence.online()) {
      online.value = presence.online();
      link.setNetwork(online.peek());
    }
    if (cameBack) void link.checkNow();
  }

  function remember(session: Session): void {
    const kept = [...without(others.peek(), session.id)].slice(1 - MAX_OTHERS);
    others.value = new Map([...kept, [session.id, session]]);
  }

  let started = false;
  const subscription = link.subscribe(
    { topics: TOPICS, ...(lastSeq.peek() > 0 ? { since: lastSeq.peek() } : {}), onGap: () => void refresh() },
    onEvent,
  );
  const stops = [
    link.connection.subscribe(onConnection),
    link.onReconnected((summary) => void tellWhatHappened(summary)),
    presence.onChange(onPresence),
  ];
  started = true;
  link.setNetwork(online.peek());
  link.start();
  effect(() => () => {
    for (const stop of stops) stop();
    for (const timer of [noticeTimer, graceTimer, saveTimer]) clearTimeout(timer);
    subscription.close();
    standing.stop();
    approvals.stop();
    link.close();
  });

  return {
    sessions,
    groups,
    approvals,
    /** Sessions that wait, and not with an approval that can be answered here. */
    waiting: computed(() => groups.value.needs.filter((session) => !approvals.sessions.value.has(session.id))),
    /** Words of the present are allowed. */
    live,
    /** There is a list to show, live or remembered. */
    listed,
    listError,
    seenAt,
    lastSeq,
    open,
    pill: computed(() => pillFor(view.value)),
    fault: computed(() => (live.value ? null : faultFor(view.value))),
    retryAt: computed(() => (connection.value.state === 'reconnecting' ? connection.value.next_try_at : null)),
    refused: computed(() => connection.value.state === 'refused'),
    notice,
    dismissNotice() {
      notice.value = null;
    },
    /** Try now; also the way out of `refused`. */
    retry() {
      if (connection.peek().state === 'refused') link.start();
      else void link.checkNow();
    },
    refresh,
    /** Room on the disk at home; null while nothing is known. */
    storage: standing.storage,
    machines: standing.machines,
    others,
    /** Asks for one that is not in the list. False: home does not know it. */
    async look(id: string): Promise<boolean> {
      try {
        remember(await link.call('getSession', { params: { id } }));
        return true;
      } catch (cause) {
        if (failureOf(cause).code === 'session_not_found') return false;
        throw cause;
      }
    },
    /** A session that an answer just brought: shown at once, its event follows. */
    take(session: Session) {
      sessions.value = session.archived ? without(sessions.peek(), session.id) : new Map(sessions.peek()).set(session.id, session);
      if (session.archived) remember(session);
    },
    drop(id: string) {
      sessions.value = without(sessions.peek(), id);
      others.value = without(others.peek(), id);
    },
  };
});
export type Home = InstanceType<typeof HomeModel>;

/** In the list or opened apart from it. Not a method: whoever draws it follows both. */
export function findSession({ sessions, others }: Pick<Home, 'sessions' | 'others'>, id: string): Session | undefined {
  return sessions.value.get(id) ?? others.value.get(id);
}
