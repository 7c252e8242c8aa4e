/** Everything that was kept: finds it, measures it, compresses what is finished, and deletes what is older or larger than wanted. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as othersFirst, setTimeout as sleep } from 'node:timers/promises';
import type { HistorySize, LogHit, Pruned } from '@afield/shared/api/history.ts';
import type { LogType } from '@afield/shared/api/logs.ts';
import { ENDED } from '@afield/shared/api/sessions.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Clock, DatabaseFile, MetaStore } from '../ports.ts';
import { compressRecording, folderSize, isPlain, removeRecording } from '../recording/archive.ts';
import { finishPurges, type PurgeDeps, purgeSession } from '../sessions/purge.ts';
import { HistoryClock } from './history-clock.ts';
import { pageOfEntries, readSeq } from './log-pages.ts';
import { beforeDays, type Doomed, planPruning } from './retention.ts';
import type { Disk } from './storage.ts';

/** After the start, and then every hour. */
const FIRST_MS = 10_000;
const EVERY_MS = 3_600_000;
/** A session that has just ended is often looked at. */
const COMPRESS_AFTER_MS = 5_000;
const SHOWN = 100;
const DAY_MS = 24 * 3_600_000;

export interface HistoryDeps extends PurgeDeps {
  store: PurgeDeps['store'] & { meta: MetaStore; file: DatabaseFile };
  clock: Clock;
  disk: Disk;
  retention: { days: number; bytes: number };
  warn(message: string, cause?: unknown): void;
}

export interface SearchQuery {
  q: string;
  type?: LogType[];
  session_id?: string;
  from?: string;
  to?: string;
  limit: number;
  cursor?: string;
}

export class History {
  readonly #deps: HistoryDeps;
  readonly #clock: HistoryClock;
  readonly #closing = new AbortController();
  readonly #timers = new Set<{ cancel(): void }>();
  readonly #unsubscribe: () => void;
  /** One after the other: each reads or deletes much. */
  #work: Promise<unknown> = Promise.resolve();
  #leap = 0;

