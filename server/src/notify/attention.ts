/**
 * When a session calls its person. Policy only: no channel, no text. The rules, each from what users complain of:
 * - an end is told once it has settled, one flap one call;
 * - the end of an agent's turn is told like a question, once the turn has settled (`agent.idle`): it waits for its person;
 * - an approval is told after 5 s unless answered, whoever is looking (those that are known one by one: `approval-attention.ts`);
 * - anything else is held back only while somebody types into that very session.
 */
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { Clock } from '../core/ports.ts';

/** Quiet after an end before it counts. */
export const SETTLE_MS = 3_000;
/** An approval that was answered within this time, at the desk or by a rule, is nobody's business. */
export const APPROVAL_MS = 5_000;
/** Somebody who typed into the session this short a time ago is taken to be looking at it. */
export const PRESENCE_MS = 15_000;
/** Shorter work than this is a redraw or an answer that its reader is still waiting for. */
const MIN_TURN_MS = 5_000;
/** A second turn that nobody asked for (work in the background woke the agent) counts only when it is this long. */
export const MIN_OWN_TURN_MS = 30_000;

/** A reason to call. `turn`: the agent ended its turn, as against asking something. */
export interface Attention {
  kind: 'finished' | 'failed' | 'lost' | 'waiting';
  turn: boolean;
  session: Session;
  /** How long the agent worked before, when that is known. */
  workedMs: number | null;
  /** Programs of the turn that still run. */
  background: number;
  /** Of the event that started it. */
  seq: number;
}

export interface AttentionDeps {
  clock: Clock;
  /** When a person last typed into a session, on `clock.monotonic`; null: nobody has. */
  lastInputAt(session_id: string): number | null;
  /** False for an agent whose `idle` means nothing: a shell is idle after every command. */
  takesTurns(agent: string): boolean;
  /** True while approvals of a session wait that are told one by one. */
  approvalsWait(session_id: string): boolean;
  tell(attention: Attention): void;
}

/** What is remembered of a session that is not over: bounded by the number of live sessions. */
interface Watch {
  /** Start of the work that goes on, or of the turn that has not settled yet. */
  workSince: number | null;
  /** When it became idle, in a turn that has not settled yet. */
  idleAt: number | null;
  pending: { cancel(): void } | null;
  /** The last call that was made, and when its reason went away. */
  told: { turn: boolean; at: number } | null;
  waitLeftAt: number | null;
  /** The last prompt that reached the agent. */
  promptAt: number | null;
}

const NEVER = Number.NEGATIVE_INFINITY;

type Change = { session: Session; seq: number };
type StatusEvent = Extract<AfieldEvent, { type: 'session.status_changed' }>;

export interface AttentionPolicy {
  handle(event: AfieldEvent): void;
  /** Sessions that are remembered now. */
  readonly size: number;
  close(): void;
}

