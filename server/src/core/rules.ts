/** Rules that answer approvals. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalDeps } from './approvals.ts';
import type { RuleService } from './chat-service.ts';

export function createRules(_deps: ApprovalDeps): RuleService {
  const no = (): never => {
    throw new AfieldError('unavailable', 'Not there yet.');
  };
  return { list: () => [], create: no, delete: no, try: no };
}
