/** What is kept of a chat: through a full disk, for a thousand turns, and until somebody deletes it. */
import { existsSync } from 'node:fs';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleAsk } from '../../approvals-kit.ts';
import { failure, openTalk, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import type { Disk } from '../history/storage.ts';
import { folderSize } from '../recording/archive.ts';
import { rowOf } from './items.ts';

let talk: Talk;
afterEach(() => talk.house.close());
const say = (...updates: ChatUpdate[]) => talk.chat.agent.say(...updates);
const texts = (items: readonly ChatItem[]) => items.map((item) => ('text' in item ? item.text : item.kind));

describe('a full disk', () => {
  let writing: boolean;
  const handlers = new Set<(writing: boolean) => void>();
  const disk: Disk = {
    get writing() {
      return writing;
    },
    failed: (error) => {
      const full = (error as { code?: string }).code === 'SQLITE_FULL' || (error as { code?: string }).code === 'storage_full';
      if (full) writing = false;
      return full;
    },
    wrote: () => {},
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  const pragma = (line: string) => (talk.house.store.db as unknown as { $client: { pragma(line: string): unknown } }).$client.pragma(line);
  /** From now on the database takes no more. */
  const fill = () => {
    const [{ page_count }] = pragma('page_count') as [{ page_count: number }];
    pragma(`max_page_count = ${page_count}`);
  };
  const room = () => {
    pragma('max_page_count = 1000000');
    writing = true;
    for (const handler of handlers) handler(true);
  };
  beforeEach(() => {
    writing = true;
    handlers.clear();
    talk = openTalk({ deps: { disk } });
  });

  it('ends nothing: what is said is told, read, and kept when there is room again', async () => {
    const { id } = await talk.begin({ prompt: 'go' });
    await talk.given(1);
    fill();
    const long = 'x'.repeat(20_000);
    say({ type: 'running' }, { type: 'text', key: 'a', role: 'agent', text: long }, { type: 'text_done', key: 'a', role: 'agent' });
    say(
      { type: 'text', key: 'b', role: 'agent', text: 'second' },
      { type: 'tool', key: 't', patch: { name: 'Bash', state: 'done', output: long } },
    );
    expect(writing).toBe(false);
    expect(talk.told('message.complete').at(-1)?.item).toMatchObject({ text: long });
    expect(texts(talk.items(id))).toEqual(['go', long, 'second', 'tool']);
    expect(talk.house.sessions.message(id, talk.items(id)[2]!.id)).toMatchObject({ text: 'second', state: 'open' });
    expect(talk.house.store.chat.list({ session_id: id, limit: 10 })).toHaveLength(1);
    room();
    expect(texts(talk.items(id))).toEqual(['go', long, 'second', 'tool']);
    expect(talk.house.store.chat.list({ session_id: id, limit: 10 })).toHaveLength(4);
    say({ type: 'text_done', key: 'b', role: 'agent' }, { type: 'idle', stop: 'done' });
    expect(talk.house.store.chat.open(id)).toEqual([]);
    expect(talk.get(id).status).toBe('idle');
  });

  it('gives no prompt that cannot be remembered, and gives it when there is room', async () => {
    const { id } = await talk.begin();
    const prompt = await talk.prompt(id, 'x'.repeat(90_000));
    await talk.given(1);
    talk.chat.agent.answerWith('ok');
    fill();
    await expect(talk.prompt(id, 'y'.repeat(90_000))).rejects.toThrow();
    expect(talk.chat.agent.prompts).toHaveLength(1);
    room();
    await talk.prompt(id, 'now');
    await talk.given(2);
    expect(talk.states(prompt.id)).toEqual(['home', 'accepted', 'consumed']);
  });
});

describe('a session of a thousand turns', () => {
  it('opens at its tail: no more is read than is shown, and every page follows the one before', async () => {
    talk = openTalk();
    const { id } = await talk.begin();
    const { chat } = talk.house.store;
    const at = new Date(0).toISOString();
    const stamp = () => ({ id: uuidv7(), session_id: id, created_at: at, updated_at: at });
    talk.house.store.atomically(() => {
      for (let turn = 0; turn < 1_000; turn++) {
        const message = { kind: 'message' as const, state: 'done' as const, prompt_id: null, attachments: [] };
        chat.insert(rowOf({ ...stamp(), ...message, role: 'user', text: `ask ${turn}` }, 0));
        chat.insert(rowOf({ ...stamp(), kind: 'thought', state: 'done', text: `hm ${turn}` }, 0));
        chat.insert(rowOf({ ...stamp(), ...message, role: 'agent', text: `answer ${turn}` }, 0));
      }
    });
    const read: number[] = [];
    const { list } = chat;
    chat.list = (query) => {
      const rows = list(query);
      read.push(rows.length);
      return rows;
    };
    const tail = talk.house.sessions.messages(id, { limit: 60 });
    expect(read).toEqual([61]);
    expect(texts(tail.items).slice(-3)).toEqual(['ask 999', 'hm 999', 'answer 999']);
    const all = [...tail.items];
    for (let cursor = tail.next_cursor; cursor !== null; ) {
      const page = talk.house.sessions.messages(id, { limit: 200, cursor });
      all.unshift(...page.items);
      cursor = page.next_cursor;
    }
    expect(texts(all)).toEqual(Array.from({ length: 1_000 }, (_, turn) => [`ask ${turn}`, `hm ${turn}`, `answer ${turn}`]).flat());
    // By its index, not by sorting.
    const { $client } = talk.house.store.db as unknown as {
      $client: { prepare(sql: string): { all(...values: unknown[]): { detail: string }[] } };
    };
    const plan = $client
      .prepare('EXPLAIN QUERY PLAN SELECT * FROM chat_items WHERE session_id = ? AND seq < ? ORDER BY seq DESC LIMIT 61')
      .all(id, 9);
    expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('INDEX chat_items_session (session_id=? AND seq<?)')]);
  });
});

describe('a chat that is deleted', () => {
  it('leaves nothing behind: items, approvals, files', async () => {
    talk = openTalk();
    const { id } = await talk.begin();
    const image = { name: 'a.png', media_type: 'image/png', base64: Buffer.alloc(50_000).toString('base64') };
    await talk.prompt(id, 'look', { attachments: [image] });
    await talk.given(1);
    expect((await folderSize(`${talk.house.folder}/recordings/${id}`)).rest).toBeGreaterThanOrEqual(50_000);
    const ask = sampleAsk({ tool_id: null, subject: 'ls', options: [] });
    say({ type: 'running' }, { type: 'ask', key: 'k', ask });
    for (let i = 0; i < 250; i++) say({ type: 'text_done', key: `m${i}`, role: 'agent', text: `message ${i}` });
    expect((await failure(() => talk.house.sessions.purge(id))).code).toBe('conflict');
    await talk.house.sessions.stop(id, 'me');
    await talk.house.sessions.purge(id);
    const { store, folder } = talk.house;
    expect(store.chat.list({ session_id: id, limit: 5 })).toEqual([]);
    expect(store.approvals.list({ session_id: id, limit: 5 })).toEqual([]);
    expect(store.events.read({ since: 0, limit: 5, session_id: id }).map(({ type }) => type)).toEqual(['session.deleted']);
    expect(existsSync(`${folder}/recordings/${id}`)).toBe(false);
    await eventually(() => store.purges.list().length === 0);
    expect((await failure(() => talk.house.sessions.messages(id, { limit: 5 }))).code).toBe('session_not_found');
  });
});
