import type { Device } from './api/devices.ts';
import type { Machine } from './api/machines.ts';
import type { Probe } from './api/probes.ts';
import type { DeliveryState, Lease, LogEntry, Session } from './api/sessions.ts';
import type { RelayState, Storage } from './api/system.ts';

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
