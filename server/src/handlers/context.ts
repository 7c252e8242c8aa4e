/** What the handlers call, beside the core: one interface a noun, implemented in the rooms beside and handed over by `app.ts`. */
import type { Agent } from '@afield/shared/api/agents.ts';
import type { Device, Pairing } from '@afield/shared/api/devices.ts';
import type { HistorySize, LogHit, Pruned } from '@afield/shared/api/history.ts';
import type { LogType } from '@afield/shared/api/logs.ts';
import type { Adoptable, Machine, SshTarget } from '@afield/shared/api/machines.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Check, Connection, Info, Status } from '@afield/shared/api/system.ts';
import type { ApprovalService, ChangesService, Environments, PromptInput, RuleService, UsageService } from '../core/chat-service.ts';
import type { Identity } from '../core/identity.ts';
import type { ProjectInput } from '../core/projects.ts';
import type { PromptStream } from '../core/prompts/prompt-stream.ts';
import type { PushService } from '../core/push.ts';
import type { EventLog, SessionService } from '../core/service.ts';

export interface HandlerContext {
  sessions: SessionService;
  prompts: PromptStreams;
  events: EventLog;
  agents: AgentCatalogue;
  projects: ProjectService;
  machines: MachineService;
  history: HistoryService;
  approvals: ApprovalService;
  rules: RuleService;
  usage: UsageService;
  environments: Pick<Environments, 'list' | 'check'>;
  changes: ChangesService;
  devices: DeviceService;
  pairings: PairingService;
  push: PushService;
  streams: EventStreams;
  system: SystemService;
}

export interface PromptStreams {
  /** Errors: those of a prompt; forbidden; not_supported without a chat face. */
  stream(options: { session_id: string; prompt: PromptInput; identity: Identity; signal: AbortSignal | undefined }): Promise<PromptStream>;
}

export interface AgentCatalogue {
  /** Errors: machine_not_found, machine_unreachable. */
  list(machine?: string): Promise<Agent[]>;
  /** Errors: agent_unknown. */
  get(name: string): Promise<Agent>;
}

export interface ProjectService {
  list(): Project[];
  /** Errors: cwd_missing, conflict, agent_unknown, machine_not_found, machine_unreachable. */
  create(input: ProjectInput): Promise<Project>;
  /** Errors: project_not_found, agent_unknown. */
  update(id: string, changes: Partial<Omit<ProjectInput, 'machine' | 'cwd'>>): Project;
  /** Errors: project_not_found. */
  delete(id: string): void;
}

export interface MachineService {
  list(): Machine[];
  /** Errors: conflict, host_key_unknown (its fingerprint in the detail), host_key_changed, machine_unreachable, machine_refused. */
  create(input: { name: string; ssh?: SshTarget; prefix?: string[]; host_key?: string }): Promise<Machine>;
  /** Errors: machine_not_found, conflict while sessions run there. */
  delete(name: string): Promise<void>;
  /** Errors: machine_not_found. */
  check(name: string): Promise<{ machine: Machine; checks: Check[]; agents: Agent[] }>;
  /** Errors: machine_not_found, machine_unreachable. */
  adoptable(name: string): Promise<Adoptable[]>;
}

export interface HistoryService {
  search(query: { q: string; type?: LogType[]; session_id?: string; from?: string; to?: string; limit: number; cursor?: string }): {
    items: LogHit[];
    next_cursor: string | null;
  };
  size(): Promise<HistorySize>;
  prune(options: { days?: number; bytes?: number; dry_run: boolean }): Promise<Pruned>;
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
  reap(dry_run: boolean): Promise<{ machine: string; session_id: string | null; pid: number; command: string }[]>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}
