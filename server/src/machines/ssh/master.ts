/** One connection of OpenSSH that carries many programs, watched so that a line that hangs is noticed. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { AfieldError } from '@afield/shared/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { launch as launchProgram, signalGroup } from '../launch.ts';
import { faultOf, lastLine, unreachable } from './faults.ts';
import { GO } from './scripts.ts';

export interface Timing {
  /** From the first packet to a program that runs. */
  connectMs: number;
  /** How often a byte is sent there and back. */
  pingMs: number;
  /** Silence after which the line counts as cut. */
  silentMs: number;
  /** First and longest pause between attempts. */
  retryMs: readonly [number, number];
  /** How long a connection beside the first one stays without use. */
  idleMs: number;
}
/** A line that hangs is noticed after at most `silentMs` + 2 × `pingMs` = 18 s. */
export const TIMING: Timing = { connectMs: 25_000, pingMs: 4_000, silentMs: 10_000, retryMs: [1_000, 30_000], idleMs: 60_000 };

/** sshd's MaxSessions is 10 by default; one is the connection's own program, one is kept for what must be ended there. */
const CHANNELS = 8;
const SAID_CHARACTERS = 4_000;
const END_MS = 1_000;

export interface ConnectOptions {
  clock: Clock;
  timing: Timing;
  /** It is on its way, and may be closed. */
  begun(master: SshMaster): void;
  onCut(master: SshMaster, detail: string): void;
}

export class SshMaster {
  readonly socket: string;
  /** Programs that it carries now. */
  channels = 0;
  /** How many it may carry; less when that sshd is stricter. */
  capacity = CHANNELS;
  /** There and back; null until it was measured. */
  latencyMs: number | null = null;
  /** Since when it carries nothing; null while it does. */
  idleSince: number | null = null;
  readonly ended: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #clock: Clock;
  readonly #timing: Timing;
  #up = false;
  #gone = false;
  #heard = 0;
  #pinged: number | null = null;
  #timer: { cancel(): void } | null = null;
  #said = '';
  #onCut: (detail: string) => void = () => {};

  private constructor(
    machine: string,
    launch: { argv: readonly string[]; env: Record<string, string>; socket: string },
    clock: Clock,
    timing: Timing,
  ) {
    this.socket = launch.socket;
    this.#clock = clock;
    this.#timing = timing;
    // A session of its own, so that neither ssh nor a helper of its finds a terminal to ask questions on.
    this.#child = launchProgram('ssh', launch.argv, launch.env);
    for (const stream of this.#child.stdio) stream?.on('error', () => {});
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-SAID_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#said = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'There is no ssh here. Install OpenSSH.' : error.message;
        this.#end(`The connection to ${machine} ended: ${this.#said}`);
        resolve();
      });
      this.#child.once('close', () => {
        this.#end(`The connection to ${machine} was cut${this.#said === '' ? '.' : `: ${lastLine(this.#said)}`}`);
        rm(this.socket, { force: true }).then(resolve, resolve);
      });
    });
  }

  /** Resolves once programs can be started. Errors: as ssh says. `onCut` is called once, when it was up and is no longer. */
  static async connect(
    machine: string,
    launch: { argv: readonly string[]; env: Record<string, string>; socket: string },
    { clock, timing, begun, onCut }: ConnectOptions,
  ): Promise<SshMaster> {
    const master = new SshMaster(machine, launch, clock, timing);
    begun(master);
    const fault = await master.#opened(machine);
    if (fault !== null) {
      await master.close();
      throw fault;
    }
    master.#onCut = (detail) => onCut(master, detail);
    master.#watch();
    return master;
  }

  get alive(): boolean {
    return this.#up && !this.#gone;
  }

  /** Anything that arrives over it shows that it stands. */
  heard(): void {
    this.#heard = this.#clock.monotonic();
  }

  /** Asks now instead of at the next turn: another connection to the same machine hangs. */
  doubt(): void {
    if (this.#pinged === null) this.#ping();
  }

  close(): Promise<void> {
    this.#onCut = () => {};
    this.#end('');
    this.#child.stdin.end();
    signal(this.#child, 'SIGTERM');
    const late = this.#clock.setTimeout(() => signal(this.#child, 'SIGKILL'), END_MS);
    return this.ended.finally(() => late.cancel());
  }

  #opened(machine: string): Promise<AfieldError | null> {
    return new Promise((resolve) => {
      let text = '';
      const late = this.#clock.setTimeout(() => resolve(unreachable(machine, 'it did not answer in time.')), this.#timing.connectMs);
      const finish = (fault: AfieldError | null) => {
        late.cancel();
        resolve(fault);
      };
      const early = () => finish(faultOf(machine, this.#said));
      this.ended.then(early, early);
      this.#child.stdout.on('data', (bytes: Buffer) => {
        if (this.#up) return this.#answered();
        text = (text + bytes.toString('latin1')).slice(-SAID_CHARACTERS);
        if (!GO.test(text)) return;
        this.#up = true;
        this.heard();
        finish(null);
      });
    });
  }

  #answered(): void {
    this.heard();
    if (this.#pinged !== null) this.latencyMs = Math.max(0, this.#heard - this.#pinged);
    this.#pinged = null;
  }

  #ping(): void {
    this.#pinged = this.#clock.monotonic();
    this.#child.stdin.write('\n');
  }

  #watch(): void {
    this.#ping();
    const look = (due: number) => {
      const { pingMs, silentMs } = this.#timing;
      const now = this.#clock.monotonic();
      // Nobody could listen meanwhile when this very process was held up.
      if (now - due > pingMs) this.heard();
      if (this.#pinged === null) this.#ping();
      else if (now - Math.max(this.#heard, this.#pinged) >= silentMs) return this.#hangs(now);
      this.#timer = this.#clock.setTimeout(() => look(now + pingMs), pingMs);
    };
    const { pingMs } = this.#timing;
    const first = this.#clock.monotonic() + pingMs;
    this.#timer = this.#clock.setTimeout(() => look(first), pingMs);
  }

  #hangs(now: number): void {
    this.#said = '';
    this.#end(`Nothing has come over the line for ${Math.round((now - this.#heard) / 1000)} s.`);
    signal(this.#child, 'SIGKILL');
  }

  #end(detail: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#timer?.cancel();
    if (this.#up) this.#onCut(detail);
  }
}

/** With what it started to get there: a command of `ProxyCommand`, a jump host. */
function signal({ pid, exitCode }: ChildProcessWithoutNullStreams, name: NodeJS.Signals): void {
  if (exitCode === null) signalGroup(pid, name);
}
