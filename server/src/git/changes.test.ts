import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { PromptRow } from '../core/ports.ts';
import { createLocalMachine } from '../machines/local.ts';
import { createPrefixMachine } from '../machines/prefix.ts';
import { createSshMachine } from '../machines/ssh.ts';
import { noSshd, TestSshd } from '../machines/test-sshd.ts';
import { TestRepository } from './test-repository.ts';

let repo: TestRepository;
beforeEach(() => {
  repo = new TestRepository(createLocalMachine);
});
afterEach(() => {
  expect(repo.left()).toEqual([]);
  repo.close();
});

describe('changes since the start', () => {
  it('are none while nothing was touched, uncommitted work from before included', async () => {
    repo.write('a.txt', 'mine\n');
    repo.write('new.txt', 'mine too\n');
    await repo.start();
    expect(repo.row.start_tree).toMatch(/^[0-9a-f]{40}$/);
    expect(await repo.diff()).toEqual({ vcs: 'git', against: 'start', branch: 'main', files: [], more_files: 0 });
  });

  it('know edited, new, deleted and renamed files, staged, committed or neither; ignored ones are left out', async () => {
    repo.write('.gitignore', 'ignored/\n');
    repo.write('gone.txt', 'x\n');
    repo.write('old name.txt', 'a\nb\nc\nd\ne\nf\n');
    repo.commit();
    await repo.start();
    repo.write('a.txt', 'one\n2\nthree\nfour\n');
    repo.write('ignored/file', 'x');
    repo.write('sub/new.txt', 'n\n');
    repo.git('mv', 'old name.txt', 'new name.txt');
    repo.commit();
    unlinkSync(repo.file('gone.txt'));
    repo.write('staged.txt', 's\n');
    repo.git('add', 'staged.txt');
    expect(await repo.lines()).toEqual([
      'modified a.txt +2 −1',
      'deleted gone.txt +0 −1',
      'renamed old name.txt → new name.txt +0 −0',
      'added staged.txt +1 −0',
      'added sub/new.txt +1 −0',
    ]);
  });

  it('come with hunks, and line numbers before and after', async () => {
    await repo.start();
    repo.write('a.txt', 'one\n2\nthree\n');
    const [file] = (await repo.diff()).files;
    expect(file).toMatchObject({
      cut: false,
      hunks: [{ old_start: 1, new_start: 1, heading: '', lines: [' one', '-two', '+2', ' three'] }],
    });
    repo.write('b.txt', 'no end of line');
    const [, added] = (await repo.diff()).files;
    expect(added?.hunks).toEqual([{ old_start: 0, new_start: 1, heading: '', lines: ['+no end of line'] }]);
  });

  it('lines that look like headers of a patch are lines', async () => {
    await repo.start();
    repo.write('b.txt', '@@ -1,2 +1,2 @@ x\n--- a/secret\n+++ b/secret\ndiff --git a/x b/x\n\\ No newline at end of file\n');
    repo.write('c.txt', 'c\n');
    const { files } = await repo.diff();
    expect(files.map((file) => [file.path, file.hunks?.[0]?.lines.length])).toEqual([
      ['b.txt', 5],
      ['c.txt', 1],
    ]);
  });

  it('names with newlines, quotes, tabs, unicode and a dash first stay what they are', async () => {
    await repo.start();
    const names = ['-rf', 'new\nline', 'quo"te', 'ta\tb', 'ünï\u202ecode', 'diff --git a/x b/x', ' lead', ':(top)magic', '*'];
    for (const name of names) repo.write(name, 'x\n');
    expect((await repo.diff()).files.map((file) => file.path).sort()).toEqual([...names].sort());
    for (const name of names) expect((await repo.diff('start', name)).files).toMatchObject([{ path: name, hunks: [{ lines: ['+x'] }] }]);
  });

  it('binary files, links, modes and submodules', async () => {
    repo.write('run.sh', 'x\n');
    repo.write('was-file', 'text\n');
    repo.commit();
    await repo.start();
    repo.write('picture.png', Buffer.from([0, 1, 2, 0, 255]));
    chmodSync(repo.file('run.sh'), 0o755);
    unlinkSync(repo.file('was-file'));
    symlinkSync('/etc/passwd', repo.file('was-file'));
    symlinkSync(repo.home, repo.file('way-out'));
    repo.git('submodule', 'add', '-q', repo.root, 'module');
    repo.write('z.txt', 'last\n');
    const { files } = await repo.diff();
    expect(files.map(({ path: name, change, binary }) => [name, change, binary])).toEqual([
      ['.gitmodules', 'added', false],
      ['module', 'added', false],
      ['picture.png', 'added', true],
      ['run.sh', 'modified', false],
      ['was-file', 'modified', false],
      ['way-out', 'added', false],
      ['z.txt', 'added', false],
    ]);
    expect(files[1]?.hunks?.[0]?.lines[0]).toMatch(/^\+Subproject commit/);
    expect(files[3]).toMatchObject({ hunks: [], added: 0 });
    expect(files[4]?.hunks?.flatMap((hunk) => hunk.lines)).toEqual(['-text', '+/etc/passwd']);
    expect(files[6]?.hunks?.[0]?.lines).toEqual(['+last']);
  });

  it('a session in a folder of the repository sees all of it, with the paths of the repository', async () => {
    repo.write('packages/api/x.ts', 'x\n');
    repo.row.cwd = repo.file('packages', 'api');
    await repo.start();
    repo.write('packages/api/x.ts', 'y\n');
    repo.write('packages/web/y.ts', 'y\n');
    expect(await repo.lines()).toEqual(['modified packages/api/x.ts +1 −1', 'added packages/web/y.ts +1 −0']);
  });

  it('in a worktree, with its own index and branch', async () => {
    repo.git('worktree', 'add', '-q', '-b', 'side', path.join(repo.home, 'side'));
    repo.row.cwd = path.join(repo.home, 'side');
    await repo.start();
    writeFileSync(path.join(repo.home, 'side', 'new'), 'x\n');
    expect(await repo.diff()).toMatchObject({ branch: 'side', files: [{ path: 'new', change: 'added' }] });
  });

  it('in the middle of a merge with conflicts', async () => {
    repo.git('checkout', '-q', '-b', 'side');
    repo.write('a.txt', 'side\n');
    repo.commit();
    repo.git('checkout', '-q', 'main');
    repo.write('a.txt', 'main\n');
    repo.commit();
    await repo.start();
    expect(() => repo.git('merge', 'side')).toThrow();
    expect(await repo.lines()).toEqual(['modified a.txt +4 −0']);
  });

  it('before the first commit', async () => {
    rmSync(repo.file('.git'), { recursive: true });
    repo.git('init', '-q', '-b', 'trunk');
    await repo.start();
    repo.write('b', 'x\n');
    expect(await repo.diff()).toMatchObject({ branch: 'trunk', files: [{ path: 'b' }] });
    await expect(repo.diff('HEAD')).rejects.toMatchObject({ code: 'no_commit' });
  });

  // Root may read everything.
  it.skipIf(process.getuid?.() === 0)('with a file that may not be read the others are still told', async () => {
    await repo.start();
    repo.write('b', 'x\n');
    repo.write('locked', 'x\n');
    chmodSync(repo.file('locked'), 0);
    expect((await repo.lines()).includes('added b +1 −0')).toBe(true);
  });
});

