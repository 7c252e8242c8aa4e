/** Folds what an agent tells of its tool calls into items: announced or not, in any order, as often and as much as it likes. */
import type { ToolPatch } from '../chat-ports.ts';
import type { Clock } from '../ports.ts';
import { boundDiffs, head, line, MAX, short, tail } from './bounds.ts';
import { isOpen, sizeOf, type ToolItem } from './items.ts';
import type { Entry, Ledger } from './ledger.ts';
import { keyOf } from './retold.ts';

/** What is known better of one call is told this often at most. */
const UPDATE_MS = 250;
/** An output that is longer than what is kept of it is told as a whole, this often at most. */
const REBASE_MS = 1_000;
/** Cut only when it is so long, so that many small pieces cost little. */
const LONG = 4 * MAX.output;
/** Calls of one agent that are open at a time, and those of earlier that are remembered by their key. */
const MAX_OPEN = 256;
const MAX_KNOWN = 1_000;

interface Call {
  entry: Entry<ToolItem>;
  /** Output that was not told yet. */
  pending: string;
  /** All output, while it is longer than what is kept: cut to that when it is told. */
  long: string | null;
  /** When all of it was told last, and may be told next. */
  toldAt: number;
  /** Something beside output is new; the output is not what was told with more behind it. */
  changed: boolean;
  rebased: boolean;
  /** It was cut once already. */
  again: boolean;
}

export interface ToolEvents {
  /** It is as it is for good. */
  done(item: ToolItem): void;
  /** Something waits to be told: call `flush` in a moment. */
  waits(): void;
}

export class ToolCalls {
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #events: ToolEvents;
  /** The same key is always the same call. */
  readonly #retold: boolean;
  readonly #open = new Map<string, Call>();
  /** Items of calls that are over, by key, and the turn they were of. */
  readonly #known = new Map<string, { id: string; turn: number }>();
  #turn = 0;

  constructor(clock: Clock, ledger: Ledger, events: ToolEvents, retold = false) {
    this.#retold = retold;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#events = events;
  }

