/**
 * Folds what an agent tells into the items of a chat: written, then told. Nothing that an agent says makes it throw, or grow without a
 * bound. The first piece of a message goes out at once, later ones are gathered for a moment.
 */
import type { ChatItem, PlanStep } from '@afield/shared/api/chat.ts';
import type { ToolPatch } from '../chat-ports.ts';
import type { PromptRow } from '../ports.ts';
import type { SessionRecord } from '../sessions/record.ts';
import { boundSteps, head, MAX, short } from './bounds.ts';
import { type MessageItem, type ThoughtItem, type ToolItem, textOf } from './items.ts';
import { type Entry, Ledger, type LedgerDeps } from './ledger.ts';
import { keyOf, type Retelling, Retold } from './retold.ts';
import { ToolCalls } from './tool-calls.ts';
import { logItem } from './transcript-log.ts';

/** Pieces that come closer together go out together. */
const GATHER_MS = 50;
const MAX_OPEN = 64;
const MAX_KNOWN = 200;
/** Of one turn; what comes then is counted. */
const MAX_NOTICES = 100;
const CUT = '\n\n[Afield keeps no more than this of one message.]';

type Role = 'agent' | 'thought' | 'user';
type TextItem = MessageItem | ThoughtItem;
interface Text {
  entry: Entry<TextItem>;
  pending: string;
  /** It is longer than what is kept of it. */
  full: boolean;
}

export class Transcript {
  readonly #deps: LedgerDeps;
  readonly #record: SessionRecord;
  readonly #ledger: Ledger;
  readonly #tools: ToolCalls;
  /** Null: whatever the agent tells is new. */
  readonly #retold: Retold | null;
  readonly #texts = new Map<string, Text>();
  /** Texts that are complete, of this run of the agent: one that was cut may be told once more when its turn is over. */
  readonly #done = new Map<string, string>();
  /** What a person said, as the agent tells it: known when it is complete. */
  readonly #heard = new Map<string, string>();
  /** What was given through us, and the agent has not repeated yet. */
  #given: string[] = [];
  #plan: Extract<ChatItem, { kind: 'plan' }> | null = null;
  #notices = 0;
  #used = false;
  #lastNotice = '';
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | null = null;

