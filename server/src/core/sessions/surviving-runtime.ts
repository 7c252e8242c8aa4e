/** For tests: a machine in memory whose programs outlive the home server, each with a spool of all that it printed. */
import type { Adoptable } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AdoptedPane, ProcessExit, Stray, TerminalProcess, TerminalRuntime } from '../machine-ports.ts';

const PIECE_BYTES = 64 * 1024;

/** A program of that machine; a test makes it print and end. */
export class Program {
  readonly pid: number;
  readonly session_id: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  size: { cols: number; rows: number };
  /** Everything that was ever typed into it. */
  typed = '';
  exit: ProcessExit | null = null;
  missed: Parameters<TerminalProcess['onResync']>[0] | null = null;
  /** What it does when it is typed to. Default: it shows it. */
  onTyped: (text: string) => void = (text) => this.print(text);
  readonly #chunks: Buffer[] = [];
  #length = 0;
  readonly #listeners = new Set<() => void>();

  constructor(
    pid: number,
    session_id: string,
    command: { argv: readonly string[]; env: Readonly<Record<string, string>> },
    size: Program['size'],
  ) {
    this.pid = pid;
    this.session_id = session_id;
    this.argv = command.argv;
    this.env = command.env;
    this.size = { cols: size.cols, rows: size.rows };
  }

