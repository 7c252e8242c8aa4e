/**
 * Watches a running session while its screen shows the present: reads its state, answers known dialogs by policy, waits for the end of
 * turns, and finds out why it is quiet.
 */
import type { Probe } from '@afield/shared/api/probes.ts';
import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { Recipe, SessionRow } from '../ports.ts';
import { DialogAnswers } from '../state/dialogs.ts';
import { Prober } from '../state/probe.ts';
import { type Reading, StateReader } from '../state/state-reader.ts';
import { TurnEnd } from '../state/turn-end.ts';
import type { TerminalSession } from '../terminal/terminal.ts';

export interface WatchOptions {
  recipe: Recipe;
  deps: Pick<SessionDeps, 'clock' | 'machines' | 'trust'>;
  limits: Pick<SessionLimits, 'probeAfterMs'>;
  row: SessionRow;
  terminal: TerminalSession;
  title(): string;
  /** On the monotonic clock. */
  lastTyped(): number;
}

export interface WatchEvents {
  read(reading: Reading): void;
  probed(probe: Probe): void;
  /** A turn is done; programs that it started and that still run. */
  done(background: number): void;
  /** A dialog was answered, or did not react. */
  answered(text: string, detail: Record<string, unknown>): void;
}

export class SessionWatch {
  readonly #options: WatchOptions;
  readonly #tell: WatchEvents;
  readonly #turn: TurnEnd;
  readonly #prober: Prober;
  /** Only while the screen shows what the program shows now. */
  #reader: StateReader | null = null;
  #dialogs: DialogAnswers | null = null;

  constructor(options: WatchOptions, tell: WatchEvents) {
    const { recipe, row, terminal } = options;
    const { clock, machines } = options.deps;
    const processes = async (sample_ms: number) =>
      (await machines.get(row.machine)?.processes({ id: row.id, pid: row.pid }, sample_ms)) ?? null;
    this.#options = options;
    this.#tell = tell;
    this.#turn = new TurnEnd(clock, row.status, {
      printedAt: () => this.#reader?.lastActivity ?? Number.NEGATIVE_INFINITY,
      processes,
      done: (background) => tell.done(background),
    });
    this.#prober = new Prober(clock, options.limits.probeAfterMs, {
      session_id: row.id,
      shell: recipe.foregroundDecides === true,
      knownFace: recipe.states.some((rule) => rule.status === 'idle'),
      title: () => row.title,
      reading: () => this.#reader?.signs() ?? null,
      foreign: () => this.#foreign(),
      alternate: () => terminal.screen.alternate,
      movedAt: () => Math.max(this.#reader?.lastActivity ?? Number.NEGATIVE_INFINITY, options.lastTyped()),
      processes,
      observed: (working) => this.#reader?.observed(working),
      told: (probe) => tell.probed(probe),
    });
  }

  get current(): boolean {
    return this.#reader !== null;
  }

  /** `fresh`: it was just started, and showed nothing yet. */
  begin(fresh: boolean): void {
    this.pause();
    const { recipe, deps, title, terminal } = this.#options;
    const signals = {
      title,
      screen: () => terminal.screen.ruleText(),
      alternate: () => terminal.screen.alternate,
      foreignForeground: () => this.#foreign(),
    };
    this.#reader = new StateReader(recipe, deps.clock, signals, (reading) => this.#read(reading));
    // What it shows came before it was watched.
    if (!fresh) this.#reader.output();
    this.#dialogs = fresh ? this.#answers() : null;
    this.#prober.start();
  }

  pause(): void {
    this.#reader?.stop();
    this.#reader = null;
    this.#dialogs?.stop();
    this.#dialogs = null;
    this.#prober.stop();
    this.#turn.stop();
  }

  drawn(): void {
    this.#reader?.output();
    this.#dialogs?.drawn();
  }
  titled(): void {
    this.#reader?.title();
  }
  rang(): void {
    this.#reader?.bell();
  }
  /** Of a prompt, or of a person. */
  keys(): void {
    this.#reader?.input();
  }
  /** A person looks after it. */
  typed(): void {
    this.#dialogs?.stop();
    this.#dialogs = null;
  }
  became(status: SessionStatus): void {
    this.#turn.became(status);
  }
  /** What its rules read now. */
  signs(): Reading | null {
    return this.#reader?.signs() ?? null;
  }
  /** Why it is quiet. */
  probe(): Promise<Probe> {
    return this.#prober.probe();
  }

  #read(reading: Reading): void {
    if (reading.seen && reading.status !== 'waiting') this.typed();
    this.#tell.read(reading);
  }

  #foreign(): boolean | null {
    return this.#options.terminal.process?.foreignForeground() ?? null;
  }

  #answers(): DialogAnswers | null {
    const { recipe, deps, row, terminal, title } = this.#options;
    const policy = deps.trust?.covers(row.machine, row.cwd) ?? null;
    if (policy === null || recipe.dialogs === undefined) return null;
    return new DialogAnswers(recipe.dialogs, { cwd: row.cwd, policy }, deps.clock, {
      title,
      lines: () => terminal.screen.lines(),
      write: (bytes) => {
        this.keys();
        return terminal.process?.write(bytes) ?? false;
      },
      over: (_answered, text, detail) => this.#tell.answered(text, detail),
    });
  }
}
