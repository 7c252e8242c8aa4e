import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import {
  APPROVAL_MS,
  type Attention,
  type AttentionPolicy,
  createAttention,
  MIN_OWN_TURN_MS,
  PRESENCE_MS,
  SETTLE_MS,
} from './attention.ts';
import { sampleSession } from './sample-session.ts';

let clock: ManualClock;
let policy: AttentionPolicy;
let told: Attention[];
let inputs: Map<string, number>;
let approvals: Set<string>;
let session: Session;
let seq: number;

beforeEach(() => {
  clock = manualClock();
  told = [];
  inputs = new Map();
  approvals = new Set();
  seq = 0;
  session = sampleSession({ status: 'starting' });
  policy = createAttention({
    clock,
    lastInputAt: (id) => inputs.get(id) ?? null,
    takesTurns: (agent) => agent !== 'shell',
    approvalsWait: (id) => approvals.has(id),
    tell: (attention) => told.push(attention),
  });
});

function send(event: Partial<AfieldEvent>): void {
  seq += 1;
  policy.handle({ session_id: session.id, timestamp: new Date(clock.now()).toISOString(), seq, ...event } as AfieldEvent);
}

function becomes(status: SessionStatus, changes: Partial<Session> = {}): void {
  const previous = session.status;
  session = { ...session, ...changes, status };
  send({ type: 'session.status_changed', payload: { session, previous } });
}
const types = () => inputs.set(session.id, clock.monotonic());
const kinds = () => told.map(({ kind, turn }) => (turn ? `${kind} (turn)` : kind));

/** The core saw that nothing of the turn works any more. */
const settles = (background = 0) => send({ type: 'agent.idle', payload: { session, background } });

/** Somebody asks, the agent works for this long, stops, and its turn settles. */
function turn(workMs: number, changes: Partial<Session> = {}): void {
  types();
  clock.advance(1);
  becomes('busy', changes);
  clock.advance(workMs);
  becomes('idle', changes);
  clock.advance(3_000);
  settles();
}

