/** Writes items of one chat and tells of them, in this order. A full disk ends nothing: what it did not take is written when it does. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { EventType } from '@afield/shared/events.ts';
import type { ChatRow } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRecord } from '../sessions/record.ts';
import { endEvent, itemOf, type OpenItem, rowOf, textOf } from './items.ts';

/** The row is written anew when this much was told beside it, or half of what it holds: events tell the rest, after any death. */
const UNSAVED = 8_192;
/** Events that tell of one open item; then its row tells instead, so that one talker does not crowd out everybody's events. */
const MAX_INTERIM = 400;
/** Items that a full disk did not take, and that are remembered. */
const MAX_UNWRITTEN = 200;

/** An item that may still change. */
export interface Entry<T extends OpenItem = OpenItem> {
  item: T;
  /** From here on events tell what its row may not hold. */
  fromSeq: number;
  unsaved: number;
  interim: number;
}

export type LedgerDeps = Pick<SessionDeps, 'clock' | 'disk' | 'warn' | 'newId'> & {
  store: Pick<SessionDeps['store'], 'chat' | 'events'>;
};

export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #record: SessionRecord;
  /** Rows that the disk did not take, in order; true: it has an earlier state of it. */
  readonly #unwritten = new Map<string, { row: ChatRow; known: boolean }>();

  constructor(deps: LedgerDeps, record: SessionRecord) {
    this.#deps = deps;
    this.#record = record;
  }

  /** What every item begins with. */
  stamp(): Pick<ChatItem, 'id' | 'session_id' | 'created_at' | 'updated_at'> {
    const now = timestamp(this.#deps.clock);
    return { id: this.#deps.newId(), session_id: this.#record.row.id, created_at: now, updated_at: now };
  }

  /** A new item of which more may come. */
  begin<T extends OpenItem>(item: T, key: string | null = null): Entry<T> {
    const entry = { item, fromSeq: this.#deps.store.events.nextSeq(), unsaved: 0, interim: 0 };
    this.#write(rowOf(item, entry.fromSeq, key), false);
    this.#tell(item.kind === 'tool' ? 'tool.call_start' : 'message.start', item);
    return entry;
  }

  /** A new item that is as it is for good. */
  add(item: ChatItem, key: string | null = null): void {
    this.#write(rowOf(item, this.#deps.store.events.nextSeq(), key), false);
    this.#tell(endEvent(item), item);
  }

  /** An item of earlier is as it is now. */
  change(item: ChatItem, event: EventType = endEvent(item)): void {
    item.updated_at = this.#later(item);
    this.#write(rowOf(item, this.#deps.store.events.nextSeq()), true);
    this.#tell(event, item);
  }

  /** An item of earlier that is open again. */
  again<T extends OpenItem>(item: T): Entry<T> {
    const entry = { item, fromSeq: this.#deps.store.events.nextSeq(), unsaved: 0, interim: 0 };
    this.#save(entry);
    this.#tell(item.kind === 'tool' ? 'tool.call_updated' : 'message.start', item);
    return entry;
  }

  /** More of it, which stands in `entry.item` already: at `at`. */
  chunk(entry: Entry, at: number, text: string): void {
    const { item } = entry;
    entry.unsaved += text.length;
    // Read anew by whoever missed some of it.
    if (++entry.interim > MAX_INTERIM) this.#forget(entry);
    this.#record.publish('message.chunk', { item_id: item.id, at, text });
    if (entry.unsaved >= Math.max(UNSAVED, textOf(item).length / 2)) this.#save(entry);
  }

  /** All of it anew. `rebased`: its text is not what was told with more behind it. */
  update(entry: Entry, rebased: boolean): void {
    if (rebased || ++entry.interim > MAX_INTERIM) this.#forget(entry);
    else this.#save(entry);
    this.#tell('tool.call_updated', entry.item);
  }

  /** It is as it is for good: whoever comes later is told of it once. */
  finish(entry: Entry): void {
    this.#save(entry);
    this.#tell(endEvent(entry.item), entry.item);
    this.#drop(entry);
  }

  /** The newest item of this key. */
  byKey(key: string): ChatItem | null {
    const unwritten = [...this.#unwritten.values()].findLast(({ row }) => row.key === key)?.row;
    const row = unwritten ?? this.#guarded(() => this.#deps.store.chat.byKey(this.#record.row.id, key));
    return row === null ? null : itemOf(row);
  }

  get(id: string): ChatItem | null {
    const row = this.#unwritten.get(id)?.row ?? this.#guarded(() => this.#deps.store.chat.get(id));
    return row === null ? null : itemOf(row);
  }

  /** Items that stand on no disk yet, in order; newer than all that do. */
  unwritten(): ChatItem[] {
    return [...this.#unwritten.values()].filter(({ known }) => !known).map(({ row }) => itemOf(row));
  }

  #save(entry: Entry): void {
    entry.item.updated_at = this.#later(entry.item);
    entry.unsaved = 0;
    this.#write(rowOf(entry.item, entry.fromSeq), true);
  }

  /** Its row holds all of it, so that what told of it may go. */
  #forget(entry: Entry): void {
    const before = entry.fromSeq;
    entry.fromSeq = this.#deps.store.events.nextSeq();
    entry.interim = 0;
    this.#save(entry);
    this.#guarded(() => this.#deps.store.events.drop({ session_id: this.#record.row.id, item_id: entry.item.id, from: before }));
  }

  #drop({ fromSeq: from, interim, item }: Entry): void {
    if (interim === 0) return;
    this.#guarded(() => this.#deps.store.events.drop({ session_id: this.#record.row.id, item_id: item.id, from }));
  }

  /** Whoever has two states of an item takes the later one, though the clock went back. */
  #later({ updated_at }: ChatItem): string {
    const now = timestamp(this.#deps.clock);
    return now > updated_at ? now : updated_at;
  }

  #tell(type: EventType, item: ChatItem): void {
    // What is told stays as it was told, though the item goes on.
    this.#record.publish(type, { item: { ...item } } as never);
  }

  #write(row: ChatRow, known: boolean): void {
    const late = this.#unwritten.get(row.id);
    this.#unwritten.set(row.id, { row: late?.row.key == null ? row : { ...row, key: late.row.key }, known: late?.known ?? known });
    if (this.#deps.disk?.writing !== false) this.writeAll();
    const oldest = this.#unwritten.size > MAX_UNWRITTEN ? this.#unwritten.keys().next() : null;
    if (oldest !== null && oldest.done !== true) this.#unwritten.delete(oldest.value);
  }

  /** What the disk did not take, while it takes things again. */
  writeAll(): void {
    for (const [id, { row, known }] of this.#unwritten) {
      if (!this.#put(row, known)) return;
      this.#unwritten.delete(id);
    }
  }

  /** False: the disk does not take it. */
  #put(row: ChatRow, known: boolean): boolean {
    const { chat } = this.#deps.store;
    const { body, updated_at } = row;
    try {
      if (known) chat.update(row.id, { body, updated_at });
      else chat.insert(row);
    } catch (error) {
      if (this.#deps.disk?.failed(error) === true) return false;
      // It would never be taken: nothing waits behind it.
      this.#deps.warn(`An item of the chat of session ${row.session_id} cannot be written.`, error);
    }
    return true;
  }

  #guarded<T>(act: () => T): T | null {
    try {
      return act();
    } catch (error) {
      // Of a full disk everybody was told once.
      if (this.#deps.disk?.failed(error) !== true) this.#deps.warn(`The chat of session ${this.#record.row.id} cannot be written.`, error);
      return null;
    }
  }
}
