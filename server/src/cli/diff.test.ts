/** Real processes against a real home server and a real repository. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { changes } from '@afield/shared/api/changes.ts';
import type { Received } from '@afield/shared/route.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestDesk } from './test-desk.ts';

type Diff = Received<(typeof changes)['getDiff']>;
let desk: TestDesk;
let repo: string;
let unborn: string;
const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.net', ...args], { cwd: repo });

beforeAll(async () => {
  desk = new TestDesk();
  repo = path.join(desk.home, 'repo');
  mkdirSync(repo);
  git('init', '-q', '-b', 'main');
  writeFileSync(path.join(repo, 'a.txt'), 'one\ntwo\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'x');
  unborn = path.join(desk.home, 'unborn');
  execFileSync('git', ['init', '-q', unborn]);
  await desk.startServer();
  for (const [name, folder] of [
    ['work', repo],
    ['bare', desk.home],
    ['unborn', unborn],
  ] as const) {
    const { code, err } = await desk.cli(['run', 'shell', '-s', name, '--cwd', folder, '--detach']);
    expect([code, err]).toEqual([0, expect.anything()]);
  }
}, 60_000);
afterAll(() => desk.close(), 60_000);

it('says so when nothing changed, when there is no repository, and when there is no such ref', async () => {
  expect(await desk.cli(['diff', 'work', '--against', 'HEAD'])).toMatchObject({ code: 0, out: '', err: 'Nothing changed yet.\n' });
  for (const against of ['start', 'message', 'HEAD']) {
    expect(await desk.cli(['diff', 'bare', '--against', against])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/bare is in no git repository.*git init/),
    });
  }
  expect(await desk.cli(['diff', 'work', '--against', 'nowhere'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no branch, tag or commit/),
  });
  expect((await desk.cli(['diff', 'work', '--against=--output=x'])).code).toBe(2);
});

it('before the first commit it says that there is none, and that a directory is gone', async () => {
  expect(await desk.cli(['diff', 'unborn', '--against', 'HEAD'])).toMatchObject({ code: 2, err: expect.stringMatching(/no commit yet/) });
  rmSync(unborn, { recursive: true });
  expect(await desk.cli(['diff', 'unborn'])).toMatchObject({ code: 3, err: expect.stringMatching(/unborn is not there any more/) });
});

it('shows hunks, or one line a file, or JSON; what would steer a terminal is written out', async () => {
  writeFileSync(path.join(repo, 'a.txt'), 'one\n2\x1b[31m\u202e\n');
  writeFileSync(path.join(repo, 'new\nname'), 'x\n');
  const { out } = await desk.cli(['diff', 'work', '--against', 'HEAD']);
  expect(out).toBe(
    'M  a.txt  +1 -1\n@@ -1 +1 @@\n one\n-two\n+2\\e[31m\\u{202e}\n\nA  new\\nname  +1 -0\n@@ -0 +1 @@\n+x\n\n2 files, +2 -1\n',
  );
  expect((await desk.cli(['diff', 'work', '--against', 'HEAD', '--stat'])).out).toBe(
    'M  a.txt  +1 -1\nA  new\\nname  +1 -0\n2 files, +2 -1\n',
  );
  expect((await desk.cli(['diff', 'work', 'a.txt', '--against', 'main'])).out).toMatch(/^M {2}a\.txt[\s\S]*\+2\\e/);
  expect(await desk.json<Diff>('diff', 'work', '--against', 'HEAD')).toMatchObject({
    vcs: 'git',
    branch: 'main',
    files: [{ path: 'a.txt' }, {}],
  });
});
