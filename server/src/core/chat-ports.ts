/**
 * The interfaces between the core and the runtimes that speak an agent's protocol. One vocabulary for all of them, after ACP 2: an agent
 * runs, waits for an answer, or is idle. Every text in it comes from an agent and is hostile; the core bounds and stores it.
 */
import type { ApprovalOption, Question } from '@afield/shared/api/approvals.ts';
import type { ChatAbilities, Choice, FileDiff, PlanStep, ToolKind } from '@afield/shared/api/chat.ts';
import type { Command, Machine, ProcessExit } from './machine-ports.ts';

/**
 * One way to answer. `covers`: what one that holds longer than this once decides from then on, in words, made of exactly what is sent for
 * it; null or left out: the agent does not tell. What takes more than 300 characters to tell is not offered.
 */
export type AskOption = Omit<ApprovalOption, 'covers'> & { covers?: string | null };

/** What an agent asks; the core adds the directory. Left out: none. */
export interface Ask {
  kind: 'permission' | 'question';
  /** Of the tool call that it is about, announced or not. */
  tool_id: string | null;
  tool_kind: ToolKind;
  tool_name: string;
  /** The exact command, path or input. */
  subject: string;
  detail: string | null;
  diffs: FileDiff[];
  options: AskOption[];
  questions: Question[];
}

/** What goes to the agent. `option_id` is one of its own, null only for questions; `text`: words that go with it. */
export interface AgentAnswer {
  option_id: string | null;
  decision: 'allow' | 'deny' | 'cancel' | 'answer';
  text: string | null;
  answers: Record<string, string[]>;
}

/** Tokens of one model call or turn, not summed up. `input_tokens` holds the cached ones. */
export interface UsageReport {
  /** The same id again replaces what was reported before. */
  turn_id: string;
  model: string | null;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  /** Null: the agent does not tell. */
  cost_usd: number | null;
}

/** Fields that are left out stay as they are; the first one of a tool call makes it. */
export interface ToolPatch {
  name?: string;
  kind?: ToolKind;
  title?: string;
  input?: string;
  state?: 'pending' | 'running' | 'done' | 'failed';
  diffs?: FileDiff[];
  locations?: { path: string; line: number | null }[];
  /** The whole output so far; `tool_output` adds to it. */
  output?: string;
}

/** Why a turn ended. `error`: a `notice` of that level says why. */
export type TurnStop = 'done' | 'cancelled' | 'refused' | 'limit' | 'error';

export type ChatUpdate =
  /** The moment it is known: with it the session can be gone on with after any end. */
  | { type: 'agent_session'; id: string }
  | { type: 'version'; version: string; note: string | null }
  | { type: 'abilities'; can: Partial<ChatAbilities> }
  | { type: 'model'; model: string | null; models?: Choice[] }
  | { type: 'mode'; mode: string | null; modes?: Choice[] }
  | { type: 'commands'; commands: Choice[] }
  /** What the agent calls the conversation. */
  | { type: 'title'; title: string }
  | { type: 'running' }
  | { type: 'waiting' }
  | { type: 'idle'; stop: TurnStop }
  /** More text of a message or a thought; `key` is the agent's or the runtime's name for it, unique in this run of the agent. */
  | { type: 'text'; key: string; role: 'agent' | 'thought' | 'user'; text: string }
  /** The whole text of it, for good, also when its turn is over: replaces what came in pieces. Without `text`: what came is all. */
  | { type: 'text_done'; key: string; role: 'agent' | 'thought' | 'user'; text?: string }
  | { type: 'tool'; key: string; patch: ToolPatch }
  | { type: 'tool_output'; key: string; text: string }
  | { type: 'plan'; steps: PlanStep[] }
  /** `key` is answered with `ChatAgent.answer`. The same key again before an answer: another approval, the earlier one is gone. */
  | { type: 'ask'; key: string; ask: Ask }
  /** Answered elsewhere, or no longer wanted. `decision` when that is known. */
  | { type: 'ask_gone'; key: string; by: 'agent' | 'elsewhere'; decision: 'allow' | 'deny' | 'cancel' | 'answer' | 'unknown' }
  | { type: 'usage'; usage: UsageReport }
  | { type: 'context'; used_tokens: number; size_tokens: number }
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; text: string }
  /** A kind that the runtime does not know: kept, and shown as plain text. */
  | { type: 'unknown'; kind: string; text: string };

