/** Who has a port or a file that we wanted: so that the error can name them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';

/** State of a listening socket in /proc/net/tcp (Linux, include/net/tcp_states.h). */
const LISTENING = '0A';

/** Inodes of the sockets that listen on `port`, whatever their address. */
function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === LISTENING && fields[1]?.endsWith(`:${hex}`) && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  return inodes;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    // No /proc on this system, or not for us: then we cannot tell.
    return [];
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone meanwhile, or another user's.
    return [];
  }
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

interface Owner {
  pid: number;
  name: string;
}

/** Number and name of the process that listens on `port`, if it is one that we may look at. */
export function portOwner(port: number): Owner | null {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return null;
  return ownerOf((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ''));
}

/** Number and name of another process that has this file open, if it is one that we may look at. `file`: absolute, without links. */
export const fileOwner = (file: string): Owner | null => ownerOf((target) => target === file, process.pid);

function ownerOf(isIt: (target: string) => boolean, but?: number): Owner | null {
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== but)) {
    if (list(`/proc/${pid}/fd`).some((fd) => isIt(linkTarget(`/proc/${pid}/fd/${fd}`)))) return { pid: Number(pid), name: nameOf(pid) };
  }
  return null;
}

/** What to say when listening failed. */
export function listenFault(error: NodeJS.ErrnoException, host: string, port: number): AfieldError {
  const other = 'Choose another with --port 4196 or AFIELD_PORT=4196.';
  if (error.code === 'EADDRINUSE') {
    const owner = portOwner(port);
    const who = owner === null ? `To see who: ss -ltnp 'sport = :${port}'.` : `The process ${owner.pid} (${owner.name}) has it.`;
    return new AfieldError('unavailable', `Port ${port} on ${host} is taken. ${who} ${other}`, { cause: error });
  }
  if (error.code === 'EACCES')
    return new AfieldError('unavailable', `Port ${port} may not be opened by this user. ${other}`, { cause: error });
  if (error.code === 'EADDRNOTAVAIL')
    return new AfieldError('unavailable', `${host} is no address of this machine. Check host in config.yaml.`, { cause: error });
  return new AfieldError('unavailable', `${host}:${port} cannot be listened on: ${error.message}`, { cause: error });
}

/** What it was started as: the kernel's own name for it is often that of a thread. */
function nameOf(pid: string): string {
  const [file = '', script] = readLines(`/proc/${pid}/cmdline`).join('').split('\0');
  const words = [path.basename(file), ...(script?.startsWith('/') ? [path.basename(script)] : [])];
  return words.join(' ').trim() || readLines(`/proc/${pid}/comm`)[0]?.trim() || 'unnamed';
}
