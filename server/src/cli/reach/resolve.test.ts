import type { Session } from '@afield/shared/api/sessions.ts';
import { describe, expect, it } from 'vitest';
import { isId, pick, pickOnly, shortIds } from './resolve.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const session = (id: string, name: string, status: Session['status'] = 'busy'): Session =>
  ({ id, name, status, agent: 'claude', activity: null, created_at: '2026-11-20T11:00:00.000Z' }) as Session;

const A = '01999999-aaaa-7000-8000-000000000001';
const B = '01999999-aaab-7000-8000-000000000002';
const C = '01888888-0000-7000-8000-000000000003';

describe('pick', () => {
  const all = [session(A, 'web'), session(B, 'Queue'), session(C, 'web', 'finished')];

  it('takes a whole id, in capitals too', () => {
    expect(pick(all, A.toUpperCase(), NOW).id).toBe(A);
  });

  it('takes the beginning of an id, with or without dashes', () => {
    expect(pick(all, '0188', NOW).id).toBe(C);
    expect(pick(all, '01999999aaab', NOW).id).toBe(B);
    expect(pick(all, '01999999-aaab', NOW).id).toBe(B);
  });

  it('takes a name; of several, the one that runs', () => {
    expect(pick(all, 'web', NOW).id).toBe(A);
    expect(pick(all, ' queue ', NOW).id).toBe(B);
  });

  it('prefers the name in its own capitals', () => {
    const both = [session(A, 'Web'), session(B, 'web')];
    expect(pick(both, 'web', NOW).id).toBe(B);
    expect(pick(both, 'Web', NOW).id).toBe(A);
    expect(() => pick(both, 'WEB', NOW)).toThrow(/fits 2 sessions/);
  });

  it('a name that looks like the beginning of an id is a name first', () => {
    expect(pick([session(A, 'x'), session(C, '01999999')], '01999999', NOW).id).toBe(C);
  });

  it('lists the candidates when it is ambiguous', () => {
    const two = [session(A, 'web'), session(B, 'web', 'idle')];
    expect(() => pick(two, 'web', NOW)).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(() => pick(two, 'web', NOW)).toThrow(/01999999-aaaa {2}◉ busy {2}web {2}claude {2}1 h old\n.*01999999-aaab {2}⊖ idle/);
    expect(() => pick(two, '0199', NOW)).toThrow(/fits 2 sessions/);
  });

  it('several that have all ended are ambiguous too', () => {
    expect(() => pick([session(A, 'web', 'failed'), session(B, 'web', 'lost')], 'web', NOW)).toThrow(/Say it with the id/);
  });

  it('says what to do when there is none; three characters are no id', () => {
    expect(() => pick(all, 'nope', NOW)).toThrow(expect.objectContaining({ code: 'session_not_found' }));
    expect(() => pick(all, '018', NOW)).toThrow(/afield list --all/);
  });

  it('E8: a hostile name cannot colour the error or add a line to it', () => {
    const hostile = [session(A, 'x\n\x1b[2Jy'), session(B, 'x\n\x1b[2Jy')];
    expect(() => pick(hostile, 'x\n\x1b[2Jy', NOW)).toThrow(/x\\n\\e\[2Jy/);
    expect(() => pick([], '\x1b[2J', NOW)).toThrow('There is no session "\\e[2J"');
  });
});

describe('pickOnly', () => {
  it('is the one that runs', () => {
    expect(pickOnly([session(A, 'a', 'finished'), session(B, 'b', 'waiting')], NOW).id).toBe(B);
  });
  it('asks which when several run, and says how to start when none does', () => {
    expect(() => pickOnly([session(A, 'a'), session(B, 'b')], NOW)).toThrow(/2 sessions run/);
    expect(() => pickOnly([], NOW)).toThrow(/afield run/);
  });
});

describe('shortIds', () => {
  it('are as long as it takes to tell them apart, and pick finds each by it', () => {
    const short = shortIds([A, B, C]);
    expect([...short.values()].sort()).toEqual(['01888888', '01999999-aaaa', '01999999-aaab']);
    const all = [session(A, 'a'), session(B, 'b'), session(C, 'c')];
    for (const [id, text] of short) expect(pick(all, text, NOW).id).toBe(id);
  });
  it('never end in a dash', () => {
    const one = '01999999-aaaa-7000-8000-000000000001';
    const two = '01999998-aaaa-7000-8000-000000000001';
    for (const text of shortIds([one, two]).values()) expect(text).not.toMatch(/-$/);
  });
});

it('knows a whole id', () => {
  expect(isId(A)).toBe(true);
  expect(isId('01999999')).toBe(false);
});
