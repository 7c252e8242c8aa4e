import type { Permission } from '@afield/shared/route.ts';

/** Who asks. Made by a door when it authenticates; authorised again at every request. */
export interface Identity {
  /** `token`: the home server's own token file, the command line. */
  kind: 'token' | 'device';
  device_id: string | null;
  device_name: string;
  user: string;
  scopes: readonly string[];
  /** False from the moment the device is revoked. */
  valid(): boolean;
}

/** True when a scope grants the permission: `*`, the very words, or `noun:*`. Anything else grants nothing. */
export function allows(scopes: readonly string[], permission: Permission): boolean {
  if (permission === 'public') return true;
  const noun = permission.slice(0, permission.indexOf(':'));
  return scopes.some((scope) => scope === '*' || scope === permission || scope === `${noun}:*`);
}
