import type { Machine } from '@afield/shared/api/machines.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { effect } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { NOW, session } from '../../test/sessions.ts';
import type { HomeRecord, Snapshot } from '../platform/store.ts';
import { span } from '../ui/time.ts';
import { findSession, HomeModel } from './home.ts';

const record = { home_id: 'home-1' } as HomeRecord;
const one = session({ name: 'one', minutes: 5 });

function open(options: { snapshot?: Snapshot | null; sessions?: Session[] } = {}) {
  const way = scriptedLink();
  let list = options.sessions ?? [one];
  way.answers.listSessions = () => ({ items: list, next_cursor: null });
  const saved: Snapshot[] = [];
  const seen = { visible: true, online: true };
  const listeners = new Set<() => void>();
  const home = new HomeModel({
    record,
    link: way.link,
    store: { saveSnapshot: async (snapshot) => void saved.push(snapshot) },
    snapshot: options.snapshot ?? null,
    presence: {
      visible: () => seen.visible,
      online: () => seen.online,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    span,
  });
  const presence = (change: Partial<typeof seen>) => {
    Object.assign(seen, change);
    for (const listener of [...listeners]) listener();
  };
  const setList = (next: Session[]) => {
    list = next;
  };
  return { ...way, home, saved, presence, setList };
}

const snapshot: Snapshot = { home_id: 'home-1', sessions: [one], last_seq: 40, seen_at: NOW - 6 * 60_000 };
const statusEvent = (next: Session, seq: number) =>
  ({
    type: 'session.status_changed',
    seq,
    session_id: next.id,
    timestamp: next.updated_at,
    payload: { session: next, previous: 'busy' },
  }) as const;
const later = (fields: Partial<Session>): Session => ({ ...one, updated_at: new Date(NOW).toISOString(), ...fields });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('opening', () => {
  it('shows the last known list at once, and none of it as the present', () => {
    const { home } = open({ snapshot });
    expect(home.listed.value).toBe(true);
    expect(home.sessions.value.get(one.id)?.name).toBe('one');
    expect(home.live.value).toBe(false);
    expect(home.seenAt.value).toBe(snapshot.seen_at);
  });

  it('resumes the events from the last one it knows', () => {
    const { subscriptions } = open({ snapshot });
    expect([...subscriptions].map(({ options }) => options)).toContainEqual(expect.objectContaining({ topics: ['session.*'], since: 40 }));
  });

  it('an empty home is a list too, once home has said so', async () => {
    const { home, state } = open({ sessions: [] });
    expect(home.listed.value).toBe(false);
    state(ONLINE);
    await settled();
    expect(home.listed.value).toBe(true);
    expect(home.sessions.value.size).toBe(0);
  });
});

describe('live', () => {
  it('comes with the list, not with the connection alone', async () => {
    const { home, state } = open({ snapshot });
    state(ONLINE);
    expect(home.live.value).toBe(false);
    await settled();
    expect(home.live.value).toBe(true);
  });

  it('a list that does not come is said, and can be asked for again', async () => {
    const { home, state, answers } = open({ snapshot });
    answers.listSessions = () => Promise.reject(new Error('disk is full'));
    state(ONLINE);
    await settled();
    expect(home.listError.value).toBe('disk is full');
    expect(home.live.value).toBe(false);
    answers.listSessions = () => ({ items: [one], next_cursor: null });
    await home.refresh();
    expect(home.listError.value).toBeNull();
    expect(home.live.value).toBe(true);
  });

  it('events change the list and are kept on the device', async () => {
    const { home, state, event, saved } = open();
    state(ONLINE);
    await settled();
    event(statusEvent(later({ status: 'waiting' }), 77));
    expect(home.groups.value.needs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(saved.at(-1)).toMatchObject({ home_id: 'home-1', last_seq: 77, seen_at: NOW });
    expect(saved.at(-1)?.sessions[0]?.status).toBe('waiting');
  });

  it('after a gap the list is fetched anew', async () => {
    const { home, state, setList, gap } = open();
    state(ONLINE);
    await settled();
    setList([]);
    gap(500);
    await settled();
    expect(home.sessions.value.size).toBe(0);
  });

  it('what the list covers is not asked for again', async () => {
    const { home, state, setNextSeq } = open({ snapshot });
    setNextSeq(91);
    state({ state: 'catching_up', events: 50 });
    await settled();
    expect(home.lastSeq.value).toBe(90);
  });
});

describe('a broken line', () => {
  it('does not turn the list into the past before one could read it', async () => {
    const { home, state } = open();
    state(ONLINE);
    await settled();
    state(down('broken'));
    expect(home.live.value).toBe(true);
    expect(home.fault.value).toBeNull();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(home.live.value).toBe(false);
    expect(home.fault.value?.title).toBe('The connection was cut.');
  });

  it('a short one leaves no trace behind', async () => {
    const { home, state } = open();
    state(ONLINE);
    await settled();
    state(down('broken'));
    await vi.advanceTimersByTimeAsync(2_000);
    state(ONLINE);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(home.live.value).toBe(true);
  });

  it('tells what happened once it is back', async () => {
    const { home, state, event, reconnected, setList } = open();
    state(ONLINE);
    await settled();
    state(down('relay_down'));
    await vi.advanceTimersByTimeAsync(12_000);
    state(ONLINE);
    const finished = later({ status: 'finished', ended_at: new Date(NOW).toISOString() });
    setList([finished]);
    event(statusEvent(finished, 80));
    reconnected({ away_ms: 12_000, cause: 'relay_down' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. The relay was away for 12 s; your agents went on. Meanwhile 1 finished.');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(home.notice.value).toBeNull();
  });

  it('does not blame the relay for a phone that slept', async () => {
    const { home, state, presence, reconnected } = open();
    state(ONLINE);
    await settled();
    presence({ visible: false });
    state(down('broken'));
    presence({ visible: true });
    state(ONLINE);
    reconnected({ away_ms: 600_000, cause: 'broken' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. This app slept for 10 min; your agents went on.');
  });

  it('a line that came back at once was away for a moment', async () => {
    const { home, state, reconnected } = open();
    state(ONLINE);
    await settled();
    state(down('broken'));
    state(ONLINE);
    reconnected({ away_ms: 200, cause: 'broken' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. The connection was cut for a moment; your agents went on.');
  });

  it('the first connection of a visit is no reconnection', async () => {
    const { home, state, reconnected } = open({ snapshot });
    state(down('relay_down'));
    state(ONLINE);
    reconnected();
    await settled();
    expect(home.notice.value).toBeNull();
  });
});

describe('home beside its sessions', () => {
  const full = { writing: false, detail: 'The disk is full.', free_bytes: 0, since: null };
  const status = (fields: object) => ({ storage: { ...full, writing: true, detail: null }, uptime_ms: 1e9, ...fields });
  const at = { seq: 90, session_id: null, timestamp: new Date(NOW).toISOString() };

  it('knows of a full disk from the start, and when there is room again', async () => {
    const { home, state, answers, event } = open();
    answers.getStatus = () => status({ storage: full });
    state(ONLINE);
    await settled();
    expect(home.storage.value?.writing).toBe(false);
    event({ ...at, type: 'machine.storage_changed', payload: { storage: { ...full, writing: true } } });
    expect(home.storage.value?.writing).toBe(true);
  });

  it('knows which machines are reached', async () => {
    const { home, state, answers, event } = open();
    const machine = { name: 'build-box', line: { state: 'up', detail: null, since: null } } as Machine;
    answers.listMachines = () => ({ items: [machine], next_cursor: null });
    state(ONLINE);
    await settled();
    event({ ...at, type: 'machine.line_changed', payload: { machine: { ...machine, line: { ...machine.line, state: 'down' } } } });
    expect(home.machines.value.map((one) => one.line.state)).toEqual(['down']);
    event({ ...at, type: 'machine.removed', payload: { name: 'build-box' } });
    expect(home.machines.value).toEqual([]);
  });

  it('tells that the home server was started again, and that nothing was lost', async () => {
    const { home, state, reconnected, answers } = open();
    answers.getStatus = () => status({ uptime_ms: 4_000 });
    state(ONLINE);
    await settled();
    state({ ...down('home_offline'), goodbye: true });
    await vi.advanceTimersByTimeAsync(12_000);
    expect(home.fault.value?.title).toBe('The home server was stopped, or is being upgraded.');
    state(ONLINE);
    reconnected({ away_ms: 12_000, cause: 'home_offline' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. The home server was away for 12 s; nothing was lost.');
  });

  it('does not say so of a server that was there all the time, nor when something was lost', async () => {
    const { home, state, reconnected, answers, setList } = open();
    answers.getStatus = () => status({});
    state(ONLINE);
    await settled();
    state(down('home_offline'));
    state(ONLINE);
    reconnected({ away_ms: 12_000, cause: 'home_offline' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. Home was away for 12 s.');
    answers.getStatus = () => status({ uptime_ms: 1 });
    state(down('home_offline'));
    setList([later({ status: 'lost', ended_at: new Date(NOW).toISOString() })]);
    state(ONLINE);
    reconnected({ away_ms: 12_000, cause: 'home_offline' });
    await settled();
    expect(home.notice.value).toBe('Reconnected. The home server was away for 12 s. Meanwhile 1 was lost.');
  });
});

describe('a session that is not in the list', () => {
  const archived = session({ name: 'old', minutes: 900, archived: true, status: 'finished' });

  it('is asked for when it is opened, and follows its events', async () => {
    const { home, state, answers, event } = open();
    answers.getSession = () => archived;
    state(ONLINE);
    await settled();
    expect(findSession(home, archived.id)).toBeUndefined();
    const drawn: (string | undefined)[] = [];
    const stop = effect(() => void drawn.push(findSession(home, archived.id)?.name));
    expect(await home.look(archived.id)).toBe(true);
    stop();
    expect(drawn).toEqual([undefined, 'old']);
    expect(findSession(home, archived.id)?.name).toBe('old');
    expect(home.sessions.value.has(archived.id)).toBe(false);
    event(statusEvent({ ...archived, name: 'renamed', updated_at: new Date(NOW).toISOString() }, 90));
    expect(findSession(home, archived.id)?.name).toBe('renamed');
    home.take({ ...archived, archived: false });
    expect(home.sessions.value.has(archived.id)).toBe(true);
    home.drop(archived.id);
    expect(findSession(home, archived.id)).toBeUndefined();
  });

  it('is told from one that there never was, and from an answer that did not come', async () => {
    const { home, answers } = open();
    answers.getSession = () => Promise.reject(new AfieldError('session_not_found', 'No such session.'));
    expect(await home.look(archived.id)).toBe(false);
    answers.getSession = () => Promise.reject(new AfieldError('unavailable', 'No connection.'));
    await expect(home.look(archived.id)).rejects.toThrow('No connection.');
  });

  it('only the last few are remembered', async () => {
    const { home, answers } = open();
    for (let index = 0; index < 40; index += 1) {
      answers.getSession = () => ({ ...archived, id: `id-${index}` });
      await home.look(`id-${index}`);
    }
    expect(findSession(home, 'id-19')).toBeUndefined();
    expect(findSession(home, 'id-20')).toBeDefined();
    expect(findSession(home, 'id-39')).toBeDefined();
  });
});

describe('the device', () => {
  it('checks the line at once when it comes back to the foreground', () => {
    const { presence, log } = open();
    presence({ visible: false });
    expect(log).not.toContain('checkNow');
    presence({ visible: true });
    expect(log).toContain('checkNow');
  });

  it('passes on what it knows of its network', () => {
    const { presence, log, home } = open();
    presence({ online: false });
    expect(log).toContain('setNetwork false');
    expect(home.pill.value.text).toBe('Offline');
  });

  it('keeps the list when it goes to the background', async () => {
    const { state, presence, saved } = open();
    state(ONLINE);
    await settled();
    presence({ visible: false });
    expect(saved).toHaveLength(1);
  });
});

describe('refused', () => {
  it('is an end: nothing is tried again by itself, and a person may', async () => {
    const { home, state, log } = open({ snapshot });
    state({ state: 'refused', detail: '' });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(home.refused.value).toBe(true);
    expect(log.filter((entry) => entry === 'start')).toHaveLength(1);
    home.retry();
    expect(log.filter((entry) => entry === 'start')).toHaveLength(2);
  });
});

it('leaves nothing running behind', async () => {
  const { home, state, log, subscriptions } = open();
  state(ONLINE);
  await settled();
  home[Symbol.dispose]();
  expect(subscriptions.size).toBe(0);
  expect(log).toContain('close');
  expect(vi.getTimerCount()).toBe(0);
});

it('a session that waits with an approval is counted once, as the approval', async () => {
  const waits = (id: string) => session({ name: id, minutes: 1, status: 'waiting' });
  const [a, b] = [waits('a'), waits('b')];
  const { home, answers, state } = open({ sessions: [a, b] });
  const approval = {
    id: 'x',
    session_id: a.id,
    state: 'pending',
    ask: { diffs: [], options: [], questions: [], subject: '' },
    created_at: '',
  };
  answers.listApprovals = () => ({ items: [approval], next_cursor: null });
  state(ONLINE);
  await settled();
  expect(home.approvals.waiting.value).toBe(1);
  expect(home.waiting.value.map(({ name }) => name)).toEqual(['b']);
});
