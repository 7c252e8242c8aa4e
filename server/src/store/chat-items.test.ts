import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatRow } from '../core/chat-stores.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-items-'));
  store = openStore(join(folder, 'afield.db'));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});
const at = '2026-01-01T00:00:00.000Z';
const row = (id: string, body: ChatRow['body'], session_id = 's'): ChatRow => ({
  id,
  session_id,
  kind: 'message',
  body,
  created_at: at,
  updated_at: at,
});
const ids = (rows: ChatRow[]) => rows.map(({ id }) => id);

describe('items of a chat', () => {
  it('are listed newest first in the order in which they came, page by page, and purged in steps', () => {
    for (const id of ['c', 'a', 'b']) store.chat.insert(row(id, { text: id }));
    store.chat.insert(row('x', {}, 'other'));
    expect(ids(store.chat.list({ session_id: 's', limit: 2 }))).toEqual(['b', 'a']);
    expect(ids(store.chat.list({ session_id: 's', limit: 2, before: 'a' }))).toEqual(['c']);
    expect(ids(store.chat.list({ session_id: 's', limit: 2, before: 'nobody' }))).toEqual([]);
    store.chat.update('a', { body: { text: 'ü' }, updated_at: 'later' });
    expect(store.chat.get('a')).toEqual({ ...row('a', { text: 'ü' }), key: null, updated_at: 'later' });
    expect([store.chat.purge('s', 2), store.chat.purge('s', 2), store.chat.purge('s', 2)]).toEqual([2, 1, 0]);
    expect(ids(store.chat.list({ session_id: 'other', limit: 9 }))).toEqual(['x']);
  });

  it('are found by what their agent calls them, in their own session', () => {
    store.chat.insert(row('0', {}));
    for (const [id, key] of ['k', 'k', 'other'].entries()) store.chat.insert({ ...row(`${id + 1}`, {}), key });
    store.chat.insert({ ...row('4', {}, 'another'), key: 'elsewhere' });
    store.chat.update('2', { body: { text: 'more' }, updated_at: 'later' });
    expect(store.chat.byKey('s', 'k')).toMatchObject({ id: '2', body: { text: 'more' } });
    expect(store.chat.byKey('s', 'elsewhere')).toBeNull();
  });

  it('of which more may come are found, oldest first', () => {
    const states = { 1: 'open', 2: 'done', 3: 'running', 4: 'cut', 5: 'pending', 6: undefined };
    for (const [id, state] of Object.entries(states)) store.chat.insert(row(id, state === undefined ? {} : { state }));
    store.chat.insert(row('7', { state: 'open' }, 'other'));
    expect(ids(store.chat.open('s'))).toEqual(['1', '3', '5']);
  });
});

describe('what told of an item while it was open', () => {
  it('is dropped from a seq on, of this item alone', () => {
    const chunk = (item_id: string, session_id = 's') =>
      store.events.append({ type: 'message.chunk', session_id, timestamp: at, payload: { item_id, at: 0, text: 'x' } });
    const about = (type: 'message.start' | 'tool.call_updated', id: string) =>
      store.events.append({ type, session_id: 's', timestamp: at, payload: { item: { id } as never } });
    const early = chunk('a');
    const kept = [early, about('message.start', 'a')];
    const from = chunk('a');
    about('tool.call_updated', 'a');
    kept.push(about('tool.call_updated', 'b'), chunk('b'), chunk('a', 'other'));
    chunk('a');
    store.events.drop({ session_id: 's', item_id: 'a', from });
    expect(store.events.read({ since: 0, limit: 20 }).map(({ seq }) => seq)).toEqual(kept);
    // What is gone leaves no doubt whether something was missed.
    expect([store.events.firstSeq(), store.events.nextSeq()]).toEqual([1, 9]);
  });
});
