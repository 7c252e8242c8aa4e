import type { Approval } from './api/approvals.ts';
import type { ChatItem, ChatState } from './api/chat.ts';
import type { Device } from './api/devices.ts';
import type { LogEntry } from './api/logs.ts';
import type { Machine } from './api/machines.ts';
import type { Probe } from './api/probes.ts';
import type { DeliveryState, Prompt } from './api/prompts.ts';
import type { Lease, Session } from './api/sessions.ts';
import type { RelayState, Storage } from './api/system.ts';
import type { SessionUsage } from './api/usage.ts';

/** A budget of which 80 % (`near`) or all is used now. `session_name`, `agent`: whose report it was. */
export interface BudgetCrossing {
  budget: 'session' | 'day';
  state: 'near' | 'reached';
  usd: number;
  spent_usd: number;
  session_name: string;
  agent: string;
}

/** Payload of each event. An event is on disk, with its seq, before anyone hears of it. */
export interface EventPayloads {
  'session.created': { session: Session };
  'session.deleted': Record<string, never>;
  /** The whole session as it is after the change, and what it was. */
  'session.status_changed': { session: Session; previous: Session['status'] };
  /** Renamed, pinned, archived. */
  'session.renamed': { session: Session };
  /** Who holds the size of the terminal, and how large it is. */
  'session.resized': { cols: number; rows: number; lease: Lease | null };
  /** What it printed while the home server, or the line to its machine, was away has been fetched. */
  'session.recovered': { session: Session; bytes: number; away_ms: number };
  /** It said that it is done, nothing of it works any more, and it was quiet. `background`: programs of it that still run. */
  'agent.idle': { session: Session; background: number };
  'probe.result': { probe: Probe };
  /** Delivery state of a prompt. */
  'message.state_changed': { prompt_id: string; state: DeliveryState; reason: string | null };
  /** The prompts that wait have another order, or one of them another text, or is gone. */
  'message.queue_changed': { prompts: Prompt[] };
  /** A message or a thought begins. Whatever it holds already is in `item`. */
  'message.start': { item: ChatItem };
  /** More text of an open item, or more output of a tool. `at`: UTF-16 units that stood before it; who has another number asks for the item. */
  'message.chunk': { item_id: string; at: number; text: string };
  /** A message, a thought or a notice as it is for good. */
  'message.complete': { item: ChatItem };
  /** The turn ended badly; `item` is the notice that says why. */
  'message.error': { item: ChatItem };
  'tool.call_start': { item: ChatItem };
  /** Title, input, diffs or locations are known better; at most four times a second for one call. */
  'tool.call_updated': { item: ChatItem };
  'tool.call_complete': { item: ChatItem };
  'tool.call_error': { item: ChatItem };
  /** The whole plan as it is now. */
  'plan.updated': { item: ChatItem };
  'agent.thinking': { session: Session };
  'approval.requested': { approval: Approval };
  /** Answered, delivered, or gone: its `state` says which. */
  'approval.resolved': { approval: Approval };
  /** `crossed`: budgets that came near their end, or to it, with this report; each is told once. */
  'usage.updated': { usage: SessionUsage; crossed?: BudgetCrossing[] };
  /** Models, modes, slash commands, abilities: all of it as it is now. */
  'session.chat_changed': { chat: ChatState };
  log: { entry: LogEntry };
  'device.paired': { device: Device };
  'device.revoked': { device_id: string };
  /** Relay reached, lost, and why. */
  'machine.relay_changed': { relay: RelayState };
  'machine.added': { machine: Machine };
  'machine.removed': { name: string };
  /** Reached, lost, and why. */
  'machine.line_changed': { machine: Machine };
  /** The disk is full, or has room again. */
  'machine.storage_changed': { storage: Storage };
}
export type EventType = keyof EventPayloads;

/** Every event type, for validation of topics. tsc keeps it complete. */
export const EVENT_TYPES = Object.keys({
  'session.created': 1,
  'session.deleted': 1,
  'session.status_changed': 1,
  'session.renamed': 1,
  'session.resized': 1,
  'session.recovered': 1,
  'agent.idle': 1,
  'probe.result': 1,
  'message.state_changed': 1,
  'message.queue_changed': 1,
  'message.start': 1,
  'message.chunk': 1,
  'message.complete': 1,
  'message.error': 1,
  'tool.call_start': 1,
  'tool.call_updated': 1,
  'tool.call_complete': 1,
  'tool.call_error': 1,
  'plan.updated': 1,
  'agent.thinking': 1,
  'approval.requested': 1,
  'approval.resolved': 1,
  'usage.updated': 1,
  'session.chat_changed': 1,
  log: 1,
  'device.paired': 1,
  'device.revoked': 1,
  'machine.relay_changed': 1,
  'machine.added': 1,
  'machine.removed': 1,
  'machine.line_changed': 1,
  'machine.storage_changed': 1,
} satisfies Record<EventType, 1>) as EventType[];

export type AfieldEvent = {
  [T in EventType]: { type: T; seq: number; session_id: string | null; timestamp: string; payload: EventPayloads[T] };
}[EventType];

/** True when an event type fits a topic: the type itself, `*`, or a noun with `.*`. */
export function topicMatches(topic: string, type: string): boolean {
  if (topic === '*' || topic === type) return true;
  return topic.endsWith('.*') && type.startsWith(topic.slice(0, -1));
}
