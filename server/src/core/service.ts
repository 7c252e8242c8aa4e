/** What the core offers to handlers and link. Implemented by `sessions/sessions.ts` and `event-log.ts`. */

import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import type { Probe } from '@afield/shared/api/probes.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session, SessionCreate, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';
import type { FRAME_OUTPUT, FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import type { ChatService, PromptInput } from './chat-service.ts';

/** Where a viewer's bytes go: one live attachment, seen from the core. The core waits for no viewer. */
export interface ViewerSink {
  /** Unique in this server's life. */
  readonly id: string;
  readonly device_name: string;
  /** Hands bytes to the line. Never blocks; the viewer's credit decides when it is called. */
  send(kind: typeof FRAME_OUTPUT | typeof FRAME_SNAPSHOT, offset: number, bytes: Uint8Array): void;
  /** The stream is over; nothing follows. */
  closed(reason: 'ended' | 'detached' | 'forbidden'): void;
}

export interface Attachment {
  readonly cols: number;
  readonly rows: number;
  readonly lease: 'held' | 'look';
  readonly offset: number;
  /** Keys. Typing takes the size lease for this viewer when it asked for it (`take`). */
  input(bytes: Uint8Array): void;
  /** Takes the lease and resizes. */
  resize(cols: number, rows: number): void;
  /** The viewer's application has drawn everything below `offset`. */
  ack(offset: number): void;
  detach(): void;
}

export interface Screen {
  cols: number;
  rows: number;
  offset: number;
  cursor: { x: number; y: number };
  screen: string;
}

/** A program in somebody's own tmux, and what it is to be called as a session. */
export interface AdoptionInput {
  id?: string;
  machine: string;
  socket: string;
  pane: string;
  name?: string;
  agent?: string;
  project_id?: string;
}

export interface SessionService extends ChatService {
  /** Errors: agent_unknown, agent_not_installed, cwd_missing, start_failed, project_not_found, machine_not_found, machine_unreachable, too_many. */
  create(input: SessionCreate): Promise<Session>;
  list(query: {
    status?: SessionStatus[];
    agent?: string;
    project_id?: string;
    machine?: string;
    q?: string;
    archived: boolean;
    limit: number;
    cursor?: string;
  }): { items: Session[]; next_cursor: string | null };
  get(id: string): Session;
  /** Model and mode: of a running chat. Errors: not_supported, session_ended, unavailable. */
  update(
    id: string,
    changes: { name?: string; pinned?: boolean; archived?: boolean; model?: string; mode?: string; budget_usd?: number | null },
  ): Promise<Session>;
  /** Ends the agent; `by` is the device's name, shown as the reason. Errors: unavailable while its machine cannot be reached. */
  stop(id: string, by: string): Promise<Session>;
  /** Makes a session of a program in the user's own tmux. */
  adopt(input: AdoptionInput): Promise<Session>;
  /** Lets go of an adopted session; its program goes on. Errors: session_ended, conflict when it is not an adopted one. */
  release(id: string, by: string): Promise<Session>;
  /** Why it is quiet. Watches its processes for about a second. Errors: session_ended. */
  probe(id: string): Promise<Probe>;
  /** Removes an ended session and its history. */
  purge(id: string): Promise<void>;
  /** Errors: session_ended, bad_request, conflict, not_supported, too_large. */
  prompt(id: string, prompt: PromptInput): Promise<Prompt>;
  cancel(id: string): Promise<Session>;
  /** Input and resize wait a moment for a session that is being found again. Errors: session_ended, unavailable. */
  input(id: string, bytes: Uint8Array): Promise<void>;
  resize(id: string, size: { cols: number; rows: number }, by: string): Promise<Session>;
  output(id: string, format: 'text' | 'ansi' | 'html', scrollback: number): Promise<Screen>;
  logs(
    id: string,
    query: { since?: number; before?: number; oldest?: boolean; type?: LogType[]; q?: string; limit: number; cursor?: string },
  ): { items: LogEntry[]; next_cursor: string | null };
  /** Asciicast v2, line by line, as it is read from disk. */
  recording(id: string): AsyncIterable<Uint8Array>;
  /** Sends a snapshot at once, then output. Works on ended sessions too: their last screen, then `closed('ended')`. */
  attach(id: string, sink: ViewerSink, options: { cols: number; rows: number; lease: 'take' | 'look' }): Promise<Attachment>;
  counts(): Record<string, number>;
  viewers(): number;
  /**
   * When somebody last typed into the terminal of this running session, on `Clock.monotonic`; null: never, or it has ended. Prompts
   * do not count. Notifications are held back by it.
   */
  lastInputAt(id: string): number | null;
  /** Programs of ours that no live session knows, on the machines that can be reached. */
  strays(): Promise<{ machine: string; session_id: string | null; pid: number; command: string }[]>;
  /** Ends them, and tells what was ended. */
  reap(): Promise<{ machine: string; session_id: string | null; pid: number; command: string }[]>;
  /** Stops taking new sessions, ends what cannot survive, lets go of what can, flushes. */
  close(): Promise<void>;
}

export interface EventLog {
  /** Writes, then tells. */
  publish<T extends EventType>(type: T, session_id: string | null, payload: EventPayloads[T]): AfieldEvent;
  /** Live events only; call `read` first for what is missed. A handler must not throw. Returns the unsubscribe. */
  subscribe(handler: (event: AfieldEvent) => void): () => void;
  read(query: { since: number; limit: number; session_id?: string; types?: EventType[] }): AfieldEvent[];
  nextSeq(): number;
  /** False when events after `since` were already deleted, or `since` lies in the future: the client must refetch. */
  covers(since: number): boolean;
}
