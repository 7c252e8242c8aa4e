/** Addresses inside the app. A fragment is never one of them: those are kept for pairing links. */
export const HOME = '/';
export const PAIR = '/pair';
export const NEW = '/new';
export const SETTINGS = '/settings';
export const SEARCH = '/search';
export const MACHINES = '/machines';
export const ADD_MACHINE = '/add-machine';
export const PROJECTS = '/projects';
export const ARCHIVE = '/archive';
export const USAGE = '/usage';
export const APPROVALS = '/approvals';
export const RULES = '/rules';

export function machinePath(name: string): string {
  return `${MACHINES}/${name}`;
}

export function approvalPath(id: string): string {
  return `${APPROVALS}/${id}`;
}

/** The rules, with a new one that is made of an approval. */
export function ruleFromPath(approval_id: string): string {
  return `${RULES}?from=${approval_id}`;
}

export type SessionFace = 'chat' | 'terminal' | 'changes' | 'log' | 'info';

/** Without a face: the session's own choice, the chat where it has one. */
export function sessionPath(id: string, face?: SessionFace): string {
  return face === undefined ? `/sessions/${id}` : `/sessions/${id}/${face}`;
}

/** The log of a session at one of its entries. */
export function entryPath(id: string, seq: number): string {
  return `${sessionPath(id, 'log')}?at=${seq}`;
}
