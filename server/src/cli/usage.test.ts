/** Real processes against a real home server, whose database knows some turns already. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/store.ts';
import { TestDesk, until } from './test-desk.ts';

const SESSION = '01934b1e-0000-7000-8000-000000000001';
const KEY = 'canary-91c2';
/** A turn of it costs one cent, says it. */
const SMALL_AGENT = path.resolve(import.meta.dirname, '../runtimes/acp/small-agent.ts');
let desk: TestDesk;

function fill(file: string): void {
  const store = openStore(file);
  const at = new Date().toISOString();
  const turn = { session_id: SESSION, project_id: null, agent: 'claude', timestamp: at, input_tokens: 61_400, cached_tokens: 48_000 };
  store.usage.put({ ...turn, turn_id: 'a', model: 'opus', output_tokens: 3_400, cost_usd: 0.9 });
  store.usage.put({ ...turn, turn_id: 'b', model: 'mystery\x1b[2J', output_tokens: 3_400, cost_usd: null });
  store.close();
}

beforeAll(async () => {
  desk = new TestDesk();
  const folder = desk.env.AFIELD_HOME as string;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(folder, 'key'), KEY, { mode: 0o600 });
  writeFileSync(
    path.join(folder, 'config.yaml'),
    `budgets: { day_usd: 1 }
agents:
  small: { command: ${JSON.stringify([process.execPath, SMALL_AGENT])}, chat: acp }
environments:
  work: { env: { MODE: careful-${KEY} }, secrets: { API_KEY: { file: ${path.join(folder, 'key')} } } }
  calm-prod: { env: { MODE: live } }
  prod: { program: no-such-agent-here, server_url: "http://127.0.0.1:1", secrets: { K: { variable: NOT_SET } } }
`,
  );
  fill(path.join(folder, 'afield.db'));
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

describe('usage', () => {
  it('shows sums, and says what has no known cost instead of $0', async () => {
    const { code, out } = await desk.cli(['usage', '--by', 'model']);
    expect(code).toBe(0);
    expect(out).toMatch(/^MODEL +COST +TURNS +INPUT +CACHED +OUTPUT +UNPRICED\n/);
    expect(out).toMatch(/^opus +\$0\.90 +1 +61\.4k +48\.0k +3\.4k *$/m);
    expect(out).toMatch(/^mystery\\e\[2J +unknown +1 +61\.4k +48\.0k +3\.4k +1$/m);
    expect(out).toMatch(/^total +\$0\.90 +2 +123k /m);
    expect(out).toContain('1 turn without a known cost: not in the sums.');
    expect(out).toContain('Today: $0.90 of $1.00.');
    expect(out).not.toContain('\x1b');
  });

  it('by session names what was deleted, and days without use say so', async () => {
    expect((await desk.cli(['usage', '--by', 'session'])).out).toMatch(/^\(deleted\) 01934b1e +\$0\.90/m);
    expect((await desk.cli(['usage', '--from', '2020-01-01', '--to', '2020-01-31'])).out).toMatch(
      /^No agent told of any use from 2020-01-01 to 2020-01-31/,
    );
    expect(await desk.json('usage', '--by', 'agent')).toMatchObject({
      items: [{ key: 'claude', name: null, sum: { cost_usd: 0.9, unpriced_turns: 1 } }],
      day_budget: { usd: 1, spent_usd: 0.9, state: 'near' },
    });
  });

  it.each([
    [['--by', 'month'], /--by takes day, model, agent, project, session/],
    [['--from', 'yesterday'], /must be a day such as/],
    [['--from', '2026-02-30'], /2026-02-30 is no day/],
    [['--from', '2026-02-02', '--to', '2026-02-01'], /after/],
  ])('%j is refused', async (args, message) => {
    const { code, out, err } = await desk.cli(['usage', ...args]);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });
});

describe('environments', () => {
  it('are listed without a value, production marked', async () => {
    const { out } = await desk.cli(['environments']);
    expect(out).toMatch(
      /^NAME +AGENT +PRODUCTION +BRINGS\nwork +any +MODE, API_KEY \(file\)\ncalm-prod +any +yes +MODE\nprod +any +yes +no-such-agent-here, http:\/\/127\.0\.0\.1:1, K \(variable of the server\)\n$/,
    );
    expect(JSON.stringify([await desk.json('environments'), await desk.cli(['config', '--json'])])).not.toContain(KEY);
  });

  it('of production stand marked in the list, and start only with the name once more', async () => {
    const refused = await desk.cli(['run', 'shell', '-s', 'careful', '--environment', 'calm-prod', '--detach']);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--confirm calm-prod') });
    const project = ['project', 'add', '.', '--name', 'live', '--agent', 'shell', '--environment', 'calm-prod'];
    expect(await desk.json(...project)).toMatchObject({ default_environment: 'calm-prod', default_face: null });
    expect((await desk.cli(['project', 'list'])).out).toContain('shell in calm-prod');
    expect(await desk.cli(['run', '--project', 'live', '--detach'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--confirm calm-prod'),
    });
    const started = await desk.json('run', '--project', 'live', '-s', 'careful', '--confirm', 'calm-prod');
    expect(started).toMatchObject({ environment: 'calm-prod', production: true });
    expect((await desk.cli(['list'])).out).toContain('[production] careful');
    expect(await desk.json('run', '--project', 'live', '--no-environment')).toMatchObject({ environment: null, production: false });
    expect(await desk.cli(['project', 'edit', 'live', '--environment', 'none-such'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Known: '),
    });
    expect(await desk.json('project', 'edit', 'live', '--no-environment', '--face', 'terminal')).toMatchObject({
      default_environment: null,
      default_face: 'terminal',
    });
  });

  it('are checked: 0 when all is there, 1 with a fix for each fault', async () => {
    const fine = await desk.cli(['environments', 'check', 'work']);
    expect([fine.code, fine.err, fine.out]).toEqual([0, '', expect.stringMatching(/^● ok +API_KEY: The secret can be read\.\n$/)]);
    const bad = await desk.cli(['environments', 'check', 'prod']);
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/^■ fault +program: There is no program no-such-agent-here at home\.\n +→ /);
    expect(bad.out).toMatch(/^■ fault +server: http:\/\/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED\.\n +→ /m);
    expect(bad.out).toMatch(/^■ fault +K: The home server has no variable NOT_SET\..*\n +→ /m);
    expect(bad.out).toContain('It is called production');
    expect(await desk.cli(['environments', 'check', 'none'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Known: work, calm-prod, prod.'),
    });
  });
});

describe('budget', () => {
  it('is shown, set and taken away', async () => {
    expect((await desk.cli(['budget', 'first'])).out).toBe('first: cost unknown, budget none.\n');
    expect((await desk.cli(['budget', 'first', '2.50'])).out).toBe('first: cost unknown, budget $2.50.\n');
    expect(await desk.json('budget', 'first')).toMatchObject({ budget: { usd: 2.5, state: 'within' } });
    expect((await desk.cli(['budget', 'first', 'none'])).out).toBe('first: cost unknown, budget none.\n');
  });

  it.each(['0', '-1', '1e3', '1000000', 'much', '1.2.3'])('%s is no budget', async (usd) => {
    const { code, out, err } = await desk.cli(['budget', 'first', '--', usd]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('amount in USD');
  });
});

describe('a real agent that tells what it costs', { timeout: 90_000 }, () => {
  const sessionOf = async (name: string) =>
    (await desk.json<{ items: Session[] }>('list')).items.find((one) => one.name === name) as Session;
  const costs = (name: string, usd: number) =>
    until(
      async () => ((await sessionOf(name)).cost_usd === usd && (await sessionOf(name)).status === 'idle' ? true : undefined),
      async () => `${name} to be idle and to have cost ${usd}: ${JSON.stringify(await sessionOf(name))}`,
    );

  it('gets nothing more once its budget is used up, and what waits goes when it is raised', async () => {
    await desk.json('run', 'small', 'SCENARIO:greet', '--face', 'chat', '-s', 'frugal', '--budget', '0.01');
    await costs('frugal', 0.01);
    expect((await sessionOf('frugal')).status_reason).toMatch(/^Budget reached: \$0\.01 for this session\./);
    await desk.cli(['send', 'frugal', 'SCENARIO:greet']);
    const queue = await desk.json<{ items: Prompt[] }>('queue', 'frugal');
    expect(queue.items).toMatchObject([{ state: 'home', reason: expect.stringContaining('until you raise it') }]);
    expect((await desk.cli(['budget', 'frugal'])).out).toBe('frugal: cost $0.01, budget $0.01, which is reached.\n');
    expect((await desk.cli(['budget', 'frugal', '5'])).out).toBe('frugal: cost $0.01, budget $5.00.\n');
    await costs('frugal', 0.02);
    expect(await desk.json('usage', '--by', 'session')).toMatchObject({
      items: expect.arrayContaining([
        { key: expect.any(String), name: 'frugal', sum: expect.objectContaining({ turns: 2, cost_usd: 0.02 }) },
      ]),
      day_budget: { spent_usd: 0.92, state: 'near' },
    });
    expect(await desk.json('budget', 'frugal')).toMatchObject({ context: { used_tokens: 1_240, size_tokens: 200_000 } });
  });
});
