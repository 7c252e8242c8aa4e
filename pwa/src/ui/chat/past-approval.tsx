import type { Approval } from '@afield/shared/api/approvals.ts';
import { byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { Icon } from '../icons.tsx';
import { exact, printable } from '../printable.ts';

/** An approval that nobody waits for any more: what was answered, by whom, and to what. Leads to all of it. */
export function PastApproval({ approval: { ask, outcome }, href }: { approval: Approval; href: string }) {
  const allowed = outcome?.decision === 'allow' || outcome?.decision === 'answer';
  return (
    <a class="past-appr" href={href}>
      <Icon name={allowed ? 'check' : 'close'} small />
      <span class="cut">
        {outcome === null ? 'Gone' : decisionWords(outcome)}{' '}
        {ask.kind === 'permission' ? (
          <code>{exact(ask.subject.split('\n', 1)[0] ?? '')}</code>
        ) : (
          printable(ask.questions[0]?.text ?? ask.subject)
        )}
      </span>
      {outcome !== null && <span class="push">{printable(byWords(outcome))}</span>}
    </a>
  );
}
