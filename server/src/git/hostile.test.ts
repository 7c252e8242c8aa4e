/** D7 of the threat model: a repository that belongs to an agent, and refs that are none. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalMachine } from '../machines/local.ts';
import { TestRepository } from './test-repository.ts';

let repo: TestRepository;
beforeEach(() => {
  repo = new TestRepository(createLocalMachine);
});
afterEach(() => repo.close());

const lookAtAll = async () => {
  await repo.start();
  repo.write('a.txt', 'changed\n');
  repo.write('new.bin', 'new\n');
  await repo.diff();
  await repo.diff('HEAD');
  return repo.diff('HEAD', 'a.txt');
};

describe('D7', () => {
  it.each(['--output=x', '-Oorder', '--upload-pack=x', '-', '--', 'main\n--output=x', '--output=/tmp/x', 'main..', '^main', '--all'])(
    'the ref %j is none, and writes nothing',
    async (ref) => {
      await expect(repo.diff(ref)).rejects.toMatchObject({ code: 'not_found' });
      expect(readdirSync(repo.root).sort()).toEqual(['.git', 'a.txt']);
    },
  );

  it('a tree that is none is never given to git', async () => {
    repo.row.start_tree = '--output=x';
    await expect(repo.diff()).rejects.toMatchObject({ code: 'not_found' });
    expect(existsSync(repo.file('x'))).toBe(false);
  });

  it('the traps of these tests do snap where git is used without care', () => {
    repo.git('config', 'core.fsmonitor', repo.trap('fsmonitor'));
    repo.git('config', 'filter.evil.clean', repo.trap('clean'));
    repo.write('.gitattributes', '*.bin filter=evil\n');
    repo.write('x.bin', 'x\n');
    repo.git('add', '-A');
    expect(repo.ran()).toMatch(/fsmonitor ran[\s\S]*clean ran/);
  });

  it('fsmonitor and hooks of its config do not run', async () => {
    repo.git('config', 'core.fsmonitor', repo.trap('fsmonitor'));
    const hooks = path.join(repo.home, 'hooks');
    mkdirSync(hooks);
    for (const hook of ['post-index-change', 'reference-transaction', 'pre-auto-gc', 'fsmonitor-watchman', 'post-checkout']) {
      writeFileSync(path.join(hooks, hook), `#!/bin/sh\necho ${hook} ran >> '${repo.home}/ran'\n`, { mode: 0o755 });
    }
    repo.git('config', 'core.hooksPath', hooks);
    rmSync(path.join(repo.home, 'ran'), { force: true });
    expect((await lookAtAll()).files).toHaveLength(1);
    expect(repo.ran()).toBe('');
  });

  it('filters, external diffs and textconv of its config do not run', async () => {
    for (const way of ['clean', 'smudge', 'process']) repo.git('config', `filter.evil.${way}`, repo.trap(way));
    repo.git('config', 'filter.evil.required', 'true');
    for (const way of ['command', 'textconv']) repo.git('config', `diff.evil.${way}`, repo.trap(way));
    repo.git('config', 'diff.external', repo.trap('external'));
    writeFileSync(repo.file('.gitattributes'), '* filter=evil diff=evil\n');
    writeFileSync(repo.file('.git', 'info', 'attributes'), '* filter=evil diff=evil\n');
    const { files } = await lookAtAll();
    expect(files[0]?.hunks?.[0]?.lines).toContain('+changed');
    expect(repo.ran()).toBe('');
  });

  it('filters of the user’s own config, as LFS has them, do not run for it either', async () => {
    writeFileSync(
      path.join(repo.home, '.gitconfig'),
      `[filter "lfs"]\n\tclean = ${repo.trap('lfs')}\n\tprocess = ${repo.trap('lfs')}\n\trequired\n`,
    );
    writeFileSync(repo.file('.gitattributes'), '* filter=lfs\n');
    await lookAtAll();
    expect(repo.ran()).toBe('');
  });

  it('what the config of a submodule names does not run', async () => {
    repo.git('submodule', 'add', '-q', repo.root, 'module');
    repo.commit();
    repo.git('-C', 'module', 'config', 'core.fsmonitor', repo.trap('fsmonitor'));
    writeFileSync(repo.file('module', 'a.txt'), 'dirty\n');
    rmSync(path.join(repo.home, 'ran'), { force: true });
    await lookAtAll();
    expect(repo.ran()).toBe('');
  });

  it('missing objects are not fetched from anywhere', async () => {
    repo.git('config', 'core.repositoryFormatVersion', '1');
    repo.git('config', 'extensions.partialClone', 'origin');
    repo.git('config', 'remote.origin.promisor', 'true');
    repo.git('config', 'core.sshCommand', repo.trap('ssh'));
    repo.git('config', 'remote.origin.uploadpack', repo.trap('uploadpack'));
    for (const url of ['ssh://example.net/x', `ext::${repo.trap('ext')}`, repo.root]) {
      repo.git('config', 'remote.origin.url', url);
      const missing = `${'1'.repeat(40)}`;
      writeFileSync(repo.file('.git', 'refs', 'heads', 'gone'), `${missing}\n`);
      await expect(repo.diff('gone')).rejects.toMatchObject({ code: 'not_found' });
      await expect(repo.diff(missing)).rejects.toMatchObject({ code: 'not_found' });
      repo.row.start_tree = missing;
      await expect(repo.diff()).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(repo.ran()).toBe('');
  });

  it('a work tree elsewhere shows nothing of it', async () => {
    writeFileSync(path.join(repo.home, 'secret'), 'secret\n');
    repo.git('config', 'core.worktree', repo.home);
    expect(await repo.changes.take('local', repo.root)).toBeNull();
    await expect(repo.diff('HEAD')).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/elsewhere/) });
    expect(repo.git('count-objects')).toMatch(/^3 /);
  });

  it('links lead nowhere: what they point to is not read', async () => {
    await repo.start();
    writeFileSync(path.join(repo.home, 'secret'), 'secret\n');
    symlinkSync('../secret', repo.file('link'));
    symlinkSync('..', repo.file('folder'));
    const { files } = await repo.diff();
    expect(JSON.stringify(files)).not.toContain('secret\\n');
    expect(files.map((file) => file.path)).toEqual(['folder', 'link']);
    await expect(repo.diff('start', 'folder/secret')).rejects.toMatchObject({ code: 'not_found' });
    await expect(repo.diff('start', '../secret')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a config that git cannot read is a fault in words', async () => {
    appendFileSync(repo.file('.git', 'config'), '[core\n\x1b]0;title\x07');
    expect(await repo.changes.take('local', repo.root)).toBeNull();
    const fault = await repo.diff('HEAD').catch((error: unknown) => error as Error);
    expect(fault).toMatchObject({ code: 'unavailable' });
    expect((fault as Error).message).not.toContain('\x1b');
  });

  it('an index that is none is a fault, and the session starts all the same', async () => {
    writeFileSync(repo.file('.git', 'index'), 'no index');
    expect(await repo.changes.take('local', repo.root)).toBeNull();
    await expect(repo.diff('HEAD')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

it('a git that never answers keeps nobody waiting, and nothing of it is left', async () => {
  repo.replaceGit(`echo $$ >> '${repo.home}/pids'; exec sleep 1000`);
  expect(await repo.changes.take('local', repo.root)).toBeNull();
  const pids = readFileSync(path.join(repo.home, 'pids'), 'utf8').trim().split('\n');
  await vi.waitFor(() => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), 5_000);
  expect(repo.left()).toEqual([]);
});
