/** Real processes against a real home server. */
import type { HistorySize, LogHit, Pruned } from '@afield/shared/api/history.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDesk, until } from './test-desk.ts';

let desk: TestDesk;
beforeAll(async () => {
  desk = new TestDesk();
  await desk.startServer();
  for (const name of ['one', 'two']) {
    await desk.json<Session>(
      'run',
      'shell',
      '-s',
      name,
      '--detach',
      '--json',
      '--',
      '-c',
      `echo "edited src/${name}.ts, größer"; echo ${name} done`,
    );
  }
  await until(
    async () => ((await found('done')).length === 2 ? true : undefined),
    () => 'Both should be written.',
  );
}, 60_000);
afterAll(() => desk.close(), 60_000);

const found = async (...args: string[]) => (await desk.json<{ items: LogHit[] }>('logs', '--search', ...args)).items;

describe('logs --search', () => {
  it('finds words in all sessions, newest first, and says whose they are', async () => {
    const hits = await found('großer ts');
    expect(hits.map(({ session_name, agent, type }) => [session_name, agent, type]).sort()).toEqual([
      ['one', 'shell', 'output'],
      ['two', 'shell', 'output'],
    ]);
    expect(hits[0]!.seq).toBeGreaterThan(hits[1]!.seq);
    const { code, out } = await desk.cli(['logs', '--search', 'src/one.ts']);
    expect(code).toBe(0);
    expect(out).toMatch(/^one {2}shell {2}output {2}\d+ \S+ ago {2}#\d+\n {4}edited src\/one\.ts, größer\n$/);
  });

  it('in one session, of a type and of a time', async () => {
    expect(await found('done', 'one')).toHaveLength(1);
    expect(await found('done', '--type', 'state,system')).toEqual([]);
    expect(await found('done', '--from', '1h', '--to', '2099-01-01')).toHaveLength(2);
    expect(await found('done', '--since', '2099-01-01')).toEqual([]);
    expect(await found('done', '--to', '1h')).toEqual([]);
    expect(await found('done', '-n', '1')).toHaveLength(1);
    expect((await desk.cli(['logs', '--search', 'done', '-n', '1'])).err).toMatch(/newest 1\. More: -n 4/);
  });

  it('that finds nothing says so, and why it may be', async () => {
    const { code, out } = await desk.cli(['logs', '--search', 'one zebra']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^Nothing was found for one zebra\. All words must/)]);
    expect(await desk.json('logs', '--search', 'zebra')).toEqual({ items: [], next_cursor: null });
  });

  it.each([
    [['logs'], 2, /Say which session, or what to look for/],
    [['logs', '--search', '***'], 2, /letter or a digit/],
    [['logs', '--search', 'x', '--raw'], 2, /goes with none of/],
    [['logs', '--search', 'x', '--from', 'soon'], 2, /--from takes/],
    [['logs', '--search', 'x', '--type', 'odd'], 2, /no entries of type "odd"/],
    [['logs', 'one', '--from', '1h'], 2, /go with --search/],
    [['logs', '--search', 'x', 'nobody'], 2, /nobody/],
    [['logs', '--search', 'x'.repeat(201)], 2, /q/],
  ])('%j is refused', async (args, exit, message) => {
    const { code, out, err } = await desk.cli(args);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([exit, '']);
  });
});

describe('history', () => {
  it('says how much is kept, and for how long', async () => {
    const { out } = await desk.cli(['history']);
    expect(out).toMatch(
      /^sessions +3\nrecordings +\S+ k?B\nlog +\d+ entries; the database takes \S+ kB\noldest entry +\d+ \S+ old\nkept +90 days.*21\.5 GB\n$/,
    );
    expect(await desk.json<HistorySize>('history')).toMatchObject({ sessions: 3, retention: { days: 90, bytes: 20 * 1024 ** 3 } });
  });

  it('prune tells what would go and deletes nothing until --yes', async () => {
    expect((await desk.cli(['history', 'prune'])).out).toBe('Nothing is older or larger than what is kept.\n');
    const sessions = async () => (await desk.json<HistorySize>('history')).sessions;
    const dry = await desk.cli(['history', 'prune', '--days', '0', '--bytes', '1']);
    expect(dry.out).toMatch(/^SESSION +WHAT +ENDED +SIZE\n/);
    expect(dry.out).toMatch(/all of it/);
    expect(dry.out).toMatch(/Would be deleted: 2 sessions with \d+ log entries, about \S+ \S+\.\nNothing was deleted\./);
    expect(await sessions()).toBe(3);
    expect(await desk.json<Pruned>('history', 'prune', '--bytes', '1B', '--yes')).toMatchObject({ dry_run: false, sessions: 2 });
    expect(await sessions()).toBe(1);
    expect(await found('done')).toEqual([]);
  });

  it.each([
    [['history', 'prune', '--days', 'many'], /--days takes/],
    [['history', 'prune', '--bytes', 'much'], /--bytes takes/],
    [['history', 'nonsense'], /./],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await desk.cli(args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
