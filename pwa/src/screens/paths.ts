/** Addresses inside the app. A fragment is never one of them: those are kept for pairing links. */
export const HOME = '/';
export const PAIR = '/pair';
export const NEW = '/new';
export const SETTINGS = '/settings';

export type SessionFace = 'terminal' | 'log' | 'info';

/** Without a face: the session's own choice, the terminal today. */
export function sessionPath(id: string, face?: SessionFace): string {
  return face === undefined ? `/sessions/${id}` : `/sessions/${id}/${face}`;
}
