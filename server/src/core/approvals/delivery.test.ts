import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { approvalHouses } from '../../approvals-kit.ts';

const { open, close } = approvalHouses();
afterEach(close);

describe('an answer on its way', () => {
  it('is delivered again until the agent takes it, and everybody sees that it is not there yet', async () => {
    const house = open();
    let up = false;
    const { id, hash, taken } = house.ask(
      {},
      {
        takes: async () => {
          if (!up) throw new AfieldError('unavailable', 'The line is cut.');
        },
      },
    );
    await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    await house.settled();
    expect(house.service.get(id)).toMatchObject({
      state: 'answered',
      outcome: { decision: 'allow', reason: 'Not delivered yet. The line is cut. It is tried again.' },
    });
    for (let i = 0; i < 6; i++) {
      house.clock.advance(30_000);
      await house.settled();
    }
    expect(taken).toHaveLength(7);
    up = true;
    house.clock.advance(30_000);
    await house.settled();
    expect(house.service.get(id)).toMatchObject({ state: 'delivered', outcome: { decision: 'allow', reason: null } });
    house.clock.advance(600_000);
    await house.settled();
    expect(taken).toHaveLength(8);
    expect(house.told().filter((one) => one.endsWith('answered'))).toHaveLength(2);
  });

  it('waits longer from try to try', async () => {
    const house = open();
    const { id, hash, taken } = house.ask(
      {},
      {
        takes: async () => {
          throw new Error('no');
        },
      },
    );
    await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    await house.settled();
    for (const [ms, tries] of [
      [249, 1],
      [1, 2],
      [499, 2],
      [1, 3],
      [1_000, 4],
    ] as const) {
      house.clock.advance(ms);
      await house.settled();
      expect(taken).toHaveLength(tries);
    }
  });

  it('stops when the agent does not know of the ask, or is gone', async () => {
    const house = open();
    const unknown = house.ask(
      {},
      {
        takes: async () => {
          throw new AfieldError('not_found', 'Which ask?');
        },
      },
    );
    const dead = house.ask(
      {},
      {
        takes: async () => {
          throw new AfieldError('unavailable', 'It is gone.');
        },
      },
    );
    for (const { id, hash } of [unknown, dead]) await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    await house.settled();
    expect(house.service.get(unknown.id)).toMatchObject({ state: 'gone', outcome: { decision: 'unknown' } });
    house.desk.abandon(house.row.id, 'The agent has ended.');
    expect(house.service.get(dead.id)).toMatchObject({
      state: 'gone',
      outcome: { reason: '"Allow" by x did not reach the agent. The agent has ended.' },
    });
    house.clock.advance(3_600_000);
    await house.settled();
    expect([unknown.taken.length, dead.taken.length]).toEqual([1, 1]);
  });
});

describe('a full disk', () => {
  it('keeps no answer from its agent, and what was decided is written when there is room', async () => {
    let full = true;
    const refuses = <T extends object>(thing: T): T =>
      new Proxy(thing, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (!full || (name !== 'insert' && name !== 'update')) return value;
          return () => {
            throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
          };
        },
      });
    const house = open({ over: (store) => ({ ...store, approvals: refuses(store.approvals) }) });
    const { id, hash, taken } = house.ask();
    expect(house.service.list({ all: false, limit: 10 }).items).toHaveLength(1);
    await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    await house.settled();
    expect(taken).toHaveLength(1);
    expect(house.service.get(id).state).toBe('delivered');
    expect(house.store.approvals.get(id)).toBeNull();
    full = false;
    house.clock.advance(5_000);
    expect(house.store.approvals.get(id)).toMatchObject({ state: 'delivered', outcome: { decision: 'allow' } });
  });
});

describe('a close', () => {
  it('ends all that is tried again, and writes what could not be written before', async () => {
    let full = true;
    const house = open({
      over: (store) => ({
        ...store,
        approvals: {
          ...store.approvals,
          insert: (row) => {
            if (full) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
            store.approvals.insert(row);
          },
        },
      }),
    });
    const { id, hash, taken } = house.ask(
      {},
      {
        takes: async () => {
          throw new AfieldError('unavailable', 'The line is cut.');
        },
      },
    );
    await house.service.answer(id, { hash, decision: 'allow' }, 'x');
    await house.settled();
    full = false;
    house.closeApprovals();
    expect(house.store.approvals.get(id)).toMatchObject({ state: 'answered' });
    house.clock.advance(3_600_000);
    await house.settled();
    expect(taken).toHaveLength(1);
  });
});
