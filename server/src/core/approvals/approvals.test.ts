import { createHash } from 'node:crypto';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApprovalHouse, approvalHouses, OPTIONS, sampleChat, sampleQuestion } from '../../approvals-kit.ts';

const { open, restart, close } = approvalHouses();
afterEach(close);

const codeOf = async (answer: Promise<unknown>): Promise<AfieldError> => {
  const error = await answer.catch((caught: unknown) => caught);
  if (error instanceof AfieldError) return error;
  throw new Error(`No error, but ${JSON.stringify(error)}`);
};

describe('an approval', () => {
  it('is stored before it is told, with the hash of the bytes that are shown', () => {
    const house = open();
    const { id, hash, approval } = house.ask({ subject: 'npm test', detail: 'runs the tests' });
    expect(house.store.approvals.get(id)).toMatchObject({ state: 'pending', outcome: null, ask: { subject: 'npm test', cwd: '/srv/web' } });
    expect(hash).toBe(createHash('sha256').update(approvalBytes(approval.ask)).digest('hex'));
    expect(approval).toMatchObject({ session_name: 'web', machine: 'local', agent: 'claude', item_id: null });
    expect(house.told()).toEqual(['approval.requested pending']);
    expect(house.logged()).toEqual(['It wants to run a command: npm test']);
    expect(house.desk.pending(house.row.id)).toBe(1);
  });

  it('goes from pending to answered to delivered, each told, and the agent is told once', async () => {
    const house = open();
    const { id, hash, taken } = house.ask();
    const answered = await house.service.answer(id, { hash, decision: 'allow' }, 'Pixel 9');
    expect(answered).toMatchObject({ state: 'answered', outcome: { decision: 'allow', scope: 'once', by: 'Pixel 9', rule_id: null } });
    await house.settled();
    expect(taken).toEqual([{ option_id: 'y', decision: 'allow', text: null, answers: {} }]);
    expect(house.service.get(id)).toMatchObject({ state: 'delivered', outcome: { reason: null } });
    expect(house.told()).toEqual(['approval.requested pending', 'approval.resolved answered', 'approval.resolved delivered']);
    expect(house.logged().at(-1)).toBe('Allow, by Pixel 9: npm test');
    expect(house.desk.pending(house.row.id)).toBe(0);
  });

  it('is answered by the option of the agent that fits, or by one that is named', async () => {
    const house = open();
    const always = house.ask();
    await house.service.answer(always.id, { hash: always.hash, decision: 'allow', scope: 'always' }, 'x');
    const named = house.ask();
    await house.service.answer(named.id, { hash: named.hash, option_id: 'n', text: 'Use pnpm.' }, 'x');
    await house.settled();
    expect(always.taken).toMatchObject([{ option_id: 'a', decision: 'allow' }]);
    expect(named.taken).toEqual([{ option_id: 'n', decision: 'deny', text: 'Use pnpm.', answers: {} }]);
    expect(house.service.get(named.id).outcome).toMatchObject({ decision: 'deny', text: 'Use pnpm.', option_id: 'n' });
  });

  it('takes no scope that the agent does not offer, and says what it offers', async () => {
    const house = open();
    const { id, hash, taken } = house.ask();
    const error = await codeOf(house.service.answer(id, { hash, decision: 'allow', scope: 'session' }, 'x'));
    expect(error).toMatchObject({
      code: 'not_supported',
      message: 'The agent does not offer "Allow in this session" here. It offers: Allow, Always allow, Deny.',
    });
    expect((await codeOf(house.service.answer(id, { hash, option_id: 'nope' }, 'x'))).code).toBe('not_supported');
    expect((await codeOf(house.service.answer(id, { hash, option_id: 'n', decision: 'allow' }, 'x'))).code).toBe('bad_request');
    expect((await codeOf(house.service.answer(id, { hash }, 'x'))).code).toBe('bad_request');
    expect([taken, house.service.get(id).state]).toEqual([[], 'pending']);
  });

  it('can always be denied, by whatever the agent has for it', async () => {
    const house = open();
    const cancel = { ...OPTIONS.deny, id: 'c', decision: 'cancel' as const };
    for (const [options, option_id] of [
      [[OPTIONS.once, cancel], 'c'],
      [[OPTIONS.once], null],
      [[OPTIONS.once, { ...OPTIONS.deny, id: 'never', scope: 'always' as const }], 'never'],
      [[cancel, { ...OPTIONS.deny, id: 'never', scope: 'always' as const }, OPTIONS.deny], 'n'],
    ] as const) {
      const { id, hash, taken } = house.ask({ options: [...options] });
      await house.service.answer(id, { hash, decision: 'deny' }, 'x');
      await house.settled();
      expect(taken).toMatchObject([{ option_id }]);
    }
  });

  it('E6: is not answered by a hash of anything else than was shown', async () => {
    const house = open();
    const shown = house.ask({ subject: 'npm test' });
    for (const subject of ['npm test\n', 'npm test\r', 'npm test ', `npm test${' '.repeat(500)}; rm -rf ~`]) {
      const { id, taken } = house.ask({ subject });
      expect((await codeOf(house.service.answer(id, { hash: shown.hash, decision: 'allow' }, 'x'))).code).toBe('approval_changed');
      expect(taken).toEqual([]);
    }
  });

  it('E6: is not given for a reach that was not shown', async () => {
    const house = open();
    const offering = (covers: string) => house.ask({ options: [OPTIONS.once, { ...OPTIONS.session, covers }] });
    const narrow = offering('npm test');
    const wide = offering('npm *');
    expect((await codeOf(house.service.answer(wide.id, { hash: narrow.hash, option_id: 's' }, 'x'))).code).toBe('approval_changed');
    await house.service.answer(wide.id, { hash: wide.hash, option_id: 's' }, 'x');
    await house.settled();
    expect([narrow.taken, wide.taken]).toMatchObject([[], [{ option_id: 's' }]]);
  });

  it('E6: offers nothing for longer than this once whose reach nobody could read, by its own words or by its name', async () => {
    const house = open();
    const long = 'x'.repeat(301);
    const nameless = { id: 'l', label: long, decision: 'allow', scope: 'always' } as const;
    const { approval, hash, id } = house.ask({
      options: [
        { ...OPTIONS.once, label: long, covers: 'not more than this once' },
        { ...OPTIONS.session, covers: long },
        { ...OPTIONS.always, label: long },
        nameless,
        { ...nameless, id: 'n', label: 'Never', decision: 'deny' },
      ],
    });
    expect(approval.ask.options.map(({ id, covers }) => [id, covers])).toEqual([
      ['y', null],
      ['a', 'npm test, kept in its settings'],
      ['n', null],
    ]);
    expect((await codeOf(house.service.answer(id, { hash, option_id: 's' }, 'x'))).code).toBe('not_supported');
  });

  it('E6: whose command is longer than 64 kB can only be denied', async () => {
    const house = open();
    const subject = `echo ${'a'.repeat(64 * 1024)}; rm -rf ~`;
    const { id, hash, approval, taken } = house.ask({ subject });
    expect(approval.ask.subject).toBe(subject);
    expect((await codeOf(house.service.answer(id, { hash, decision: 'allow' }, 'x'))).code).toBe('not_supported');
    expect((await codeOf(house.service.answer(id, { hash, option_id: 'y' }, 'x'))).code).toBe('not_supported');
    await house.service.answer(id, { hash, decision: 'deny' }, 'x');
    await house.settled();
    expect(taken).toMatchObject([{ decision: 'deny' }]);
  });

  it('is not there under an id that nobody was given', async () => {
    const house = open();
    expect(() => house.service.get('019a0000-0000-7000-8000-00000000ffff')).toThrow(
      expect.objectContaining({ code: 'approval_not_found' }),
    );
    const none = house.service.answer('019a0000-0000-7000-8000-00000000ffff', { hash: '0'.repeat(64), decision: 'allow' }, 'x');
    expect((await codeOf(none)).code).toBe('approval_not_found');
  });
});

