import type { Device } from './api/devices.ts';
import type { DeliveryState, Lease, LogEntry, Session } from './api/sessions.ts';
import type { RelayState } from './api/system.ts';

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
  /** Delivery state of a prompt. */
  'message.state_changed': { prompt_id: string; state: DeliveryState; reason: string | null };
  log: { entry: LogEntry };
  'device.paired': { device: Device };
  'device.revoked': { device_id: string };
  /** Relay reached, lost, and why. */
  'machine.relay_changed': { relay: RelayState };
}
export type EventType = keyof EventPayloads;

/** Every event type, for validation of topics. tsc keeps it complete. */
export const EVENT_TYPES = Object.keys({
  'session.created': 1,
  'session.deleted': 1,
  'session.status_changed': 1,
  'session.renamed': 1,
  'session.resized': 1,
  'message.state_changed': 1,
  log: 1,
  'device.paired': 1,
  'device.revoked': 1,
  'machine.relay_changed': 1,
} satisfies Record<EventType, 1>) as EventType[];

export type AfieldEvent = {
  [T in EventType]: { type: T; seq: number; session_id: string | null; timestamp: string; payload: EventPayloads[T] };
}[EventType];

/** True when an event type fits a topic: the type itself, `*`, or a noun with `.*`. */
export function topicMatches(topic: string, type: string): boolean {
  if (topic === '*' || topic === type) return true;
  return topic.endsWith('.*') && type.startsWith(topic.slice(0, -1));
}