export interface ChatSink {
  update(update: ChatUpdate): void;
  /** Once, after the last update: its process is gone, or the line to it. Asks that are open are gone with it. */
  exit(exit: ProcessExit & { detail: string }): void;
}

export interface GivenFile {
  name: string;
  media_type: string;
  bytes: Buffer;
  /** Where it lies at home. */
  path: string;
}

/** A running agent that speaks a protocol. All methods throw `unavailable` when it is gone. */
export interface ChatAgent {
  readonly pid: number | null;
  /**
   * Gives it a prompt; called while it works only where it can be steered. Resolves once the agent shows that it took it (its echo, or
   * its first word). Errors: not_supported for files that it takes none of; unavailable when it refused or is gone.
   */
  prompt(prompt: { id: string; content: string; files: GivenFile[] }): Promise<void>;
  /** Interrupts the turn; `idle` follows. Nothing to interrupt is no error. */
  cancel(): Promise<void>;
  /** Resolves once the agent has it. Errors: not_found when the ask is gone. */
  answer(key: string, answer: AgentAnswer): Promise<void>;
  /** Errors: not_supported. */
  setModel(model: string): Promise<void>;
  /** Errors: not_supported. */
  setMode(mode: string): Promise<void>;
  /** Asks it to end, then ends the whole process tree; `exit` follows. */
  stop(): Promise<void>;
}

export interface ChatStart {
  /** Program, arguments, directory and environment as its recipe says, before the machine wraps it. */
  command: Command;
  machine: Machine;
  model: string | null;
  mode: string | null;
  /** The agent's own id of a session to go on with. */
  resume: string | null;
  /** Begin a new session of the agent with all that `resume` knows. */
  fork: boolean;
}

/** Starts agents that speak one protocol. Knows the protocol, and no session of ours. */
export interface ChatRuntime {
  readonly name: string;
  /** What can be done with it before the agent has told. */
  readonly can: ChatAbilities;
  /** Resolves once it takes prompts. Errors: start_failed with what it said; not_found when there is nothing to resume. */
  start(start: ChatStart, sink: ChatSink): Promise<ChatAgent>;
}

/** The runtimes by name. */
export interface ChatRuntimeBook {
  get(name: string): ChatRuntime | null;
}

/** Hears and answers an agent that a person uses in a terminal: the chat face beside its terminal. Starts, ends and types nothing. */
export interface Companion {
  /** Resolves once the agent has it. Errors: not_found when the ask is gone; unavailable when the agent cannot be reached. */
  answer(key: string, answer: AgentAnswer): Promise<void>;
  /** Stops listening; the program goes on. */
  leave(): void;
}

export interface CompanionRuntime {
  readonly name: string;
  /**
   * Before the terminal's program starts: its command, changed so that it can be heard. `folder`: of this session alone (0700), there
   * until the session is deleted; secrets stand in files of it or in the environment, never in arguments. `memory` goes to `join`, after
   * a restart of the home server too. Null: it cannot be accompanied (another machine, arguments of the user that exclude it).
   */
  prepare(start: {
    command: Command;
    machine: Machine;
    folder: string;
  }): Promise<{ command: Command; memory: Record<string, unknown> } | null>;
  /**
   * Listens to the program of an earlier `prepare`: from its start, again after a restart, and anew after a failure. Updates are those of
   * any agent; what was said before it listened comes only as far as the agent still tells it, in order and with the same keys as before.
   * By them it stays the same items (`text_done` with its text and `tool` with its output tell it whole), and until something new comes
   * the states that are told count as those of then. `sink.exit`: there is nothing to hear any more; the terminal's own end decides about
   * the session.
   */
  join(
    start: { session_id: string; machine: Machine; folder: string; memory: Record<string, unknown> },
    sink: ChatSink,
  ): Promise<Companion>;
}

/** The companions by name. */
export interface CompanionBook {
  get(name: string): CompanionRuntime | null;
}