describe('the first answer wins', () => {
  it('and the same answer again is answered from the record, delivered or not', async () => {
    const house = open();
    const { id, hash, taken } = house.ask();
    const first = await house.service.answer(id, { hash, decision: 'deny', text: 'No.' }, 'Pixel 9');
    expect(await house.service.answer(id, { hash, decision: 'deny', text: 'No.' }, 'Pixel 9')).toEqual(first);
    await house.settled();
    expect(await house.service.answer(id, { hash, option_id: 'n', text: 'No.' }, 'iPad')).toMatchObject({
      state: 'delivered',
      outcome: { by: 'Pixel 9' },
    });
    expect(taken).toHaveLength(1);
  });

  it('and another one is told who was first, what it was, and how late it came', async () => {
    const house = open();
    const { id, hash } = house.ask();
    await house.service.answer(id, { hash, decision: 'deny' }, 'the desk');
    house.clock.advance(4_000);
    const error = await codeOf(house.service.answer(id, { hash, decision: 'allow' }, 'Pixel 9'));
    expect(error).toMatchObject({
      code: 'approval_answered',
      message: 'Already answered at the desk: Deny. Your answer came 4 s later and was not used.',
      extension: { state: expect.any(String), outcome: { decision: 'deny', by: 'the desk' } },
    });
    expect(error.toProblem()).toMatchObject({ status: 409, outcome: { decision: 'deny', by: 'the desk' } });
    for (const other of [
      { decision: 'deny', text: 'Words.' },
      { decision: 'deny', scope: 'always', option_id: 'gone' },
      { decision: 'cancel' },
    ] as const)
      expect((await codeOf(house.service.answer(id, { hash, ...other }, 'Pixel 9'))).code).toBe('approval_answered');
  });

  it('of two that come at once', async () => {
    const house = open();
    const { id, hash, taken } = house.ask();
    const both = await Promise.allSettled([
      house.service.answer(id, { hash, decision: 'allow' }, 'Pixel 9'),
      house.service.answer(id, { hash, decision: 'deny' }, 'iPad'),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await house.settled();
    expect(taken).toMatchObject([{ decision: 'allow' }]);
  });

  it("on the agent's own screen too", async () => {
    const house = open();
    const { id, hash, taken } = house.ask();
    house.desk.gone(id, { by: 'at the agent', decision: 'allow', reason: null });
    expect(house.told().at(-1)).toBe('approval.resolved gone');
    expect(house.service.get(id).outcome).toMatchObject({ decision: 'allow', by: 'at the agent' });
    expect((await codeOf(house.service.answer(id, { hash, decision: 'deny' }, 'x'))).message).toBe(
      'Already answered at the agent: Allow. Your answer came 0 s later and was not used.',
    );
    house.desk.gone(id, { by: 'at the agent', decision: 'deny', reason: null });
    expect(house.service.get(id).outcome?.decision).toBe('allow');
    expect(taken).toEqual([]);
  });

  it("and an agent's word that it was answered changes nothing of an answer that it has taken", async () => {
    const house = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { id, hash } = house.ask({}, { takes: () => promise });
    await house.service.answer(id, { hash, decision: 'allow' }, 'Pixel 9');
    await house.settled();
    house.desk.gone(id, { by: 'at the agent', decision: 'unknown', reason: null });
    expect(house.service.get(id).state).toBe('answered');
    resolve();
    await house.settled();
    expect(house.service.get(id)).toMatchObject({ state: 'delivered', outcome: { by: 'Pixel 9' } });
  });

  it('but who answered here learns when the one at the agent was faster', async () => {
    const house = open();
    const { promise, reject } = Promise.withResolvers<void>();
    const { id, hash } = house.ask({}, { takes: () => promise });
    await house.service.answer(id, { hash, decision: 'allow' }, 'Pixel 9');
    await house.settled();
    house.desk.gone(id, { by: 'at the agent', decision: 'deny', reason: null });
    reject(new AfieldError('unavailable', 'Not now.'));
    await house.settled();
    expect(house.service.get(id)).toMatchObject({
      state: 'gone',
      outcome: { decision: 'deny', by: 'at the agent', reason: '"Allow" by Pixel 9 did not reach the agent.' },
    });
  });
});

describe('an end', () => {
  it('of the agent takes what it asked with it, and nothing of other sessions', () => {
    const other = sampleChat({ id: '019a0000-0000-7000-8000-000000000002', name: 'api' });
    const house = open({ sessions: [sampleChat(), other] });
    const [mine, others] = [house.ask(), house.ask({}, { of: other })];
    house.desk.abandon(house.row.id, 'The agent has ended.');
    expect(house.service.get(mine.id)).toMatchObject({ state: 'gone', outcome: { reason: 'The agent has ended.' } });
    expect(house.service.get(others.id).state).toBe('pending');
    expect([house.desk.pending(house.row.id), house.desk.pending(other.id)]).toEqual([0, 1]);
  });

  it('of the home server leaves nothing that seems to wait, and an answer that was lost is told of', async () => {
    const first = open();
    const waiting = first.ask();
    const answered = first.ask({}, { takes: () => new Promise(() => {}) });
    const done = first.ask();
    await first.service.answer(answered.id, { hash: answered.hash, decision: 'allow' }, 'Pixel 9');
    await first.service.answer(done.id, { hash: done.hash, decision: 'deny' }, 'Pixel 9');
    await first.settled();
    const second = restart(first);
    expect(second.service.get(waiting.id).state).toBe('gone');
    expect(second.service.get(answered.id)).toMatchObject({
      state: 'gone',
      outcome: { reason: expect.stringContaining('"Allow" by Pixel 9 did not reach the agent.') },
    });
    expect(second.service.get(done.id)).toMatchObject({ state: 'delivered', outcome: { decision: 'deny' } });
    expect(second.told()).toEqual(['approval.resolved gone', 'approval.resolved gone']);
    const late = await codeOf(second.service.answer(waiting.id, { hash: waiting.hash, decision: 'allow' }, 'x'));
    expect(late.message).toBe(
      'The agent does not ask this any more. The home server was started anew. If the agent still waits, it asks again. Your answer was not used.',
    );
  });
});

describe('a question', () => {
  const answers = (house: ApprovalHouse, { id, hash }: { id: string; hash: string }, given: Record<string, string[]>) =>
    house.service.answer(id, { hash, answers: given }, 'x');
  const question = (house: ApprovalHouse, ...questions: ReturnType<typeof sampleQuestion>[]) =>
    house.ask({ kind: 'question', tool_kind: 'other', options: [], questions });

  it('is answered by its choices', async () => {
    const house = open();
    const one = question(house, sampleQuestion());
    expect((await codeOf(answers(house, one, { q: ['three'] }))).message).toBe('Question 1: it takes one of its choices.');
    expect((await codeOf(answers(house, one, { q: ['one', 'two'] }))).code).toBe('bad_request');
    expect((await codeOf(answers(house, one, {}))).message).toBe('Question 1: it must be answered.');
    expect((await codeOf(answers(house, one, { q: ['one'], other: ['x'] }))).code).toBe('bad_request');
    await answers(house, one, { q: ['two'] });
    await house.settled();
    expect(one.taken).toEqual([{ option_id: null, decision: 'answer', text: null, answers: { q: ['two'] } }]);
    expect(house.service.get(one.id).outcome).toMatchObject({ decision: 'answer', answers: { q: ['two'] } });
  });

  it('takes several choices, words of one’s own, numbers and flags where it says so', async () => {
    const house = open();
    const form = question(
      house,
      sampleQuestion({ id: 'm', multiple: true, free: true }),
      sampleQuestion({ id: 't', type: 'text', choices: [], required: false }),
      sampleQuestion({ id: 'n', type: 'number', choices: [] }),
      sampleQuestion({ id: 'f', type: 'flag', choices: [] }),
    );
    const whole = { m: ['one', 'my own'], n: ['4.5'], f: ['true'] };
    for (const wrong of [
      { ...whole, n: ['four'] },
      { ...whole, n: [' '] },
      { ...whole, f: ['yes'] },
      { ...whole, t: ['a', 'b'] },
    ])
      expect((await codeOf(answers(house, form, wrong))).code).toBe('bad_request');
    await answers(house, form, whole);
    await house.settled();
    expect(form.taken[0]?.answers).toEqual(whole);
  });

  it('that is the only one is answered by words alone, and any can be refused', async () => {
    const house = open();
    const words = question(house, sampleQuestion({ type: 'text', choices: [] }));
    await house.service.answer(words.id, { hash: words.hash, text: 'Blue.' }, 'x');
    const refused = question(house, sampleQuestion(), sampleQuestion({ id: 'r' }));
    await house.service.answer(refused.id, { hash: refused.hash, decision: 'cancel' }, 'x');
    await house.settled();
    expect([words.taken[0]?.answers, refused.taken[0]?.decision]).toEqual([{ q: ['Blue.'] }, 'cancel']);
  });

  it('whose id is a name that every object has reaches the agent as it is', async () => {
    const house = open();
    const odd = question(house, sampleQuestion({ id: '__proto__' }), sampleQuestion({ id: 'constructor', required: false }));
    await answers(house, odd, JSON.parse('{"__proto__":["one"]}'));
    await house.settled();
    expect(Object.entries(odd.taken[0]?.answers ?? {})).toEqual([['__proto__', ['one']]]);
  });
});

describe('the list', () => {
  it('holds all that wait, oldest first, of one session or of all, by pages', async () => {
    const other = sampleChat({ id: '019a0000-0000-7000-8000-000000000002', name: 'api' });
    const house = open({ sessions: [sampleChat(), other] });
    const asked = [house.ask(), house.ask({}, { of: other }), house.ask(), house.ask()];
    const ids = asked.map(({ id }) => id);
    const list = (query: object = {}) => house.service.list({ all: false, limit: 100, ...query });
    expect(list().items.map(({ id }) => id)).toEqual(ids);
    expect(list({ session_id: other.id }).items.map(({ session_name }) => session_name)).toEqual(['api']);
    const page = list({ limit: 2 });
    // The one that the cursor points to may be answered meanwhile.
    await house.service.answer(ids[1] as string, { hash: asked[1]?.hash as string, decision: 'deny' }, 'x');
    expect(list({ limit: 2, cursor: page.next_cursor as string })).toMatchObject({
      items: [{ id: ids[2] }, { id: ids[3] }],
      next_cursor: null,
    });
    expect(list().items).toHaveLength(3);
    expect(() => list({ cursor: 'x' })).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('of all holds the past too, newest first, by pages of what a line can carry', async () => {
    const house = open();
    const asked = Array.from({ length: 25 }, () => house.ask());
    for (const { id, hash } of asked.slice(0, 5)) await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    const first = house.service.list({ all: true, limit: 21 });
    const second = house.service.list({ all: true, limit: 21, cursor: first.next_cursor as string });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(asked.map(({ id }) => id).reverse());
    expect(second.next_cursor).toBeNull();
    const long = Array.from({ length: 4 }, () => house.ask({ subject: 'x'.repeat(1_500_000) }));
    const bytes = house.service.list({ all: true, limit: 100 });
    expect(bytes.items.map(({ id }) => id)).toEqual([long[3]?.id, long[2]?.id]);
    expect(bytes.next_cursor).not.toBeNull();
  });
});

describe('what nobody could read', () => {
  it('is denied without asking: more than 200 of a session', async () => {
    const house = open();
    const asked = Array.from({ length: 201 }, () => house.ask());
    await house.settled();
    expect(house.desk.pending(house.row.id)).toBe(200);
    expect(asked[200]?.taken).toMatchObject([{ decision: 'deny', option_id: 'n' }]);
    expect(house.service.get(asked[200]?.id as string).outcome).toMatchObject({
      by: 'Afield',
      reason: '200 approvals of this session wait already. It was denied without asking.',
    });
  });

  it('is denied without asking: larger than 4 MB, and no more than a beginning of it is kept', async () => {
    const house = open();
    const { id, taken } = house.ask({ subject: 'x'.repeat(5_000_000) });
    await house.settled();
    expect(taken).toMatchObject([{ decision: 'deny' }]);
    expect(house.service.get(id).ask.subject.length).toBeLessThan(5_000);
    expect(house.service.get(id)).toMatchObject({ state: 'delivered', outcome: { by: 'Afield' } });
  });

  it('is denied without asking: more than 16 MB in one session', async () => {
    const house = open();
    const asked = Array.from({ length: 6 }, () => house.ask({ subject: 'x'.repeat(3_000_000) }));
    await house.settled();
    expect(asked.map(({ taken }) => taken.length)).toEqual([0, 0, 0, 0, 0, 1]);
  });
});
