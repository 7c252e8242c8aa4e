/** What an agent offers, as it is shown: nothing that lasts longer than this once is offered unless its reach can be read. */
import { type ApprovalOption, MAX_COVERS } from '@afield/shared/api/approvals.ts';
import type { AskOption } from '../chat-ports.ts';

export function offersOf(options: readonly AskOption[]): ApprovalOption[] {
  return options.map(shown).filter(isReadable);
}

function shown({ id, label, decision, scope, covers }: AskOption): ApprovalOption {
  return { id, label, decision, scope, covers: scope === 'once' || covers === '' ? null : (covers ?? null) };
}

/** Where the agent does not tell what an answer covers, its label is all that a person has. */
const isReadable = ({ scope, covers, label }: ApprovalOption): boolean => scope === 'once' || (covers ?? label).length <= MAX_COVERS;