describe('an end', () => {
  it.each(['finished', 'failed', 'lost'] as const)('%s is told once it has settled, with the seq of its event', (end) => {
    becomes('busy');
    clock.advance(60_000);
    becomes(end, { exit_code: end === 'finished' ? 0 : 1 });
    clock.advance(SETTLE_MS - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toMatchObject([{ kind: end, turn: false, seq: 2, workedMs: 60_000, session: { status: end } }]);
    clock.advance(3_600_000);
    expect(told).toHaveLength(1);
  });

  it('says nothing when a person ended it', () => {
    becomes('busy');
    becomes('cancelled');
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it('users 4: one notification when the turn ends and the program then exits', () => {
    types();
    becomes('busy');
    clock.advance(60_000);
    becomes('idle');
    clock.advance(1_000);
    becomes('finished');
    clock.advance(3_600_000);
    expect(kinds()).toEqual(['finished']);
  });

  it('says nothing when somebody typed `exit` and watched', () => {
    becomes('idle', { agent: 'shell', viewers: 1 });
    types();
    becomes('finished', { viewers: 0 });
    clock.advance(3_600_000);
    becomes('starting', { id: 'another' });
    types();
    becomes('failed', { agent: 'shell', viewers: 1, exit_code: 130 });
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it('tells of a crash even to somebody who has just typed, once they had the time to look away', () => {
    becomes('busy', { viewers: 1 });
    types();
    clock.advance(2_000);
    becomes('failed');
    clock.advance(PRESENCE_MS - 2_000 - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(kinds()).toEqual(['failed']);
  });

  it('tells each session by itself, and remembers none that is over', () => {
    becomes('busy');
    becomes('finished');
    session = sampleSession({ id: 'another', status: 'busy' });
    becomes('lost');
    clock.advance(SETTLE_MS);
    expect(kinds()).toEqual(['finished', 'lost']);
    expect(policy.size).toBe(0);
  });

  it('says nothing of a session that was deleted meanwhile', () => {
    becomes('busy');
    becomes('finished');
    send({ type: 'session.deleted', payload: {} });
    clock.advance(3_600_000);
    expect(told).toEqual([]);
    expect(policy.size).toBe(0);
  });
});

describe('an approval', () => {
  it('is told after 5 s', () => {
    becomes('busy');
    becomes('waiting');
    clock.advance(APPROVAL_MS - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(kinds()).toEqual(['waiting']);
  });

  it('is not told when it was answered within them', () => {
    becomes('busy');
    becomes('waiting');
    clock.advance(APPROVAL_MS - 1);
    types();
    becomes('busy');
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it('users 1: is never held back by somebody who types into that very session', () => {
    becomes('busy', { viewers: 2 });
    becomes('waiting', { viewers: 2 });
    clock.advance(APPROVAL_MS - 1);
    types();
    clock.advance(1);
    expect(kinds()).toEqual(['waiting']);
  });

  it('is left to those that are known one by one while some of them wait, and told when none does', () => {
    becomes('busy');
    approvals.add(session.id);
    becomes('waiting');
    clock.advance(60_000);
    expect(told).toEqual([]);
    approvals.clear();
    becomes('busy');
    becomes('waiting');
    clock.advance(APPROVAL_MS);
    expect(kinds()).toEqual(['waiting']);
  });

  it('is told once when its screen flickers, and again when the next one comes', () => {
    becomes('busy');
    becomes('waiting');
    clock.advance(2_000);
    becomes('busy');
    clock.advance(500);
    becomes('waiting');
    clock.advance(APPROVAL_MS);
    expect(kinds()).toEqual(['waiting']);
    becomes('busy');
    clock.advance(500);
    becomes('waiting');
    clock.advance(60_000);
    expect(kinds()).toEqual(['waiting']);
    types();
    clock.advance(1);
    becomes('busy');
    clock.advance(500);
    becomes('waiting');
    clock.advance(APPROVAL_MS);
    expect(kinds()).toEqual(['waiting', 'waiting']);
  });
});

describe('the end of a turn', () => {
  it('users 4: is told once it has settled, with how long it worked and what still runs', () => {
    types();
    clock.advance(PRESENCE_MS);
    becomes('busy');
    clock.advance(60_000);
    becomes('idle');
    clock.advance(600_000);
    expect(told).toEqual([]);
    settles(2);
    clock.advance(1);
    expect(told).toMatchObject([{ kind: 'waiting', turn: true, workedMs: 60_000, background: 2, seq: 3 }]);
    settles();
    clock.advance(600_000);
    expect(told).toHaveLength(1);
  });

  it('is not told while the agent goes on by itself, and once in the end', () => {
    types();
    clock.advance(1);
    becomes('busy');
    for (let i = 0; i < 5; i += 1) {
      clock.advance(20_000);
      becomes('idle');
      clock.advance(2_000);
      becomes('busy');
    }
    clock.advance(20_000);
    becomes('idle');
    settles();
    clock.advance(3_600_000);
    expect(kinds()).toEqual(['waiting (turn)']);
    expect(told[0]?.workedMs).toBe(6 * 20_000 + 5 * 2_000);
  });

  it('is not told for a redraw, for the start of the program, nor for a shell', () => {
    becomes('busy');
    clock.advance(600_000);
    becomes('idle');
    settles();
    clock.advance(3_600_000);
    turn(2_000);
    clock.advance(3_600_000);
    expect(told).toEqual([]);
    session = sampleSession({ id: 'a shell', agent: 'shell', status: 'idle' });
    turn(600_000);
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it('counts from a prompt as well as from a key', () => {
    send({ type: 'session.created', payload: { session } });
    becomes('busy');
    clock.advance(8_000);
    becomes('idle');
    settles();
    clock.advance(60_000);
    send({ type: 'message.state_changed', payload: { prompt_id: 'p', state: 'accepted', reason: null } });
    becomes('busy');
    clock.advance(60_000);
    becomes('idle');
    clock.advance(1_000);
    send({ type: 'message.state_changed', payload: { prompt_id: 'p', state: 'consumed', reason: null } });
    settles();
    clock.advance(1);
    expect(kinds()).toEqual(['waiting (turn)']);
  });

  it('users 1: waits for somebody who types into that session, no longer than 15 s after the last key', () => {
    becomes('busy', { viewers: 1 });
    clock.advance(60_000);
    types();
    clock.advance(1_000);
    becomes('idle', { viewers: 1 });
    clock.advance(3_000);
    settles();
    clock.advance(PRESENCE_MS - 4_000 - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(kinds()).toEqual(['waiting (turn)']);
  });

  it('users 1: a window that is merely open holds nothing back', () => {
    becomes('busy', { viewers: 3 });
    types();
    clock.advance(60_000);
    becomes('idle', { viewers: 3 });
    settles();
    clock.advance(1);
    expect(kinds()).toEqual(['waiting (turn)']);
  });

  it('holds nothing back for a message that was sent without typing', () => {
    send({ type: 'session.created', payload: { session } });
    send({ type: 'message.state_changed', payload: { prompt_id: 'p', state: 'accepted', reason: null } });
    becomes('busy');
    clock.advance(8_000);
    becomes('idle');
    settles();
    clock.advance(1);
    expect(kinds()).toEqual(['waiting (turn)']);
  });

  it('does not start over when the same status is told again', () => {
    becomes('busy', { viewers: 1 });
    clock.advance(60_000);
    types();
    becomes('idle', { viewers: 1 });
    clock.advance(3_000);
    settles();
    becomes('idle', { viewers: 1 });
    clock.advance(PRESENCE_MS);
    expect(kinds()).toEqual(['waiting (turn)']);
  });

  it('does not hide an approval that follows it', () => {
    turn(60_000);
    clock.advance(60_000);
    becomes('waiting');
    clock.advance(1_000);
    becomes('busy');
    becomes('waiting');
    clock.advance(APPROVAL_MS);
    expect(kinds()).toEqual(['waiting (turn)', 'waiting']);
  });

  it('is dropped when its person answers before it was told', () => {
    becomes('busy', { viewers: 1 });
    clock.advance(60_000);
    types();
    becomes('idle', { viewers: 1 });
    clock.advance(3_000);
    settles();
    clock.advance(1_000);
    types();
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it('is told again without being asked only after real work: a job in the background came back', () => {
    turn(60_000);
    clock.advance(60_000);
    becomes('busy');
    clock.advance(MIN_OWN_TURN_MS - 1);
    becomes('idle');
    settles();
    clock.advance(60_000);
    expect(kinds()).toEqual(['waiting (turn)']);
    becomes('busy');
    clock.advance(MIN_OWN_TURN_MS);
    becomes('idle');
    settles();
    clock.advance(60_000);
    expect(kinds()).toEqual(['waiting (turn)', 'waiting (turn)']);
  });
});

it('forgets what is pending when it is closed', () => {
  becomes('busy');
  becomes('waiting');
  policy.close();
  clock.advance(3_600_000);
  expect(told).toEqual([]);
  expect(policy.size).toBe(0);
});
