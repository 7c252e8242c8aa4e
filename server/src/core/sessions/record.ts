/** What is written about one session: its row, its events, its log. A full disk must not end the agent. */
import type { LogType } from '@afield/shared/api/logs.ts';
import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { EventPayloads, EventType } from '@afield/shared/events.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { promptView } from '../prompts/prompts.ts';

/** Figures that change with every byte reach the table this often at most. */
const SAVE_MS = 2_000;

export class SessionRecord {
  readonly row: SessionRow;
  readonly #deps: SessionDeps;
  #timer: { cancel(): void } | null = null;

  constructor(row: SessionRow, deps: SessionDeps) {
    this.row = row;
    this.#deps = deps;
  }

  save(changes: Partial<SessionRow>): void {
    this.stop();
    Object.assign(this.row, changes, { updated_at: timestamp(this.#deps.clock) });
    const { output_bytes, recovered_bytes, last_output_at, title, updated_at } = this.row;
    const all = { ...changes, output_bytes, recovered_bytes, last_output_at, title, updated_at };
    this.guarded(() => this.#deps.store.sessions.update(this.row.id, all));
  }

  /** Somebody changed what is theirs: what cannot be written is an error, and not so. */
  change(changes: Partial<SessionRow>, view: () => Session): void {
    if (Object.keys(changes).length > 0) this.#deps.store.sessions.update(this.row.id, changes);
    this.save(changes);
    this.publish('session.renamed', { session: view() });
  }

  /** The row was changed in place. */
  saveSoon(): void {
    this.#timer ??= this.#deps.clock.setTimeout(() => this.save({}), SAVE_MS);
  }

  /** Nothing is saved later by itself. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  log(type: LogType, text: string, detail?: Record<string, unknown>): void {
    const entry = { seq: 0, session_id: this.row.id, timestamp: timestamp(this.#deps.clock), type, text };
    this.publish('log', { entry: detail === undefined ? entry : { ...entry, detail } });
  }

  publish<T extends EventType>(type: T, payload: EventPayloads[T]): void {
    this.guarded(() => this.#deps.events.publish(type, this.row.id, payload));
  }

  /** How far a prompt came. */
  delivered(prompt_id: string, state: DeliveryState, reason: string | null): void {
    this.publish('message.state_changed', { prompt_id, state, reason });
    if (state === 'accepted') this.queueChanged();
  }

  /** What waits for the agent is another. */
  queueChanged(): void {
    this.publish('message.queue_changed', { prompts: this.#deps.store.prompts.undelivered(this.row.id).map(promptView) });
  }

  /** What cannot be written is told to whoever runs the server. */
  guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      // Of a full disk everybody was told once.
      if (error instanceof AfieldError && error.code === 'storage_full') return;
      this.#deps.warn(`Session ${this.row.id} cannot be written.`, error);
    }
  }
}

/** The row as everybody may see it, with what only a running session knows. */
export function viewOf(
  row: SessionRow,
  now: Pick<Session, 'attach_command' | 'lease' | 'viewers' | 'track' | 'survives_restart' | 'pending_approvals'>,
): Session {
  const { args: _args, start_tree: _tree, adopted, ...rest } = row;
  return { ...rest, adopted: adopted !== null, ...now };
}