  get spool(): Buffer {
    return Buffer.concat(this.#chunks);
  }
  get length(): number {
    return this.#length;
  }

  print(text: string | Buffer): void {
    const bytes = Buffer.from(text as string);
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    this.#changed();
  }

  /** It prints, and so many bytes after it, and nobody will ever hear any of it. Call `resync` next. */
  lose(text: string, more: number): void {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(more, 0x78)]);
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Its screen is told instead of what is lost. */
  resync({ text, ...screen }: { cols: number; rows: number; text: string; reason: string }): void {
    this.size = { cols: screen.cols, rows: screen.rows };
    this.missed = { ...screen, bytes: Buffer.from(text), at: this.#length };
    this.#changed();
  }

  end(exit: ProcessExit = { code: 0, signal: null }): void {
    this.exit ??= exit;
    this.#changed();
  }

  type(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString();
    this.typed += text;
    this.onTyped(text);
  }

  /** Returns the unsubscribe. */
  listen(heard: () => void): () => void {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  #changed(): void {
    for (const heard of [...this.#listeners]) heard();
  }
}

export class World {
  readonly programs = new Map<string, Program>();
  /** In the user's own tmux. */
  readonly panes: Adoptable[] = [];
  /** True: what the core wants forgotten is. */
  forgets = false;
  readonly forgotten: string[] = [];
  readonly released: string[] = [];
  readonly reaped: string[] = [];
  /** False: the line to it is cut. */
  reachable = true;
  /** Called for each new program. */
  onStart: (program: Program) => void = () => {};
  /** Said when somebody looks for a program that is not there. */
  lost = 'Its window is gone.';
  #pid = 10_000;
  readonly #lines = new Set<() => void>();

  program(session_id: string): Program {
    const program = this.programs.get(session_id);
    if (program === undefined) throw new Error(`no program of session ${session_id}`);
    return program;
  }

  setLine(reachable: boolean): void {
    this.reachable = reachable;
    for (const changed of [...this.#lines]) changed();
  }

  /** The runtime of one home server. `alive`: false once that server was killed. */
  runtime(alive: () => boolean, name = 'tmux'): TerminalRuntime {
    return {
      name,
      survivesRestart: true,
      start: async ({ session_id, file, args, env }, size) => {
        if (this.programs.has(session_id)) throw new AfieldError('start_failed', 'It runs already.');
        const program = new Program(++this.#pid, session_id, { argv: [file, ...args], env }, size);
        this.programs.set(session_id, program);
        this.onStart(program);
        return new Followed(this, program, 0, alive);
      },
      resume: async ({ session_id, from }) => {
        await this.#up();
        const program = this.programs.get(session_id);
        if (program === undefined) return { lost: this.lost };
        return new Followed(this, program, from, alive);
      },
      adoptable: async () => this.panes,
      adopt: async (session_id, pane) => this.#adopt(session_id, pane, alive),
      release: async (session_id) => {
        this.released.push(session_id);
      },
      forget: async (session_id) => {
        this.forgotten.push(session_id);
        if (this.forgets) this.programs.delete(session_id);
      },
      attachCommand: (session_id) => `tmux attach -t ${session_id}`,
      strays: async (live) => this.#strays(live),
      reap: async (session_ids) => {
        this.reaped.push(...session_ids);
        for (const id of session_ids) this.programs.delete(id);
        return session_ids.length;
      },
    };
  }

  onLine(changed: () => void): () => void {
    this.#lines.add(changed);
    return () => this.#lines.delete(changed);
  }

  async #up(): Promise<void> {
    while (!this.reachable) {
      await new Promise<void>((resolve) => {
        const stop = this.onLine(() => {
          stop();
          resolve();
        });
      });
    }
  }

  async #adopt(session_id: string, { socket, pane }: { socket: string; pane: string }, alive: () => boolean) {
    const found = this.panes.find((one) => one.socket === socket && one.pane === pane);
    if (found === undefined) throw new AfieldError('not_found', 'There is no such pane.');
    const program = new Program(found.pid, session_id, { argv: [found.command], env: {} }, found);
    this.programs.set(session_id, program);
    const process = new Followed(this, program, 0, alive);
    const screen = Buffer.from(`screen of ${found.command}\r\n`);
    setImmediate(() => process.onResync({ cols: found.cols, rows: found.rows, bytes: screen, reason: 'It was adopted.' }));
    const adopted: AdoptedPane = { socket, pane, pid: found.pid };
    return { process, pane: adopted, screen: { cols: found.cols, rows: found.rows } };
  }

  #strays(live: readonly string[]): Stray[] {
    const running = [...this.programs.values()].filter(({ exit, session_id }) => exit === null && !live.includes(session_id));
    return running.map(({ session_id, pid, argv }) => ({ session_id, pid, command: argv.join(' ') }));
  }
}

/** A program as one home server hears it, from a place of its spool on. */
class Followed implements TerminalProcess {
  readonly pid: number;
  readonly answered = false;
  onOutput: TerminalProcess['onOutput'] = () => {};
  onExit: TerminalProcess['onExit'] = () => {};
  onLine: TerminalProcess['onLine'] = () => {};
  onResync: TerminalProcess['onResync'] = () => {};
  readonly #world: World;
  readonly #program: Program;
  readonly #alive: () => boolean;
  readonly #stop: (() => void)[] = [];
  #at: number;
  /** What was printed below this place was missed when it was printed. */
  #missedUpTo: number;
  #paused = false;
  #up = true;
  #scheduled = false;
  #told = false;

  constructor(world: World, program: Program, from: number, alive: () => boolean) {
    this.pid = program.pid;
    this.#world = world;
    this.#program = program;
    this.#alive = alive;
    this.#at = from;
    this.#missedUpTo = program.length;
    this.#stop.push(
      program.listen(() => this.#schedule()),
      world.onLine(() => this.#lineChanged()),
    );
    this.#schedule();
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#alive() || !this.#up || this.#program.exit !== null) return false;
    this.#program.type(bytes);
    return true;
  }

  foreignForeground(): boolean | null {
    return null;
  }

  resize(cols: number, rows: number): void {
    this.#program.size = { cols, rows };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#program.end({ code: null, signal: 'SIGHUP' });
  }

  #lineChanged(): void {
    if (!this.#alive() || this.#up === this.#world.reachable) return;
    this.#up = this.#world.reachable;
    if (this.#up) this.#missedUpTo = this.#program.length;
    this.onLine({ up: this.#up, detail: this.#up ? null : 'Nobody answers.' });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#give();
    });
  }

  #give(): void {
    if (!this.#alive() || !this.#up || this.#paused || this.#told) return;
    const { length, exit, missed } = this.#program;
    if (missed?.at !== undefined && this.#at < missed.at) {
      this.#at = missed.at;
      this.onResync(missed);
    }
    if (this.#at < length) {
      const recovered = this.#at < this.#missedUpTo;
      const end = Math.min(this.#at + PIECE_BYTES, recovered ? this.#missedUpTo : length);
      const bytes = this.#program.spool.subarray(this.#at, end);
      this.#at = end;
      this.onOutput(bytes, recovered);
      this.#schedule();
    } else if (exit !== null) {
      this.#told = true;
      for (const stop of this.#stop) stop();
      this.onExit(exit);
    }
  }
}
