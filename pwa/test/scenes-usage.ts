import type { Session } from '@afield/shared/api/sessions.ts';
import type { UsageSum } from '@afield/shared/api/usage.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import { type Answers, agent } from './fake-link.ts';
import type { Scene } from './scenes.ts';
import { NOW, session } from './sessions.ts';

const online: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
const TODAY = '2026-11-20';

const sum = (cost_usd: number | null, fields: Partial<UsageSum> = {}): UsageSum => ({
  turns: 12,
  input_tokens: 1_240_000,
  cached_tokens: 900_000,
  output_tokens: 61_400,
  cost_usd,
  unpriced_turns: cost_usd === null ? 12 : 0,
  ...fields,
});
const day = (back: number) => new Date(Date.parse(`${TODAY}T00:00:00Z`) - back * 86_400_000).toISOString().slice(0, 10);
const COSTS = [6.42, 10.4, 6.3, null, 5.62, 0.9, 2.5, 0.004, 18.1, 3, 4, 2.2, 9.1, 1, 0.3, 7];

const chat = (name: string, fields: Partial<Session> = {}) =>
  session({ name, minutes: 48, faces: ['chat'], runtime: 'claude-stream', model: 'opus', cost_usd: 1.87, budget_usd: 4, ...fields });
const one = chat('Upgrade to Postgres 17 and rehearse the roll-back');
const used = chat('Nightly dependency update', { agent: 'codex', cost_usd: 1.02, budget_usd: 1, mode: 'default' });
const live = chat('Move the shop to the new tax rules', { environment: 'prod-eu', production: true, budget_usd: null });
const all = [one, used, live];

const parts: Record<string, { key: string; name: string | null; sum: UsageSum }[]> = {
  day: COSTS.map((cost, back) => ({ key: day(back), name: null, sum: sum(cost) })).reverse(),
  project: [
    { key: 'a', name: 'shop-web', sum: sum(21.3) },
    { key: 'b', name: 'ledger\u202Eipa', sum: sum(14.02, { unpriced_turns: 3 }) },
    { key: 'c', name: 'image-pipeline-experiments-2026-with-a-rather-long-name', sum: sum(4.5) },
    { key: '', name: null, sum: sum(null) },
  ],
  session: [
    ...all.map((known, index) => ({ key: known.id, name: known.name, sum: sum([12, 1.02, null][index] ?? null) })),
    { key: 'gone', name: null, sum: sum(0.004) },
  ],
  model: Array.from({ length: 15 }, (_, index) => ({ key: index === 14 ? '' : `model-${index}`, name: null, sum: sum(20 - index) })),
  agent: [{ key: 'claude', name: null, sum: sum(30) }],
};
const answer = (by: string, total: UsageSum, budget: number | null, spent = 6.42) => ({
  from: day(29),
  to: TODAY,
  items: parts[by] ?? [],
  total,
  day_budget: budget === null ? null : { usd: budget, spent_usd: spent, state: spent >= budget ? 'reached' : 'within' },
  as_of: new Date(NOW).toISOString(),
});
type Asked = { query?: { by?: string } };
const usage = (total: UsageSum, budget: number | null, spent?: number): Answers => ({
  getUsage: ({ query }: Asked) => answer(query?.by ?? 'day', total, budget, spent),
});
const much = sum(39.82, { turns: 1_861, input_tokens: 9_000_000, unpriced_turns: 15 });

const of = (known: Session, fields: object = {}): Answers => ({
  getSessionUsage: {
    session_id: known.id,
    sum: sum(known.cost_usd, { turns: 31 }),
    models: [
      { model: 'opus', sum: sum(1.6) },
      { model: '', sum: sum(null) },
    ],
    context: { used_tokens: 96_000, size_tokens: 200_000 },
    budget: { usd: known.budget_usd ?? 5, state: (known.cost_usd ?? 0) >= (known.budget_usd ?? 5) ? 'reached' : 'within' },
    day_budget: null,
    ...fields,
  },
});
const info = (known: Session) => `/sessions/${known.id}/info`;

