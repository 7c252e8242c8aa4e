import { describe, expect, it } from 'vitest';
import type { Machine, MachineBook } from '../core/machine-ports.ts';
import type { Recipe } from '../core/ports.ts';
import { readRules } from '../core/state/state-reader.ts';
import { createCatalogue, versionIn } from './catalogue.ts';
import type { ConfiguredState } from './configured.ts';
import { createRecipes } from './index.ts';
import { compilePattern } from './pattern.ts';

const recipes = createRecipes({ shell: '/bin/zsh' });

describe('every recipe', () => {
  it.each(recipes.list().map((recipe) => [recipe.name, recipe] as const))('%s is whole', (name, recipe) => {
    expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,63}$/);
    expect(recipe.title).not.toBe('');
    expect(recipe.program).not.toBe('');
    expect(recipe.faces.length).toBeGreaterThan(0);
    expect(recipe.submit).not.toBe('');
    expect(recipe.interrupt).not.toBe('');
    expect(recipe.quietMs).toBeGreaterThan(0);
    for (const variable of recipe.passEnv) {
      expect(variable).toMatch(/^[A-Za-z_][A-Za-z0-9_]*\*?$/);
      // What makes an agent refuse to run, or run something else.
      for (const never of ['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'IS_SANDBOX', 'NODE_OPTIONS', 'LD_PRELOAD', 'AFIELD_TOKEN', 'PATH']) {
        expect(variable.endsWith('*') ? never.startsWith(variable.slice(0, -1)) : never === variable).toBe(false);
      }
    }
    expect(recipe.faces.includes('chat')).toBe((recipe.chat ?? []).length > 0);
    // A session remembers the way by its runtime.
    const ways = (recipe.chat ?? []).map(({ runtime }) => runtime);
    expect(new Set(ways).size).toBe(ways.length);
    if (recipe.modelOption !== undefined) expect(recipe.modelOption).toMatch(/^--?[a-z]/);
    for (const rule of recipe.states) {
      expect(rule.title ?? rule.screen).toBeDefined();
      if (rule.activity !== undefined) expect(rule.status).toBe('busy');
      expect(rule.reason !== undefined).toBe(rule.status === 'waiting');
      // A sticky or global expression would remember where it stopped.
      expect(`${rule.title?.flags}${rule.screen?.flags}`).not.toMatch(/[gy]/);
    }
  });

  it('C22: no rule takes long over a screen made to confuse it', () => {
    const parts = [
      '⠋ Thinking ',
      '  ⠋ Thinking',
      '┃  ⠏ ',
      '• Running x ',
      '● Reading 1 files… ',
      '│ ⊶  Shell ',
      'Esc to cancel ',
      '❯ 1. Yes ',
      'Do you want to ',
      '(Y)es/(N)o [',
      'esc esc ',
      'Allow once ',
      'x',
      ' ',
      '> ',
      'a-',
    ];
    for (const recipe of recipes.list()) {
      for (const part of parts) {
        const screen = Array.from({ length: 24 }, () => part.repeat(Math.ceil(1_000 / part.length)).slice(0, 1_000)).join('\n');
        const signals = { title: () => `◐✦⠋Working${screen.slice(0, 190)}`, screen: () => screen };
        // The best of five: other work on this machine must not count.
        const times = Array.from({ length: 5 }, () => {
          const begun = performance.now();
          readRules(recipe.states, signals);
          return performance.now() - begun;
        });
        expect(Math.min(...times)).toBeLessThan(50);
      }
    }
  });
});

