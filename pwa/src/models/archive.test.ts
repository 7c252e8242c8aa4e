import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { ArchiveEndedModel, ArchiveModel, archivable } from './archive.ts';

const old = (name: string, fields: Partial<Session> = {}) => session({ name, minutes: 900, status: 'finished', archived: true, ...fields });

function open(items: Session[] = [old('one'), old('two')]) {
  const way = scriptedLink(ONLINE);
  way.answers.listSessions = () => ({ items, next_cursor: null });
  return { ...way, archive: new ArchiveModel(way.link) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the archive', () => {
  it('asks for archived sessions, and shows no others', async () => {
    const { archive, calls } = open([old('one'), old('live', { archived: false })]);
    expect(archive.sessions.value).toBeNull();
    await settled();
    expect(calls[0]?.sent.query).toEqual({ archived: true, limit: 50 });
    expect(archive.sessions.value?.map((one) => one.name)).toEqual(['one']);
  });

  it('is searched by words and agent', async () => {
    const { archive, calls } = open();
    await settled();
    archive.search('ta');
    archive.search('tax ');
    await vi.advanceTimersByTimeAsync(300);
    expect(calls).toHaveLength(2);
    archive.choose('codex');
    await settled();
    expect(calls.at(-1)?.sent.query).toMatchObject({ q: 'tax', agent: 'codex' });
  });

  it('goes on with the cursor', async () => {
    const { archive, answers } = open();
    answers.listSessions = ({ query }) => ({
      items: [old(query?.cursor === 'next' ? 'b' : 'a')],
      next_cursor: query?.cursor === 'next' ? null : 'next',
    });
    await archive.reload();
    expect(archive.more.value).toBe(true);
    await archive.loadMore();
    expect(archive.sessions.value?.map((one) => one.name)).toEqual(['a', 'b']);
    expect(archive.more.value).toBe(false);
  });

  it('gives back', async () => {
    const { archive, answers, calls } = open();
    await settled();
    const [first] = archive.sessions.value!;
    answers.updateSession = () => ({ ...first!, archived: false });
    const taken: string[] = [];
    await archive.bringBack(first!.id, (one) => taken.push(one.name));
    expect(calls.at(-1)?.sent.body).toEqual({ archived: false });
    expect(taken).toEqual(['one']);
    expect(archive.sessions.value?.map((one) => one.name)).toEqual(['two']);
  });

  it('a failure says why and keeps what is shown', async () => {
    const { archive, answers } = open();
    await settled();
    answers.listSessions = () => Promise.reject(new Error('No.'));
    await archive.reload();
    expect(archive.error.value).toBe('No.');
    expect(archive.sessions.value).toHaveLength(2);
  });
});

describe('archiving all that ended', () => {
  const ended = [
    session({ name: 'done', minutes: 9, status: 'finished' }),
    session({ name: 'gone', minutes: 9, status: 'lost' }),
    session({ name: 'kept', minutes: 9, status: 'failed', pinned: true }),
    session({ name: 'busy', minutes: 9 }),
  ];

  it('takes what is over, and not what is pinned', () => {
    expect(archivable(ended).map((one) => one.name)).toEqual(['done', 'gone']);
  });

  it('archives each, and stops at the first failure with a reason', async () => {
    const way = scriptedLink(ONLINE);
    way.answers.updateSession = () => ended[0];
    const dropped: string[] = [];
    const model = new ArchiveEndedModel(way.link, (id) => dropped.push(id));
    expect(await model.run(ended)).toBe(true);
    expect(dropped.sort()).toEqual([ended[0]!.id, ended[1]!.id].sort());
    expect([model.done.value, model.left.value]).toEqual([2, 0]);
    way.answers.updateSession = () => Promise.reject(new AfieldError('storage_full', 'The disk is full.'));
    expect(await model.run(ended)).toBe(false);
    expect(model.archiving.failure.value?.text).toBe('The disk is full.');
    expect(model.left.value).toBe(2);
  });
});
