import type { Approval } from '@afield/shared/api/approvals.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import { type ApprovalAttention, type ApprovalCall, createApprovalAttention, TOGETHER_MS } from './approval-attention.ts';
import { APPROVAL_MS } from './attention.ts';
import { sampleApproval, sampleOutcome } from './sample-approval.ts';

let clock: ManualClock;
let calls: ApprovalCall[];
let policy: ApprovalAttention;
let seq: number;
beforeEach(() => {
  clock = manualClock();
  calls = [];
  seq = 0;
  policy = createApprovalAttention({ clock, tell: (call) => calls.push(call) });
});

function send(type: 'approval.requested' | 'approval.resolved', approval: Approval): void {
  seq += 1;
  policy.handle({ type, seq, session_id: approval.session_id, timestamp: approval.created_at, payload: { approval } } as AfieldEvent);
}
const asks = (id: string, changes: Partial<Approval> = {}) => send('approval.requested', sampleApproval({ id, ...changes }));
const answered = (id: string, by: string, state: Approval['state'] = 'answered') =>
  send('approval.resolved', sampleApproval({ id, state, outcome: sampleOutcome({ by }) }));
const told = () => calls.map(({ approval, waiting }) => `${approval.id} of ${waiting}`);

describe('an approval', () => {
  it('calls after 5 s, once', () => {
    asks('a');
    clock.advance(APPROVAL_MS - 1);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(told()).toEqual(['a of 1']);
    expect(calls[0]?.seq).toBe(1);
    clock.advance(3_600_000);
    expect(calls).toHaveLength(1);
  });

  it('does not call when it was answered within them, by whomever', () => {
    for (const by of ['Pixel 9', 'a rule', 'at the agent']) {
      asks(by);
      clock.advance(APPROVAL_MS - 1);
      answered(by, by, by === 'at the agent' ? 'gone' : 'answered');
    }
    asks('decided', { state: 'answered' });
    clock.advance(3_600_000);
    expect(calls).toEqual([]);
    expect(policy.waits(sampleApproval().session_id)).toBe(false);
  });

  it('users 7: calls too while another one waits, with how many there are', () => {
    asks('a');
    clock.advance(60_000);
    asks('b');
    clock.advance(APPROVAL_MS);
    expect(told()).toEqual(['a of 1', 'b of 2']);
  });

  it('calls together with what came soon after it', () => {
    asks('a');
    clock.advance(TOGETHER_MS - 1);
    asks('b');
    clock.advance(APPROVAL_MS * 3);
    expect(told()).toEqual(['a of 2']);
    expect(calls[0]?.seq).toBe(2);
  });

  it('calls for its own session only', () => {
    asks('a');
    asks('b', { session_id: 'another' });
    clock.advance(APPROVAL_MS);
    expect(told()).toEqual(['a of 1', 'b of 1']);
    expect([policy.waits(sampleApproval().session_id), policy.waits('another'), policy.waits('third')]).toEqual([true, true, false]);
  });

  it('is forgotten with its session', () => {
    asks('a');
    policy.handle({ type: 'session.deleted', seq: 9, session_id: sampleApproval().session_id, timestamp: '', payload: {} });
    clock.advance(3_600_000);
    expect(calls).toEqual([]);
  });
});

describe('a call', () => {
  it.each([
    ['the desk', 'answered'],
    ['at the agent', 'gone'],
  ] as const)('is taken back when the last of them was answered by %s', (by, state) => {
    asks('a');
    asks('b');
    clock.advance(APPROVAL_MS);
    answered('a', by, state);
    expect(calls).toHaveLength(1);
    answered('b', by, state);
    expect(told()).toEqual(['a of 2', 'b of 0']);
    answered('b', by, 'delivered');
    expect(calls).toHaveLength(2);
  });

  it('is not followed by another when it was answered on a device', () => {
    asks('a');
    clock.advance(APPROVAL_MS);
    answered('a', 'Pixel 9');
    expect(told()).toEqual(['a of 1']);
  });
});
