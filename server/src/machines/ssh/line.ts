/** The line to a machine: as many connections as its programs need, made when somebody needs one, and made again while somebody waits. */
import type { MachineLine, SshTarget } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { timestamp } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { type Channel, NotOpened, openChannel } from './channel.ts';
import { connectArgv, type SshSetup, sshEnvironment } from './command.ts';
import { isFinal, unreachable } from './faults.ts';
import { knownFiles } from './host-keys.ts';
import { SshMaster, type Timing } from './master.ts';
import { ECHO, END_GROUP, launchLine } from './scripts.ts';

/** 8 programs each; more sessions than a home server runs. */
const MAX_MASTERS = 40;
const OPEN_ATTEMPTS = 4;
const WHY: Partial<Record<NotOpened['why'], string>> = {
  full: 'its sshd refuses another program over the same connection. Set MaxSessions to 10 in its sshd_config.',
};
const NOT_YET = 'It is reached as soon as something needs it.';

export interface LineDeps {
  name: string;
  target: SshTarget;
  setup: SshSetup;
  clock: Clock;
  timing: Timing;
  /** 0 to 1, so that many machines do not come back in the same moment. */
  random(): number;
  /** A path for a control socket, short enough. */
  newSocket(): string;
  /** What more there is to say about a fault, before anybody hears of it. */
  explain(fault: AfieldError): Promise<AfieldError>;
  onChange(): void;
}

export class SshLine {
  readonly #deps: LineDeps;
  readonly #env: Record<string, string>;
  readonly #masters = new Set<SshMaster>();
  readonly #ending = new Set<Promise<void>>();
  readonly #waiting = new Set<{ resolve(): void; reject(error: AfieldError): void }>();
  #growing: Promise<SshMaster> | null = null;
  /** The one that is on its way. */
  #begun: SshMaster | null = null;
  #connecting: Promise<void> | null = null;
  #retry: { cancel(): void } | null = null;
  #sweep: { cancel(): void } | null = null;
  #failures = 0;
  #fault: { error: AfieldError; at: number; pause: number } | null = null;
  #closed = false;
  #line: MachineLine = { state: 'down', detail: NOT_YET, since: null };

  constructor(deps: LineDeps) {
    this.#deps = deps;
    this.#env = sshEnvironment(deps.setup);
  }

  get name(): string {
    return this.#deps.name;
  }

  get line(): MachineLine {
    return this.#line;
  }

