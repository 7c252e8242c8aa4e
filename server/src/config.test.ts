import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigInput, loadConfig, publicConfig } from './config.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'afield-config-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const file = (text: string) => writeFileSync(path.join(home, 'config.yaml'), text);
const load = (env: NonNullable<ConfigInput['env']> = {}, flags: ConfigInput['flags'] = {}) =>
  loadConfig({ env: { HOME: '/home/me', AFIELD_HOME: home, ...env }, flags });
const fault = (...args: Parameters<typeof load>) =>
  load(...args).then(
    () => 'accepted',
    (error: Error) => error.message.replaceAll(home, '~'),
  );

describe('loadConfig', () => {
  it('has defaults for everything', async () => {
    const config = await load();
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 4096,
      relay: null,
      spares: 3,
      insecure_bind: false,
      work_dir: '/home/me',
      warnings: [],
    });
    expect(new Set(Object.values(config.sources))).toEqual(new Set(['default']));
  });

  it('takes file, then variables, then flags, and remembers where each came from', async () => {
    file('port: 5000\nhost: localhost\nspares: 4\nallowed_hosts: [a, b]\n');
    const config = await load(
      { AFIELD_PORT: '6000', AFIELD_SPARES: '5', AFIELD_ALLOWED_ORIGINS: 'https://a https://b,https://c' },
      { port: '7000' },
    );
    expect(config).toMatchObject({ port: 7000, host: 'localhost', spares: 5, allowed_hosts: ['a', 'b'] });
    expect(config.allowed_origins).toEqual(['https://a', 'https://b', 'https://c']);
    expect(config.sources).toMatchObject({
      port: '--port',
      host: path.join(home, 'config.yaml'),
      spares: 'AFIELD_SPARES',
      relay: 'default',
    });
  });

  it('puts everything into AFIELD_HOME, else into the XDG folders', async () => {
    expect(await load()).toMatchObject({ data_dir: home, config_file: path.join(home, 'config.yaml') });
    const xdg = { HOME: '/home/me', XDG_CONFIG_HOME: '/cfg', XDG_DATA_HOME: 'relative/is/ignored' };
    expect(await loadConfig({ env: xdg })).toMatchObject({
      data_dir: '/home/me/.local/share/afield',
      config_file: '/cfg/afield/config.yaml',
    });
  });

  it('names an unknown setting and lists the known ones', async () => {
    file('prot: 5000\n');
    expect(await fault()).toMatch(/^~\/config\.yaml: unknown setting "prot"\. Known: host, port, relay/);
    file('__proto__: 1\n');
    expect(await fault()).toContain('unknown setting');
  });

  it('names the line of broken YAML', async () => {
    file('host: localhost\nport: 4096\n  bad: [1\n');
    expect(await fault()).toMatch(/^~\/config\.yaml, line 2: Nested mappings are not allowed in compact mappings\.$/);
    file('a: &a [*b]\n');
    expect(await fault()).toMatch(/^~\/config\.yaml/);
    file('host: a\nhost: b\n');
    expect(await fault()).toMatch(/^~\/config\.yaml, line 2: /);
    file('- a\n');
    expect(await fault()).toContain('expected settings');
  });

  it.each<[string, Parameters<typeof load>, RegExp]>([
    ['a port that is none', [{ AFIELD_PORT: '70000' }], /^AFIELD_PORT: port must be at most 65535\.$/],
    ['a port that is no number', [{}, { port: 'http' }], /^--port: port must be of type number\.$/],
    ['too many spares', [{ AFIELD_SPARES: '9' }], /^AFIELD_SPARES: spares must be at most 8\.$/],
    [
      'a relay that is no WebSocket',
      [{ AFIELD_RELAY: 'https://relay' }],
      /^AFIELD_RELAY: relay is not right: expected an address that begins with wss:\/\/ or ws:\/\//,
    ],
    ['a relay with a query', [{ AFIELD_RELAY: 'wss://relay/?token=x' }], /without \? or #/],
    ['a flag that is neither', [{ AFIELD_INSECURE_BIND: 'maybe' }], /^AFIELD_INSECURE_BIND: insecure_bind /],
    ['a log level', [{ AFIELD_LOG_LEVEL: 'loud' }], /^AFIELD_LOG_LEVEL: log_level must be "debug" or /],
  ])('refuses %s, saying where it came from', async (_what, args, message) => {
    expect(await fault(...args)).toMatch(message);
  });

  it('reads agents of the user’s own, strictly', async () => {
    file('agents:\n  mine:\n    command: [my-agent, --fast]\n    pass_env: [MY_KEY, MY_*]\n    env: { MODE: safe }\n');
    expect((await load()).agents).toEqual({
      mine: { command: ['my-agent', '--fast'], pass_env: ['MY_KEY', 'MY_*'], env: { MODE: 'safe' } },
    });
    for (const [text, message] of [
      ['agents: { mine: { comand: [x] } }', /agents\.mine/],
      ['agents: { mine: { command: [] } }', /agents\.mine\.command/],
      ['agents: { mine: { command: sh -c x } }', /agents\.mine\.command/],
      ['agents: { "../x": { command: [x] } }', /agents/],
      ['agents: { mine: { command: [x], env: { "A=B": c } } }', /agents\.mine\.env/],
    ] as const) {
      file(text);
      expect(await fault()).toMatch(message);
    }
  });

  it('reads prices and budgets, strictly', async () => {
    file(
      'prices:\n  gpt-5.5: { input: 1.25, output: 10, cached: 0.125 }\n  "local/*": { input: 0, output: 0 }\nbudgets: { day_usd: 12 }\n',
    );
    expect(await load()).toMatchObject({
      prices: { 'gpt-5.5': { input: 1.25, output: 10, cached: 0.125 }, 'local/*': { input: 0, output: 0 } },
      budgets: { session_usd: null, day_usd: 12 },
    });
    for (const [text, message] of [
      ['prices: { x: { input: 1 } }', /prices\.x\.output/],
      ['prices: { x: { input: -1, output: 1 } }', /prices\.x\.input/],
      ['prices: { "a*b": { input: 1, output: 1 } }', /prices/],
      ['prices: { x: { input: 1, output: 1, cache: 1 } }', /prices\.x/],
      ['budgets: { session_usd: 0 }', /budgets\.session_usd/],
      ['budgets: { month_usd: 1 }', /budgets/],
    ] as const) {
      file(text);
      expect([text, await fault()]).toEqual([text, expect.stringMatching(message)]);
    }
  });

  it('reads environments, strictly, and nothing dangerous or secret in them', async () => {
    file(`environments:
  work:
    agent: claude
    server_url: https://llm.example.org/v1
    env: { MODE: careful }
    secrets: { ANTHROPIC_API_KEY: { file: ~/.keys/work }, B: { keychain: my key }, C: { variable: KEY } }
    production: true
`);
    expect((await load()).environments).toEqual({
      work: {
        agent: 'claude',
        server_url: 'https://llm.example.org/v1',
        env: { MODE: 'careful' },
        secrets: { ANTHROPIC_API_KEY: { file: '~/.keys/work' }, B: { keychain: 'my key' }, C: { variable: 'KEY' } },
        production: true,
      },
    });
    for (const [text, message] of [
      ['{ env: { LD_PRELOAD: /x.so } }', /environments\.work\.env is not right: .*PATH, LD_PRELOAD and NODE_OPTIONS/],
      ['{ env: { PATH: /x } }', /work\.env/],
      ['{ secrets: { NODE_OPTIONS: { variable: X } } }', /work\.secrets/],
      ['{ env: { AFIELD_SESSION: x } }', /work\.env/],
      ['{ secrets: { KEY: { file: relative } } }', /work\.secrets\.KEY\.file/],
      ['{ secrets: { KEY: { file: /x, variable: Y } } }', /expected one of file, keychain and variable/],
      ['{ secrets: { KEY: {} } }', /expected one of/],
      ['{ secrets: { KEY: sk-live } }', /work\.secrets\.KEY/],
      ['{ secrets: { KEY: { keychain: "-w" } } }', /work\.secrets\.KEY\.keychain/],
      ['{ env: { A: x }, secrets: { A: { variable: X } } }', /every variable once/],
      ['{ server_url: "https://me:pw@host" }', /without a user or a password/],
      ['{ server_url: "ftp://host" }', /https:\/\//],
      ['{ program: bin/claude }', /work\.program/],
      ['{ program: "--help" }', /work\.program/],
      ['{ url: "https://x" }', /environments\.work/],
    ] as const) {
      file(`environments:\n  work: ${text}\n`);
      const said = await fault();
      expect([text, said]).toEqual([text, expect.stringMatching(message)]);
      expect(said).not.toMatch(/sk-live|me:pw/);
    }
    file('environments: { "Work space": {} }');
    expect(await fault()).toMatch(/environments/);
  });

  it('models of an agent, also of one that Afield knows', async () => {
    file('agents:\n  claude:\n    models: [opus, "claude-sonnet-4-6"]\n');
    expect((await load()).agents.claude).toEqual({ models: ['opus', 'claude-sonnet-4-6'] });
    file('agents:\n  claude:\n    models: ["two words"]\n');
    expect(await fault()).toMatch(/agents\.claude\.models/);
  });

  it('warns of variables that do nothing', async () => {
    expect((await load({ AFIELD_PROT: '1', AFIELD_RELAY_PORT: '2', AFIELD_AGENTS: 'x', AFIELD_BUDGETS: 'x' })).warnings).toEqual([
      'The variable AFIELD_PROT is no setting of Afield and does nothing.',
      'The variable AFIELD_AGENTS is no setting of Afield and does nothing.',
      'The variable AFIELD_BUDGETS is no setting of Afield and does nothing.',
    ]);
  });

  it('documents every setting, with its default, and no other', async () => {
    const guide = readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/settings.md'), 'utf8');
    const documented = [...guide.matchAll(/^\| `([a-z_]+)` \| (.+?) \|/gm)].map((match) => [match[1], match[2]] as const);
    const config = await load();
    expect(documented.map(([name]) => name).sort()).toEqual(Object.keys(config.sources).sort());
    for (const [name, text] of documented) {
      if (text?.startsWith('`')) expect([name, text]).toEqual([name, `\`${config[name as keyof typeof config]}\``]);
    }
  });

  it('takes rules of an agent, and says which one is wrong', async () => {
    const rules = 'agents:\n  mine:\n    command: [x]\n    bell: idle\n    states:\n';
    file(
      `${rules}      - { status: busy, title: "^⠋", activity: running }\n      - { status: waiting, screen: "Go on\\\\?$", reason: It asks. }\n`,
    );
    expect((await load()).agents.mine).toMatchObject({ bell: 'idle', states: [{ status: 'busy' }, { screen: 'Go on\\?$' }] });
    for (const [rule, message] of [
      ['{ status: busy }', /states\.0/],
      ['{ status: done, title: x }', /states\.0\.status/],
      [`{ status: idle, title: "${'x'.repeat(301)}" }`, /states\.0\.title/],
    ] as const) {
      file(`${rules}      - ${rule}\n`);
      await expect(load()).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) });
    }
    file('agents:\n  mine:\n    command: [x]\n    model_option: "model x"\n');
    await expect(load()).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('model_option') });
  });

  it('shows no value of an agent’s environment', async () => {
    file('agents:\n  mine:\n    command: [x]\n    env: { API_KEY: canary }\n');
    const shown = publicConfig(await load());
    expect(JSON.stringify(shown)).not.toContain('canary');
    expect(shown.config.agents).toEqual({ mine: { command: ['x'], env: { API_KEY: '[redacted]' } } });
    expect(shown.config).toMatchObject({ port: 4096, data_dir: home });
  });

  it('shows no value of an environment’s variables, and of its secrets only where they are', async () => {
    file('environments:\n  work:\n    env: { MODE: canary }\n    secrets: { KEY: { file: ~/key } }\n');
    expect(publicConfig(await load()).config.environments).toEqual({
      work: { env: { MODE: '[redacted]' }, secrets: { KEY: { file: '~/key' } } },
    });
  });
});