  constructor(deps: HistoryDeps) {
    const { store, clock, events } = deps;
    this.#deps = { ...deps, closing: this.#closing.signal };
    this.#clock = new HistoryClock(clock, store.meta, store.sessions.newestAt());
    this.#unsubscribe = events.subscribe(({ type, session_id, payload }) => {
      if (type !== 'session.status_changed' || !ENDED.has(payload.session.status)) return;
      this.#later(COMPRESS_AFTER_MS, () => this.#compress(session_id!));
    });
  }

  /** Begins the work that nobody asks for. */
  start(): void {
    this.#later(FIRST_MS, () => this.#tend());
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    for (const timer of this.#timers) timer.cancel();
    await this.#work.catch(() => {});
  }

  search({ q, type: types, session_id, from, to, limit, cursor }: SearchQuery): { items: LogHit[]; next_cursor: string | null } {
    const { logs, sessions } = this.#deps.store;
    const time = (text: string | undefined) => (text === undefined ? undefined : new Date(text).toISOString());
    const query = { q, types, session_id, from: time(from), to: time(to), before: readSeq(cursor), limit: limit + 1 };
    const { items, next_cursor } = pageOfEntries(logs.search(query), limit);
    const known = new Map<string, ReturnType<typeof sessions.get>>();
    const hits = items.flatMap((entry) => {
      const row = known.get(entry.session_id) ?? sessions.get(entry.session_id);
      known.set(entry.session_id, row);
      // Its session was deleted a moment ago.
      return row === null ? [] : [{ ...entry, session_name: row.name, agent: row.agent, machine: row.machine }];
    });
    return { items: hits, next_cursor };
  }

  async size(): Promise<HistorySize> {
    const { store, retention } = this.#deps;
    const { entries } = store.logs.sums();
    return {
      sessions: Object.values(store.sessions.counts()).reduce((sum, count) => sum + count, 0),
      entries,
      recordings_bytes: await this.#recordingsBytes(),
      database_bytes: store.file.size().bytes,
      oldest_at: store.logs.oldestAt(),
      retention,
    };
  }

  /** Without a number of days those of the settings count; `conflict` when the clock leapt and cannot be believed yet. */
  async prune({ days, bytes, dry_run }: { days?: number; bytes?: number; dry_run: boolean }): Promise<Pruned> {
    const { retention, clock } = this.#deps;
    if (days === undefined && retention.days !== 0 && this.#believe() > 0) {
      throw new AfieldError('conflict', `${this.#leapText()} To delete by age now all the same, say the number of days.`);
    }
    return this.#inTurn(async () => {
      const endedBefore = beforeDays(clock.now(), days ?? retention.days);
      const plan = await this.#plan(endedBefore, bytes ?? retention.bytes);
      if (!dry_run) await this.#delete(plan);
      const whole = plan.filter(({ what }) => what === 'session').length;
      const sum = (of: (doomed: Doomed) => number) => plan.reduce((all, doomed) => all + of(doomed), 0);
      return {
        dry_run,
        sessions: whole,
        recordings: plan.length - whole,
        entries: sum((doomed) => doomed.entries),
        freed_bytes: sum((doomed) => doomed.bytes),
        items: plan.slice(0, SHOWN),
      };
    });
  }

  checks(): Check[] {
    if (this.#leap === 0) return [];
    return [{ name: 'history', ok: false, level: 'warning', detail: this.#leapText(), fix: 'Set the clock of this machine right.' }];
  }

  /** By the clock, when it may be believed; by size; then what is finished is compressed, and the database gives room back. */
  async #tend(): Promise<void> {
    const { clock, retention } = this.#deps;
    this.#later(EVERY_MS, () => this.#tend());
    await this.#inTurn(async () => {
      await finishPurges(this.#deps);
      const endedBefore = this.#believe() > 0 ? null : beforeDays(clock.now(), retention.days);
      await this.#delete(await this.#plan(endedBefore, retention.bytes));
      await this.#shrink();
    });
    for await (const id of this.#folders()) {
      if (this.#closing.signal.aborted) return;
      await this.#compress(id);
    }
  }

  async #plan(endedBefore: number | null, bytes: number): Promise<Doomed[]> {
    const { store } = this.#deps;
    const kept = bytes === 0 ? 0 : (await this.#recordingsBytes()) + store.file.size().used;
    return planPruning(store, (id) => folderSize(this.#folder(id)), { endedBefore, bytes }, kept);
  }

  /** Recordings first, those of whole sessions too: on a full disk that makes the room which the rest needs. */
  async #delete(plan: Doomed[]): Promise<void> {
    const whole = plan.filter(({ what }) => what === 'session');
    for (const { session_id } of plan) if (this.#mayGo(session_id)) await removeRecording(this.#folder(session_id));
    for (const { session_id } of whole) if (this.#mayGo(session_id)) await purgeSession(this.#deps, session_id);
    if (whole.length > 0) await this.#shrink();
  }

  /** It may have been pinned while the others were deleted. */
  #mayGo(session_id: string): boolean {
    const row = this.#deps.store.sessions.get(session_id);
    return !this.#closing.signal.aborted && row !== null && !row.pinned && ENDED.has(row.status);
  }

  /** In small steps with as long a rest after each. */
  async #shrink(): Promise<void> {
    const { store, clock } = this.#deps;
    for (const step of [() => store.logs.tidy(), () => store.file.shrink()]) {
      while (!this.#closing.signal.aborted) {
        const before = clock.monotonic();
        if (!step()) break;
        await sleep(clock.monotonic() - before, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }

  async #compress(id: string): Promise<void> {
    const { store, disk, warn } = this.#deps;
    await this.#inTurn(async () => {
      const row = store.sessions.get(id);
      if (row === null || !ENDED.has(row.status) || !disk.writing || this.#closing.signal.aborted) return;
      const folder = this.#folder(id);
      try {
        if (await isPlain(folder)) await compressRecording(folder, this.#closing.signal);
      } catch (error) {
        if (!this.#closing.signal.aborted && !disk.failed(error)) warn(`The recording of session ${id} cannot be compressed.`, error);
      }
    });
  }

  async #recordingsBytes(): Promise<number> {
    let sum = 0;
    for await (const id of this.#folders()) {
      const { recording, rest } = await folderSize(this.#folder(id));
      sum += recording + rest;
    }
    return sum;
  }

  async *#folders(): AsyncGenerator<string> {
    const entries = await readdir(this.#deps.recordings, { withFileTypes: true }).catch(() => []);
    for (const [i, entry] of entries.entries()) {
      if (i % SHOWN === 0) await othersFirst();
      if (entry.isDirectory()) yield entry.name;
    }
  }

  #folder(id: string): string {
    return join(this.#deps.recordings, id);
  }

  #believe(): number {
    this.#leap = this.#clock.leap();
    return this.#leap;
  }

  #leapText(): string {
    return `The clock is ${Math.floor(this.#leap / DAY_MS)} days ahead of what it said before. Nothing is deleted by age until it has been so for a day.`;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#work.then(run, run);
    this.#work = done;
    return done;
  }

  #later(ms: number, run: () => Promise<void>): void {
    const timer = this.#deps.clock.setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#closing.signal.aborted) return;
      run().catch((error: unknown) => {
        if (!this.#deps.disk.failed(error)) this.#deps.warn('The history could not be looked after.', error);
      });
    }, ms);
    this.#timers.add(timer);
  }
}
