/**
 * Reads a session's status from the outside, by the rules of its recipe: window title, screen, which program holds the terminal,
 * silence, in the order the recipe states.
 */
import type { Clock, Recipe, StateRule } from './ports.ts';

export type ReadStatus = StateRule['status'];
export interface Reading {
  status: ReadStatus;
  reason: string | null;
}

/** What the reader looks at. */
export interface Signals {
  title(): string;
  /** Bottom-most lines of the screen, see `StateRule.screen`. */
  screen(): string;
  alternate(): boolean;
  foreignForeground(): boolean | null;
}

/** Output is looked at this often at most: spinners draw ten times a second. */
const LOOK_MS = 100;
/** A calmer status must last this long before it is believed: screens are redrawn in pieces. */
const SETTLE_MS = 300;
/** An agent whose idle face is known is not called idle without it before so much silence: programs start slowly, and new faces appear. */
const UNKNOWN_FACE_MS = 20_000;
/** Output so soon after a key is its echo, not work. */
const ECHO_MS = 300;
/** Output without a longer pause is one stretch… */
const STRETCH_GAP_MS = 300;
/** …and after so long it is work, even of a shell that is itself in the foreground: a loop of its own commands. */
const STRETCH_MS = 1_000;

/** The first rule that fits. */
export function readRules(rules: readonly StateRule[], signals: Pick<Signals, 'title' | 'screen'>): Reading | null {
  let screen: string | null = null;
  for (const rule of rules) {
    if (rule.title !== undefined && !rule.title.test(signals.title())) continue;
    if (rule.screen !== undefined) {
      screen ??= signals.screen();
      if (!rule.screen.test(screen)) continue;
    }
    return { status: rule.status, reason: rule.reason ?? null };
  }
  return null;
}

export class StateReader {
  readonly #recipe: Recipe;
  readonly #clock: Clock;
  readonly #signals: Signals;
  readonly #tell: (reading: Reading) => void;
  #told: Reading | null = null;
  #candidate: { reading: Reading; since: number } | null = null;
  #lastActivity: number;
  /** When the present stretch of output began. */
  #stretchSince: number;
  #lastInput = Number.NEGATIVE_INFINITY;
  #timer: { due: number; cancel(): void } | null = null;
  #stopped = false;
  /** Silence that counts as idle where no rule fits. */
  readonly #quietMs: number;

  constructor(recipe: Recipe, clock: Clock, signals: Signals, tell: (reading: Reading) => void) {
    this.#recipe = recipe;
    this.#clock = clock;
    this.#signals = signals;
    this.#tell = tell;
    this.#lastActivity = clock.monotonic();
    this.#stretchSince = this.#lastActivity;
    this.#quietMs = recipe.states.some((rule) => rule.status === 'idle') ? Math.max(UNKNOWN_FACE_MS, recipe.quietMs) : recipe.quietMs;
    this.#lookIn(this.#quietMs);
  }

  /** The window title changed: the strongest sign there is, looked at before it changes again. */
  title(): void {
    if (!this.#stopped) this.#look();
  }

  /** Something was drawn. */
  output(): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastInput > ECHO_MS) {
      if (now - this.#lastActivity > STRETCH_GAP_MS) this.#stretchSince = now;
      this.#lastActivity = now;
    }
    this.#lookIn(LOOK_MS);
  }

  /** Somebody pressed a key. */
  input(): void {
    this.#lastInput = this.#clock.monotonic();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Looks after `ms` at the latest. */
  #lookIn(ms: number): void {
    const due = this.#clock.monotonic() + ms;
    if (this.#stopped || (this.#timer !== null && this.#timer.due <= due)) return;
    this.#timer?.cancel();
    const timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, ms);
    this.#timer = { due, cancel: () => timer.cancel() };
  }

  #look(): void {
    const reading = readRules(this.#recipe.states, this.#signals) ?? this.#withoutRule();
    if (reading === null || same(reading, this.#told)) {
      this.#candidate = null;
      return;
    }
    if (reading.status === 'busy') {
      this.#accept(reading);
      return;
    }
    const now = this.#clock.monotonic();
    if (!same(reading, this.#candidate?.reading ?? null)) this.#candidate = { reading, since: now };
    const left = SETTLE_MS - (now - (this.#candidate?.since ?? now));
    if (left <= 0) this.#accept(reading);
    else this.#lookIn(left);
  }

  #accept(reading: Reading): void {
    this.#candidate = null;
    this.#told = reading;
    this.#tell(reading);
  }

  /** Output has come without a pause for a while, and still does. */
  #flows(): boolean {
    const now = this.#clock.monotonic();
    const flows = now - this.#lastActivity <= STRETCH_GAP_MS && this.#lastActivity - this.#stretchSince >= STRETCH_MS;
    if (flows) this.#lookIn(STRETCH_GAP_MS + LOOK_MS);
    return flows;
  }

  /** Null: nothing can be said yet. */
  #withoutRule(): Reading | null {
    const silent = this.#quietMs - (this.#clock.monotonic() - this.#lastActivity);
    if (silent > 0) this.#lookIn(silent);
    if (this.#recipe.foregroundDecides === true) {
      const foreign = this.#signals.foreignForeground();
      // A full-screen program that draws nothing waits for keys; a command that prints nothing works.
      if (foreign === false) return plain(this.#flows() ? 'busy' : 'idle');
      if (foreign !== null) return plain(this.#signals.alternate() && silent <= 0 ? 'idle' : 'busy');
    }
    if (silent <= 0) return plain('idle');
    return this.#told === null ? null : plain('busy');
  }
}

function plain(status: ReadStatus): Reading {
  return { status, reason: null };
}

function same(a: Reading, b: Reading | null): boolean {
  return b !== null && a.status === b.status && a.reason === b.reason;
}
