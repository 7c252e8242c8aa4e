/** The interfaces between the core, machines (where a program runs) and runtimes (what it runs in). */
import type { Adoptable, MachineKind, MachineLine, SshTarget } from '@afield/shared/api/machines.ts';
import type { Check } from '@afield/shared/api/system.ts';

/** Environment variable that marks every child with its session's id, so that none of its processes is ever lost. */
export const SESSION_MARK = 'AFIELD_SESSION';

/** What to start: argv, never a shell line. */
export interface Command {
  session_id: string;
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** A running program behind a terminal. Bytes are never decoded on the way. */
export interface TerminalProcess {
  readonly pid: number;
  /** `recovered`: printed earlier, while nobody of us listened. */
  onOutput: (bytes: Buffer, recovered: boolean) => void;
  /** Called once, after the last output. */
  onExit: (exit: ProcessExit) => void;
  /** The line to its machine was cut (with why, for a person), or is back. The program runs on all the same. */
  onLine: (line: { up: boolean; detail: string | null }) => void;
  /**
   * Bytes were lost (a full disk, a spool that somebody deleted): the screen as it is now, as escape sequences for an emptied terminal
   * of this size. Output goes on after it, at position `at` of the byte log; without it, where the byte log was. The screen's own bytes
   * count in no position.
   */
  onResync: (screen: { cols: number; rows: number; bytes: Buffer; reason: string; at?: number }) => void;
  /** True when a terminal in between (tmux) answers the program's questions already; then the mirror gives only the answers that it does not. */
  readonly answered: boolean;
  /** False: the program reads nothing, too much is queued already, and these bytes were dropped. */
  write(bytes: Uint8Array): boolean;
  /** True when another program than the one that was started holds the terminal (a shell runs a command); null when unknown. */
  foreignForeground(): boolean | null;
  resize(cols: number, rows: number): void;
  /** Stop reading, so that the kernel holds the program back; and go on. */
  pause(): void;
  resume(): void;
  /** Everything before this position of the byte log is on disk: where the output waits for us, its room may be used for more. */
  kept?(position: number): void;
  /** Ask (SIGHUP), then SIGTERM, then SIGKILL for the whole process tree; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** `lost`: its process vanished and nobody saw how; why, for a person. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
  lost?: string;
}

/** Where a resumed session stands: `from` is the position in the byte log after the last byte that is on disk. */
export interface ResumePoint {
  session_id: string;
  from: number;
  cols: number;
  rows: number;
  adopted: AdoptedPane | null;
}
/** A pane in a tmux that is not ours. `base`: position in the byte log at which its spool begins. */
export interface AdoptedPane {
  socket: string;
  pane: string;
  pid: number;
}

/** A program that belongs to a session which is over, or to none that is known. */
export interface Stray {
  session_id: string | null;
  pid: number;
  command: string;
}

/** Starts programs in terminals. `survivesRestart`: they outlive this server. */
export interface TerminalRuntime {
  readonly name: string;
  readonly survivesRestart: boolean;
  start(command: Command, size: { cols: number; rows: number }): Promise<TerminalProcess>;
  /**
   * Finds a session that an earlier server started: its output from `from` on follows, first what was missed. Null where nothing
   * outlives the server. `lost`: it is gone, and why. Waits as long as the machine cannot be reached.
   */
  resume(point: ResumePoint): Promise<TerminalProcess | { lost: string } | { exit: ProcessExit }>;
  /** Programs in the user's own tmux. Empty where there is none. */
  adoptable(): Promise<Adoptable[]>;
  /** Takes over a pane of the user's own tmux: its present screen comes through `onResync` first. Errors: not_found, conflict (adopted already). */
  adopt(
    session_id: string,
    pane: { socket: string; pane: string },
  ): Promise<{ process: TerminalProcess; pane: AdoptedPane; screen: { cols: number; rows: number } }>;
  /** Lets go of an adopted pane without ending it. */
  release(session_id: string): Promise<void>;
  /** The end of a session is on disk, or it was let go: whatever is left of it on its machine is removed. */
  forget?(session_id: string): Promise<void>;
  /** One line to type at home to look at a session without us; null where there is none. */
  attachCommand(session_id: string, adopted: AdoptedPane | null): string | null;
  /** Programs left over: marked as ours, but of none of these sessions. */
  strays(live: readonly string[]): Promise<Stray[]>;
  /** Ends whatever an earlier server left running for these sessions; resolves with how many processes there were. */
  reap(session_ids: readonly string[]): Promise<number>;
}

/** A program on a machine whose pipes stay open. */
export interface HostProcess {
  /** On its machine; null where that is not known. */
  readonly pid: number | null;
  onOutput: (bytes: Buffer) => void;
  /** Called once, after the last output. `code` null: it was ended by a signal, or the line was cut. `detail`: the end of what it said on stderr. */
  onClose: (end: { code: number | null; detail: string }) => void;
  /** False: so much waits already that these bytes were dropped. */
  write(bytes: Uint8Array): boolean;
  /** Closes its input. */
  end(): void;
  kill(): void;
  pause(): void;
  resume(): void;
}

/** What runtimes need of a machine: run programs there, without a terminal. argv, never a shell line; what must be a script is constant. */
export interface Host {
  /** Name of its machine. */
  readonly name: string;
  /** This very machine: processes and files can be looked at directly. */
  readonly local: boolean;
  /** Folder of ours there (0700, made when missing), absolute: sockets, spools. Errors: machine_unreachable. */
  folder(): Promise<string>;
  /** Runs a program to its end. Errors: machine_unreachable; a program that fails is no error. Default 10 s, 1 MiB of output. */
  run(
    argv: readonly string[],
    options?: { input?: Uint8Array; env?: Record<string, string>; timeoutMs?: number; maxBytes?: number },
  ): Promise<HostResult>;
  /** Starts a program. Errors: machine_unreachable. */
  open(argv: readonly string[], options?: { env?: Record<string, string> }): Promise<HostProcess>;
  /**
   * Bytes of a file from `offset` on, and on as it grows, until `stop`. Waits for the file to appear. Does not end when the line is cut: then `onCut`, and the caller follows anew.
   */
  follow(path: string, offset: number, on: { bytes(bytes: Buffer): void; cut(detail: string): void }): Follower;
  /** argv before a command line that is typed at home and is to run there in a terminal: `ssh -t box`. Without it: as it is. */
  login?(): readonly string[];
  /** Resolves when it can be reached, at once when it is; rejects after `close`. */
  up(): Promise<void>;
}
export interface HostResult {
  /** Null: ended by a signal, or not in time. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
}
export interface Follower {
  stop(): void;
  pause(): void;
  resume(): void;
}

/** What the processes of a session did during a sample. */
export interface ProcessFacts {
  sample_ms: number;
  processes: number;
  cpu_ms: number;
  io_bytes: number | null;
  sockets: number | null;
  /** The root left out; `started_at` in ms since 1970. */
  children: { pid: number; command: string; cpu_ms: number; running_ms: number }[];
}

/** Where a process starts: finds programs and directories there. */
export interface Machine {
  readonly name: string;
  readonly kind: MachineKind;
  readonly ssh: SshTarget | null;
  readonly prefix: readonly string[] | null;
  readonly created_at: string | null;
  /** Where the terminal of its sessions lives: for a prefix, the home server itself. */
  readonly host: Host;
  readonly line: MachineLine;
  /**
   * What really is started on `host`: for a prefix the prefix stands before it. Nothing that a user gave as environment stands in its
   * arguments. `terminal` false: it gets pipes; default: true. Errors: machine_unreachable.
   */
  wrap(command: Command, options?: { terminal: boolean }): Command | Promise<Command>;
  /** Watches the processes of a session for `sample_ms`; null when nobody can tell. */
  processes(session: { id: string; pid: number | null }, sample_ms: number): Promise<ProcessFacts | null>;
  /** What is missing there, with a fix each: reached, tmux, … */
  checks(): Promise<Check[]>;
  close(): Promise<void>;
  /** Absolute path of a program, or null. */
  which(program: string): Promise<string | null>;
  /** First line of `program --version`-like output, or null; bounded in time. */
  version(file: string, args: readonly string[]): Promise<string | null>;
  /** The real absolute directory for `~/x` or `/x`; throws `cwd_missing`. */
  directory(path: string): Promise<string>;
  /** Environment for children on `host`: the allow-list, what `pass` names beside it, `extra` and our mark; nothing else of the server's. */
  environment(session: { id: string }, extra: Record<string, string>, pass?: readonly string[]): Record<string, string>;
}

/** All machines, the home server first. */
export interface MachineBook {
  get(name: string): Machine | null;
  list(): readonly Machine[];
  /** What sessions of a machine run in: tmux where there is one that is new enough. Errors: machine_not_found, machine_unreachable. */
  runtime(name: string): Promise<TerminalRuntime>;
  /** The same without waiting; null while nobody has looked. */
  knownRuntime(name: string): TerminalRuntime | null;
}
