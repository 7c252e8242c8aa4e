import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { boundsOf, HistoryModel } from './history.ts';

const pruned = (dry_run: boolean) => ({ dry_run, sessions: 2, recordings: 1, entries: 400, freed_bytes: 9e6, items: [] });

function open() {
  const way = scriptedLink(ONLINE);
  way.answers.getHistory = () => ({ sessions: 12 });
  const bodies: unknown[] = [];
  way.answers.pruneHistory = ({ body }) => {
    bodies.push(body);
    return pruned((body as { dry_run: boolean }).dry_run);
  };
  return { ...way, bodies, history: new HistoryModel(way.link) };
}

describe('what is kept', () => {
  it('is told, and what would go is tried without deleting', async () => {
    const { history, bodies } = open();
    await settled();
    expect(history.size.value).toMatchObject({ sessions: 12 });
    history.change({ days: '30' });
    await history.tryOut();
    expect(bodies).toEqual([{ days: 30, dry_run: true }]);
    expect(history.dry.value?.sessions).toBe(2);
    expect(history.done.value).toBeNull();
  });

  it('deletes only what was asked for, and counts anew', async () => {
    const { history, bodies, calls } = open();
    await settled();
    await history.tryOut();
    await history.prune();
    expect(bodies).toEqual([{ dry_run: true }, { dry_run: false }]);
    expect(history.dry.value).toBeNull();
    expect(history.done.value?.freed_bytes).toBe(9e6);
    expect(calls.filter(({ operation }) => operation === 'getHistory')).toHaveLength(2);
  });

  it('other numbers need another try', async () => {
    const { history } = open();
    await history.tryOut();
    history.change({ days: '1' });
    expect(history.dry.value).toBeNull();
  });

  it('a failure says why', async () => {
    const { history, answers } = open();
    answers.pruneHistory = () => Promise.reject(new AfieldError('unavailable', 'Not yet.'));
    await history.tryOut();
    expect(history.pruning.failure.value?.text).toBe('Not yet.');
    history.change({ days: 'many' });
    await history.tryOut();
    expect(history.pruning.failure.value?.text).toContain('numbers');
  });
});

it.each([
  ['', '', {}],
  ['30', '', { days: 30 }],
  ['0', '2,5', { days: 0, bytes: 2_500_000_000 }],
  ['', '0.001', { bytes: 1_000_000 }],
  ['36501', '', null],
  ['-1', '', null],
  ['', '1e9', null],
])('bounds of %j days and %j GB', (days, gigabytes, bounds) => {
  expect(boundsOf({ days, gigabytes })).toEqual(bounds);
});
