import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecipes } from '../../agents/index.ts';
import { readSecretFile } from '../../auth/secret-file.ts';
import { createLocalMachine } from '../../machines/local.ts';
import type { ConfiguredEnvironment, EnvironmentDeps } from '../environment-ports.ts';
import type { MachineBook } from '../machine-ports.ts';
import { createEnvironments } from './environments.ts';

const VALUE = 'canary-7f3a-value';
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'afield-environments-'));
  mkdirSync(join(home, 'bin'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function program(name: string, script: string): string {
  const file = join(home, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
function secretFile(name: string, text: string, mode = 0o600): string {
  const file = join(home, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** With the real machine, whose programs are those of `home/bin` and the system's. */
function open(environments: Record<string, ConfiguredEnvironment>, over: Partial<EnvironmentDeps> = {}) {
  const machine = createLocalMachine({ env: { PATH: `${join(home, 'bin')}:/usr/bin:/bin` }, home, folder: join(home, 'run') });
  const machines: MachineBook = {
    get: (name) => (name === 'local' ? machine : null),
    list: () => [machine],
    runtime: () => expect.fail('no session here'),
    knownRuntime: () => null,
  };
  return createEnvironments({
    environments,
    recipes: createRecipes({ agents: { mine: { command: ['mine'] } } }),
    machines,
    env: { KEY_OF_HOME: VALUE },
    home,
    readSecretFile,
    reach: async (url) => ({ ok: true, detail: `${url} answers.` }),
    platform: 'linux',
    ...over,
  });
}
const claude = { agent: 'claude', confirm: undefined };

describe('a session in an environment', () => {
  it('gets its program, its server by the agent’s own variable, its variables and its secrets', async () => {
    secretFile('key', `${VALUE}\n`);
    const all = open({
      work: {
        agent: 'claude',
        program: '/opt/claude/claude',
        server_url: 'https://llm.example.org/v1',
        env: { MODE: 'careful' },
        secrets: { ANTHROPIC_API_KEY: { file: '~/key' }, OTHER: { variable: 'KEY_OF_HOME' } },
      },
    });
    expect(await all.resolve('work', claude)).toEqual({
      program: '/opt/claude/claude',
      env: { ANTHROPIC_BASE_URL: 'https://llm.example.org/v1', MODE: 'careful', ANTHROPIC_API_KEY: VALUE, OTHER: VALUE },
      production: false,
    });
  });

  it.each([
    ['claude', 'ANTHROPIC_BASE_URL'],
    ['codex', 'OPENAI_BASE_URL'],
    ['qwen', 'OPENAI_BASE_URL'],
    ['gemini', 'GOOGLE_GEMINI_BASE_URL'],
    ['amp', 'AMP_URL'],
    ['copilot', 'COPILOT_PROVIDER_BASE_URL'],
  ])('%s is told its server by %s', async (agent, variable) => {
    const { env } = await open({ any: { server_url: 'http://127.0.0.1:9' } }).resolve('any', { agent, confirm: undefined });
    expect(env).toEqual({ [variable]: 'http://127.0.0.1:9' });
  });

  it('of another agent, of none that is known, and of one whose server cannot be told, does not start', async () => {
    const all = open({ work: { agent: 'claude' }, any: { server_url: 'http://127.0.0.1:9' } });
    await expect(all.resolve('work', { agent: 'codex', confirm: undefined })).rejects.toMatchObject({
      code: 'not_supported',
      message: 'The environment "work" is for claude, not for codex.',
    });
    await expect(all.resolve('any', { agent: 'mine', confirm: undefined })).rejects.toMatchObject({ code: 'not_supported' });
    await expect(all.resolve('home', claude)).rejects.toMatchObject({
      code: 'environment_unknown',
      message: 'There is no environment called "home". Known: work, any.',
    });
    for (const odd of ['__proto__', 'constructor'])
      await expect(all.resolve(odd, claude)).rejects.toMatchObject({ code: 'environment_unknown' });
  });

  it('that is called production wants its name once more, before any secret is read', async () => {
    const all = open({
      live: { production: true, secrets: { KEY: { file: '/nowhere' } } },
      'prod-eu': {},
      'shop.production': {},
      reproduce: {},
      'prod-copy': { production: false },
    });
    expect(all.list().map(({ name, production }) => [name, production])).toEqual([
      ['live', true],
      ['prod-eu', true],
      ['shop.production', true],
      ['reproduce', false],
      ['prod-copy', false],
    ]);
    for (const confirm of [undefined, 'yes', 'prod-eu'])
      await expect(all.resolve('live', { agent: 'claude', confirm })).rejects.toMatchObject({ code: 'confirmation_needed' });
    await expect(all.resolve('live', { agent: 'claude', confirm: 'live' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await all.resolve('prod-eu', { agent: 'claude', confirm: 'prod-eu' })).toMatchObject({ production: true });
  });
});

describe('a secret', () => {
  const read = (secrets: ConfiguredEnvironment['secrets'], over: Partial<EnvironmentDeps> = {}) =>
    open({ work: { secrets } }, over)
      .resolve('work', claude)
      .then(
        ({ env }) => env,
        (error: Error) => error.message,
      );

  it('in a file is read anew at every start', async () => {
    const file = secretFile('key', 'first\r\n');
    const all = open({ work: { secrets: { KEY: { file } } } });
    expect((await all.resolve('work', claude)).env).toEqual({ KEY: 'first' });
    writeFileSync(file, 'line one\nline two\n');
    expect((await all.resolve('work', claude)).env).toEqual({ KEY: 'line one\nline two' });
  });

  it('in a file that others may read, that is a link, or that is no file, is not used', async () => {
    const open = secretFile('open', VALUE, 0o640);
    expect(await read({ KEY: { file: open } })).toMatch(/The secret KEY of the environment "work" is not there: .*chmod 600/);
    const link = join(home, 'link');
    symlinkSync(secretFile('key', VALUE), link);
    expect(await read({ KEY: { file: link } })).toMatch(/symbolic link/);
    expect(await read({ KEY: { file: home } })).toMatch(/no ordinary file/);
    expect(await read({ KEY: { file: join(home, 'none') } })).toMatch(/There is no file .*none\. Write the secret into it/);
    for (const empty of ['', '\n', 'a\0b'])
      expect(await read({ KEY: { file: secretFile('odd', empty) } })).toMatch(/is empty|no variable can hold/);
  });

  it('in the keychain is asked for by argument list, on Linux and on macOS', async () => {
    program('secret-tool', `[ "$*" = "lookup service my key" ] && printf '%s' '${VALUE}'`);
    expect(await read({ KEY: { keychain: 'my key' } })).toEqual({ KEY: VALUE });
    expect(await read({ KEY: { keychain: 'other' } })).toMatch(/no entry "other", or is locked\. To make it: secret-tool store/);
    program('security', `[ "$*" = "find-generic-password -w -s my key" ] && echo '${VALUE}'`);
    expect(await read({ KEY: { keychain: 'my key' } }, { platform: 'darwin' })).toEqual({ KEY: VALUE });
    expect(await read({ KEY: { keychain: 'my key' } }, { platform: 'win32' })).toMatch(/no keychain on win32/);
  });

  it('in a keychain whose program is not there says what to do', async () => {
    const machineless = createLocalMachine({ env: { PATH: '/nowhere' }, home: join(home, 'none'), folder: join(home, 'run') });
    const host = { ...machineless.host, run: async () => ({ code: 127, stdout: Buffer.alloc(0), stderr: 'secret-tool: not found' }) };
    const machines = { get: () => ({ ...machineless, host }) } as unknown as MachineBook;
    expect(await read({ KEY: { keychain: 'x' } }, { machines })).toMatch(/no program secret-tool here/);
  });

  it('in a variable of the home server is that of the moment', async () => {
    const env: Record<string, string> = {};
    expect(await read({ KEY: { variable: 'LATE' } }, { env })).toMatch(/has no variable LATE/);
    env.LATE = VALUE;
    expect(await read({ KEY: { variable: 'LATE' } }, { env })).toEqual({ KEY: VALUE });
  });

  it('is told to nobody: not in the list, not by a check, not in an error', async () => {
    secretFile('key', VALUE);
    const all = open({
      work: { env: { PLAIN: VALUE }, secrets: { A: { file: '~/key' }, B: { keychain: 'x' }, C: { variable: 'KEY_OF_HOME' } } },
    });
    expect(all.list()).toEqual([
      {
        name: 'work',
        agent: null,
        program: null,
        server_url: null,
        variables: ['PLAIN'],
        secrets: [
          { variable: 'A', from: 'file' },
          { variable: 'B', from: 'keychain' },
          { variable: 'C', from: 'variable' },
        ],
        production: false,
      },
    ]);
    expect(JSON.stringify([all.list(), await all.check('work')])).not.toContain(VALUE);
  });
});

describe('a check', () => {
  it('finds the program with its version, the server, and every secret', async () => {
    const file = program('claude-next', 'echo "3.0.1 (next)"');
    secretFile('key', VALUE);
    const { environment, checks } = await open({
      work: { agent: 'claude', program: 'claude-next', server_url: 'http://127.0.0.1:9', secrets: { KEY: { file: '~/key' } } },
    }).check('work');
    expect(environment).toMatchObject({ name: 'work', agent: 'claude' });
    expect(checks.map(({ name, ok, detail }) => [name, ok, detail])).toEqual([
      ['program', true, `${file}: 3.0.1 (next)`],
      ['server', true, 'http://127.0.0.1:9 answers.'],
      ['KEY', true, 'The secret can be read.'],
    ]);
  });

  it('says of each fault what to do', async () => {
    const { checks } = await open(
      { work: { agent: 'claude', program: 'no-such-claude', server_url: 'http://127.0.0.1:9', secrets: { KEY: { variable: 'NONE' } } } },
      { reach: async () => ({ ok: false, detail: 'http://127.0.0.1:9 cannot be reached: ECONNREFUSED.' }) },
    ).check('work');
    expect(checks.map(({ ok, level }) => [ok, level])).toEqual(Array(3).fill([false, 'fault']));
    for (const { fix } of checks) expect(fix).toMatch(/config file/);
  });

  it('of several at once asks the server and the keychain once', async () => {
    let asked = 0;
    const all = open(
      { work: { agent: 'claude', server_url: 'http://127.0.0.1:9' } },
      {
        reach: async () => {
          asked += 1;
          return { ok: true, detail: '' };
        },
      },
    );
    await Promise.all([all.check('work'), all.check('work')]);
    expect(asked).toBe(1);
    await all.check('work');
    expect(asked).toBe(2);
  });

  it('without anything of its own finds nothing wrong, and one that is not there is an error', async () => {
    const all = open({ empty: {} });
    expect((await all.check('empty')).checks).toEqual([]);
    await expect(all.check('none')).rejects.toMatchObject({ code: 'environment_unknown' });
    await expect(open({}).check('none')).rejects.toThrow('The config file has none.');
  });
});

describe('what cannot be is refused when the server starts', () => {
  it.each<[ConfiguredEnvironment, RegExp]>([
    [{ agent: 'clade' }, /environments\.work\.agent: there is no agent "clade"\. Known: .*claude/],
    [{ agent: 'mine', server_url: 'http://127.0.0.1:9' }, /does not know by which variable mine is told its server/],
    [{ agent: 'claude', server_url: 'http://127.0.0.1:9', env: { ANTHROPIC_BASE_URL: 'x' } }, /ANTHROPIC_BASE_URL is what server_url sets/],
  ])('%j', (environment, message) => {
    expect(() => open({ work: environment })).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(() => open({ work: environment })).toThrow(message);
  });
});
