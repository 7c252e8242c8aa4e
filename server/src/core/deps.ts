import type { ChatRuntimeBook, CompanionBook } from './chat-ports.ts';
import type { ApprovalDesk, Environments, UsageDesk } from './chat-service.ts';
import type { ApprovalStore, ChatStore, Snapshots } from './chat-stores.ts';
import type { Disk } from './history/storage.ts';
import type { MachineBook } from './machine-ports.ts';
import type { Clock, EventStore, LogStore, MetaStore, ProjectStore, PromptStore, PurgeStore, RecipeBook, SessionStore } from './ports.ts';
import type { EventLog } from './service.ts';
import type { TrustPolicy } from './state/trust.ts';

/** What `createSessions` is handed by the composition root. */
export interface SessionDeps {
  clock: Clock;
  /** UUIDv7. */
  newId(): string;
  store: {
    sessions: SessionStore;
    prompts: PromptStore;
    events: EventStore;
    logs: LogStore;
    purges: PurgeStore;
    projects: ProjectStore;
    meta: MetaStore;
    chat: ChatStore;
    approvals: ApprovalStore;
  };
  events: EventLog;
  /** Default: it takes everything. */
  disk?: Disk;
  recipes: RecipeBook;
  machines: MachineBook;
  chatRuntimes: ChatRuntimeBook;
  companions: CompanionBook;
  approvals: ApprovalDesk;
  usage: UsageDesk;
  environments: Environments;
  snapshots: Snapshots;
  /** Where a session starts when nothing else is said. */
  workDir: string;
  /** Folder of the recordings, one sub-folder a session; made (0700) when missing. */
  recordings: string;
  /** Files and sockets that this server has open and may have; null: nobody can tell. Default: enough. */
  descriptors?(): { open: number; limit: number } | null;
  limits?: Partial<SessionLimits>;
  /** Default: no dialog is answered. */
  trust?: TrustPolicy;
  /** Faults that end nothing but must be seen by whoever runs the server. */
  warn(message: string, cause?: unknown): void;
}

export interface SessionLimits {
  /** Sessions that run at the same time. Each costs about 3 MB and a process tree. */
  liveSessions: number;
  /** Lines above the screen that the mirror keeps, for `output`. 1,000 lines cost 2 to 3 MB. */
  scrollback: number;
  /** A recording stops at this size, so that one runaway program does not fill the disk. */
  recordingBytes: number;
  /** Quiet for so long before it is found out why; 0: only when somebody asks. */
  probeAfterMs: number;
  /** Nothing heard of a chat's agent for so long while it works, and it is said; 0: never. */
  stallAfterMs: number;
}
export const DEFAULT_LIMITS: SessionLimits = {
  liveSessions: 200,
  scrollback: 1_000,
  recordingBytes: 1024 ** 3,
  probeAfterMs: 30_000,
  stallAfterMs: 120_000,
};
