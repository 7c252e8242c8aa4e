/** The files on a machine in which output waits until it is in a recording. They are written by processes that outlive us. */
import { readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Host } from '../../core/machine-ports.ts';
import { nameOf } from './names.ts';
import type { Place } from './place.ts';
import { pipeWord, quoted } from './quote.ts';
import { HAS_ROOM, KEEP_FILE, LIST_SPOOLS, LOOK_AT_SPOOL, PUNCH, REMOVE } from './scripts.ts';

/** A list of all spools serves all who ask within this time: a hundred sessions are resumed at once. */
const LIST_MS = 500;
const LIST_BYTES = 16 * 1024 * 1024;

/** One file. A session has a second one only after bytes were lost, or at the size limit. */
export interface SpoolFile {
  number: number;
  path: string;
  memory: boolean;
  size: number;
  /** Room at its start was given back. */
  punched: boolean;
  /** It begins with a screen. */
  headed: boolean;
}
/** `idle`: everything that it was given is in the file. `unknown`: it only starts, or never could. */
interface SpoolLook {
  size: number;
  writer: 'idle' | 'busy' | 'gone' | 'unknown';
}
/** With what a spool that is not the first begins. */
export interface SpoolHead {
  base: number;
  cols: number;
  rows: number;
  reason: string;
  screen: string;
}

export class Spools {
  readonly #host: Host;
  readonly #place: Place;
  #list: { at: number; files: Promise<Map<string, SpoolFile[]>> } | null = null;
  #punches = true;

  constructor(host: Host, place: Place) {
    this.#host = host;
    this.#place = place;
  }