export function createAttention(deps: AttentionDeps): AttentionPolicy {
  const { clock } = deps;
  const watches = new Map<string, Watch>();

  const watch = (id: string): Watch => {
    const known = watches.get(id);
    if (known) return known;
    const fresh: Watch = { workSince: null, idleAt: null, pending: null, told: null, waitLeftAt: null, promptAt: null };
    watches.set(id, fresh);
    return fresh;
  };

  const forget = (id: string) => {
    watches.get(id)?.pending?.cancel();
    watches.delete(id);
  };

  /** When somebody last asked the agent for something, by key or by prompt. */
  const askedAt = (id: string, state: Watch) => Math.max(deps.lastInputAt(id) ?? NEVER, state.promptAt ?? NEVER);

  /** Time to wait so that whoever typed last has had their 15 s; 0 when nobody is there. */
  const presence = (id: string): number => Math.max(0, (deps.lastInputAt(id) ?? NEVER) + PRESENCE_MS - clock.monotonic());

  const later = (state: Watch, ms: number, run: () => void) => {
    state.pending?.cancel();
    state.pending = clock.setTimeout(() => {
      state.pending = null;
      run();
    }, ms);
  };

  function onBusy(state: Watch): void {
    state.pending?.cancel();
    state.pending = null;
    state.idleAt = null;
    state.workSince ??= clock.monotonic();
  }

  function onWaiting(state: Watch, { session, seq }: Change): void {
    const flapped =
      state.told !== null &&
      !state.told.turn &&
      state.waitLeftAt !== null &&
      clock.monotonic() - state.waitLeftAt < SETTLE_MS &&
      askedAt(session.id, state) <= state.told.at;
    if (flapped) onBusy(state);
    else
      later(state, APPROVAL_MS, () => {
        if (deps.approvalsWait(session.id)) return;
        state.told = { turn: false, at: clock.monotonic() };
        deps.tell({ kind: 'waiting', turn: false, session, workedMs: null, background: 0, seq });
      });
  }

  function onIdle(state: Watch, { session }: Change): void {
    state.pending?.cancel();
    state.pending = null;
    if (state.workSince === null) return;
    if (deps.takesTurns(session.agent)) state.idleAt = clock.monotonic();
    else state.workSince = null;
  }

  /** Its turn is done, and nothing of it works any more. */
  function onDone({ payload: { session, background }, seq }: Extract<AfieldEvent, { type: 'agent.idle' }>): void {
    const state = watches.get(session.id);
    if (state === undefined) return;
    const { idleAt, workSince, told } = state;
    if (idleAt === null || workSince === null) return;
    // The next turn starts its own count.
    state.workSince = null;
    state.idleAt = null;
    const workedMs = idleAt - workSince;
    const asked = askedAt(session.id, state) > (told?.at ?? NEVER);
    const counts = asked ? workedMs >= MIN_TURN_MS : told !== null && workedMs >= MIN_OWN_TURN_MS;
    if (!counts) return;
    later(state, presence(session.id), () => {
      if (askedAt(session.id, state) > idleAt) return;
      state.told = { turn: true, at: clock.monotonic() };
      deps.tell({ kind: 'waiting', turn: true, session, workedMs, background, seq });
    });
  }

  function onEnd(state: Watch, kind: 'finished' | 'failed' | 'lost', { session, seq }: Change): void {
    const there = presence(session.id);
    // Who typed just before it ended has ended it (`exit`, Ctrl-D), and sees that it did.
    if (there > 0 && kind !== 'lost' && (kind === 'finished' || !deps.takesTurns(session.agent))) {
      forget(session.id);
      return;
    }
    const workedMs = state.workSince === null ? null : clock.monotonic() - state.workSince;
    later(state, Math.max(SETTLE_MS, there), () => {
      watches.delete(session.id);
      deps.tell({ kind, turn: false, session, workedMs, background: 0, seq });
    });
  }

  const reactions: Record<Exclude<SessionStatus, 'cancelled'>, (state: Watch, change: Change) => void> = {
    starting: () => {},
    busy: onBusy,
    idle: onIdle,
    waiting: onWaiting,
    finished: (state, change) => onEnd(state, 'finished', change),
    failed: (state, change) => onEnd(state, 'failed', change),
    lost: (state, change) => onEnd(state, 'lost', change),
  };

  function onStatus({ payload: { session, previous }, seq }: StatusEvent): void {
    if (session.status === previous) return;
    if (session.status === 'cancelled') {
      forget(session.id);
      return;
    }
    const state = watch(session.id);
    if (previous === 'waiting') state.waitLeftAt = clock.monotonic();
    reactions[session.status](state, { session, seq });
  }

  function onPrompt({ session_id, payload }: Extract<AfieldEvent, { type: 'message.state_changed' }>): void {
    const state = session_id === null ? undefined : watches.get(session_id);
    // `consumed` may be noticed only when the turn is over already
    if (state !== undefined && payload.state === 'accepted') state.promptAt = clock.monotonic();
  }

  return {
    handle: (event) => {
      if (event.type === 'session.status_changed') onStatus(event);
      else if (event.type === 'agent.idle') onDone(event);
      else if (event.type === 'message.state_changed') onPrompt(event);
      else if (event.type === 'session.created' && event.session_id !== null) watch(event.session_id);
      else if (event.type === 'session.deleted' && event.session_id !== null) forget(event.session_id);
    },
    get size() {
      return watches.size;
    },
    close: () => {
      for (const id of [...watches.keys()]) forget(id);
    },
  };
}
