/** Approval policy and sandbox together are what others call a mode. */
import type { Choice } from '@afield/shared/api/chat.ts';
import { type Loose, record } from '../loose.ts';

interface Mode {
  choice: Choice;
  /** For the start of a thread. */
  sandbox: string;
  /** For a turn and those after it. */
  sandboxPolicy: { type: string } & Record<string, unknown>;
}

/** In both of them a person is asked, and never a model in their place. The one without a sandbox is not offered. */
const MODES: readonly Mode[] = [
  {
    choice: { id: 'read-only', name: 'Read only', description: 'Asks before it changes a file or runs what its sandbox forbids' },
    sandbox: 'read-only',
    sandboxPolicy: { type: 'readOnly', networkAccess: false },
  },
  {
    choice: {
      id: 'workspace-write',
      name: 'Workspace write',
      description: 'Changes files of its directory without asking; asks for what is outside',
    },
    sandbox: 'workspace-write',
    sandboxPolicy: { type: 'workspaceWrite', writableRoots: [], networkAccess: false, excludeTmpdirEnvVar: false, excludeSlashTmp: false },
  },
];
const ASKS = { approvalPolicy: 'on-request', approvalsReviewer: 'user' };

export const modeChoices = (): Choice[] => MODES.map(({ choice }) => choice);
export const isMode = (id: string): boolean => MODES.some(({ choice }) => choice.id === id);

/** Fields of `thread/start`, `resume` and `fork`; none: as it is configured. */
export function threadMode(id: string | null): Loose {
  const mode = MODES.find(({ choice }) => choice.id === id);
  return mode === undefined ? {} : { ...ASKS, sandbox: mode.sandbox };
}

/** Fields of `turn/start`. */
export function turnMode(id: string | null): Loose {
  const mode = MODES.find(({ choice }) => choice.id === id);
  return mode === undefined ? {} : { ...ASKS, sandboxPolicy: mode.sandboxPolicy };
}

/** The mode that policy and sandbox make; null: another one. */
export function modeOf(approvalPolicy: unknown, sandbox: unknown): string | null {
  if (approvalPolicy !== ASKS.approvalPolicy) return null;
  const { type } = record(sandbox);
  return MODES.find(({ sandboxPolicy }) => sandboxPolicy.type === type)?.choice.id ?? null;
}
