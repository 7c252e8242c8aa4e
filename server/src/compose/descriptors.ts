/** How many files and sockets this program has open, and may have; null where nobody tells (not Linux). */
import { readdirSync, readFileSync } from 'node:fs';

export interface Descriptors {
  open: number;
  limit: number;
}

export function createDescriptorCount(): () => Descriptors | null {
  const limit = readLimit();
  return () => {
    if (limit === null) return null;
    try {
      return { open: readdirSync('/proc/self/fd').length, limit };
    } catch {
      // Even looking takes one: there is none left.
      return { open: limit, limit };
    }
  };
}

/** Node raises the soft limit to the hard one when it starts (proc(5), /proc/pid/limits). */
function readLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
