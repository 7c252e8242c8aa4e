import type { Door } from '../../link/door.ts';

/** A home server in the same program: no socket, no token. */
export function embeddedDoor(connectPipe: Door['connect']): Door {
  return { via: 'local', connect: connectPipe };
}
