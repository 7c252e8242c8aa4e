import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { signal } from '@preact/signals';
import { describe, expect, it } from 'vitest';
import { scriptedLink } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import {
  applyEvent,
  fetchSessions,
  forSnapshot,
  groupSessions,
  MAX_SESSIONS,
  type SessionMap,
  toMap,
  whatHappened,
} from './session-list.ts';

let seq = 100;
const changed = (next: Session, previous: Session['status'] = 'busy'): AfieldEvent => {
  seq += 1;
  return { type: 'session.status_changed', seq, session_id: next.id, timestamp: next.updated_at, payload: { session: next, previous } };
};
const at = (minute: number): string => `2026-11-20T14:${String(minute).padStart(2, '0')}:00.000Z`;
const one = session({ name: 'one', minutes: 5, updated_at: at(10), created_at: at(1) });

describe('events on the list', () => {
  it('replace a session by what it is now', () => {
    const list = applyEvent(toMap([one]), changed({ ...one, status: 'finished', updated_at: at(11) }));
    expect(list.get(one.id)?.status).toBe('finished');
  });

  it('a late event does not bring back what is over', () => {
    const list = toMap([{ ...one, status: 'finished', updated_at: at(12) }]);
    expect(applyEvent(list, changed({ ...one, updated_at: at(11) }))).toBe(list);
  });

  it('the same event twice changes nothing more', () => {
    const event = changed({ ...one, status: 'idle', updated_at: at(11) });
    const list = applyEvent(toMap([one]), event);
    expect(applyEvent(list, event)).toEqual(list);
  });

  it('archived and deleted sessions leave', () => {
    const renamed: AfieldEvent = {
      type: 'session.renamed',
      seq: 1,
      session_id: one.id,
      timestamp: at(11),
      payload: { session: { ...one, archived: true, updated_at: at(11) } },
    };
    expect(applyEvent(toMap([one]), renamed).size).toBe(0);
    expect(applyEvent(toMap([one]), { type: 'session.deleted', seq: 1, session_id: one.id, timestamp: at(11), payload: {} }).size).toBe(0);
  });

  it('a new size and who holds it are taken over', () => {
    const lease = { viewer: 'v', device_name: 'Desk', cols: 212, rows: 54 };
    const list = applyEvent(toMap([one]), {
      type: 'session.resized',
      seq: 1,
      session_id: one.id,
      timestamp: at(11),
      payload: { cols: 212, rows: 54, lease },
    });
    expect(list.get(one.id)).toMatchObject({ cols: 212, rows: 54, lease });
  });

  it('nothing grows without a bound: the oldest end goes first', () => {
    const many = Array.from({ length: MAX_SESSIONS }, (_, index) =>
      session({ name: `${index}`, minutes: 10, status: 'finished', ended_at: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString() }),
    );
    const fresh = session({ name: 'fresh', minutes: 0 });
    const list = applyEvent(toMap(many), {
      type: 'session.created',
      seq: 1,
      session_id: fresh.id,
      timestamp: at(11),
      payload: { session: fresh },
    });
    expect(list.size).toBe(MAX_SESSIONS);
    expect(list.has(many[0]!.id)).toBe(false);
    expect(list.has(fresh.id)).toBe(true);
  });
});

describe('groups', () => {
  it('who waits longest stands first; a row that runs stays where it is', () => {
    const long = session({ name: 'long', minutes: 9, status: 'waiting', updated_at: at(1) });
    const short = session({ name: 'short', minutes: 9, status: 'waiting', updated_at: at(9) });
    const old = session({ name: 'old', minutes: 9, created_at: at(1), updated_at: at(30) });
    const young = session({ name: 'young', minutes: 9, created_at: at(5), updated_at: at(6) });
    const pinned = session({ name: 'pinned', minutes: 9, created_at: at(0), pinned: true, status: 'idle' });
    const groups = groupSessions(toMap([short, old, long, young, pinned]));
    expect(groups.needs.map((session) => session.name)).toEqual(['long', 'short']);
    expect(groups.running.map((session) => session.name)).toEqual(['pinned', 'young', 'old']);
  });

  it('what ended last stands first', () => {
    const ends = [3, 9, 6].map((minute) => session({ name: `${minute}`, minutes: 20, status: 'failed', ended_at: at(minute) }));
    expect(groupSessions(toMap(ends)).recent.map((session) => session.name)).toEqual(['9', '6', '3']);
    expect(forSnapshot(toMap([...ends, one])).map((session) => session.name)).toEqual(['one', '9', '6', '3']);
  });
});

describe('fetching', () => {
  it('goes on through all pages', async () => {
    const two = session({ name: 'two', minutes: 5 });
    const { link, answers, calls } = scriptedLink();
    answers.listSessions = ({ query }) =>
      query?.cursor === undefined ? { items: [one], next_cursor: 'more' } : { items: [two], next_cursor: null };
    expect([...(await fetchSessions(link, signal<SessionMap>(new Map()))).keys()]).toEqual([one.id, two.id]);
    expect(calls).toHaveLength(2);
  });

  it('keeps what an event brought while the answer was under way', async () => {
    const { link, answers } = scriptedLink();
    answers.listSessions = () => ({ items: [one], next_cursor: null });
    const newer = { ...one, status: 'waiting' as const, updated_at: at(20) };
    expect((await fetchSessions(link, signal<SessionMap>(toMap([newer])))).get(one.id)?.status).toBe('waiting');
  });
});

describe('what happened meanwhile', () => {
  it('is counted by its outcome', () => {
    const other = session({ name: 'other', minutes: 5 });
    const third = session({ name: 'third', minutes: 5 });
    const after = toMap([{ ...one, status: 'finished' }, { ...other, status: 'waiting' }, third, session({ name: 'new', minutes: 0 })]);
    expect(whatHappened(toMap([one, other, third]), after).text).toBe('Meanwhile 1 needs you, 1 finished, 1 started.');
  });
  it('is nothing when nothing did', () => {
    expect(whatHappened(toMap([one]), toMap([one])).text).toBe('');
  });
});
