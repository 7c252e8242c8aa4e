import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApprovalHouse, approvalHouse, sampleChat } from '../approvals-kit.ts';

const OTHER = sampleChat({ id: '019a0000-0000-7000-8000-000000000002', name: 'api' });
let house: ApprovalHouse;
beforeEach(() => {
  house = approvalHouse({ sessions: [sampleChat(), OTHER] });
});
afterEach(() => house.close());

const ids = (session_id: string) => house.store.approvals.list({ session_id, limit: 100 }).map(({ id }) => id);

it('prunes the oldest of one session, but none that is open', () => {
  const mine = Array.from({ length: 6 }, () => house.ask().id);
  const other = house.ask({}, { of: OTHER }).id;
  house.desk.gone(other, { by: 'at the agent', decision: 'allow', reason: null });
  for (const id of mine.filter((_, i) => i !== 1)) house.desk.gone(id, { by: 'at the agent', decision: 'allow', reason: null });
  house.store.approvals.prune(house.row.id, 3);
  expect(ids(house.row.id)).toEqual([mine[5], mine[4], mine[3], mine[1]]);
  expect(ids(OTHER.id)).toEqual([other]);
  house.store.approvals.prune(house.row.id, 10);
  expect(ids(house.row.id)).toHaveLength(4);
});

it('purges all of a session, in steps', () => {
  for (let i = 0; i < 5; i++) house.ask();
  const other = house.ask({}, { of: OTHER }).id;
  expect([1, 2, 3].map(() => house.store.approvals.purge(house.row.id, 2))).toEqual([2, 2, 1]);
  expect([ids(house.row.id), ids(OTHER.id)]).toEqual([[], [other]]);
});

it('lists what is open, oldest first, and pages back from any of them', () => {
  const [one, two, three] = [house.ask(), house.ask(), house.ask()].map(({ id }) => id) as [string, string, string];
  house.desk.gone(two, { by: 'at the agent', decision: 'deny', reason: null });
  expect(house.store.approvals.open(house.row.id).map(({ id }) => id)).toEqual([one, three]);
  expect(house.store.approvals.list({ before: three, limit: 10 }).map(({ id }) => id)).toEqual([two, one]);
});