  get latencyMs(): number | null {
    return [...this.#masters].find((master) => master.alive)?.latencyMs ?? null;
  }

  /**
   * Resolves when programs can be started. `asked`: a person, or somebody for one, wants it now; else a fault that waits for a person, or a
   * pause between attempts, is told instead of another attempt. Errors: machine_unreachable, machine_refused, host_key_unknown, host_key_changed.
   */
  reach(asked: boolean): Promise<void> {
    if (this.#closed) return Promise.reject(this.#gone());
    if (this.#stands()) return Promise.resolve();
    if (this.#connecting !== null) return this.#connecting;
    const fault = this.#fault;
    if (!asked && fault !== null && (isFinal(fault.error) || this.#deps.clock.monotonic() < fault.at + fault.pause)) {
      return Promise.reject(fault.error);
    }
    this.#retry?.cancel();
    this.#connecting = this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  /** Resolves when it stands, however long that takes; meanwhile it is tried again and again. Rejects after `close`. */
  up(): Promise<void> {
    if (this.#stands()) return Promise.resolve();
    if (this.#closed) return Promise.reject(this.#gone());
    const waited = new Promise<void>((resolve, reject) => this.#waiting.add({ resolve, reject }));
    if (this.#connecting === null) this.#again();
    return waited;
  }

  /** Starts a program. Errors: as `reach`. */
  async open(argv: readonly string[], path: string, first?: string): Promise<Channel> {
    const command = launchLine(path, argv, first !== undefined);
    for (let attempt = 1; ; attempt++) {
      await this.reach(false);
      const master = await this.#roomy();
      try {
        return await this.#channel(master, command, first);
      } catch (error) {
        if (!(error instanceof NotOpened)) throw error;
        if (error.why === 'full') this.#lower(master);
        if (error.why === 'failed' || attempt === OPEN_ATTEMPTS) throw unreachable(this.#deps.name, WHY[error.why] ?? error.message);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#sweep?.cancel();
    for (const waiting of this.#waiting) waiting.reject(this.#gone());
    this.#waiting.clear();
    if (this.#begun !== null) this.#track(this.#begun.close());
    for (const master of this.#masters) this.#let(master);
    await Promise.all(this.#ending);
    await Promise.allSettled([this.#growing]);
    await Promise.all(this.#ending);
  }

  #stands(): boolean {
    return [...this.#masters].some((master) => master.alive);
  }

  #gone(): AfieldError {
    return new AfieldError(
      'machine_unreachable',
      `The line to ${this.#deps.name} is closed: the machine was removed, or the home server stops.`,
    );
  }

  async #connect(): Promise<void> {
    this.#say('connecting', this.#fault?.error.message ?? null);
    try {
      await this.#grow();
    } catch (error) {
      await this.#failed(error);
    }
  }

  #stood(): void {
    this.#failures = 0;
    this.#fault = null;
    this.#retry?.cancel();
    this.#say('up', null);
    for (const waiting of this.#waiting) waiting.resolve();
    this.#waiting.clear();
  }

  /** Always throws. */
  async #failed(cause: unknown): Promise<never> {
    const { clock, timing, random } = this.#deps;
    const told = cause instanceof AfieldError ? cause : unreachable(this.#deps.name, String(cause));
    const error = this.#closed ? this.#gone() : await this.#deps.explain(told);
    const [first, longest] = timing.retryMs;
    const pause = Math.min(longest, first * 2 ** Math.min(this.#failures++, 20)) * (0.5 + random() / 2);
    this.#fault = { error, at: clock.monotonic(), pause };
    this.#again();
    throw error;
  }

  /** Tries again by itself only while somebody waits, and only what may help. */
  #again(): void {
    const fault = this.#fault;
    const worth = !this.#closed && this.#waiting.size > 0 && (fault === null || !isFinal(fault.error));
    this.#say(worth ? 'connecting' : 'down', fault?.error.message ?? NOT_YET);
    if (!worth) return;
    this.#retry?.cancel();
    const pause = fault === null ? 0 : Math.max(0, fault.at + fault.pause - this.#deps.clock.monotonic());
    this.#retry = this.#deps.clock.setTimeout(() => {
      this.reach(true).catch(() => {});
    }, pause);
  }

  /** One more connection; one at a time, for sshd lets only a few strangers in at once (MaxStartups). */
  #grow(): Promise<SshMaster> {
    this.#growing ??= this.#add().finally(() => {
      this.#growing = null;
    });
    return this.#growing;
  }

  async #add(): Promise<SshMaster> {
    const { name, setup, target, clock, timing } = this.#deps;
    const socket = this.#deps.newSocket();
    const argv = connectArgv(setup, target, { known: await knownFiles(setup, target), socket }, ECHO);
    const begun = (one: SshMaster) => {
      this.#begun = one;
      if (this.#closed) this.#track(one.close());
    };
    const onCut = (cut: SshMaster, detail: string) => this.#cut(cut, detail);
    const master = await SshMaster.connect(name, { argv, env: this.#env, socket }, { clock, timing, begun, onCut });
    this.#begun = null;
    this.#masters.add(master);
    if (this.#closed) {
      this.#let(master);
      throw this.#gone();
    }
    this.#stood();
    return master;
  }

  #cut(master: SshMaster, detail: string): void {
    this.#masters.delete(master);
    this.#track(master.ended);
    // What happened to one may have happened to all: not to wait for each of them by turns.
    for (const other of this.#masters) other.doubt();
    if (this.#stands() || this.#closed) return;
    this.#fault = { error: new AfieldError('machine_unreachable', detail), at: this.#deps.clock.monotonic(), pause: 0 };
    this.#again();
  }

  /** With a place taken for one more program. */
  async #roomy(): Promise<SshMaster> {
    for (;;) {
      const found = [...this.#masters].find((master) => master.alive && master.channels < master.capacity);
      if (found !== undefined) {
        found.channels++;
        found.idleSince = null;
        return found;
      }
      if (this.#masters.size >= MAX_MASTERS) {
        throw new AfieldError(
          'too_many',
          `${this.#deps.name} carries as many programs as one line can. Stop a session there, then try again.`,
        );
      }
      await this.#grow();
    }
  }

  /** It carries as many as that sshd lets it; one that carries none at all is replaced. */
  #lower(master: SshMaster): void {
    if (master.channels === 0) this.#let(master);
    else master.capacity = Math.min(master.capacity, master.channels);
  }

  #channel(master: SshMaster, command: string, first: string | undefined): Promise<Channel> {
    const closed = () => {
      master.channels--;
      if (master.channels === 0) master.idleSince = this.#deps.clock.monotonic();
      this.#sweepLater();
    };
    const endThere = (pid: number) => this.#endThere(master, pid);
    return openChannel({ master, env: this.#env, command, first, endThere, closed });
  }

  /** Whatever ran there would not notice that nobody listens. */
  #endThere(master: SshMaster, pid: number): void {
    if (!master.alive) return;
    const command = launchLine('/usr/bin:/bin', ['sh', '-c', END_GROUP, 'afield', String(pid)], false);
    openChannel({ master, env: this.#env, command, endThere: () => {}, closed: () => {} }).catch(() => {});
  }

  /** Connections beside the first that carry nothing end after a while. */
  #sweepLater(): void {
    if (this.#sweep !== null || this.#closed || this.#masters.size < 2) return;
    const { clock, timing } = this.#deps;
    this.#sweep = clock.setTimeout(() => {
      this.#sweep = null;
      const due = clock.monotonic() - timing.idleMs;
      for (const master of [...this.#masters].slice(1)) if (master.idleSince !== null && master.idleSince <= due) this.#let(master);
      this.#sweepLater();
    }, timing.idleMs);
  }

  #let(master: SshMaster): void {
    this.#masters.delete(master);
    this.#track(master.close());
  }

  #track(end: Promise<void>): void {
    const tracked = end.finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
  }

  #say(state: MachineLine['state'], detail: string | null): void {
    if (this.#closed || (this.#line.state === state && this.#line.detail === detail)) return;
    const since = this.#line.state === state ? this.#line.since : timestamp(this.#deps.clock);
    this.#line = { state, detail, since };
    this.#deps.onChange();
  }
}