const environment = (name: string, fields: object) => ({
  name,
  agent: null,
  program: null,
  server_url: null,
  variables: [],
  secrets: [],
  production: false,
  ...fields,
});
const work = environment('work', {
  agent: 'claude',
  program: '/opt/claude-next/claude',
  server_url: 'https://llm.example.org/a/rather/long/address',
  variables: ['MODE'],
  secrets: [{ variable: 'ANTHROPIC_API_KEY', from: 'keychain' }],
});
const fault = (name: string, detail: string) => ({
  name,
  ok: false,
  level: 'fault',
  detail,
  fix: 'Correct it in the config file at home.',
});
const check = (name: string) => ({ name, ok: true, level: 'ok', detail: 'fine', fix: null });
const starting: Answers = {
  listAgents: {
    items: [
      {
        ...agent('claude', true, '2.3.1', null),
        models: ['opus', 'sonnet', 'haiku'],
        runtimes: [
          { name: 'terminal', face: 'terminal', note: null },
          { name: 'claude-stream', face: 'chat', note: null },
          { name: 'acp', face: 'chat', note: 'By the ACP adapter: billed as API use, not by the subscription.' },
        ],
      },
      agent('shell', true, null, null),
    ],
    next_cursor: null,
  },
  listEnvironments: { items: [work, environment('prod-eu', { production: true })], next_cursor: null },
  checkEnvironment: { environment: work, checks: [check('program'), check('server'), check('ANTHROPIC_API_KEY')] },
  listProjects: { items: [], next_cursor: null },
};
const projectDefaults = {
  id: '01934b1e-2222-7000-8000-000000000001',
  name: 'shop-web',
  machine: 'local',
  cwd: '/home/user/src/shop-web',
  default_agent: 'claude',
  default_model: 'opus',
  default_face: 'chat',
  default_mode: 'plan',
  default_environment: 'work',
  env: [],
  created_at: new Date(NOW).toISOString(),
  used_at: null,
};
const projects = (fields: object = {}): Answers => ({
  ...starting,
  listProjects: { items: [{ ...projectDefaults, ...fields }], next_cursor: null },
});

export const usageScenes: Record<string, Scene> = {
  usage: { path: '/usage', sessions: all, link: online, home: usage(much, 12) },
  'usage-month': { path: '/usage', sessions: all, link: online, home: usage(much, 6, 6.42), check: ['30 days', 'Session'] },
  'usage-models': { path: '/usage', sessions: [], link: online, home: usage(much, null), check: ['Today', 'Model'] },
  'usage-unknown': { path: '/usage', sessions: [], link: online, home: usage(sum(null), null) },
  'usage-empty': {
    path: '/usage',
    sessions: [],
    link: online,
    home: { getUsage: { ...answer('none', sum(null, { turns: 0, unpriced_turns: 0 }), null) } },
  },
  'usage-fault': {
    path: '/usage',
    sessions: all,
    link: online,
    home: { getUsage: new AfieldError('internal', 'The sums cannot be read. Look at the doctor.') },
  },
  'usage-offline': {
    path: '/usage',
    sessions: all,
    link: { state: 'reconnecting', attempt: 4, next_try_at: null, since: NOW, cause: 'home_offline', detail: '' },
  },
  'info-usage': { path: info(one), sessions: all, link: online, home: of(one) },
  'info-budget-reached': { path: info(used), sessions: all, link: online, home: of(used), press: ['Raise'] },
  'info-usage-unknown': {
    path: info(live),
    sessions: all,
    link: online,
    home: of({ ...live, cost_usd: null }, { context: null, models: [], day_budget: { usd: 12, spent_usd: 12.4, state: 'reached' } }),
  },
  'info-usage-none': {
    path: info(live),
    sessions: all,
    link: online,
    home: of(live, { sum: sum(null, { turns: 0, unpriced_turns: 0 }), models: [], budget: null, context: null }),
  },
  'new-chat': {
    path: '/new',
    sessions: all,
    link: online,
    home: starting,
    choose: [
      ['Runs by', 'acp'],
      ['Environment', 'work'],
    ],
  },
  'new-project-defaults': {
    path: '/new',
    sessions: all,
    link: online,
    home: projects({ default_environment: 'gone' }),
    choose: [['Project', projectDefaults.id]],
    open: ['Mode and budget'],
  },
  'project-defaults': { path: '/projects', sessions: all, link: online, home: projects(), press: ['Change shop-web'] },
  'home-production': { path: '/', sessions: all, link: online },
  'new-production': {
    path: '/new',
    sessions: all,
    link: online,
    home: {
      ...starting,
      checkEnvironment: {
        environment: work,
        checks: [
          fault('program', 'There is no program claude-next at home.'),
          fault('server', 'https://llm.example.org cannot be reached: ECONNREFUSED.'),
        ],
      },
    },
    choose: [
      ['Environment', 'prod-eu'],
      ['Model', ' other'],
    ],
    open: ['Mode and budget'],
    type: [['Budget in dollars', 'much']],
  },
};
