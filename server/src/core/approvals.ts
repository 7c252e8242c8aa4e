/** Approvals: one durable store at home, the first answer wins. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalDesk, ApprovalService } from './chat-service.ts';
import type { ApprovalStore, RuleStore } from './chat-stores.ts';
import type { Clock, ProjectStore, RecipeBook, SessionStore } from './ports.ts';
import type { EventLog } from './service.ts';

export interface ApprovalDeps {
  clock: Clock;
  newId(): string;
  store: { approvals: ApprovalStore; rules: RuleStore; sessions: SessionStore; projects: ProjectStore };
  events: EventLog;
  recipes: RecipeBook;
  warn(message: string, cause?: unknown): void;
}

export function createApprovals(_deps: ApprovalDeps): { desk: ApprovalDesk; service: ApprovalService } {
  const no = (): never => {
    throw new AfieldError('unavailable', 'Not there yet.');
  };
  return {
    desk: { ask: no, gone: no, abandon: () => {}, pending: () => 0 },
    service: { list: () => ({ items: [], next_cursor: null }), get: no, answer: no },
  };
}
