/** What the chat face keeps: its items, approvals and their rules, usage. The core calls these; `store/` implements them. */
import type { Approval, Rule } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { UsageSum } from '@afield/shared/api/usage.ts';

/** An item of a chat face as it is stored: `body` holds what its kind has beside id, session and times. */
export interface ChatRow {
  id: string;
  session_id: string;
  kind: ChatItem['kind'];
  body: Record<string, unknown>;
  /** What the agent calls it, where it may tell of it again after a restart of this server; null: it does not. Never changes. */
  key?: string | null;
  created_at: string;
  updated_at: string;
}
export interface ChatStore {
  insert(row: ChatRow): void;
  update(id: string, changes: Pick<ChatRow, 'body' | 'updated_at'>): void;
  get(id: string): ChatRow | null;
  /** The newest one of this key. */
  byKey(session_id: string, key: string): ChatRow | null;
  /** Newest first; `before`: older than this item. */
  list(query: { session_id: string; before?: string | undefined; limit: number }): ChatRow[];
  /** Messages, thoughts and tool calls of which more may come, oldest first. */
  open(session_id: string): ChatRow[];
  /** Deletes up to `limit` items of a session; how many that were. */
  purge(session_id: string, limit: number): number;
}

/** Asks of agents, open and past. */
export interface ApprovalRow extends Omit<Approval, 'session_name' | 'agent' | 'machine'> {
  agent: string;
}
export interface ApprovalStore {
  insert(row: ApprovalRow): void;
  update(id: string, changes: Partial<Pick<ApprovalRow, 'state' | 'outcome' | 'item_id'>>): void;
  get(id: string): ApprovalRow | null;
  /** Pending and answered but not delivered, oldest first. */
  open(session_id?: string): ApprovalRow[];
  /** Newest first; `before`: older than this one. */
  list(query: { session_id?: string | undefined; before?: string | undefined; limit: number }): ApprovalRow[];
  /** Deletes those of a session that are over, but the newest `keep`. */
  prune(session_id: string, keep: number): void;
  purge(session_id: string, limit: number): number;
}
export type RuleRow = Rule;
export interface RuleStore {
  /** False when the id exists already. */
  insert(row: RuleRow): boolean;
  get(id: string): RuleRow | null;
  list(): RuleRow[];
  used(id: string, at: string): void;
  delete(id: string): boolean;
}

/** What one turn used. */
export interface UsageRow {
  /** Of the agent; with the session it is unique. */
  turn_id: string;
  session_id: string;
  project_id: string | null;
  agent: string;
  model: string | null;
  timestamp: string;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
}
export interface UsageStore {
  /** Replaces the row of the same session and turn. */
  put(row: UsageRow): void;
  get(session_id: string, turn_id: string): UsageRow | null;
  /** Days are UTC, both inclusive. */
  sums(query: {
    by: 'day' | 'model' | 'agent' | 'project' | 'session';
    from: string;
    to: string;
    limit: number;
  }): { key: string; sum: UsageSum }[];
  total(query: { from: string; to: string }): UsageSum;
  /** By model, the dearest first; an unknown one is `''`. */
  ofSession(session_id: string): { model: string; sum: UsageSum }[];
  /** Deletes all but about the newest `keep`. */
  prune(keep: number): void;
}

/** Remembers what a directory holds, to compare with later. Null: it is not versioned, or cannot be looked at now. Never throws. */
export interface Snapshots {
  take(machine: string, cwd: string): Promise<string | null>;
}
