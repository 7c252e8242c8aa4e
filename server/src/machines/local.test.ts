import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childEnvironment, searchPath } from './environment.ts';
import { createLocalMachine } from './local.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'afield-home-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const machine = (env: Record<string, string> = {}) =>
  createLocalMachine({ env: { PATH: '/usr/bin:/bin', ...env }, home, folder: join(home, 'run') });
function program(path: string, script: string, mode = 0o755): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, mode);
  return path;
}

describe('which', () => {
  it('finds programs in PATH and where they are usually installed, without a shell', async () => {
    const own = program(join(home, '.local/bin/my-agent'), 'true');
    expect(await machine().which('my-agent')).toBe(own);
    expect(await machine().which('sh')).toMatch(/\/sh$/);
    expect(await machine().which('no-such-agent')).toBeNull();
    expect(await machine().which('sh; rm -rf /')).toBeNull();
    expect(await machine().which('$(id)')).toBeNull();
  });

  it('takes an absolute path, a relative one never; nothing that cannot be run', async () => {
    const file = program(join(home, 'tool'), 'true');
    expect(await machine().which(file)).toBe(file);
    expect(await machine().which('./tool')).toBeNull();
    expect(await machine().which('../tool')).toBeNull();
    chmodSync(file, 0o644);
    expect(await machine().which(file)).toBeNull();
    expect(await machine().which(home)).toBeNull();
  });

  it('is not taken in by what npm puts in front while it runs a script', async () => {
    program(join(home, 'project/node_modules/.bin/claude'), 'true');
    const real = program(join(home, '.local/bin/claude'), 'true');
    const path = `${home}/project/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin`;
    const npm = join(home, 'project/server/package.json');
    expect(await machine({ PATH: path, npm_package_json: npm }).which('claude')).toBe(real);
    expect(searchPath(path, home, npm)[0]).toBe('/usr/bin');
    // Put there by the user, not by npm.
    expect(searchPath(path, home)[0]).toBe(`${home}/project/node_modules/.bin`);
    expect(searchPath('relative:.:/usr/bin:/usr/bin', home).filter((folder) => folder === '/usr/bin' || !folder.startsWith('/'))).toEqual([
      '/usr/bin',
    ]);
  });
});

describe('version', () => {
  it('is the first line with a number, printable and short', async () => {
    const file = program(join(home, 'v'), 'printf "Welcome!\\n\\033[1mtool 1.2.3\\033[0m\\nmore 4\\n"');
    expect(await machine().version(file, ['--version'])).toBe('[1mtool 1.2.3[0m');
    const long = program(join(home, 'long'), 'printf "1%0300d" 0');
    expect(await machine().version(long, [])).toHaveLength(100);
  });

  it('is null when the program fails, says nothing or floods', async () => {
    for (const script of ['exit 1', 'true', 'yes 1', 'cat; echo none']) {
      expect(await machine().version(program(join(home, 'v'), script), [])).toBeNull();
    }
  });

  it('is null after three seconds, and the program does not live on', { timeout: 10_000 }, async () => {
    const file = program(join(home, 'slow'), `echo $$ > ${home}/pid; exec sleep 60`);
    expect(await machine().version(file, [])).toBeNull();
    const { readFileSync } = await import('node:fs');
    const pid = Number(readFileSync(join(home, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('is asked once until the file changes', async () => {
    const local = machine();
    const file = program(join(home, 'v'), `echo x >> ${home}/calls; echo 1.0`);
    const calls = () => require('node:fs').readFileSync(join(home, 'calls'), 'utf8').length / 2;
    await local.version(file, []);
    expect(await local.version(file, [])).toBe('1.0');
    expect(calls()).toBe(1);
    program(file, `echo x >> ${home}/calls; echo 2.0`);
    const { utimesSync } = await import('node:fs');
    utimesSync(file, new Date(), new Date(Date.now() + 10_000));
    expect(await local.version(file, [])).toBe('2.0');
    expect(calls()).toBe(2);
  });
});

describe('directory', () => {
  it('is real and absolute, from ~ or a link', async () => {
    mkdirSync(join(home, 'repo'));
    symlinkSync(join(home, 'repo'), join(home, 'link'));
    expect(await machine().directory('~')).toBe(home);
    expect(await machine().directory('~/repo')).toBe(join(home, 'repo'));
    expect(await machine().directory(join(home, 'link', '..', 'link'))).toBe(join(home, 'repo'));
  });

  it("D1: missing, relative, with NUL, a file, somebody else's home: refused", async () => {
    writeFileSync(join(home, 'file'), '');
    for (const path of [
      'repo',
      './repo',
      '',
      '/no/such',
      '~root',
      '~/no',
      'C:\\x',
      join(home, 'file'),
      `/tmp\0`,
      `/${'x'.repeat(5_000)}`,
    ]) {
      await expect(machine().directory(path)).rejects.toMatchObject({ code: 'cwd_missing' });
    }
  });
});

describe('environment', () => {
  const server = {
    PATH: '/usr/bin',
    HOME: '/home/me',
    LANG: 'de_DE.UTF-8',
    LC_TIME: 'C',
    CLAUDECODE: '1',
    CLAUDE_CODE_ENTRYPOINT: 'cli',
    IS_SANDBOX: 'yes',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: '/evil.so',
    GIT_DIR: '/x',
    npm_config_cache: '/x',
    AFIELD_TOKEN: 'secret',
    AFIELD_HOME: '/x',
    AFIELD_SESSION: 'outer',
    ANTHROPIC_API_KEY: 'key',
    TERM: 'dumb',
    UNRELATED_SECRET: 'secret',
  };

  it('D9: is an allow-list', () => {
    expect(childEnvironment(server, ['/usr/bin'], {}, [], 'own')).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/me',
      LANG: 'de_DE.UTF-8',
      LC_TIME: 'C',
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      AFIELD_SESSION: 'own',
    });
  });

  it('passes what a recipe names, by name or prefix, but nothing of Afield', () => {
    const seen = childEnvironment(
      server,
      [],
      { EXTRA: '1', LANG: 'C', TERM: 'vt100', AFIELD_SESSION: 'forged' },
      ['ANTHROPIC_*', 'AFIELD_*'],
      'own',
    );
    expect(seen).toMatchObject({ ANTHROPIC_API_KEY: 'key', EXTRA: '1', LANG: 'C', TERM: 'xterm-256color', AFIELD_SESSION: 'own' });
    expect(Object.keys(seen).filter((name) => name.startsWith('AFIELD_'))).toEqual(['AFIELD_SESSION']);
  });
});
