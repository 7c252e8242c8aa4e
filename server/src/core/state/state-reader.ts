/**
 * Reads a session's status from the outside. Signals decide in this order, strongest first; what a stronger one says, a weaker one
 * never corrects. What a companion hears stands before all of these: `two-signals.ts` joins them.
 * 1. the rules of the recipe, in its order: window title, then screen;
 * 2. the bell, where the recipe says what it means;
 * 3. processes that worked when they were last watched (`observed`);
 * 4. which program holds the terminal, for shells;
 * 5. silence.
 */
import type { Activity } from '@afield/shared/api/sessions.ts';
import type { Clock, Recipe, StateRule } from '../ports.ts';

export type ReadStatus = StateRule['status'];
export interface Reading {
  status: ReadStatus;
  reason: string | null;
  activity: Activity | null;
  /** False: no rule fits, and it was guessed from bell, processes or silence. */
  seen: boolean;
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
/** A calmer status must last this long before it is believed: screens are redrawn in pieces. So must work that is only guessed. */
const SETTLE_MS = 300;
/** So must another activity of the same work: agents think, read and run in turns of half a second. */
const ACTIVITY_MS = 1_000;
/** An agent whose idle face is known is not called idle without it before so much silence: programs start slowly, and new faces appear. */
const UNKNOWN_FACE_MS = 20_000;
/** Output so soon after a key is its echo, not work. */
const ECHO_MS = 300;
/** Output without a longer pause is one stretch… */
const STRETCH_GAP_MS = 300;
/** …and after so long it is work, even of a shell that is itself in the foreground: a loop of its own commands. */
const STRETCH_MS = 1_000;

const BELL_REASON = 'It rang its bell.';

/** The first rule that fits. */
export function readRules(rules: readonly StateRule[], signals: Pick<Signals, 'title' | 'screen'>): Reading | null {
  let screen: string | null = null;
  for (const rule of rules) {
    if (rule.title !== undefined && !rule.title.test(signals.title())) continue;
    if (rule.screen !== undefined) {
      screen ??= signals.screen();
      if (!rule.screen.test(screen)) continue;
    }
    return { status: rule.status, reason: rule.reason ?? null, activity: rule.activity ?? null, seen: true };
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
  /** It rang, and since then neither worked nor was typed to. */
  #rang = false;
  /** Its processes worked when they were last watched; forgotten when it prints or is typed to. */
  #worked = false;
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

  /** When it last printed anything but the echo of a key, on the monotonic clock; at first, when the reader began. */
  get lastActivity(): number {
    return this.#lastActivity;
  }

  /** What its rules say now, or else its bell; null: nothing. */
  signs(): Reading | null {
    const { states, bell } = this.#recipe;
    const rung = this.#rang && bell !== undefined ? guessed(bell, bell === 'waiting' ? BELL_REASON : null) : null;
    return readRules(states, this.#signals) ?? rung;
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
      this.#worked = false;
      if (now - this.#stretchSince >= STRETCH_MS) this.#rang = false;
    }
    this.#lookIn(LOOK_MS);
  }

  /** Somebody pressed a key. */
  input(): void {
    this.#lastInput = this.#clock.monotonic();
    this.#worked = false;
    this.#rang = false;
  }

  bell(): void {
    if (this.#recipe.bell === undefined) return;
    this.#rang = true;
    this.#stretchSince = this.#clock.monotonic();
    this.#lookIn(LOOK_MS);
  }

  /** Its processes were watched: they work, or do not. Decides only where no rule fits, until it prints or is typed to. */
  observed(working: boolean): void {
    if (this.#worked === working) return;
    this.#worked = working;
    this.#lookIn(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Looks after `ms` at the latest. */
  #lookIn(ms: number): void {
    // What is left of a pause may be too small a fraction of a millisecond to move the clock.
    const wait = Math.ceil(ms);
    const due = this.#clock.monotonic() + wait;
    if (this.#stopped || (this.#timer !== null && this.#timer.due <= due)) return;
    this.#timer?.cancel();
    const timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, wait);
    this.#timer = { due, cancel: () => timer.cancel() };
  }

  #look(): void {
    const reading = this.signs() ?? this.#guess();
    if (reading === null || same(reading, this.#told)) {
      this.#candidate = null;
      return;
    }
    const now = this.#clock.monotonic();
    if (!same(reading, this.#candidate?.reading ?? null)) this.#candidate = { reading, since: now };
    const left = this.#settleMs(reading) - (now - (this.#candidate?.since ?? now));
    if (left <= 0) this.#accept(reading);
    else this.#lookIn(left);
  }

  #settleMs({ status, reason, seen }: Reading): number {
    if (status === this.#told?.status && reason === this.#told.reason) return ACTIVITY_MS;
    return status === 'busy' && (seen || this.#recipe.states.length === 0) ? 0 : SETTLE_MS;
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

  /** Where there is no sign. Null: nothing can be said yet. */
  #guess(): Reading | null {
    if (this.#worked) return guessed('busy');
    const silent = this.#quietMs - (this.#clock.monotonic() - this.#lastActivity);
    if (silent > 0) this.#lookIn(silent);
    if (this.#recipe.foregroundDecides === true) {
      const foreign = this.#signals.foreignForeground();
      // A full-screen program that draws nothing waits for keys; a command that prints nothing works.
      if (foreign === false) return guessed(this.#flows() ? 'busy' : 'idle');
      if (foreign !== null) return guessed(this.#signals.alternate() && silent <= 0 ? 'idle' : 'busy');
    }
    if (silent <= 0) return guessed('idle');
    return this.#told === null ? null : guessed('busy');
  }
}

function guessed(status: ReadStatus, reason: string | null = null): Reading {
  return { status, reason, activity: null, seen: false };
}

/** Where it was read from makes no difference to whoever hears of it. */
function same(a: Reading, b: Reading | null): boolean {
  return b !== null && a.status === b.status && a.reason === b.reason && a.activity === b.activity;
}
