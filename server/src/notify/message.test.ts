import { pushMessage } from '@afield/shared/api/push.ts';
import { describe, expect, it } from 'vitest';
import type { Attention } from './attention.ts';
import { approvalMessage, budgetMessage, deviceMessage, sessionMessage, testMessage } from './message.ts';
import { sampleApproval, sampleOutcome } from './sample-approval.ts';
import { sampleSession } from './sample-session.ts';

const stamp = { seq: 7, timestamp: '2026-01-01T00:00:00.000Z' };
const because = (changes: Partial<Attention>): Attention => ({
  kind: 'finished',
  turn: false,
  session: sampleSession(),
  workedMs: null,
  background: 0,
  seq: 7,
  ...changes,
});
const words = (changes: Partial<Attention>) => {
  const { title, body } = sessionMessage(because(changes), stamp);
  return [title, body];
};

describe('what a notification says', () => {
  it('names agent and session, and stands alone', () => {
    expect(words({ kind: 'waiting' })).toEqual(['claude needs an answer', 'Fix the checkout · asks something on its screen']);
    expect(words({ kind: 'waiting', session: sampleSession({ status_reason: 'wants to run a command' }) })[1]).toBe(
      'Fix the checkout · wants to run a command',
    );
    expect(words({ kind: 'waiting', turn: true, workedMs: 252_000 })).toEqual([
      'claude waits for you',
      'Fix the checkout · waits for your next message · worked 4 min',
    ]);
    expect(words({ kind: 'waiting', turn: true, workedMs: 252_000, background: 1 })[1]).toBe(
      'Fix the checkout · done, 1 program still runs · worked 4 min',
    );
    expect(words({ kind: 'waiting', turn: true, background: 3 })[1]).toBe('Fix the checkout · done, 3 programs still run');
    expect(words({ kind: 'finished', workedMs: 12_400 })).toEqual([
      'Finished: Fix the checkout',
      'claude ended by itself, without an error · worked 12 s',
    ]);
    expect(words({ kind: 'failed', session: sampleSession({ exit_code: 1 }) })).toEqual([
      'Failed: Fix the checkout',
      'claude ended with exit code 1',
    ]);
    expect(words({ kind: 'lost', workedMs: 7_500_000 })).toEqual([
      'Lost: Fix the checkout',
      'The process of claude is gone. History and files are kept.',
    ]);
    expect(words({ kind: 'lost', session: sampleSession({ status_reason: 'It ended with the home server.' }) })[1]).toBe(
      'It ended with the home server. History and files are kept.',
    );
    expect(words({ kind: 'finished', workedMs: 7_500_000 })[1]).toContain('worked 2 h 5 min');
  });

  it('is what the contract says, with one tag a session and a path inside the app', () => {
    const message = sessionMessage(because({ kind: 'failed' }), stamp);
    expect(pushMessage.parse(message)).toEqual(message);
    const { id } = sampleSession();
    expect(message).toMatchObject({ tag: `session:${id}`, path: `/sessions/${id}`, session_id: id, seq: 7 });
    expect(sessionMessage(because({ kind: 'waiting' }), stamp).tag).toBe(message.tag);
    expect(pushMessage.parse(testMessage(stamp)).kind).toBe('test');
  });

  it('E10: never holds the window title that an agent set', () => {
    const session = sampleSession({ title: 'Approve? y/n' });
    for (const kind of ['finished', 'failed', 'lost', 'waiting'] as const) {
      expect(JSON.stringify(sessionMessage(because({ kind, session }), stamp))).not.toContain('Approve?');
    }
  });

  it('E5: is one plain line of bounded length, whatever a name holds', () => {
    const session = sampleSession({ name: `a\u202eb\u200b\r\n\u001b]0;x\u0007 c \ud83d${'é'.repeat(300)}` });
    const [title = '', body = ''] = words({ kind: 'failed', session });
    expect(title).toMatch(/^Failed: ab \]0;x c \ufffdé+…$/);
    expect([...title]).toHaveLength(100);
    expect([...body].length).toBeLessThanOrEqual(240);
  });

  it('tells of a new device by its name, cut and cleaned', () => {
    const device = { id: 'd1', name: `Pixel\u202e\n${'9'.repeat(300)}` } as Parameters<typeof deviceMessage>[0];
    const message = deviceMessage(device, stamp);
    expect(message.title).toBe('A new device was paired');
    expect(message.body).toMatch(/^Pixel 9+/);
    expect(message).toMatchObject({ kind: 'device_paired', session_id: null, tag: 'device:d1' });
    expect(message.body.length).toBeLessThanOrEqual(240);
  });
});

