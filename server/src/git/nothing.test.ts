/** When there is nothing to compare, or nothing to compare with: what is said is what is so. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { PromptRow } from '../core/ports.ts';
import { createLocalMachine } from '../machines/local.ts';
import { createPrefixMachine } from '../machines/prefix.ts';
import { TestRepository } from './test-repository.ts';

const BASES = ['start', 'message', 'HEAD', 'main'];
const UNBORN = '0'.repeat(40);
let repo: TestRepository;
beforeEach(() => {
  repo = new TestRepository(createLocalMachine);
});
afterEach(() => {
  expect(repo.left()).toEqual([]);
  repo.close();
});

const says = (code: string, words: RegExp) => ({ code, message: expect.stringMatching(words) });
/** A repository on a machine that is reached by this command. */
const behind = (prefix: (at: { home: string }) => string[]) =>
  new TestRepository((at) =>
    createPrefixMachine(
      { name: 'box', kind: 'prefix', ssh: null, prefix: prefix(at), created_at: '' },
      { local: createLocalMachine(at), clock: systemClock(), onLine: () => {} },
    ),
  );
/** From now on the directory is one without a commit. */
function initAnew() {
  rmSync(repo.file('.git'), { recursive: true });
  repo.git('init', '-q', '-b', 'main');
}

describe('without a repository', () => {
  it.each(BASES)('that is what is said, whatever it is compared with: %s', async (against) => {
    rmSync(repo.file('.git'), { recursive: true });
    expect(await repo.changes.take('local', repo.root)).toBeNull();
    expect(await repo.diff(against)).toEqual({ vcs: 'none', against, branch: null, files: [], more_files: 0 });
  });

  it('also when it was removed after the start', async () => {
    await repo.start();
    rmSync(repo.file('.git'), { recursive: true });
    expect(await repo.diff()).toMatchObject({ vcs: 'none' });
  });
});

describe('with a repository', () => {
  it('a start or a message that is not known', async () => {
    await expect(repo.diff()).rejects.toMatchObject(says('not_found', /start of this session is not known.*last commit \(HEAD\)/));
    await expect(repo.diff('message')).rejects.toMatchObject(says('not_found', /^No message was given .*last commit \(HEAD\)/));
    repo.prompt = { tree: null } as PromptRow;
    await expect(repo.diff('message')).rejects.toMatchObject(says('not_found', /before the last message is not known/));
  });

  it('a start, or a message, or a commit that git has tidied away', async () => {
    repo.row.start_tree = UNBORN;
    await expect(repo.diff()).rejects.toMatchObject(says('not_found', /at the start is gone: git has tidied.*\(HEAD\)/));
    repo.prompt = { tree: UNBORN } as PromptRow;
    await expect(repo.diff('message')).rejects.toMatchObject(says('not_found', /before the last message is gone/));
    await expect(repo.diff(UNBORN)).rejects.toMatchObject(says('not_found', /no branch, tag or commit 0000/));
  });

  it('a real start that was rebased away and collected', async () => {
    repo.write('a.txt', 'mine\n');
    await repo.start();
    repo.write('a.txt', 'another\n');
    repo.git('commit', '-q', '-a', '--amend', '-m', 'y');
    repo.git('reflog', 'expire', '--expire=now', '--all');
    repo.git('gc', '-q', '--prune=now');
    await expect(repo.diff()).rejects.toMatchObject(says('not_found', /tidied/));
    expect(await repo.lines('HEAD')).toEqual([]);
  });

  it('a branch, and a file, that are not there', async () => {
    await expect(repo.diff('nowhere')).rejects.toMatchObject(says('not_found', /nowhere/));
    await expect(repo.diff('HEAD', 'a.txt')).rejects.toMatchObject(says('not_found', /^This file is as it was\.$/));
  });
});

describe('before the first commit', () => {
  beforeEach(initAnew);

  it('HEAD is no commit, and the start is there to compare with', async () => {
    await expect(repo.diff('HEAD')).rejects.toMatchObject(says('no_commit', /no commit yet.*start of the session/));
    await repo.start();
    repo.write('b', 'x\n');
    expect(await repo.lines()).toEqual(['added b +1 −0']);
  });

  it('nobody is sent to a HEAD that is not there', async () => {
    await expect(repo.diff()).rejects.toMatchObject(says('no_commit', /not known.*no(r| ).*commit yet.*make one/i));
    await expect(repo.diff('message')).rejects.toMatchObject(says('no_commit', /^No message was given/));
    repo.row.start_tree = UNBORN;
    await expect(repo.diff()).rejects.toMatchObject(says('no_commit', /is gone/));
    await expect(repo.diff('nowhere')).rejects.toMatchObject(says('not_found', /nowhere/));
  });
});

describe('without the directory, git or the machine', () => {
  it.each(BASES)('a directory that is not there any more, against %s', async (against) => {
    repo.row.cwd = path.join(repo.home, 'gone');
    await expect(repo.diff(against)).rejects.toMatchObject(says('unavailable', /gone is not there any more/));
  });

  it.each(BASES)('no git, against %s', async (against) => {
    const other = behind(({ home }) => {
      const bin = path.join(home, 'bin');
      mkdirSync(bin);
      for (const program of ['sh', 'date', 'sed', 'env']) symlinkSync(`/usr/bin/${program}`, path.join(bin, program));
      return ['env', `PATH=${bin}`];
    });
    await expect(other.diff(against)).rejects.toMatchObject(says('unavailable', /There is no git on local\. Install it there/));
    other.close();
  });

  it('neither machine nor session', async () => {
    await expect(repo.changes.diff('other', { against: 'start' })).rejects.toMatchObject({ code: 'session_not_found' });
    expect(await repo.changes.take('elsewhere', repo.root)).toBeNull();
    repo.row.machine = 'elsewhere';
    await expect(repo.diff()).rejects.toMatchObject(says('unavailable', /elsewhere is no machine of this home/));
  });

  it.each(BASES)('a machine whose command does not get there, against %s', async (against) => {
    const other = behind(({ home }) => {
      const enter = path.join(home, 'enter');
      writeFileSync(enter, '#!/bin/sh\necho "Error: no such container" >&2\nexit 1\n', { mode: 0o755 });
      return [enter];
    });
    await expect(other.diff(against)).rejects.toMatchObject(says('machine_unreachable', /box .*no such container/));
    other.close();
  });
});
