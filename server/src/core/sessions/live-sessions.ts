/** The sessions that run, and what is remembered of those that ended a short while ago. */
import type { ChatState } from '@afield/shared/api/chat.ts';
import type { Probe } from '@afield/shared/api/probes.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Transcript } from '../chat/transcript.ts';
import type { Clock, PromptRow, SessionRow, SessionStore } from '../ports.ts';
import type { Attachment, SessionService, ViewerSink } from '../service.ts';
import type { ScreenSize } from '../terminal/screen.ts';
import { emptyTrack, type Track } from '../track.ts';
import type { Ending } from './ending.ts';
import { viewOf } from './record.ts';

/** Tracks of ended sessions that are remembered: more than a list shows. */
const KEPT_TRACKS = 200;

export type SessionChanges = Parameters<SessionService['update']>[1];

/** A chat face while its session runs. */
export interface Chatting {
  readonly transcript: Pick<Transcript, 'now'>;
  readonly state: ChatState;
}

/** A running session, whatever its face. What only a terminal has is `not_supported` elsewhere. */
export interface Live {
  readonly row: SessionRow;
  /** It goes on without this home server. */
  readonly survives: boolean;
  readonly track: Track;
  /** On the monotonic clock; null: nobody has typed. */
  readonly lastTypedAt: number | null;
  readonly viewers: number;
  /** Resolves after it is gone from here. */
  readonly ended: Promise<void>;
  /** What its chat face shows; left out or null: it has none. */
  readonly chat?: Chatting | null;
  view(): Session;
  /** Errors: not_supported, unavailable. */
  update(changes: SessionChanges): Promise<void>;
  /** Resolves once it has its program or is over, at the latest after `ms`. */
  reached(ms: number): Promise<void>;
  /** The prompt is on disk already. `now`: into the turn that goes on, where that can be. */
  prompted(row: PromptRow, now: boolean): void;
  /** Its budget is another one, or that of a new day: what waits may go. */
  budgeted(): void;
  /** True when it takes a prompt at once, though it may be at work. */
  takesNow(): boolean;
  /** Errors: unavailable. */
  cancel(): Promise<void>;
  probe(): Promise<Probe>;
  /** Ends the whole process tree; resolves when everything is written. Errors: unavailable while nobody reaches its program. */
  stop(ending: Ending): Promise<void>;
  /** The home server ends and it goes on: writes what waits and lets go. */
  leave(): Promise<void>;
  /** Errors: session_ended, unavailable, conflict, not_supported. */
  release(ending: Ending, by: string): Promise<void>;
  input(bytes: Uint8Array): void;
  resize(size: ScreenSize, device_name: string): void;
  attach(sink: ViewerSink, options: ScreenSize & { lease: 'take' | 'look' }): Attachment;
}

export class LiveSessions {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #live = new Map<string, Live>();
  readonly #tracks = new Map<string, Track>();

  constructor(store: SessionStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  ids(): string[] {
    return [...this.#live.keys()];
  }
  all(): Live[] {
    return [...this.#live.values()];
  }
  get(id: string): Live | null {
    return this.#live.get(id) ?? null;
  }

  add(session: Live): void {
    this.#live.set(session.row.id, session);
  }

  /** It has ended. */
  gone(session: Live): void {
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
      survives_restart: row.faces.includes('terminal') ? row.runtime !== 'pty' : row.agent_session_id !== null,
      pending_approvals: 0,
    });
  }
}
