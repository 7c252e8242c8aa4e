/** The output of one pane: read from its spools, kept whole or, when bytes are lost, gone on with from the screen that tmux shows. */
import { pause } from '../../core/clock.ts';
import type { Host, TerminalProcess } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { capture } from './capture.ts';
import type { Connection } from './connection.ts';
import { SpoolReader } from './reader.ts';
import type { SpoolFile, Spools } from './spools.ts';

/** What a spool in memory may take. */
const MEMORY_BYTES = 4 * 1024 * 1024;
/** Room is given back in pieces of so much. */
const PUNCH_BYTES = 8 * 1024 * 1024;
/** How long the writer of a spool that is given nothing more may take to end. */
const WRITER_MS = 10_000;
const LOOK_MS = 20;
export const WRITER_GONE = 'The disk was full, or what writes the output was ended: some of it is lost.';
/** For a quiet moment. */
const PATIENCE_MS = 1_000;
/** One that did not even come to say who it is. */
const UNKNOWN_MS = 1_000;
/** While nothing can be written anywhere the screen is fetched this often; while it goes to memory the disk is tried this often. */
const BLIND_MS = 5_000;
const DISK_AGAIN_MS = 30_000;

export interface OutputParts {
  host: Host;
  clock: Clock;
  connection: Connection;
  spools: Spools;
  /** tmux and the options that name its server. */
  client: readonly string[];
  session_id: string;
  pane: string;
  /** What a spool may take on disk. */
  limit: number;
}
interface Hearer {
  bytes(bytes: Buffer, recovered: boolean): void;
  resync: TerminalProcess['onResync'];
}
interface Current extends Pick<SpoolFile, 'path' | 'memory'> {
  base: number;
  /** Bytes at its start whose room was given back. */
  punched: number;
}

export class PaneOutput {
  readonly #parts: OutputParts;
  readonly #on: Hearer;
  readonly #reader: SpoolReader;
  #current: Current | null = null;
  /** Of the newest spool, placed or not. */
  #number = -1;
  /** Earlier ones, with where they end. */
  #earlier: { path: string; end: number }[] = [];
  #recoveredTo = 0;
  #working: Promise<void> = Promise.resolve();
  #mending = false;
  #activity = 0;
  #checkedAt = -1;
  #lastTry = Number.NEGATIVE_INFINITY;
  #lastScreen: Buffer | null = null;
  #punching = false;
  #stopped = false;

  constructor(parts: OutputParts, on: Hearer) {
    this.#parts = parts;
    this.#on = on;
    this.#reader = new SpoolReader(parts.host, parts.clock, (bytes) => this.#hear(bytes));
  }

  get position(): number {
    return this.#reader.position;
  }

  /** From the first byte of the first spool. */
  begin(): void {
    const path = this.#parts.spools.path(this.#parts.session_id, 0, false);
    this.#number = 0;
    this.#current = { path, memory: false, base: 0, punched: 0 };
    this.#reader.follow({ path, base: 0 }, 0);
  }

