import type { Machine } from '@afield/shared/api/machines.ts';
import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import { exact } from './printable.ts';
import { lastSeen } from './time.ts';

/** How it stands with a machine: a word, and the shape that goes with it. */
export function machineState({ line }: Machine): { word: string; mark: SessionStatus } {
  switch (line.state) {
    case 'up':
      return { word: 'reached', mark: 'finished' };
    case 'connecting':
      return { word: 'connecting', mark: 'starting' };
    case 'down':
      return { word: 'not reached', mark: 'failed' };
  }
}

/** What happens to its sessions when the home server ends. */
export function survival({ survives_restart }: Pick<Machine, 'survives_restart'>): string {
  if (survives_restart === null) return 'not looked at yet';
  return survives_restart ? 'sessions survive' : 'sessions end with the home server';
}

/** What a person would type to get there; null for the home server itself. */
export function machineCommand({ ssh, prefix }: Pick<Machine, 'ssh' | 'prefix'>): string | null {
  if (ssh !== null) {
    const target = ssh.user === null ? ssh.host : `${ssh.user}@${ssh.host}`;
    return `ssh ${ssh.port === null ? '' : `-p ${ssh.port} `}${target}`;
  }
  return prefix === null ? null : prefix.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Since when it is not reached, as words of a sentence; empty where nobody knows. */
export function downSince({ line }: Machine, now: number): string {
  return line.state === 'down' && line.since !== null ? `since ${lastSeen(Date.parse(line.since), now)}` : '';
}

/** A fingerprint in groups that a person can compare: `SHA256:` and then four letters each. */
export function fingerprintGroups(fingerprint: string): string[] {
  const [, digest = ''] = exact(fingerprint).split(':', 2);
  return digest.match(/.{1,4}/g) ?? [];
}
