/** What the core offers to handlers beside `service.ts`: the chat face, approvals, usage, environments, changes. */
import type { Approval, ApprovalAnswer, Rule, RuleTrial } from '@afield/shared/api/approvals.ts';
import type { changes } from '@afield/shared/api/changes.ts';
import type { ChatItem, ChatState, ToolKind } from '@afield/shared/api/chat.ts';
import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { GivenAttachment, Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { Check } from '@afield/shared/api/system.ts';
import type { DayBudget, SessionUsage, UsageSum } from '@afield/shared/api/usage.ts';
import type { Result } from '@afield/shared/route.ts';
import type { AgentAnswer, Ask, UsageReport } from './chat-ports.ts';
import type { SessionRow } from './ports.ts';

/** The chat face of sessions. */
export interface ChatService {
  /** Newest page first, each page in order. Errors: session_not_found. */
  messages(id: string, page: { limit: number; cursor?: string }): { items: ChatItem[]; next_cursor: string | null };
  /** Errors: session_not_found, not_found. */
  message(id: string, item_id: string): ChatItem;
  /** Errors: session_not_found; not_supported for a session without a chat face. */
  chat(id: string): ChatState;
  /** `bytes`: at most so many; left out: all. Errors: session_not_found, not_found. */
  attachment(id: string, attachment_id: string, part?: { from: number; bytes?: number }): Promise<Uint8Array>;
  /** Prompts that wait, in order. */
  queue(id: string): Prompt[];
  /** One of them, or one that waits no more. Errors: session_not_found, prompt_not_found. */
  promptOf(id: string, prompt_id: string): Prompt;
  /** Errors: prompt_not_found, conflict when it was given already, not_supported when the agent takes nothing while it works. */
  updateQueued(
    id: string,
    prompt_id: string,
    changes: { content?: string; position?: number; priority?: 'normal' | 'now' },
  ): Promise<Prompt>;
  /** Errors: prompt_not_found, conflict when it was given already. */
  withdraw(id: string, prompt_id: string, by: string): Promise<Prompt>;
  /** Errors: not_supported, unavailable, too_many. */
  fork(id: string, options: { id?: string; name?: string }): Promise<Session>;
  /** Goes on with a chat that has ended. Errors: conflict while it runs, not_supported, unavailable, too_many. */
  resume(id: string): Promise<Session>;
}

export interface PromptInput {
  id: string;
  content: string;
  /** Default: `normal`. */
  priority?: 'normal' | 'now';
  attachments?: GivenAttachment[];
}

/** Everything that agents ask, and who answers. One store at home; the first answer wins. */
export interface ApprovalDesk {
  /**
   * An agent asks: stored, looked at by the rules, told. `deliver` is called once with the answer, and again while it fails, until the
   * ask is gone.
   */
  ask(row: SessionRow, asked: { ask: Ask; item_id: string | null; deliver(answer: AgentAnswer): Promise<void> }): Approval;
  /** Answered elsewhere, or withdrawn by the agent. Of one that was answered here nothing changes. */
  gone(id: string, how: { by: string; decision: AgentAnswer['decision'] | 'unknown'; reason: string | null }): void;
  /** Its agent is gone: whatever of it is open is gone too. */
  abandon(session_id: string, reason: string): void;
  /** How many of a session wait for somebody. */
  pending(session_id: string): number;
}

export interface ApprovalService {
  list(query: { session_id?: string; all: boolean; limit: number; cursor?: string }): { items: Approval[]; next_cursor: string | null };
  /** Errors: approval_not_found. */
  get(id: string): Approval;
  /** Errors: approval_not_found, approval_answered, approval_changed, not_supported. `by`: the device. */
  answer(id: string, answer: ApprovalAnswer, by: string): Promise<Approval>;
}

export interface RuleInput {
  project_id?: string | null;
  agent?: string | null;
  tool_kind?: ToolKind | null;
  pattern: string;
  action: 'allow' | 'ask' | 'deny';
}
export interface RuleService {
  list(): Rule[];
  /** Errors: project_not_found, agent_unknown, conflict, too_many. */
  create(input: RuleInput & { id?: string }, by: string): Rule;
  /** Errors: rule_not_found. */
  delete(id: string): void;
  try(input: RuleInput): RuleTrial;
}

/** What agents use. */
export interface UsageDesk {
  /** One turn's report: priced where the agent did not, stored, told, and held against the budgets. */
  report(row: SessionRow, usage: UsageReport): UsageVerdict;
  /** How full its agent's window is. */
  context(row: SessionRow, context: { used_tokens: number; size_tokens: number }): void;
  /** Before a prompt is given. */
  verdict(row: SessionRow): UsageVerdict;
  /** Its own budget was changed. */
  changed(row: SessionRow): void;
  /** Runs `go` when a day's budget that was reached begins anew: prompts that wait may go on. Returns the end of it. */
  onNewDay?(go: () => void): () => void;
}
/** `reached`: no new prompt goes to the agent, and a turn that goes on is cancelled; `reason` says which budget, and what to do. */
export type UsageVerdict =
  | { state: 'within' | 'near'; cost_usd: number | null }
  | { state: 'reached'; cost_usd: number | null; reason: string };

export interface UsageService {
  /** Errors: bad_request for days that are none, or in the wrong order. */
  report(query: { by: 'day' | 'model' | 'agent' | 'project' | 'session'; from?: string; to?: string }): UsageAnswer;
  /** Errors: session_not_found. */
  session(id: string): SessionUsage;
}
export interface UsageAnswer {
  from: string;
  to: string;
  items: { key: string; name: string | null; sum: UsageSum }[];
  total: UsageSum;
  day_budget: DayBudget | null;
  as_of: string;
}

/** Named environments of the config file. */
export interface Environments {
  /**
   * What a session in it starts with. Errors: environment_unknown; not_supported for another agent; confirmation_needed for one that is
   * called production unless `confirm` is its name; unavailable when a secret cannot be read.
   */
  resolve(
    name: string,
    session: { agent: string; confirm: string | undefined },
  ): Promise<{
    program: string | null;
    env: Record<string, string>;
    production: boolean;
  }>;
  list(): NamedEnvironment[];
  /** Errors: environment_unknown. */
  check(name: string): Promise<{ environment: NamedEnvironment; checks: Check[] }>;
}

export interface ChangesService {
  /** Errors: session_not_found, not_found for a ref or file that is not there, no_commit, bad_request, machine_unreachable, unavailable. */
  diff(id: string, query: { against: string; path?: string }): Promise<Result<(typeof changes)['getDiff']>>;
}