  /**
   * Goes on from a position of the byte log, in the spools that are there. `alive`: its pane is there, so that what is missing can be
   * made good from its screen. Resolves when the newest spool is followed. Errors: machine_unreachable.
   */
  async recover(position: number, files: readonly SpoolFile[], alive: boolean): Promise<void> {
    this.#reader.position = position;
    this.#number = files.at(-1)?.number ?? -1;
    for (const [i, file] of files.entries()) if (!(await this.#readEarlier(file, i === files.length - 1))) break;
    if (this.#current === null) await this.rotate('Some of its output is no longer on the machine.', alive);
  }

  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  /**
   * Called now and then while the program runs. `piped`: as far as tmux knows its output goes into the spool. `activity`: when it printed
   * last, as tmux tells.
   */
  check(piped: boolean, activity: number): void {
    if (this.#mending || this.#stopped || this.#current === null) return;
    if (piped) this.#checkWriter(this.#current.path, activity);
    this.#checkPlace(this.#current, piped);
  }

  /** tmux learns that a writer is gone only when it has more for it; until then what that one took last would be missing unnoticed. */
  #checkWriter(path: string, activity: number): void {
    const { spools, host } = this.#parts;
    const suspicious = activity !== this.#activity && this.position === this.#checkedAt;
    this.#activity = activity;
    this.#checkedAt = this.position;
    // Here it costs next to nothing to look; elsewhere only when something was printed and nothing came.
    if (!host.local && !suspicious) return;
    const seen = ({ writer }: { writer: string }) => {
      if (writer === 'gone' && this.#current?.path === path && !this.#mending && !this.#stopped) this.#mend(WRITER_GONE);
    };
    spools.look(path).then(seen, () => {});
  }

  #checkPlace(current: Current, piped: boolean): void {
    const { clock, limit } = this.#parts;
    const since = clock.monotonic() - this.#lastTry;
    const size = this.position - current.base - current.punched;
    if (!piped) {
      if (this.#lastScreen === null || since >= BLIND_MS) this.#mend(WRITER_GONE);
    } else if (size > (current.memory ? MEMORY_BYTES : limit)) this.#mend('More was printed than is kept on the machine at once.');
    else if (current.memory && since >= DISK_AGAIN_MS) this.#backToDisk();
  }

  /** Everything before this position is in the recording. */
  kept(position: number): void {
    const current = this.#current;
    if (current === null || this.#stopped) return;
    const { spools } = this.#parts;
    for (const file of this.#earlier.filter(({ end }) => end <= position)) {
      this.#earlier = this.#earlier.filter((other) => other !== file);
      spools.removeFile(file).catch(() => {});
    }
    const bytes = Math.floor(Math.min(position, this.position) - current.base);
    if (this.#punching || bytes - current.punched < PUNCH_BYTES) return;
    this.#punching = true;
    const done = (worked: boolean) => {
      this.#punching = !worked;
      if (worked) current.punched = bytes;
    };
    // Where it cannot be done it is not tried again.
    spools.punch(current.path, bytes).then(done, () => done(true));
  }

  /** A new spool from now on, and the screen as it is. Errors: as `capture`, machine_unreachable. */
  rotate(reason: string, alive = true, history = 0): Promise<void> {
    const turn = this.#working.catch(() => {}).then(() => (alive && !this.#stopped ? this.#rotate(reason, history) : undefined));
    this.#working = turn;
    return turn;
  }

  /**
   * The program ended: resolves after its last byte was given. `piped`: the spool was written to the end. Errors: machine_unreachable.
   */
  async finish(piped: boolean): Promise<void> {
    await this.#working.catch(() => {});
    const current = this.#current;
    if (current === null) return;
    const size = piped ? await this.#idleSize(current.path) : await this.#endSize(current.path);
    await this.#reader.reach(current.base + size);
  }

  /** Bytes were lost at the end: the screen as it was left. */
  async lastScreen(reason: string): Promise<void> {
    this.#on.resync({ ...(await capture(this.#parts)), reason });
  }

  stop(): void {
    this.#stopped = true;
    this.#reader.stop();
  }

  #hear(bytes: Buffer): void {
    const before = this.position - bytes.length;
    const old = Math.min(bytes.length, Math.max(0, this.#recoveredTo - before));
    if (old > 0) this.#on.bytes(bytes.subarray(0, old), true);
    if (old < bytes.length) this.#on.bytes(bytes.subarray(old), false);
  }

  /** Gives what a spool holds beyond where we are; of the last one also what comes. False: it cannot be placed. */
  async #readEarlier(file: SpoolFile, last: boolean): Promise<boolean> {
    const { spools } = this.#parts;
    const head = file.headed ? await spools.head(file.path) : null;
    // One whose beginning nobody wrote down was begun while we died.
    const base = file.number === 0 ? 0 : head?.base;
    if (base === undefined) return false;
    const end = base + file.size;
    if (!last) this.#earlier.push({ path: file.path, end });
    if (!last && end <= this.position) return true;
    if (head !== null && this.position <= base) {
      const { cols, rows, reason, screen } = head;
      this.#on.resync({ cols, rows, reason, bytes: Buffer.from(screen, 'base64'), at: base });
    }
    const from = Math.max(this.position, base);
    const punched = file.punched ? await spools.kept(file.path) : 0;
    if (from > end || from < base + punched) return false;
    this.#recoveredTo = end;
    this.#reader.follow({ path: file.path, base }, from);
    if (last) this.#current = { path: file.path, memory: file.memory, base, punched };
    else await this.#reader.reach(end);
    return true;
  }

  #mend(reason: string): void {
    this.#mending = true;
    this.#lastTry = this.#parts.clock.monotonic();
    const done = () => {
      this.#mending = false;
    };
    // What stands in the way is met again at the next look.
    this.rotate(reason).then(done, done);
  }

  #backToDisk(): void {
    this.#lastTry = this.#parts.clock.monotonic();
    const back = async () => {
      if (await this.#parts.spools.hasRoom(false)) this.#mend('The disk has room again.');
    };
    back().catch(() => {});
  }

  async #rotate(reason: string, history: number): Promise<void> {
    const { spools, session_id, pane } = this.#parts;
    const memory = (await spools.hasRoom(false)) ? false : (await spools.hasRoom(true)) ? true : null;
    const old = this.#current;
    if (memory === null) {
      const screen = await capture(this.#parts);
      if (this.#lastScreen?.equals(screen.bytes) !== true) this.#on.resync({ ...screen, reason });
      this.#lastScreen = screen.bytes;
      return;
    }
    // What tmux has not handed over yet is lost when it changes to another spool: so in a quiet moment, if there is one.
    if (old !== null) await this.#idleSize(old.path, PATIENCE_MS);
    this.#number++;
    const path = spools.path(session_id, this.#number, memory);
    const screen = await capture({ ...this.#parts, history, with: [spools.pipe(pane, path)] });
    if (old !== null) {
      const end = old.base + (await this.#endSize(old.path));
      await this.#reader.reach(end);
      this.#earlier.push({ path: old.path, end });
    }
    this.#lastScreen = null;
    const base = this.position;
    this.#current = { path, memory, base, punched: 0 };
    await spools.keepHead(path, { base, reason, cols: screen.cols, rows: screen.rows, screen: screen.bytes.toString('base64') });
    // Of those that nobody asked for meanwhile one is enough.
    for (const file of this.#earlier.splice(0, this.#earlier.length - 1)) await spools.removeFile(file);
    this.#on.resync({ ...screen, reason });
    this.#reader.follow({ path, base }, base);
  }

  /** Of a spool that is still written, though nothing more will come: tmux has handed everything over, and all of it is in the file. */
  async #idleSize(path: string, patienceMs = WRITER_MS): Promise<number> {
    const { spools, connection, clock } = this.#parts;
    const end = clock.monotonic() + patienceMs;
    for (;;) {
      const before = await spools.look(path);
      // Its writer waited for more: then tmux, if it had more, writes it before it answers this.
      await connection.run('display-message -p ""');
      const after = await spools.look(path);
      const quiet = before.writer === 'idle' && after.writer === 'idle' && before.size === after.size;
      if (quiet || after.writer === 'gone' || clock.monotonic() > end) return after.size;
      await pause(clock, LOOK_MS);
    }
  }

  /** Of a spool whose writer is told to end. */
  async #endSize(path: string): Promise<number> {
    const { spools, clock } = this.#parts;
    const start = clock.monotonic();
    for (;;) {
      const { size, writer } = await spools.look(path);
      const patience = writer === 'unknown' ? UNKNOWN_MS : WRITER_MS;
      if (writer === 'gone' || clock.monotonic() > start + patience) return size;
      await pause(clock, LOOK_MS);
    }
  }
}