  /** `retelling`: the agent may tell the same again, by the same keys. */
  constructor(deps: LedgerDeps, record: SessionRecord, retelling: Retelling | null = null) {
    this.#deps = deps;
    this.#record = record;
    this.#ledger = new Ledger(deps, record);
    this.#retold = retelling === null ? null : new Retold(this.#ledger, retelling);
    const events = { done: (item: ToolItem) => this.#log(item), waits: () => this.#soon() };
    this.#tools = new ToolCalls(deps.clock, this.#ledger, events, retelling !== null);
  }

  /** Something was said, by anybody. */
  get used(): boolean {
    return this.#used;
  }
  get runningTools(): number {
    return this.#tools.running;
  }
  /** Item of a tool call; null: it was never announced. */
  itemOfTool(key: string): string | null {
    return this.#tools.itemOf(key);
  }
  /** There is an item of this key. Only of agents that tell things again. */
  knows(role: Role | 'tool', key: string): boolean {
    return this.#retold?.knows(`${role} ${key}`) === true;
  }
  /** As they are now: newer than their rows. Those of `unwritten` are newer than all that have a row. */
  now(): { open: ReadonlyMap<string, ChatItem>; unwritten: ChatItem[] } {
    const items = [...[...this.#texts.values()].map(({ entry }) => entry.item), ...this.#tools.items()];
    return { open: new Map(items.map((item) => [item.id, { ...item }])), unwritten: this.#ledger.unwritten() };
  }

  text(key: string, role: Role, text: string): void {
    if (text === '') return;
    const name = `${role} ${key}`;
    this.#used = true;
    const open = this.#texts.get(name);
    if (role === 'user') this.#hear(name, text);
    else if (open === undefined) {
      if (this.#retold?.text(name, text) !== true) this.#begin(name, role, text);
    } else {
      this.#grow(open, text);
      this.#soon();
    }
  }

  textDone(key: string, role: Role, text?: string): void {
    const name = `${role} ${key}`;
    const open = this.#texts.get(name);
    if (role === 'user') this.#said(name, text);
    else if (open !== undefined) this.#complete(name, open, text);
    else if (this.#retold?.done(name, text) === true) return;
    else if (text !== undefined && text !== '' && !this.#saidBefore(name, text)) this.#complete(name, this.#begin(name, role, text), text);
  }

  tool(key: string, patch: ToolPatch): ToolItem {
    this.#used = true;
    return this.#tools.patch(key, patch);
  }
  toolOutput(key: string, text: string): void {
    if (text !== '') this.#tools.output(key, text);
  }

  plan(steps: readonly PlanStep[]): PlanStep[] {
    const bound = boundSteps(steps);
    if (this.#plan === null) {
      if (bound.length === 0) return bound;
      this.#plan = { ...this.#ledger.stamp(), kind: 'plan', steps: bound };
      this.#ledger.add(this.#plan);
    } else {
      this.#plan = { ...this.#plan, steps: bound };
      this.#ledger.change(this.#plan);
    }
    return bound;
  }

  notice(level: 'info' | 'warning' | 'error', text: string): void {
    const kept = short(text, MAX.notice);
    const same = `${level} ${kept}`;
    if (same === this.#lastNotice || this.#notices > MAX_NOTICES) return;
    this.#lastNotice = same;
    const last = ++this.#notices > MAX_NOTICES;
    const item = { ...this.#ledger.stamp(), kind: 'notice' as const };
    const whole: ChatItem = last
      ? { ...item, level: 'warning', text: 'More notices follow in this turn, which are left out.' }
      : { ...item, level, text: kept };
    this.#ledger.add(whole);
    this.#log(whole);
  }

  /** A prompt, when it is given to the agent. */
  prompted({ id, content, attachments }: PromptRow): void {
    this.#used = true;
    this.#given = [...this.#given.slice(-15), content.trim()];
    this.#user(content, id, attachments);
  }

  approval(approval_id: string): void {
    this.#ledger.add({ ...this.#ledger.stamp(), kind: 'approval', approval_id });
  }

  /** A turn is over. What is still open was all of it, or (`cut`) was cut off; a tool call that has no end was. */
  turnOver(cut: boolean): void {
    for (const [name, open] of [...this.#texts]) this.#complete(name, open, undefined, cut ? 'cut' : 'done');
    for (const name of [...this.#heard.keys()]) this.#said(name, undefined);
    this.#retold?.over();
    this.#tools.cut();
    if (this.#plan !== null) this.#log(this.#plan);
    this.#plan = null;
    this.#notices = 0;
    this.#lastNotice = '';
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Its agent is gone: the next one may use the same keys for something else. */
  runOver(): void {
    this.turnOver(true);
    this.#done.clear();
    this.#tools.forget();
  }

  /** The disk takes things again. */
  keep(): void {
    this.#ledger.writeAll();
  }

  /** Tells what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#flushedAt = this.#deps.clock.monotonic();
    for (const open of this.#texts.values()) this.#flushText(open);
    const next = this.#tools.flush();
    if (next !== null) this.#timer = this.#deps.clock.setTimeout(() => this.flush(), Math.max(GATHER_MS, Math.ceil(next)));
  }

  #begin(name: string, role: 'agent' | 'thought', text: string): Text {
    const oldest = this.#texts.size >= MAX_OPEN ? this.#texts.entries().next() : null;
    if (oldest !== null && oldest.done !== true) this.#complete(...oldest.value);
    const kept = head(text, role === 'agent' ? MAX.message : MAX.thought);
    const base = { ...this.#ledger.stamp(), state: 'open' as const, text: kept };
    const item: TextItem =
      role === 'thought' ? { ...base, kind: 'thought' } : { ...base, kind: 'message', role: 'agent', prompt_id: null, attachments: [] };
    const open = {
      entry: this.#ledger.begin(item, this.#retold === null ? null : keyOf(name)),
      pending: '',
      full: kept.length < text.length,
    };
    this.#texts.set(name, open);
    this.#flushedAt = this.#deps.clock.monotonic();
    return open;
  }

  #grow(open: Text, text: string): void {
    if (open.full) return;
    const { item } = open.entry;
    const kept = head(text, limitOf(item) - item.text.length);
    open.full = kept.length < text.length;
    item.text += kept;
    open.pending += kept;
  }

  #complete(name: string, open: Text, text?: string, state: 'done' | 'cut' = 'done'): void {
    const { item } = open.entry;
    this.#flushText(open);
    if (text !== undefined) item.text = bounded(text, limitOf(item));
    else if (open.full) item.text += CUT;
    item.state = state;
    this.#texts.delete(name);
    this.#done.set(name, item.id);
    const oldest = this.#done.size > MAX_KNOWN ? this.#done.keys().next() : null;
    if (oldest !== null && oldest.done !== true) this.#done.delete(oldest.value);
    this.#ledger.finish(open.entry);
    this.#log(item);
  }

  /** True for a text that was complete already: it is this one now. */
  #saidBefore(name: string, text: string): boolean {
    const id = this.#done.get(name);
    const item = id === undefined ? null : this.#ledger.get(id);
    if (item?.kind !== 'message' && item?.kind !== 'thought') return false;
    const whole = bounded(text, limitOf(item));
    if (whole !== item.text) this.#ledger.change({ ...item, text: whole });
    return true;
  }

  #hear(name: string, text: string): void {
    if (this.#heard.size >= MAX_OPEN && !this.#heard.has(name)) return;
    const before = this.#heard.get(name) ?? '';
    this.#heard.set(name, before + head(text, MAX.message - before.length));
  }

  #said(name: string, text: string | undefined): void {
    const whole = head(text ?? this.#heard.get(name) ?? '', MAX.message);
    this.#heard.delete(name);
    const ours = this.#given.indexOf(whole.trim());
    if (this.#retold !== null) this.#saidAtDesk(name, whole, this.#retold);
    else if (ours >= 0) this.#given.splice(ours, 1);
    else if (whole.trim() !== '') this.#user(whole, null, []);
  }

  /** Behind a terminal, where the log has what was typed. */
  #saidAtDesk(name: string, text: string, retold: Retold): void {
    if (text.trim() === '' || retold.knows(name)) return;
    this.#used = true;
    const prompt = retold.promptOf(text);
    this.#ledger.add(this.#userItem(text, prompt?.id ?? null, prompt?.attachments ?? []), keyOf(name));
  }

  #user(text: string, prompt_id: string | null, attachments: PromptRow['attachments']): void {
    const item = this.#userItem(text, prompt_id, attachments);
    this.#ledger.add(item);
    this.#log(item);
  }
  #userItem(text: string, prompt_id: string | null, attachments: PromptRow['attachments']): MessageItem {
    return { ...this.#ledger.stamp(), kind: 'message', role: 'user', state: 'done', text, prompt_id, attachments };
  }

  #soon(): void {
    if (this.#timer !== null) return;
    const wait = this.#flushedAt + GATHER_MS - this.#deps.clock.monotonic();
    if (wait <= 0) this.flush();
    else this.#timer = this.#deps.clock.setTimeout(() => this.flush(), Math.ceil(wait));
  }

  #flushText(open: Text): void {
    if (open.pending === '') return;
    const { pending, entry } = open;
    open.pending = '';
    this.#ledger.chunk(entry, textOf(entry.item).length - pending.length, pending);
  }

  #log(item: ChatItem): void {
    const entry = logItem(item);
    if (entry !== null) this.#record.log(entry.type, entry.text, { item_id: item.id, ...entry.detail });
  }
}

const limitOf = ({ kind }: TextItem) => (kind === 'thought' ? MAX.thought : MAX.message);
const bounded = (text: string, limit: number) => (text.length <= limit ? text : head(text, limit) + CUT);
