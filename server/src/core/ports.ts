/** The interfaces that the core calls. Whoever implements one imports it from here; the core imports no implementation. */
import type { Project } from '@afield/shared/api/projects.ts';
import type { DeliveryState, Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';

/** Time and randomness, passed in so that tests own them. Times in ms; `monotonic` never jumps. */
export interface Clock {
  now(): number;
  monotonic(): number;
  setTimeout(run: () => void, ms: number): { cancel(): void };
}

/** Environment variable that marks every child with its session's id, so that none of its processes is ever lost. */
export const SESSION_MARK = 'AFIELD_SESSION';

/** What to start: argv, never a shell line. */
export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** A running program behind a terminal. Bytes are never decoded on the way. */
export interface TerminalProcess {
  readonly pid: number;
  onOutput: (bytes: Buffer) => void;
  /** Called once, after the last output. */
  onExit: (exit: { code: number | null; signal: string | null }) => void;
  /** False: the program reads nothing, too much is queued already, and these bytes were dropped. */
  write(bytes: Uint8Array): boolean;
  /** True when another program than the one that was started holds the terminal (a shell runs a command); null when unknown. */
  foreignForeground(): boolean | null;
  resize(cols: number, rows: number): void;
  /** Stop reading, so that the kernel holds the program back; and go on. */
  pause(): void;
  resume(): void;
  /** Ask (SIGHUP), then SIGTERM, then SIGKILL for the whole process tree; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** Starts programs in terminals. `survivesRestart`: they outlive this server. */
export interface TerminalRuntime {
  readonly name: string;
  readonly survivesRestart: boolean;
  start(command: Command, size: { cols: number; rows: number }): Promise<TerminalProcess>;
  /** Ends whatever an earlier server left running for these sessions; resolves with how many processes there were. */
  reap(session_ids: readonly string[]): Promise<number>;
}

/** Where a process starts: finds programs and directories there. */
export interface Machine {
  readonly name: string;
  /** Absolute path of a program, or null. */
  which(program: string): Promise<string | null>;
  /** First line of `program --version`-like output, or null; bounded in time. */
  version(file: string, args: readonly string[]): Promise<string | null>;
  /** The real absolute directory for `~/x` or `/x`; throws `cwd_missing`. */
  directory(path: string): Promise<string>;
  /** Environment for children: the allow-list, what `pass` names beside it, `extra` and our mark; nothing else of the server's. */
  environment(session: { id: string }, extra: Record<string, string>, pass?: readonly string[]): Record<string, string>;
}

/** One rule of how a recipe reads state. The first rule that fits, in the recipe's order, decides. */
export interface StateRule {
  status: 'busy' | 'idle' | 'waiting';
  /** What the signal is. The window title decides before the screen, the screen before silence (architecture, section 5). */
  title?: RegExp;
  /** Against the lines of the visible screen, bottom-most 24 lines, right-trimmed, joined by \n. */
  screen?: RegExp;
  /** Why it waits, in the server's words. */
  reason?: string;
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
  runtime: 'pty';
  faces: readonly ('terminal' | 'chat')[];
  capabilities: readonly string[];
  /** Names of environment variables of the server that the agent may see beside the general allow-list. A trailing `*` matches a prefix. */
  passEnv: readonly string[];
  /** Fixed variables, from the config file. */
  env?: Readonly<Record<string, string>>;
  /** In order of precedence. */
  states: readonly StateRule[];
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
  source: 'builtin' | 'config';
}

/** The agents that may be started. */
export interface RecipeBook {
  get(name: string): Recipe | null;
  list(): readonly Recipe[];
}

/** A row of the session table: what must survive a restart. */
export type SessionRow = Omit<Session, 'lease' | 'viewers' | 'track' | 'survives_restart'> & { args: string[] };

export interface SessionStore {
  insert(row: SessionRow): void;
  update(id: string, changes: Partial<SessionRow>): void;
  get(id: string): SessionRow | null;
  list(filter: {
    status?: SessionStatus[];
    agent?: string;
    project_id?: string;
    q?: string;
    archived: boolean;
    limit: number;
    before?: { created_at: string; id: string };
  }): SessionRow[];
  /** Sessions that were not over when the server last stopped. */
  unfinished(): SessionRow[];
  delete(id: string): void;
  counts(): Record<string, number>;
}

export interface PromptRow {
  id: string;
  session_id: string;
  content: string;
  state: DeliveryState;
  reason: string | null;
  created_at: string;
}
export interface PromptStore {
  /** False when the id exists already; nothing is written then. */
  insert(row: PromptRow): boolean;
  get(id: string): PromptRow | null;
  setState(id: string, state: DeliveryState, reason: string | null): void;
  /** Still `home`, oldest first. */
  undelivered(session_id: string): PromptRow[];
  purge(session_id: string): void;
}

export interface ProjectStore {
  /** False when this directory is a project already; nothing is written then. */
  insert(row: Project): boolean;
  get(id: string): Project | null;
  at(machine: string, cwd: string): Project | null;
  /** Last used first. */
  list(): Project[];
  update(id: string, changes: Partial<Pick<Project, 'name' | 'default_agent' | 'used_at'>>): void;
  delete(id: string): boolean;
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
  /** Log entries of a session, newest first. */
  logs(query: { session_id: string; before?: number; since?: number; types?: string[]; q?: string; limit: number }): AfieldEvent[];
  nextSeq(): number;
  /** Oldest seq still kept: a client that resumes from before it has a gap. */
  firstSeq(): number;
  /** Deletes all but the newest `keep`. */
  prune(keep: number): void;
  purge(session_id: string): void;
}
