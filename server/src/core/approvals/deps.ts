import type { ApprovalStore, RuleStore } from '../chat-stores.ts';
import type { Disk } from '../history/storage.ts';
import type { Clock, ProjectStore, RecipeBook, SessionStore } from '../ports.ts';
import type { EventLog } from '../service.ts';

/** What `createApprovals` and `createRules` are handed by the composition root. */
export interface ApprovalDeps {
  clock: Clock;
  newId(): string;
  store: { approvals: ApprovalStore; rules: RuleStore; sessions: SessionStore; projects: ProjectStore };
  events: EventLog;
  recipes: RecipeBook;
  /** Default: it takes everything. */
  disk?: Pick<Disk, 'failed'>;
  warn(message: string, cause?: unknown): void;
}
