import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PromptRow, SessionRow } from '../core/ports.ts';
import { sampleProject, sampleRow } from '../sample-row.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-rows-'));
  store = openStore(join(folder, 'afield.db'));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const session = (over: Partial<SessionRow> & { id: string }): SessionRow => sampleRow({ name: over.id, pid: 1, ...over });
const ids = (rows: { id: string }[]) => rows.map((row) => row.id);
const all = { archived: false, limit: 100 };

describe('sessions', () => {
  it('come back as they were put', () => {
    const row = session({ id: 'a', args: ['-x', 'ü'], faces: ['terminal', 'chat'], pinned: true, title: 't' });
    store.sessions.insert(row);
    expect(store.sessions.get('a')).toEqual(row);
    expect(store.sessions.get('b')).toBeNull();
  });

  it('page from new to old without losing two of the same moment', () => {
    for (const id of ['a', 'b', 'c']) store.sessions.insert(session({ id, created_at: '2026-01-02T00:00:00.000Z' }));
    store.sessions.insert(session({ id: 'old' }));
    const first = store.sessions.list({ ...all, limit: 2 });
    expect(ids(first)).toEqual(['c', 'b']);
    const { created_at, id } = first[1]!;
    expect(ids(store.sessions.list({ ...all, before: { created_at, id } }))).toEqual(['a', 'old']);
  });

  it('are found by status, agent, project and words, where % and _ are letters', () => {
    store.sessions.insert(session({ id: 'a', name: '100% done', status: 'busy' }));
    store.sessions.insert(session({ id: 'b', name: '100 x done', agent: 'claude', project_id: 'p' }));
    store.sessions.insert(session({ id: 'c', name: 'a_b', cwd: '/srv/a\\b', archived: true }));
    expect(ids(store.sessions.list({ ...all, status: ['busy', 'starting'] }))).toEqual(['a']);
    expect(ids(store.sessions.list({ ...all, agent: 'claude' }))).toEqual(['b']);
    expect(ids(store.sessions.list({ ...all, project_id: 'p' }))).toEqual(['b']);
    expect(ids(store.sessions.list({ ...all, q: '100%' }))).toEqual(['a']);
    expect(ids(store.sessions.list({ ...all, q: 'A_B', archived: true }))).toEqual(['c']);
    expect(ids(store.sessions.list({ ...all, q: 'a\\b', archived: true }))).toEqual(['c']);
    expect(ids(store.sessions.list({ ...all, q: "'; DROP TABLE sessions; --" }))).toEqual([]);
  });

  it('know which were not over', () => {
    store.sessions.insert(session({ id: 'a', status: 'waiting' }));
    store.sessions.insert(session({ id: 'b', status: 'failed' }));
    expect(ids(store.sessions.unfinished())).toEqual(['a']);
    expect(store.sessions.counts()).toEqual({ waiting: 1, failed: 1 });
    store.sessions.update('a', { status: 'lost', status_reason: 'gone' });
    expect(store.sessions.unfinished()).toEqual([]);
    store.sessions.delete('a');
    expect(store.sessions.get('a')).toBeNull();
  });
});

describe('prompts', () => {
  it('are written once, however often they are sent', () => {
    const row = {
      id: 'p',
      session_id: 's',
      content: 'hello',
      state: 'home',
      reason: null,
      created_at: '2026-01-01T00:00:00.000Z',
      attachments: [],
      place: 1,
      tree: null,
    } satisfies PromptRow;
    expect(store.prompts.insert(row)).toBe(true);
    expect(store.prompts.insert({ ...row, content: 'other' })).toBe(false);
    expect(store.prompts.get('p')?.content).toBe('hello');
    expect(ids(store.prompts.undelivered('s'))).toEqual(['p']);
    store.prompts.setState('p', 'stuck', 'why');
    expect(store.prompts.undelivered('s')).toEqual([]);
    expect(store.prompts.get('p')).toMatchObject({ state: 'stuck', reason: 'why' });
  });
});

describe('projects', () => {
  const project = (id: string, cwd: string) => sampleProject(id, { cwd, created_at: `2026-01-01T00:00:0${id}.000Z` });

  it('are one for each directory, last used first', () => {
    expect(store.projects.insert(project('1', '/a'))).toBe(true);
    expect(store.projects.insert(project('2', '/a'))).toBe(false);
    expect(store.projects.insert(project('3', '/b'))).toBe(true);
    expect(ids(store.projects.list())).toEqual(['3', '1']);
    store.projects.update('1', { used_at: '2026-02-01T00:00:00.000Z', default_agent: 'claude' });
    expect(ids(store.projects.list())).toEqual(['1', '3']);
    expect(store.projects.at('local', '/a')?.default_agent).toBe('claude');
    expect(store.projects.delete('1')).toBe(true);
    expect(store.projects.delete('1')).toBe(false);
    expect(store.projects.get('1')).toBeNull();
  });
});
