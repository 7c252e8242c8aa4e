/** What an earlier server left of a chat: its items are brought to an end, and it goes on where its agent can. */
import { join } from 'node:path';
import type { ChatAbilities } from '@afield/shared/api/chat.ts';
import type { EventType } from '@afield/shared/events.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { MAX, tail } from './bounds.ts';
import { readKnown } from './chat-known.ts';
import { endEvent, fromSeqOf, isOpen, itemOf, rowOf, textOf } from './items.ts';

const PAGE = 200;
/** Items that may have been written and not told when the server died. */
const LOOKED_AT = 20;
const ENDS: EventType[] = ['message.complete', 'message.error', 'tool.call_complete', 'tool.call_error', 'plan.updated'];
const INTERIM: EventType[] = ['message.chunk', 'tool.call_updated'];

/** What is open is as it was told last, and cut. Returns whether anything was. */
export function cutOpenItems(deps: SessionDeps, row: SessionRow): boolean {
  const { store, events, clock } = deps;
  const open = store.chat.open(row.id);
  for (const kept of open) {
    const item = itemOf(kept);
    if (!isOpen(item)) continue;
    const text = toldText(deps, row.id, item.id, textOf(item), fromSeqOf(kept));
    if (item.kind === 'tool') {
      item.output_bytes += Math.max(0, Buffer.byteLength(text) - Buffer.byteLength(item.output));
      item.output = tail(text, MAX.output);
    } else item.text = text;
    item.state = 'cut';
    item.updated_at = timestamp(clock);
    store.chat.update(item.id, rowOf(item, fromSeqOf(kept)));
    events.publish(endEvent(item), row.id, { item } as never);
    store.events.drop({ session_id: row.id, item_id: item.id, from: fromSeqOf(kept) });
  }
  return open.length > 0;
}

/** With all pieces that were told after its row was written. */
function toldText({ store }: SessionDeps, session_id: string, item_id: string, written: string, from: number): string {
  let text = written;
  for (let since = from - 1; ; ) {
    const page = store.events.read({ since, limit: PAGE, session_id, types: ['message.chunk'] });
    for (const { seq, type, payload } of page) {
      since = seq;
      if (type === 'message.chunk' && payload.item_id === item_id && payload.at === text.length) text += payload.text;
    }
    if (page.length < PAGE) return text;
  }
}

/** A server that died between writing an item and telling of it, or before it put away what told of it while it was open. */
export function tellUntold({ store, events }: SessionDeps, row: SessionRow): void {
  const newest = store.chat.list({ session_id: row.id, limit: LOOKED_AT }).filter((kept) => !isOpen(itemOf(kept)));
  if (newest.length === 0) return;
  const told = new Set<string>();
  const interim = new Set<string>();
  for (let since = Math.min(...newest.map(fromSeqOf)) - 1; ; ) {
    const page = store.events.read({ since, limit: PAGE, session_id: row.id, types: [...ENDS, ...INTERIM] });
    for (const { seq, type, payload } of page) {
      since = seq;
      const item_id = (payload as { item_id?: string; item?: { id: string } }).item_id ?? (payload as { item: { id: string } }).item.id;
      (INTERIM.includes(type) ? interim : told).add(item_id);
    }
    if (page.length < PAGE) break;
  }
  for (const kept of newest.toReversed()) {
    const item = itemOf(kept);
    if (!told.has(kept.id)) events.publish(endEvent(item), row.id, { item } as never);
    if (interim.has(kept.id)) store.events.drop({ session_id: row.id, item_id: kept.id, from: fromSeqOf(kept) });
  }
}

/** False while there is nothing in it that an agent would have to know. */
export function wasUsed({ store }: Pick<SessionDeps, 'store'>, id: string): boolean {
  return store.chat.list({ session_id: id, limit: LOOKED_AT }).some(({ kind }) => kind !== 'notice');
}

/** What the agent of a chat can do that does not run, as far as anybody knows; null: it cannot be started. */
export function abilitiesOf({ chatRuntimes, recordings }: SessionDeps, { id, runtime }: SessionRow): ChatAbilities | null {
  const known = chatRuntimes.get(runtime);
  return known === null ? null : (readKnown(id, join(recordings, id))?.can ?? known.can);
}

/** Its agent can go on after an end of its process, or there is nothing to go on with. */
export function canGoOn(deps: SessionDeps, row: SessionRow): boolean {
  const can = abilitiesOf(deps, row);
  if (can === null) return false;
  return !wasUsed(deps, row.id) || (row.agent_session_id !== null && can.resume);
}