describe('agents of the config file', () => {
  const book = createRecipes({
    agents: {
      mine: { command: ['/opt/mine', '--tty'], title: 'Mine', env: { A: '1' }, quiet_ms: 500, pass_env: ['MINE_*'] },
      claude: { command: ['/opt/claude', '--permission-mode', 'manual'] },
    },
  });

  it('are any command', () => {
    expect(book.get('mine')).toMatchObject({
      program: '/opt/mine',
      args: ['--tty'],
      title: 'Mine',
      env: { A: '1' },
      quietMs: 500,
      passEnv: ['MINE_*'],
      states: [],
      source: 'config',
      install: null,
    });
  });

  it('replace the command of one of ours, not what is known about it', () => {
    const claude = book.get('claude')!;
    expect(claude).toMatchObject({ program: '/opt/claude', args: ['--permission-mode', 'manual'], title: 'Claude Code', source: 'config' });
    expect(claude.states.length).toBeGreaterThan(0);
    expect(book.list().filter((recipe) => recipe.name === 'claude')).toHaveLength(1);
    expect(createRecipes().get('claude')!.program).toBe('claude');
  });

  const states = (...rules: ConfiguredState[]) => createRecipes({ agents: { mine: { command: ['x'], states: rules } } }).get('mine')!;
  const read = (recipe: Recipe, title: string, screen: string) => readRules(recipe.states, { title: () => title, screen: () => screen });

  it('may say how their state is read', () => {
    const mine = states(
      { status: 'busy', title: '^⠋' },
      { status: 'busy', title: '^⠙', screen: 'Reading', activity: 'reading' },
      { status: 'waiting', screen: 'Proceed\\? \\[y/n\\]$' },
      { status: 'waiting', screen: 'Which\\?$', reason: 'It asks which.' },
      { status: 'idle', screen: '(^|\\n)> $' },
    );
    expect(read(mine, '⠋ x', '')).toMatchObject({ status: 'busy', activity: null });
    expect(read(mine, '⠙ x', 'Reading a')).toMatchObject({ status: 'busy', activity: 'reading' });
    expect(read(mine, '⠙ x', '')).toBeNull();
    expect(read(mine, '', 'a\nProceed? [y/n]')).toMatchObject({ status: 'waiting', reason: 'It asks a question.' });
    expect(read(mine, '', 'Which?')).toMatchObject({ status: 'waiting', reason: 'It asks which.' });
    expect(read(mine, '', 'done\n> ')).toMatchObject({ status: 'idle' });
    expect(mine.capabilities).toContain('waiting');
  });

  it('may speak ACP instead of a terminal, or beside one', () => {
    const agents = {
      only: { command: ['mine', '--acp'], chat: 'acp' as const },
      both: { command: ['mine', '--tty'], chat: { runtime: 'acp' as const, args: ['--acp'], mode: 'ask' } },
      gemini: { command: ['/opt/gemini'] },
    };
    const made = createRecipes({ agents });
    expect(made.get('only')).toMatchObject({ faces: ['chat'], program: 'mine', chat: [{ runtime: 'acp', args: ['--acp'] }] });
    expect(made.get('both')).toMatchObject({ faces: ['terminal', 'chat'], args: ['--tty'], chat: [{ args: ['--acp'], mode: 'ask' }] });
    expect(made.get('gemini')).toMatchObject({ program: '/opt/gemini', chat: recipes.get('gemini')?.chat });
  });

  it('may say which keys they take, how a model is chosen and what a bell means', () => {
    const agent = { command: ['x'], submit: '\n', interrupt: '\x03', model_option: '-m', bell: 'waiting' as const };
    expect(createRecipes({ agents: { mine: agent } }).get('mine')).toMatchObject({
      submit: '\n',
      interrupt: '\x03',
      modelOption: '-m',
      bell: 'waiting',
      capabilities: ['prompt', 'interrupt', 'waiting'],
    });
  });

  it('put their rules before those that are known of an agent of ours', () => {
    const agents = {
      claude: { command: ['claude'], states: [{ status: 'waiting' as const, screen: 'Vault password', reason: 'It asks.' }] },
    };
    const claude = createRecipes({ agents }).get('claude')!;
    expect(read(claude, '✳ Claude Code', 'Vault password:')?.status).toBe('waiting');
    expect(read(claude, '✳ Claude Code', '')?.status).toBe('idle');
    expect(claude).toMatchObject({ modelOption: '--model', dialogs: [{ name: 'trust' }] });
  });

  it.each(['(', '[z-a]', '(?<n>a)(?<n>b)', '\\p{Nope}'])('the pattern %s is refused: it is none', (source) => {
    expect(() => states({ status: 'idle', title: 'fine' }, { status: 'busy', screen: source })).toThrow(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringMatching(/^agents\.mine\.states\.1\.screen is no regular expression/),
      }),
    );
  });

  it.each(['(a+)+$', '^(\\w+\\s?)*$', '(x|x)*y', '(?:.*,){10}P', '(.*)(.*)(.*)(.*)z!', '((Working )+)+done'])(
    'C22: the pattern %s is refused: some screens take it too long',
    (source) => {
      expect(() => states({ status: 'busy', title: source })).toThrow(
        expect.objectContaining({ code: 'bad_request', message: expect.stringMatching(/^agents\.mine\.states\.0\.title takes too long/) }),
      );
    },
  );

  it('patterns that people write are taken', () => {
    for (const source of [
      'esc to interrupt',
      '^(?:⠋|⠙)',
      '(^|\\n)> $',
      'Press .* to continue',
      '\\[y/N\\]:?\\s*$',
      'Working… \\(\\d+s',
      '[^\\n]*❯ 1\\. Yes',
    ])
      expect(compilePattern(source, 'x').source).not.toBe('');
  });

  it("the shell is the user's own, when it is a program", () => {
    expect(recipes.get('shell')).toMatchObject({ program: '/bin/zsh', args: ['-l'] });
    expect(createRecipes({ shell: 'not a path' }).get('shell')?.program).toBe('bash');
    expect(recipes.get('no')).toBeNull();
  });
});

describe('the catalogue', () => {
  const machine = {
    which: async (program: string) => (program === 'claude' ? '/bin/claude' : null),
    version: async () => '2.1.0',
  } as unknown as Machine;
  const catalogue = createCatalogue(recipes, { get: () => machine } as unknown as MachineBook);

  it('tells what is installed, and how to install the rest', async () => {
    const agents = await catalogue.list();
    expect(agents.map((agent) => agent.name)).toEqual([
      'shell',
      'claude',
      'codex',
      'gemini',
      'opencode',
      'aider',
      'amp',
      'copilot',
      'qwen',
    ]);
    expect(agents[1]).toMatchObject({ installed: true, version: '2.1.0', install: null });
    expect(agents[2]).toMatchObject({ installed: false, version: null, install: 'npm install -g @openai/codex' });
    expect(await catalogue.get('claude')).toEqual(agents[1]);
    await expect(catalogue.get('clod')).rejects.toMatchObject({ code: 'agent_unknown' });
  });
});

describe('versionIn', () => {
  it.each([
    ['GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)', '5.2.15'],
    ['2.1.329 (Claude Code)', '2.1.329'],
    ['codex-cli 0.169.0', '0.169.0'],
    ['v1.0.0-beta.2', '1.0.0-beta.2'],
    ['nightly', 'nightly'],
  ])('%s is %s', (line, version) => {
    expect(versionIn(line)).toBe(version);
  });
});
