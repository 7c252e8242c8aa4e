/** The sessions that run, and what is remembered of those that ended a short while ago. */
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Clock, SessionRow, SessionStore } from './ports.ts';
import type { LiveSession } from './session.ts';
import { viewOf } from './session-record.ts';
import { emptyTrack, type Track } from './track.ts';

/** Tracks of ended sessions that are remembered: more than a list shows. */
const KEPT_TRACKS = 200;

export class LiveSessions {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #live = new Map<string, LiveSession>();
  readonly #tracks = new Map<string, Track>();

  constructor(store: SessionStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  ids(): string[] {
    return [...this.#live.keys()];
  }
  all(): LiveSession[] {
    return [...this.#live.values()];
  }
  get(id: string): LiveSession | null {
    return this.#live.get(id) ?? null;
  }

  add(session: LiveSession): void {
    this.#live.set(session.row.id, session);
  }

  /** It has ended. */
  gone(session: LiveSession): void {
    this.#live.delete(session.row.id);
    this.#tracks.set(session.row.id, session.track);
    const oldest = this.#tracks.size > KEPT_TRACKS ? this.#tracks.keys().next() : null;
    if (oldest !== null && oldest.done !== true) this.#tracks.delete(oldest.value);
  }

  /** Errors: session_not_found. */
  rowOf(id: string): SessionRow {
    const row = this.#live.get(id)?.row ?? this.#store.get(id);
    if (row !== null) return row;
    throw new AfieldError('session_not_found', `There is no session ${id}. It may have been deleted.`);
  }

  view(row: SessionRow): Session {
    const running = this.#live.get(row.id);
    if (running !== undefined) return running.view();
    return viewOf(row, {
      attach_command: null,
      lease: null,
      viewers: 0,
      track: this.#tracks.get(row.id)?.bars(this.#clock.monotonic()) ?? emptyTrack(),
      survives_restart: row.runtime !== 'pty',
      pending_approvals: 0,
    });
  }
}
