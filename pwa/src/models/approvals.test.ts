import type { Approval, ApprovalAsk } from '@afield/shared/api/approvals.ts';
import { approvalBytes, MAX_SUBJECT_BYTES } from '@afield/shared/approval-bytes.ts';
import { nobleSymmetric } from '@afield/shared/channel/noble-symmetric.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, ONLINE, scriptedLink } from '../../test/scripted-link.ts';
import { type Approvals, findApproval, hashOf, onlyDeny, watchApprovals } from './approvals.ts';

const ask = (fields: Partial<ApprovalAsk> = {}): ApprovalAsk => ({
  kind: 'permission',
  tool_kind: 'execute',
  tool_name: 'Bash',
  subject: 'npm test',
  detail: null,
  cwd: '/srv/web',
  diffs: [],
  options: [{ id: 'y', label: 'Yes', decision: 'allow', scope: 'once', covers: null }],
  questions: [],
  ...fields,
});
/** By another implementation than the page's. */
const homeHash = (asked: ApprovalAsk) =>
  [...nobleSymmetric.sha256(new TextEncoder().encode(approvalBytes(asked)))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function approval(id: string, fields: Partial<Approval> = {}): Approval {
  const asked = fields.ask ?? ask();
  return {
    id,
    session_id: `session of ${id}`,
    session_name: 'web',
    agent: 'claude',
    machine: 'local',
    project_id: null,
    item_id: null,
    ask: asked,
    hash: homeHash(asked),
    state: 'pending',
    outcome: null,
    created_at: `2026-11-20T14:00:0${id.length}Z`,
    ...fields,
  };
}
const outcome = {
  decision: 'deny',
  scope: 'once',
  text: null,
  answers: {},
  by: 'the desk',
  rule_id: null,
  at: '2026-11-20T14:01:00Z',
  reason: null,
} as const;

let open: Approvals | null = null;
function watch(items: Approval[] = [approval('a')], state = ONLINE as Parameters<typeof scriptedLink>[0]) {
  const way = scriptedLink(state);
  const bodies: unknown[] = [];
  let list = items;
  way.answers.listApprovals = () => ({ items: list, next_cursor: null });
  way.answers.answerApproval = ({ params, body }) => {
    bodies.push(body);
    return { ...list.find(({ id }) => id === params?.id), state: 'answered', outcome: { ...outcome, decision: 'allow' } };
  };
  const approvals = watchApprovals(way.link);
  open = approvals;
  const setList = (next: Approval[]) => {
    list = next;
  };
  const event = (type: 'approval.requested' | 'approval.resolved', one: Approval) =>
    way.event({ type, seq: 1, session_id: one.session_id, timestamp: '', payload: { approval: one } });
  return { ...way, approvals, bodies, setList, told: event };
}
const ids = ({ shown }: Approvals) => shown.value.map(({ approval: one }) => one.id);
/** WebCrypto answers when it likes. */
const hashed = (approvals: Approvals, id = 'a') => vi.waitFor(() => expect(findApproval(approvals, id)?.hash).toBeTypeOf('string'));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  open?.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('what waits', () => {
  it('all of it comes with the connection, oldest first, whatever page it is on', async () => {
    const way = scriptedLink();
    way.answers.listApprovals = ({ query }) =>
      query?.cursor === undefined ? { items: [approval('bb')], next_cursor: 'x' } : { items: [approval('a')], next_cursor: null };
    const approvals = watchApprovals(way.link);
    open = approvals;
    expect(ids(approvals)).toEqual([]);
    way.state(ONLINE);
    await vi.waitFor(() => expect(ids(approvals)).toEqual(['a', 'bb']));
    expect(approvals.waiting.value).toBe(2);
    expect([...approvals.sessions.value]).toEqual(['session of a', 'session of bb']);
  });

  it('a new one comes by itself, once, behind the others', async () => {
    const { approvals, told } = watch();
    await hashed(approvals);
    told('approval.requested', approval('bb'));
    told('approval.requested', approval('bb'));
    expect(ids(approvals)).toEqual(['a', 'bb']);
  });

  it('one that was answered while there was no connection is gone after it', async () => {
    const { approvals, state, setList } = watch();
    await hashed(approvals);
    state(down('relay_down'));
    setList([approval('bb')]);
    state(ONLINE);
    await vi.waitFor(() => expect(ids(approvals)).toEqual(['bb']));
  });

  it('users 8: one that is answered at the desk says who, and leaves by itself', async () => {
    const { approvals, told } = watch();
    await hashed(approvals);
    told('approval.resolved', approval('a', { state: 'delivered', outcome }));
    expect(approvals.waiting.value).toBe(0);
    expect(approvals.shown.value[0]?.approval.outcome?.by).toBe('the desk');
    vi.advanceTimersByTime(10_000);
    expect(ids(approvals)).toEqual([]);
  });

  it('a late list or event never brings an answered one back', async () => {
    const { approvals, told } = watch();
    await hashed(approvals);
    told('approval.resolved', approval('a', { state: 'delivered', outcome }));
    told('approval.requested', approval('a'));
    expect(approvals.waiting.value).toBe(0);
  });

  it('more than one would ever answer does not grow without a bound', async () => {
    const { approvals, told } = watch([]);
    for (let i = 0; i < 700; i++) told('approval.requested', approval(`n${i}`, { created_at: '2026-11-20T14:00:00Z' }));
    expect(approvals.shown.value.length).toBe(500);
  });
});

describe('E6: the hash', () => {
  it('is made here, of exactly what is shown, and is the one that home has', async () => {
    const odd = ask({ subject: 'npm test\n\u202E\uD800 ö', detail: 'why', diffs: [{ path: 'a', before: null, after: 'x', cut: false }] });
    expect(await hashOf(odd)).toBe(homeHash(odd));
    const { approvals, bodies } = watch();
    await hashed(approvals);
    await approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(bodies).toEqual([{ option_id: 'y', hash: homeHash(ask()) }]);
  });

  it('of something else than home was asked allows nothing, and an answer would carry what was shown', async () => {
    const { approvals, bodies } = watch([approval('a', { hash: homeHash(ask({ subject: 'rm -rf ~' })) })]);
    await hashed(approvals);
    expect(onlyDeny(findApproval(approvals, 'a')!)).toBe('changed');
    await approvals.answer('a', 'Allow once', { decision: 'allow' });
    expect(bodies).toMatchObject([{ hash: homeHash(ask()) }]);
  });

  it('cannot be made without a secure context: then it can only be denied, and is never allowed', async () => {
    vi.stubGlobal('crypto', {});
    const { approvals, bodies } = watch();
    await vi.waitFor(() => expect(findApproval(approvals, 'a')?.hash).toBeNull());
    expect(onlyDeny(findApproval(approvals, 'a')!)).toBe('hash');
    await approvals.answer('a', 'Allow once', { decision: 'allow' });
    expect(bodies).toEqual([]);
    expect(findApproval(approvals, 'a')?.answering).toMatchObject({ state: 'failed', text: expect.stringMatching(/cannot check/) });
    await approvals.answer('a', 'Deny', { decision: 'deny' });
    expect(bodies).toEqual([{ decision: 'deny', hash: homeHash(ask()) }]);
  });

  it('what is too long to read, or a diff that was cut, can only be denied', async () => {
    const long = ask({ subject: 'x'.repeat(MAX_SUBJECT_BYTES + 1) });
    const cut = ask({ diffs: [{ path: 'a', before: 'x', after: 'y', cut: true }] });
    const { approvals } = watch([approval('a', { ask: long }), approval('bb', { ask: cut })]);
    await hashed(approvals);
    await hashed(approvals, 'bb');
    expect(approvals.shown.value.map(onlyDeny)).toEqual(['long', 'long']);
  });

  it('is made anew when what is asked is another thing', async () => {
    const { approvals, told } = watch();
    await hashed(approvals);
    const next = ask({ subject: 'npm run build' });
    told('approval.requested', approval('a', { ask: next }));
    await vi.waitFor(() => expect(findApproval(approvals, 'a')?.hash).toBe(homeHash(next)));
  });
});

describe('an answer', () => {
  it('is shown at once, goes once, and says when the agent has it', async () => {
    const { approvals, answers, told, calls } = watch();
    await hashed(approvals);
    let finish: (value: unknown) => void = () => {};
    answers.answerApproval = () => new Promise((resolve) => (finish = resolve));
    const sent = approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(findApproval(approvals, 'a')?.answering).toMatchObject({ words: 'Allow once', state: 'sending' });
    expect(approvals.waiting.value).toBe(0);
    void approvals.answer('a', 'Deny', { decision: 'deny' });
    finish(approval('a', { state: 'answered', outcome }));
    await sent;
    expect(calls.filter(({ operation }) => operation === 'answerApproval')).toHaveLength(1);
    expect(findApproval(approvals, 'a')?.answering?.state).toBe('sent');
    vi.advanceTimersByTime(60_000);
    expect(ids(approvals)).toEqual(['a']);
    told('approval.resolved', approval('a', { state: 'delivered', outcome }));
    vi.advanceTimersByTime(10_000);
    expect(ids(approvals)).toEqual([]);
  });

  it('that comes too late says who was first, until it was read', async () => {
    const { approvals, answers } = watch();
    await hashed(approvals);
    const words = 'Already answered at the desk: Deny. Your answer came 4 s later and was not used.';
    answers.answerApproval = () => Promise.reject(new AfieldError('approval_answered', words));
    answers.getApproval = () => approval('a', { state: 'delivered', outcome });
    await approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(findApproval(approvals, 'a')).toMatchObject({ answering: { state: 'late', text: words }, approval: { state: 'delivered' } });
    vi.advanceTimersByTime(60_000);
    expect(ids(approvals)).toEqual(['a']);
    approvals.dismiss('a');
    expect(ids(approvals)).toEqual([]);
  });

  it('users 6: under which the line broke is sent again with the next connection, the same one', async () => {
    const { approvals, answers, state, bodies } = watch();
    await hashed(approvals);
    const answered = answers.answerApproval!;
    answers.answerApproval = () => {
      state(down('relay_down'));
      throw new AfieldError('unavailable', 'The line broke.');
    };
    await approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(findApproval(approvals, 'a')?.answering?.state).toBe('waiting');
    expect(approvals.waiting.value).toBe(0);
    answers.answerApproval = answered;
    state(ONLINE);
    await vi.waitFor(() => expect(findApproval(approvals, 'a')?.answering?.state).toBe('sent'));
    expect(bodies).toEqual([{ option_id: 'y', hash: homeHash(ask()) }]);
  });

  it('to something that has changed shows what is asked now', async () => {
    const { approvals, answers } = watch();
    await hashed(approvals);
    const next = approval('a', { ask: ask({ subject: 'npm run build' }) });
    answers.answerApproval = () => Promise.reject(new AfieldError('approval_changed', 'What was shown is not what the agent asks.'));
    answers.getApproval = () => next;
    await approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(findApproval(approvals, 'a')).toMatchObject({ answering: { state: 'failed' }, approval: { ask: { subject: 'npm run build' } } });
    expect(approvals.waiting.value).toBe(1);
  });

  it('that failed can be given again', async () => {
    const { approvals, answers, bodies } = watch();
    await hashed(approvals);
    const answered = answers.answerApproval!;
    answers.answerApproval = () => Promise.reject(new AfieldError('internal', 'Fault.'));
    await approvals.answer('a', 'Allow once', { option_id: 'y' });
    expect(findApproval(approvals, 'a')?.answering).toMatchObject({ state: 'failed', text: 'Fault.' });
    answers.answerApproval = answered;
    await approvals.answer('a', 'Deny', { decision: 'deny' });
    expect(bodies).toHaveLength(1);
  });

  it('users 7: to many at once goes in one request, and each has its own end', async () => {
    const { approvals, answers } = watch([approval('a'), approval('bb'), approval('ccc')]);
    await hashed(approvals, 'ccc');
    await hashed(approvals, 'bb');
    const bodies: unknown[] = [];
    answers.getApproval = () => approval('bb', { state: 'delivered', outcome });
    answers.answerApprovals = ({ body }) => {
      bodies.push(body);
      return {
        items: [
          { id: 'a', approval: approval('a', { state: 'answered', outcome }), error: null },
          { id: 'bb', approval: null, error: { code: 'approval_answered', detail: 'Already answered.' } },
        ],
      };
    };
    await approvals.answerAll(['a', 'bb'], 'Deny', 'deny');
    const hash = homeHash(ask());
    expect(bodies).toEqual([
      {
        answers: [
          { decision: 'deny', scope: 'once', id: 'a', hash },
          { decision: 'deny', scope: 'once', id: 'bb', hash },
        ],
      },
    ]);
    expect(findApproval(approvals, 'a')?.answering?.state).toBe('sent');
    expect(findApproval(approvals, 'bb')?.answering).toMatchObject({ state: 'late', text: 'Already answered.' });
    expect(findApproval(approvals, 'ccc')?.answering).toBeNull();
  });

  it('that was given is still there for who looks at it, and makes room for new ones', async () => {
    const { approvals, told } = watch();
    await hashed(approvals);
    told('approval.resolved', approval('a', { state: 'delivered', outcome }));
    vi.advanceTimersByTime(10_000);
    expect(approvals.shown.value).toEqual([]);
    expect(findApproval(approvals, 'a')?.approval.state).toBe('delivered');
    for (let i = 0; i < 500; i++) told('approval.requested', approval(`n${i}`, { created_at: '2026-11-20T14:00:00Z' }));
    expect(approvals.shown.value.length).toBe(500);
    expect(findApproval(approvals, 'a')).toBeNull();
  });

  it('an old one can be looked at, and stays out of what waits', async () => {
    const { approvals, answers } = watch([]);
    answers.getApproval = () => approval('old', { state: 'gone', outcome });
    await approvals.look('old');
    expect(findApproval(approvals, 'old')?.approval.state).toBe('gone');
    expect(approvals.shown.value).toEqual([]);
  });
});