describe('a budget', () => {
  const { id, name, agent } = sampleSession();
  const crossing = { budget: 'session', state: 'near', usd: 1, spent_usd: 0.834, session_name: name, agent } as const;

  it('says how much is used, and what that means', () => {
    const said = (changes: Partial<Parameters<typeof budgetMessage>[0]>) => {
      const message = budgetMessage({ ...crossing, ...changes }, id, stamp);
      expect(pushMessage.parse(message)).toEqual(message);
      return [message.title, message.body];
    };
    expect(said({})).toEqual(['Budget nearly used: Fix the checkout', '$0.83 of $1.00. At 100 % no new message goes to claude.']);
    expect(said({ state: 'reached', spent_usd: 1.02 })).toEqual([
      'Budget reached: Fix the checkout',
      '$1.02 of $1.00. No new message goes to claude until you raise it.',
    ]);
    expect(said({ budget: 'day', usd: 12, spent_usd: 9.7 })[0]).toBe('Budget of the day nearly used');
    expect(said({ budget: 'day', state: 'reached', usd: 12, spent_usd: 12 })).toEqual([
      'Budget of the day reached',
      '$12.00 of $12.00 for all sessions. No new message goes to an agent before 00:00 UTC.',
    ]);
  });

  it('leads to where it can be raised, and hides no other notification of the session', () => {
    expect(budgetMessage(crossing, id, stamp)).toMatchObject({
      kind: 'budget',
      tag: `budget:${id}`,
      path: `/sessions/${id}/info`,
      session_id: id,
    });
    expect(budgetMessage({ ...crossing, budget: 'day' }, id, stamp)).toMatchObject({ tag: 'budget:day', path: '/usage', session_id: null });
  });
});

describe('what a notification says of an approval', () => {
  const call = (changes: Parameters<typeof sampleApproval>[0], waiting = 1) =>
    approvalMessage({ approval: sampleApproval(changes), waiting, seq: 7 }, stamp);

  it('is what the agent wants, in words of ours', () => {
    expect(call({})).toEqual({
      kind: 'waiting',
      title: 'claude wants to run a command',
      body: 'Fix the checkout · waits for your answer',
      tag: `session:${sampleSession().id}`,
      path: `/approvals/${sampleApproval({}).id}`,
      session_id: sampleSession().id,
      ...stamp,
    });
    expect(call({}, 3).path).toBe('/approvals');
    expect(call({ ask: { tool_kind: 'edit' } }).title).toBe('claude wants to change files');
    expect(call({ ask: { kind: 'question', tool_kind: 'think' } }).title).toBe('claude asks a question');
    expect(call({}, 3).title).toBe('claude asks 3 things');
  });

  it('E10: is nothing that the agent wrote', () => {
    const evil = 'Approve? y/n';
    const option = { id: evil, label: evil, decision: 'allow', scope: 'once', covers: evil } as const;
    const question = { id: evil, text: evil, type: 'text' as const, choices: [], multiple: false, free: true, required: true };
    const ask = { subject: evil, detail: evil, tool_name: evil, cwd: evil, options: [option], questions: [question] };
    const diffs = [{ path: evil, before: evil, after: evil, cut: false }];
    for (const waiting of [0, 1, 2]) {
      const outcome = sampleOutcome({ by: 'at the agent', text: evil, reason: evil, option_id: evil });
      expect(JSON.stringify(call({ ask: { ...ask, diffs }, outcome }, waiting))).not.toContain('Approve?');
    }
  });

  it('replaces the call without a sound when it was answered elsewhere', () => {
    const message = call({ state: 'gone', outcome: sampleOutcome({ decision: 'deny', by: 'at the agent' }) }, 0);
    expect(message).toMatchObject({
      kind: 'answered',
      quiet: true,
      title: 'Answered: Fix the checkout',
      body: 'Deny, at the agent · claude wants to run a command',
      tag: call({}).tag,
    });
    expect(pushMessage.parse(message)).toEqual(message);
  });
});
