import type { Approval } from '@afield/shared/api/approvals.ts';
import { sampleSession } from './sample-session.ts';

/** An approval for tests. */
export function sampleApproval({ ask, ...changes }: Partial<Omit<Approval, 'ask'>> & { ask?: Partial<Approval['ask']> } = {}): Approval {
  const { id, name, agent, machine } = sampleSession();
  return {
    id: '019a0000-0000-7000-8000-0000000000a1',
    session_id: id,
    session_name: name,
    agent,
    machine,
    project_id: null,
    item_id: null,
    ask: {
      kind: 'permission',
      tool_kind: 'execute',
      tool_name: 'Bash',
      subject: 'npm test',
      detail: null,
      cwd: '/home/sam/shop',
      diffs: [],
      options: [],
      questions: [],
      ...ask,
    },
    hash: '0'.repeat(64),
    state: 'pending',
    outcome: null,
    created_at: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

export function sampleOutcome(changes: Partial<NonNullable<Approval['outcome']>> = {}): NonNullable<Approval['outcome']> {
  const at = '2026-01-01T00:00:00.000Z';
  return { decision: 'allow', scope: 'once', text: null, answers: {}, by: 'Pixel 9', rule_id: null, at, reason: null, ...changes };
}
