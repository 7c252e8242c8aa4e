/** The interfaces that the core calls. Whoever implements one imports it from here; the core imports no implementation. */

import type { Attachment } from '@afield/shared/api/chat.ts';
import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import type { Activity, Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';
import type { AdoptedPane } from './machine-ports.ts';

/** Time and randomness, passed in so that tests own them. Times in ms; `monotonic` never jumps. */
export interface Clock {
  now(): number;
  monotonic(): number;
  setTimeout(run: () => void, ms: number): { cancel(): void };
}

/** A row of the table of machines. */
export interface MachineRow {
  name: string;
  kind: 'ssh' | 'prefix';
  ssh: SshTarget | null;
  prefix: string[] | null;
  created_at: string;
}
export interface MachineStore {
  /** False when there is one of this name; nothing is written then. */
  insert(row: MachineRow): boolean;
  list(): MachineRow[];
  delete(name: string): boolean;
}

/** A dialog that an agent shows before it works, and that a policy may answer (settings: `trust`). */
export interface KnownDialog {
  name: 'trust';
  /** Against the window title. */
  title: RegExp;
  /**
   * Against the whole visible screen, its lines right-trimmed and joined by \n, without empty lines at both ends. The group `folder` is
   * the directory it asks about, or the last part of its path.
   */
  screen: RegExp;
  /** The first that fits the screen tells the next key on the way to yes. The screen is read again before each key. */
  keys: readonly { when: RegExp; press: string }[];
}

/** One rule of how a recipe reads state. The first rule that fits, in the recipe's order, decides. */
export interface StateRule {
  status: 'busy' | 'idle' | 'waiting';
  /** Against the window title. With `screen`, both must fit. */
  title?: RegExp;
  /** Against the lines of the visible screen, bottom-most 24 lines, right-trimmed, joined by \n. */
  screen?: RegExp;
  /** Why it waits, in the server's words. */
  reason?: string;
  /** What it does while it is busy, where its face tells. */
  activity?: Activity;
}

/** One way to a chat face: a runtime that speaks the agent's protocol, and what is started for it. */
export interface ChatWay {
  /** Name of a chat runtime. */
  runtime: string;
  /** Default: the recipe's own program. */
  program?: string;
  /** Arguments that every start gets, in the place of the recipe's. */
  args: readonly string[];
  /** Option that names the model. Default: the runtime chooses it in its protocol. */
  modelOption?: string;
  /** Fixed variables. */
  env?: Readonly<Record<string, string>>;
  /** What is different with it, for who chooses: how it is billed, what it cannot do. */
  note?: string;
  /** Mode that it starts in when nobody chose one: the one that asks. */
  mode?: string;
  /** Versions that it was tested with, `from` to `to` inclusive; another one gets a warning and works as far as it can. */
  tested?: { from: string; to: string };
}

/** Arguments by which an agent in a terminal begins with what an earlier session of its own knows; `{id}` is that one's own id. */
export interface GoesOn {
  /** In that session. */
  resume: readonly string[];
  /** In a new one, which leaves that one as it is. */
  fork: readonly string[];
  /** Options a person may have started the earlier one with that are simply given again: with the argument after them, or alone. */
  keeps: { valued: readonly string[]; plain: readonly string[] };
}

/** How one kind of agent is started and read. Data, no loops. */
export interface Recipe {
  name: string;
  title: string;
  /** Program to look for, and arguments that every start gets. */
  program: string;
  args: readonly string[];
  /** Arguments that print the version. Default `--version`. */
  versionArgs?: readonly string[];
  /** One line to type when it is not installed. */
  install: string | null;
  /** `terminal`: behind a terminal, in whatever runtime the machine has. `chat`: by one of `chat`. */
  faces: readonly ('terminal' | 'chat')[];
  /** Ways to the chat face, the usual one first. */
  chat?: readonly ChatWay[];
  /** Name of the companion that gives its terminal sessions a chat face too. */
  companion?: string;
  /** Models to choose from before it runs. */
  models?: readonly string[];
  capabilities: readonly string[];
  /** Names of environment variables of the server that the agent may see beside the general allow-list. A trailing `*` matches a prefix. */
  passEnv: readonly string[];
  /** Fixed variables, from the config file. */
  env?: Readonly<Record<string, string>>;
  /** In order of precedence. */
  states: readonly StateRule[];
  /** What its bell means, where no rule fits. Default: nothing. */
  bell?: 'idle' | 'waiting';
  /** Milliseconds without output after which a session without a fitting rule counts as idle. */
  quietMs: number;
  /** A prompt may be typed once one of these is the status. */
  readyWhen: 'idle' | 'started';
  /** Bytes that end a prompt (Enter) and that interrupt (Esc, Ctrl-C). */
  submit: string;
  interrupt: string;
  /** How often `interrupt` is sent, 150 ms apart. Default 1. */
  interruptTimes?: number;
  /** While another program holds the terminal it counts as busy, else as idle: for shells. */
  foregroundDecides?: boolean;
  /** Option that names the model: `--model`. Without it no model can be chosen. */
  modelOption?: string;
  /** Stands after `args`, before all others. Without it a terminal of it always begins with nothing. */
  goesOn?: GoesOn;
  /** Variable by which it is told where its model server is. Without it only a person can set it. */
  serverUrlVariable?: string;
  /** Harmless dialogs that a policy may answer. */
  dialogs?: readonly KnownDialog[];
  source: 'builtin' | 'config';
}

/** The agents that may be started. */
export interface RecipeBook {
  get(name: string): Recipe | null;
  list(): readonly Recipe[];
}

/** A row of the session table: what must survive a restart. */
export type SessionRow = Omit<
  Session,
  'lease' | 'viewers' | 'track' | 'survives_restart' | 'adopted' | 'attach_command' | 'pending_approvals'
> & {
  args: string[];
  adopted: AdoptedPane | null;
  /** The directory as it was at the start, as `Snapshots` knows it; null: it is not versioned, or was not looked at. */
  start_tree: string | null;
};

export interface SessionStore {
  insert(row: SessionRow): void;
  update(id: string, changes: Partial<SessionRow>): void;
  get(id: string): SessionRow | null;
  list(filter: {
    status?: SessionStatus[];
    agent?: string;
    project_id?: string;
    machine?: string;
    q?: string;
    archived: boolean;
    limit: number;
    before?: { created_at: string; id: string };
  }): SessionRow[];
  /** Sessions that were not over when the server last stopped. */
  unfinished(): SessionRow[];
  /** Sessions that ended at this time or later, newest first, at most `limit`. */
  endedSince(time: string, limit: number): SessionRow[];
  /** Over and not pinned, the one that ended first first; after that one. */
  ended(after: { ended_at: string; id: string } | null, limit: number): SessionRow[];
  delete(id: string): void;
  counts(): Record<string, number>;
  /** The latest time that any of them knows; null without sessions. */
  newestAt(): string | null;
}

/** Sessions that were deleted and of which something may be left: remembered until all of it is gone. */
export interface PurgeStore {
  add(session_id: string): void;
  list(): string[];
  done(session_id: string): void;
}

/** The file of the database. */
export interface DatabaseFile {
  /** Bytes on disk, and bytes in use: the rest is used again. */
  size(): { bytes: number; used: number };
  /** Gives some of the unused room back; false when there was none. */
  shrink(): boolean;
}

export interface PromptRow {
  id: string;
  session_id: string;
  content: string;
  attachments: Attachment[];
  /** Order among those that wait: the smallest goes first. */
  place: number;
  /** The directory as it was before it was given. */
  tree: string | null;
  state: DeliveryState;
  reason: string | null;
  created_at: string;
}
export interface PromptStore {
  /** False when the id exists already; nothing is written then. */
  insert(row: PromptRow): boolean;
  get(id: string): PromptRow | null;
  setState(id: string, state: DeliveryState, reason: string | null): void;
  /** Text, place, tree. */
  update(id: string, changes: Partial<Pick<PromptRow, 'content' | 'place' | 'tree'>>): void;
  /** Still `home`, in their order. */
  undelivered(session_id: string): PromptRow[];
  /** The last one that was accepted or consumed. */
  lastGiven(session_id: string): PromptRow | null;
  /** `accepted` and never seen to be taken, oldest first. */
  unconfirmed(session_id: string): PromptRow[];
  purge(session_id: string): void;
}

/** With the values of its environment, which nobody else is told. */
export type ProjectRow = Omit<Project, 'env'> & { env: Record<string, string> };

export interface ProjectStore {
  /** False when this directory is a project already; nothing is written then. */
  insert(row: ProjectRow): boolean;
  get(id: string): ProjectRow | null;
  at(machine: string, cwd: string): ProjectRow | null;
  /** Last used first. */
  list(): ProjectRow[];
  update(id: string, changes: Partial<Omit<ProjectRow, 'id' | 'machine' | 'cwd' | 'created_at'>>): void;
  delete(id: string): boolean;
}

/** Which log entries: `since` and `before` are seqs, both left out; `from` (not older than) and `to` (older than) are times. */
export interface LogQuery {
  since?: number | undefined;
  before?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
  types?: LogType[] | undefined;
  /** The oldest of them instead of the newest. */
  oldest?: boolean | undefined;
  limit: number;
}

/** Log entries, kept longer than events: written with the event that tells of them, under the same seq. */
export interface LogStore {
  /** Of one session, newest first. */
  read(query: LogQuery & { session_id: string }): LogEntry[];
  /** By words, newest first. `marks`: where they stand, as [from, to) in UTF-16 units. Errors: bad_request for a search without a word. */
  search(query: LogQuery & { q: string; session_id?: string | undefined }): (LogEntry & { marks: [number, number][] })[];
  /** How many entries there are, and bytes of text in them. */
  sums(session_id?: string): { entries: number; bytes: number };
  oldestAt(): string | null;
  /** Deletes up to `limit` entries of a session; how many that were. 0: none is left. */
  purge(session_id: string, limit: number): number;
  /** Takes some more of what was deleted out of the index of words; false when there was nothing to do. */
  tidy(): boolean;
}

/** Small facts that must survive a restart. */
export interface MetaStore {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

/** The event table: on disk before anyone hears of it. */
export interface EventStore {
  append(event: { type: EventType; session_id: string | null; timestamp: string; payload: EventPayloads[EventType] }): number;
  /** Ascending by seq, `seq > since`. */
  read(query: { since: number; limit: number; session_id?: string; types?: EventType[] }): AfieldEvent[];
  /** A seq for an event that cannot be written. */
  skip(): number;
  nextSeq(): number;
  /** Oldest seq still kept: a client that resumes from before it has a gap. */
  firstSeq(): number;
  /** Deletes what told of an open item from this seq on (`message.chunk`, `tool.call_updated`): its row holds all of it. */
  drop(query: { session_id: string; item_id: string; from: number }): void;
  /** Deletes all but the newest `keep`. */
  prune(keep: number): void;
  /** Deletes up to `limit` events of a session, but not the one that tells of its deletion; how many that were. */
  purge(session_id: string, limit: number): number;
}
