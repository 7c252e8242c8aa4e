/** What an approval is called, in words of ours: nothing of it comes from an agent. */
import type { ApprovalAsk, ApprovalOutcome } from './api/approvals.ts';
import type { ToolKind } from './api/chat.ts';

const WANTS: Readonly<Record<ToolKind, string>> = {
  read: 'to read a file',
  edit: 'to change files',
  delete: 'to delete files',
  move: 'to move files',
  search: 'to search',
  execute: 'to run a command',
  think: 'to go on',
  fetch: 'to fetch something from the network',
  plan: 'to begin with its plan',
  agent: 'to start another agent',
  other: 'to use a tool',
};

/** `wants to run a command`, `asks a question`; the agent's name goes before it. */
export function askWords({ kind, tool_kind }: Pick<ApprovalAsk, 'kind' | 'tool_kind'>): string {
  return kind === 'question' ? 'asks a question' : `wants ${WANTS[tool_kind]}`;
}

type Decided = Pick<ApprovalOutcome, 'decision' | 'scope'>;

/** `Allow`, `Always allow`, `Deny`: as it stands on the button. */
export function decisionWords({ decision, scope }: Decided): string {
  if (decision === 'allow') return { once: 'Allow', session: 'Allow in this session', always: 'Always allow' }[scope];
  if (decision === 'deny') return { once: 'Deny', session: 'Deny in this session', always: 'Always deny' }[scope];
  return { cancel: 'Cancel', answer: 'Answered', unknown: 'Nobody knows how' }[decision];
}

/** `by Pixel 9`, `by a rule`, `at the desk`, `at the agent`. */
export function byWords({ by }: Pick<ApprovalOutcome, 'by'>): string {
  if (by === 'the desk') return 'at the desk';
  return by.startsWith('at ') ? by : `by ${by}`;
}