  /** Item of a call; null: it was never announced. */
  itemOf(key: string): string | null {
    return this.#open.get(key)?.entry.item.id ?? this.#before(key)?.id ?? null;
  }
  /** Calls that run now. */
  get running(): number {
    return [...this.#open.values()].filter(({ entry }) => entry.item.state === 'running').length;
  }
  items(): ToolItem[] {
    return [...this.#open.values()].map((call) => settled(call).item);
  }

  patch(key: string, patch: ToolPatch): ToolItem {
    const call = this.#open.get(key);
    if (call === undefined) return this.#late(key, patch) ?? this.#begin(key, patch);
    apply(settled(call).item, patch);
    if (patch.output !== undefined) {
      call.rebased = true;
      call.pending = '';
    }
    call.changed = true;
    if (!isOpen(call.entry.item)) this.#finish(key, call);
    else this.#soon(call);
    return call.entry.item;
  }

  output(key: string, text: string): void {
    const call = this.#open.get(key) ?? this.#lateOutput(key, text);
    if (call === null) return;
    const { item } = call.entry;
    item.output_bytes += Buffer.byteLength(text);
    const kept = tail(text, MAX.output);
    if (call.long === null && item.output.length + kept.length <= MAX.output) {
      item.output += kept;
      if (!call.rebased) call.pending += kept;
    } else {
      call.long = (call.long ?? item.output) + kept;
      if (call.long.length > LONG) call.long = tail(call.long, MAX.output);
      call.rebased = true;
      call.pending = '';
    }
    this.#events.waits();
  }

  /** Tells what waits and may be told now; ms until more of it may, null when nothing waits. */
  flush(): number | null {
    let next: number | null = null;
    for (const call of this.#open.values()) {
      const wait = this.#flush(call);
      if (wait !== null) next = Math.min(next ?? wait, wait);
    }
    return next;
  }

  /** A turn is over: what is open now stays as it is. */
  cut(): void {
    this.#turn++;
    for (const [key, call] of [...this.#open]) {
      call.entry.item.state = 'cut';
      this.#finish(key, call);
    }
  }

  /** What comes now is of other calls, whatever their keys. */
  forget(): void {
    this.#known.clear();
  }

  #begin(key: string, patch: ToolPatch): ToolItem {
    const oldest = this.#open.size >= MAX_OPEN ? this.#open.entries().next() : null;
    if (oldest !== null && oldest.done !== true) {
      oldest.value[1].entry.item.state = 'cut';
      this.#finish(...oldest.value);
    }
    const item: ToolItem = {
      ...this.#ledger.stamp(),
      kind: 'tool',
      state: 'pending',
      tool_kind: 'other',
      name: '',
      title: '',
      input: null,
      output: '',
      output_bytes: 0,
      diffs: [],
      locations: [],
    };
    apply(item, patch);
    const { state } = item;
    // Told as it began, so that nobody hears the end first.
    if (!isOpen(item)) (item as ToolItem).state = 'running';
    const entry = this.#ledger.begin(item, this.#retold ? nameOf(key) : null);
    const call = this.#hold(key, entry);
    item.state = state;
    if (!isOpen(item)) this.#finish(key, call);
    return item;
  }

  #hold(key: string, entry: Entry<ToolItem>, again = false): Call {
    const call: Call = { entry, pending: '', long: null, toldAt: this.#clock.monotonic(), changed: false, rebased: false, again };
    this.#open.set(key, call);
    return call;
  }

  /** A call that is over; null: there was none of this key. */
  #before(key: string): { id: string; turn: number } | null {
    const known = this.#known.get(key);
    if (known !== undefined || !this.#retold) return known ?? null;
    const item = this.#ledger.byKey(nameOf(key));
    return item === null ? null : { id: item.id, turn: this.#turn };
  }

  /** More about a call that was over. Null: it is another one, with the same key. */
  #late(key: string, patch: ToolPatch): ToolItem | null {
    const known = this.#before(key);
    if (known === null) return null;
    const { state, ...rest } = patch;
    const runs = state === 'pending' || state === 'running';
    const item = this.#ledger.get(known.id);
    if (item?.kind !== 'tool') return null;
    // One that was cut tells its end when its turn is over already.
    const ends = known.turn === this.#turn || item.state === 'cut';
    if (!this.#retold && patch.name !== undefined && (runs || !ends)) return null;
    if (this.#retold && runs && item.state === 'cut') {
      // It was cut when nobody listened any more, and goes on.
      apply(item, patch);
      return this.#hold(key, this.#ledger.again(item), true).entry.item;
    }
    const before = this.#retold ? JSON.stringify(item) : null;
    // It is over, whatever comes late.
    apply(item, runs || state === undefined ? rest : patch);
    if (before !== JSON.stringify(item)) this.#ledger.change(item);
    return item;
  }

  #lateOutput(key: string, text: string): Call | null {
    const known = this.#before(key);
    const item = known === null ? null : this.#ledger.get(known.id);
    if (item?.kind !== 'tool') {
      this.#begin(key, { state: 'running' });
      return this.#open.get(key) ?? null;
    }
    // Told again: it has all of it.
    if (this.#retold && item.state !== 'cut') return null;
    item.output_bytes += Buffer.byteLength(text);
    item.output = tail(item.output + tail(text, MAX.output), MAX.output);
    this.#ledger.change(item);
    return null;
  }

  #soon(call: Call): void {
    if (this.#flush(call) !== null) this.#events.waits();
  }

  #flush(call: Call): number | null {
    const { entry } = call;
    if (call.changed || call.rebased) {
      const wait = call.toldAt + pauseFor(call) - this.#clock.monotonic();
      if (wait > 0) return wait;
      call.toldAt = this.#clock.monotonic();
      this.#ledger.update(settled(call), call.rebased);
      call.changed = false;
      call.rebased = false;
      call.pending = '';
    } else if (call.pending !== '') {
      this.#ledger.chunk(entry, entry.item.output.length - call.pending.length, call.pending);
      call.pending = '';
    }
    return null;
  }

  #finish(key: string, call: Call): void {
    const entry = settled(call);
    this.#open.delete(key);
    this.#known.delete(key);
    this.#known.set(key, { id: entry.item.id, turn: this.#turn });
    const oldest = this.#known.size > MAX_KNOWN ? this.#known.keys().next() : null;
    if (oldest !== null && oldest.done !== true) this.#known.delete(oldest.value);
    this.#ledger.finish(entry);
    if (!call.again || entry.item.state !== 'cut') this.#events.done(entry.item);
  }
}

/** The larger it is, the more seldom all of it is told. */
function pauseFor({ entry, rebased }: Call): number {
  return Math.max(rebased ? REBASE_MS : 0, UPDATE_MS * (1 + sizeOf(entry.item) / MAX.output));
}

/** With its output as it is kept. */
function settled(call: Call): Entry<ToolItem> {
  if (call.long !== null) call.entry.item.output = tail(call.long, MAX.output);
  call.long = null;
  return call.entry;
}

function apply(item: ToolItem, patch: ToolPatch): void {
  if (patch.name !== undefined) item.name = line(patch.name, MAX.name);
  if (patch.kind !== undefined) item.tool_kind = patch.kind;
  if (patch.title !== undefined) item.title = line(patch.title, MAX.title);
  if (patch.input !== undefined) item.input = short(patch.input, MAX.input);
  if (patch.diffs !== undefined) item.diffs = boundDiffs(patch.diffs);
  if (patch.locations !== undefined) {
    item.locations = patch.locations.slice(0, MAX.locations).map((at) => ({ path: head(at.path, MAX.path), line: whole(at.line) }));
  }
  if (patch.output !== undefined) {
    item.output = tail(patch.output, MAX.output);
    item.output_bytes = Buffer.byteLength(patch.output);
  }
  if (patch.state !== undefined) item.state = patch.state;
}

const nameOf = (key: string) => keyOf(`tool ${key}`);
const whole = (value: number | null) => (value === null || !Number.isFinite(value) ? null : Math.trunc(value));
