/** What the handlers call, beside the core: one interface a noun, implemented in the rooms beside and handed over by `app.ts`. */
import type { Agent } from '@afield/shared/api/agents.ts';
import type { Device, Pairing } from '@afield/shared/api/devices.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Check, Connection, Info, Status } from '@afield/shared/api/system.ts';
import type { Identity } from '../core/identity.ts';
import type { PushService } from '../core/push.ts';
import type { EventLog, SessionService } from '../core/service.ts';

export interface HandlerContext {
  sessions: SessionService;
  events: EventLog;
  agents: AgentCatalogue;
  projects: ProjectService;
  devices: DeviceService;
  pairings: PairingService;
  push: PushService;
  streams: EventStreams;
  system: SystemService;
}

export interface AgentCatalogue {
  list(): Promise<Agent[]>;
  /** Errors: agent_unknown. */
  get(name: string): Promise<Agent>;
}

export interface ProjectService {
  list(): Project[];
  /** Errors: cwd_missing, conflict, agent_unknown. */
  create(input: { name?: string; cwd: string; default_agent: string | null }): Promise<Project>;
  /** Errors: project_not_found, agent_unknown. */
  update(id: string, changes: { name?: string; default_agent?: string | null }): Project;
  /** Errors: project_not_found. */
  delete(id: string): void;
}

export interface DeviceService {
  /** `asking` is marked as `current`. Revoked ones stay listed. */
  list(asking: string | null): Device[];
  /** Errors: device_not_found. */
  rename(id: string, name: string, asking: string | null): Device;
  /** In one tick: the row, its channels, streams and subscriptions. Errors: device_not_found. */
  revoke(id: string): void;
}

export interface PairingService {
  /** Replaces an open ticket of the same user. Errors: relay_not_configured; forbidden when it asks for more than `identity` has. */
  create(identity: Identity, scopes: string[]): Pairing;
  /** Errors: not_found. */
  get(identity: Identity, id: string): Pairing;
}

export interface EventStreams {
  /**
   * Server-sent events: what is missed since `since`, then live ones, until the caller is gone, revoked, or too slow.
   * Errors: too_many.
   */
  open(options: {
    identity: Identity;
    since: number | null;
    session_id: string | null;
    signal: AbortSignal | undefined;
  }): AsyncIterable<Uint8Array>;
}

export interface SystemService {
  info(): Info;
  status(): Status;
  checks(): Promise<Check[]>;
  /** Effective settings, secrets left out, and where each came from. */
  config(): { config: Record<string, unknown>; sources: Record<string, string> };
  connections(): Connection[];
  /** Prometheus text. */
  metrics(): Promise<string>;
}
