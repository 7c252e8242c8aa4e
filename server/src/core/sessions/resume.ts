/**
 * Finds the sessions again that an earlier server started: draws each from disk, so that it can be watched at once, then looks for its
 * program and fetches what was printed meanwhile. In the background; nobody waits for it.
 */

import { join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { pause } from '../clock.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import { lookAt, type Seen } from '../history/output-log.ts';
import type { TerminalRuntime } from '../machine-ports.ts';
import type { Recipe, SessionRow } from '../ports.ts';
import { lastScreen } from '../terminal/last-screen.ts';
import { Screen } from '../terminal/screen.ts';
import type { LiveSessions } from './live-sessions.ts';
import { LiveSession } from './session.ts';

/** Drawn, and looked for on one machine, at the same time. */
const AT_ONCE = 16;
/** A fault that nobody expected: looked for again after so long, then ever more seldom. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export interface ResumeDeps {
  deps: SessionDeps;
  limits: SessionLimits;
  live: LiveSessions;
  /** How long no home server was there. */
  awayMs: number;
}

export class Resumption {
  readonly #context: ResumeDeps;
  /** Not drawn yet. */
  readonly #waiting: Map<string, SessionRow>;
  /** Being drawn. */
  readonly #drawing = new Map<string, Promise<void>>();
  readonly #places = new Map<string, Places>();
  #stopped = false;

  /** Begins at the next turn of the event loop. */
  constructor(rows: readonly SessionRow[], context: ResumeDeps) {
    this.#context = context;
    this.#waiting = new Map(rows.map((row) => [row.id, row]));
    setImmediate(() => {
      for (let i = 0; i < AT_ONCE; i++) void this.#drawAll();
    });
  }

  /** Sessions that cannot be watched yet. */
  ids(): string[] {
    return [...this.#waiting.keys(), ...this.#drawing.keys()];
  }

  /** Resolves once the session shows its last screen, at once for one that is not resumed. Whoever asks is served first. */
  async drawn(id: string): Promise<void> {
    await (this.#drawing.get(id) ?? this.#draw(id));
  }

  /** What was not found yet is left as it is, for the next server. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  async #drawAll(): Promise<void> {
    for (let next = this.#waiting.keys().next(); next.done !== true; next = this.#waiting.keys().next()) await this.#draw(next.value);
  }

  async #draw(id: string): Promise<void> {
    const row = this.#waiting.get(id);
    if (row === undefined) return;
    this.#waiting.delete(id);
    const drawing = this.#drawOne(row).catch((error: unknown) => this.#context.deps.warn(`Session ${id} could not be resumed.`, error));
    this.#drawing.set(id, drawing);
    await drawing;
    this.#drawing.delete(id);
  }

  async #drawOne({ id }: SessionRow): Promise<void> {
    const { deps, limits, live } = this.#context;
    const folder = join(deps.recordings, id);
    const before = deps.store.sessions.get(id);
    if (before === null) return;
    let seen: Seen | null = null;
    const passed = (screen: Screen) => {
      seen = lookAt(screen);
    };
    const screen = await lastScreen(folder, before, limits.scrollback, { at: loggedUpTo(deps, id), passed }).catch((error: unknown) => {
      deps.warn(`The recording of session ${id} cannot be read; it goes on without what was printed so far.`, error);
      return new Screen(before, limits.scrollback, before.output_bytes);
    });
    // It may have been renamed meanwhile, or archived.
    const row = deps.store.sessions.get(id);
    if (row === null || this.#stopped) return screen.dispose();
    const { cols, rows } = screen;
    const recipe = recipeFor(deps, row.agent);
    const session = new LiveSession({ deps, limits, recipe, row: { ...row, cols, rows }, screen, folder, gone: (one) => live.gone(one) });
    live.add(session);
    await session.prepare(seenOn(screen, seen));
    this.#connect(session).catch((error: unknown) => deps.warn(`Session ${id} could not be resumed.`, error));
  }

  async #connect(session: LiveSession): Promise<void> {
    const { machine, status, pid, runtime: before } = session.row;
    for (let wait = RETRY_MS; !this.#stopped; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        const runtime = await this.#runtimeOf(session);
        if (runtime === null) continue;
        if (runtime.name !== before) return await session.lose(`${before}, in which it ran, is not found any more.`);
        await this.#placesOf(machine).take(() => session.resume(runtime, this.#context.awayMs));
        return;
      } catch (error) {
        if (this.#stopped) return;
        if (error instanceof AfieldError && error.code === 'machine_not_found') return await session.lose(error.message);
        this.#context.deps.warn(`Session ${session.row.id} (${status}, process ${pid}) is not found yet.`, error);
        session.unreachable((error as Error).message);
        await pause(this.#context.deps.clock, wait);
      }
    }
  }

  /** Null after a machine was away and is back. */
  async #runtimeOf(session: LiveSession): Promise<TerminalRuntime | null> {
    const { machines } = this.#context.deps;
    const { machine } = session.row;
    try {
      return await machines.runtime(machine);
    } catch (error) {
      if (!(error instanceof AfieldError) || error.code !== 'machine_unreachable') throw error;
      session.unreachable(error.message);
      await machines.get(machine)?.host.up();
      return null;
    }
  }

  #placesOf(machine: string): Places {
    const places = this.#places.get(machine) ?? new Places(AT_ONCE);
    this.#places.set(machine, places);
    return places;
  }
}

/** A gap in the recording begins another screen. */
function seenOn(screen: Screen, seen: Seen | null): Seen | null {
  return seen?.screen === screen ? seen : null;
}

/** Position in the byte log up to which the log of a session tells what became visible; -1: that is not known. */
function loggedUpTo({ store }: SessionDeps, session_id: string): number {
  const [last] = store.logs.read({ session_id, types: ['output'], limit: 1 });
  const at = last?.detail?.at;
  if (last === undefined) return 0;
  return typeof at === 'number' ? at : -1;
}

/** So many may be at work; the others wait for their turn. */
class Places {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async take(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** An agent that is no longer known still runs: read without rules. */
function recipeFor({ recipes }: SessionDeps, agent: string): Recipe {
  const known = recipes.get(agent);
  if (known !== null) return known;
  const { modelOption: _model, ...shell } = recipes.get('shell') ?? recipes.list()[0]!;
  return { ...shell, name: agent, title: agent, states: [], foregroundDecides: false };
}