describe('against something else', () => {
  it('a branch, a tag, a commit, HEAD', async () => {
    repo.git('tag', 'v1');
    repo.git('checkout', '-q', '-b', 'side');
    repo.write('a.txt', 'one\n');
    repo.commit();
    repo.write('b', 'x\n');
    expect(await repo.lines('HEAD')).toEqual(['added b +1 −0']);
    for (const ref of ['main', 'v1', 'HEAD~1', repo.git('rev-parse', 'main').trim()]) {
      expect(await repo.lines(ref)).toEqual(['modified a.txt +0 −2', 'added b +1 −0']);
    }
    expect((await repo.diff('main')).branch).toBe('side');
    repo.git('checkout', '-q', '--detach');
    expect((await repo.diff('main')).branch).toBe(repo.git('rev-parse', '--short', 'HEAD').trim());
  });

  it('the last message', async () => {
    await repo.start();
    repo.write('b', 'x\n');
    await expect(repo.diff('message')).rejects.toMatchObject({ code: 'not_found', message: expect.stringMatching(/No message/) });
    repo.prompt = { tree: await repo.changes.take('local', repo.root) } as PromptRow;
    repo.write('c', 'x\n');
    expect(await repo.lines('message')).toEqual(['added c +1 −0']);
    repo.prompt = { tree: null } as PromptRow;
    await expect(repo.diff('message')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('much of it', () => {
  it('500 files are listed, and how many more there are', async () => {
    await repo.start();
    for (let i = 0; i < 512; i++) repo.write(`f${String(i).padStart(4, '0')}`, 'x\n');
    const { files, more_files } = await repo.diff();
    expect([files.length, more_files]).toEqual([500, 12]);
  });

  it('a large change stands in the list without its hunks, and comes by its path', async () => {
    await repo.start();
    repo.write('big', `${Array.from({ length: 2_000 }, (_, i) => `line ${i}`).join('\n')}\n`);
    repo.write('small', 'x\n');
    const { files } = await repo.diff();
    expect(files).toMatchObject([
      { path: 'big', added: 2_000, hunks: null, cut: true },
      { path: 'small', hunks: [{ lines: ['+x'] }], cut: false },
    ]);
    const [big] = (await repo.diff('start', 'big')).files;
    expect([big?.cut, big?.hunks?.[0]?.lines.length]).toEqual([false, 2_000]);
  });

  it('a change larger than all bounds is cut, and says so', async () => {
    await repo.start();
    repo.write('huge', `${Array.from({ length: 400_000 }, (_, i) => `line ${i}`).join('\n')}\n`);
    repo.write('long', `${'x'.repeat(100_000)}\n`);
    const [huge] = (await repo.diff('start', 'huge')).files;
    expect(huge).toMatchObject({ cut: true, added: 400_000 });
    expect(huge?.hunks?.[0]?.lines.length).toBeGreaterThan(1_000);
    expect(huge?.hunks?.[0]?.lines.every((line) => /^\+line \d+$/.test(line))).toBe(true);
    const [long] = (await repo.diff('start', 'long')).files;
    expect([long?.cut, long?.hunks?.[0]?.lines[0]?.length]).toEqual([true, 2_001]);
  });

  it('renamed and edited: its path brings both names', async () => {
    repo.write('dir/old', 'a\nb\nc\nd\ne\nf\ng\nh\n');
    repo.commit();
    await repo.start();
    mkdirSync(repo.file('other'));
    renameSync(repo.file('dir', 'old'), repo.file('other', 'new'));
    repo.write('other/new', 'a\nb\nc\nd\ne\nf\ng\nH\n');
    expect((await repo.diff('start', 'other/new')).files).toMatchObject([{ change: 'renamed', old_path: 'dir/old', added: 1, deleted: 1 }]);
  });
});

it('takes and looks without touching index, HEAD, refs, config or files', async () => {
  repo.write('a.txt', 'staged\n');
  repo.git('add', 'a.txt');
  repo.write('a.txt', 'and more\n');
  repo.write('untracked', 'x\n');
  const before = repo.picture();
  await repo.start();
  await repo.diff();
  await repo.diff('HEAD');
  expect(repo.picture()).toEqual(before);
});

it('looking again and again leaves nothing in the repository', async () => {
  await repo.start();
  repo.write('b', 'x\n');
  const objects = () => repo.git('count-objects');
  const before = objects();
  await repo.diff();
  await repo.diff('HEAD');
  expect(objects()).toBe(before);
});

it('what one left that was killed an hour ago is removed, and nothing else', async () => {
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of ['afield-git.killed', 'other', 'afield-git.now']) mkdirSync(path.join(repo.home, 'tmp', name));
  for (const name of ['afield-git.killed', 'other']) utimesSync(path.join(repo.home, 'tmp', name), old, old);
  await repo.start();
  await vi.waitFor(() => expect(repo.left().sort()).toEqual(['afield-git.now', 'other']), 5_000);
  for (const name of repo.left()) rmSync(path.join(repo.home, 'tmp', name), { recursive: true });
});

it('behind a prefix git runs there, not at home', async () => {
  const other = new TestRepository((at) =>
    createPrefixMachine(
      { name: 'local', kind: 'prefix', ssh: null, prefix: ['env', 'AFIELD_TEST_BEHIND=yes'], created_at: '' },
      { local: createLocalMachine(at), clock: systemClock(), onLine: () => {} },
    ),
  );
  await other.start();
  other.write('b', 'x\n');
  expect(await other.lines()).toEqual(['added b +1 −0']);
  other.close();
});

it.skipIf(noSshd !== null)('over ssh git runs on that machine', async () => {
  const sshd = await TestSshd.start();
  const other = new TestRepository(({ env, home }) =>
    createSshMachine(
      { name: 'local', kind: 'ssh', ssh: sshd.target, prefix: null, created_at: '' },
      {
        setup: { env: { PATH: env.PATH ?? '' }, home: '/nonexistent', knownHosts: path.join(home, 'known_hosts') },
        clock: systemClock(),
        random: Math.random,
        newSocket: () => path.join(home, 's'),
        homeId: 'home',
        onLine: () => {},
      },
    ),
  );
  const box = other.machine as ReturnType<typeof createSshMachine>;
  await box.confirm(sshd.fingerprint);
  // Not reached yet: nobody waits for it.
  expect(await other.changes.take('local', other.root)).toBeNull();
  await box.reach();
  await other.start();
  other.write('b', 'x\n');
  expect(await other.lines()).toEqual(['added b +1 −0']);
  await box.close();
  await sshd.close();
  await expect(other.diff()).rejects.toMatchObject({ code: expect.stringMatching(/^machine_/) });
  other.close();
});