  path(session_id: string, number: number, memory: boolean): string {
    const folder = memory ? (this.#place.memory ?? this.#place.spool) : this.#place.spool;
    return `${folder}/${nameOf(session_id)}/${number}`;
  }

  /** Command for tmux: what a pane prints goes there from now on. The only process that it costs is `cat`. */
  pipe(pane: string, path: string): string {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const [at, into, pid] = [folder, path, `${path}.pid`].map(pipeWord);
    return `pipe-pane -O -t ${quoted(pane)} ${quoted(`umask 077; mkdir -p ${at}; echo $$ > ${pid}; exec cat >> ${into}`)}`;
  }

  /** Of one session, oldest first. Errors: machine_unreachable. */
  async files(session_id: string): Promise<SpoolFile[]> {
    const now = performance.now();
    if (this.#list === null || now - this.#list.at > LIST_MS) {
      const files = this.#listAll();
      this.#list = { at: now, files };
      files.catch(() => {
        this.#list = null;
      });
    }
    return (await this.#list.files).get(nameOf(session_id)) ?? [];
  }

  /** Errors: machine_unreachable. */
  async look(path: string): Promise<SpoolLook> {
    if (this.#host.local && process.platform === 'linux') return lookHere(path);
    const { stdout } = await this.#host.run(['sh', '-c', LOOK_AT_SPOOL, 'sh', path]);
    const [size, state = ''] = stdout.toString().trim().split(' ');
    return { size: Number(size), writer: writerOf(state) };
  }

  /** Errors: machine_unreachable. */
  async hasRoom(memory: boolean): Promise<boolean> {
    const folder = memory ? this.#place.memory : this.#place.spool;
    if (folder === null) return false;
    return (await this.#host.run(['sh', '-c', HAS_ROOM, 'sh', folder])).code === 0;
  }

  /** False: there is no room for it. Errors: machine_unreachable. */
  async keepHead(path: string, head: SpoolHead): Promise<boolean> {
    const input = Buffer.from(JSON.stringify(head));
    return (await this.#host.run(['sh', '-c', KEEP_FILE, 'sh', `${path}.json`], { input })).code === 0;
  }

  /** Null: there is none, or it is not whole. Errors: machine_unreachable. */
  async head(path: string): Promise<SpoolHead | null> {
    const { code, stdout } = await this.#host.run(['cat', `${path}.json`], { maxBytes: LIST_BYTES });
    if (code !== 0) return null;
    try {
      const { base, cols, rows, reason, screen } = JSON.parse(stdout.toString()) as SpoolHead;
      return [base, cols, rows].every(Number.isSafeInteger) && typeof screen === 'string' ? { base, cols, rows, reason, screen } : null;
    } catch {
      return null;
    }
  }

  /** Bytes at the start of a spool that were given back already. Errors: machine_unreachable. */
  async kept(path: string): Promise<number> {
    const { stdout } = await this.#host.run(['cat', `${path}.kept`]);
    return Number.parseInt(stdout.toString(), 10) || 0;
  }

  /** Gives the room of so many bytes at the start back. False: nobody can here. */
  async punch(path: string, bytes: number): Promise<boolean> {
    if (!this.#punches) return false;
    const { code } = await this.#host.run(['sh', '-c', PUNCH, 'sh', path, String(bytes)]);
    this.#punches = code === 0;
    return this.#punches;
  }

  /** Removes a file and what belongs to it. */
  async removeFile({ path }: { path: string }): Promise<void> {
    await this.#remove([path, `${path}.pid`, `${path}.json`, `${path}.kept`]);
  }

  /** Removes everything of a session. Errors: machine_unreachable. */
  async remove(session_id: string): Promise<void> {
    const { spool, memory } = this.#place;
    const folders = memory === null ? [spool] : [spool, memory];
    await this.#remove(folders.map((folder) => `${folder}/${nameOf(session_id)}`));
  }

  async #remove(paths: string[]): Promise<void> {
    if (!this.#host.local) await this.#host.run(['sh', '-c', REMOVE, 'sh', ...paths]);
    else await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
  }

  async #listAll(): Promise<Map<string, SpoolFile[]>> {
    const all = new Map<string, SpoolFile[]>();
    const { spool, memory } = this.#place;
    for (const folder of memory === null ? [spool] : [spool, memory]) {
      const { stdout } = await this.#host.run(['sh', '-c', LIST_SPOOLS, 'sh', folder], { maxBytes: LIST_BYTES });
      for (const [name, files] of listed(stdout.toString(), folder, folder === memory)) all.set(name, [...(all.get(name) ?? []), ...files]);
    }
    for (const files of all.values()) files.sort((a, b) => a.number - b.number);
    return all;
  }
}

/** What `ls -lnR` says of the folder of all spools. */
function listed(text: string, folder: string, memory: boolean): Map<string, SpoolFile[]> {
  const all = new Map<string, SpoolFile[]>();
  let name = '';
  for (const line of text.split('\n')) {
    name = /^\.\/([A-Za-z0-9_-]+):$/.exec(line)?.[1] ?? name;
    const [, size, number, ending] = /^-\S+\s+\d+\s+\d+\s+\d+\s+(\d+)\s.*\s(\d+)(\.kept|\.json)?$/.exec(line) ?? [];
    if (number === undefined || name === '') continue;
    const files = all.get(name) ?? [];
    all.set(name, files);
    // In alphabetical order: the file stands before what belongs to it.
    const known = files.find((file) => file.number === Number(number));
    if (known !== undefined && ending === '.kept') known.punched = true;
    if (known !== undefined && ending === '.json') known.headed = true;
    const path = `${folder}/${name}/${number}`;
    if (ending === undefined) files.push({ number: Number(number), path, memory, size: Number(size), punched: false, headed: false });
  }
  return all;
}

/** The size after the state: what was written before the writer came to rest is in it. */
function lookHere(path: string): SpoolLook {
  const writer = writerOf(stateHere(path));
  return { size: statSync(path, { throwIfNoEntry: false })?.size ?? 0, writer };
}

/** As the script says it. */
function stateHere(path: string): string {
  let pid = 0;
  try {
    pid = Number.parseInt(readFileSync(`${path}.pid`, 'latin1'), 10);
  } catch {
    // It has not come so far.
  }
  if (!(pid > 0)) return '?';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return '';
  }
}

/** `cat` sleeps (S, or I elsewhere) only while it waits for more; while it writes it is running or in uninterruptible sleep. */
function writerOf(state: string): SpoolLook['writer'] {
  if (state === '?') return 'unknown';
  if (state === '' || /^[ZX]/.test(state)) return 'gone';
  return /^[SI]/.test(state) ? 'idle' : 'busy';
}
