/** Where on a machine our tmux lives: which tmux, its socket, its spools. */
import { createHash } from 'node:crypto';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host } from '../../core/machine-ports.ts';
import { isTmuxUsable } from '../../core/tmux-version.ts';
import { FIND_TMUX, PREPARE } from './scripts.ts';

export interface TmuxFound {
  /** Absolute path. */
  tmux: string;
  /** `3.3a`, as it calls itself. */
  version: string;
  /** 3.2 and newer: what control clients and `new-session -e` need. */
  usable: boolean;
}
export interface Place {
  socket: string;
  /** Folder of all spools, and one in memory for the time when the disk is full; null where there is none. */
  spool: string;
  memory: string | null;
  /** What this start of the machine is called, and that at which our tmux server was started; empty when nobody can tell. */
  boot: string;
  serverBoot: string;
  /** File that holds the latter. */
  bootNote: string;
}

/** Null where there is none. Errors: machine_unreachable. */
export async function findTmux(host: Host): Promise<TmuxFound | null> {
  const { stdout } = await host.run(['sh', '-c', FIND_TMUX, 'sh']);
  const { tmux, version = '' } = fields(stdout);
  if (tmux === undefined || !tmux.startsWith('/')) return null;
  return { tmux, version: version.replace(/^tmux /, ''), usable: isTmuxUsable(version) };
}

/** Makes the folders. `home`: tells several home servers on one machine apart. Errors: machine_unreachable, unavailable. */
export async function prepare(host: Host, home: string): Promise<Place> {
  const folder = await host.folder();
  const { code, stdout, stderr } = await host.run(['sh', '-c', PREPARE, 'sh', folder, home]);
  const { socket, spool, memory, boot = '', server = '' } = fields(stdout);
  if (code === 0 && socket !== undefined && spool !== undefined) {
    const own = memory === undefined ? null : `${memory}/spool`;
    return { socket, spool, memory: own, boot, serverBoot: server, bootNote: `${folder}/${home}/boot` };
  }
  throw new AfieldError('unavailable', `tmux has no place for its files on ${host.name}: ${stderr.trim() || 'it cannot be prepared'}.`);
}

/** Short, since the path of a socket may not be long. */
export function homeId(of: string): string {
  return createHash('sha256').update(of).digest('hex').slice(0, 12);
}

function fields(stdout: Buffer): Record<string, string | undefined> {
  const lines = stdout.toString().split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
  );
}
