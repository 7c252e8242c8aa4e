import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { NO_ENVIRONMENT } from './environment-choice.ts';
import { NewSessionModel } from './new-session.ts';

const agent = (name: string, installed: boolean) => ({
  name,
  title: name,
  installed,
  version: null,
  install: null,
  faces: ['terminal'],
  runtimes: [{ name: 'terminal', face: 'terminal', note: null }],
  models: [],
  source: 'builtin',
  capabilities: [],
  takes_model: name === 'claude',
});
const machine = (name: string) => ({ name, kind: name === 'local' ? 'local' : 'ssh', line: { state: 'up', detail: null, since: null } });
const project = {
  id: '01934b1e-2222-7000-8000-000000000001',
  name: 'shop',
  machine: 'local',
  cwd: '/src/shop',
  default_agent: 'codex',
  default_model: null,
  default_face: null,
  default_mode: null,
  default_environment: null,
  env: [],
  created_at: '',
  used_at: null,
};

function open(stored: unknown = undefined, first = ONLINE) {
  const way = scriptedLink(first);
  way.answers.listAgents = () => ({ items: [agent('gemini', false), agent('claude', true), agent('codex', true)], next_cursor: null });
  way.answers.listProjects = () => ({ items: [project], next_cursor: null });
  way.answers.listMachines = () => ({ items: [machine('build-box'), machine('local')], next_cursor: null });
  const bodies: Record<string, unknown>[] = [];
  way.answers.createSession = ({ body }) => {
    bodies.push(body as Record<string, unknown>);
    return session({ name: 'made', minutes: 0 });
  };
  const created: string[] = [];
  const written: unknown[] = [];
  let ids = 0;
  const form = new NewSessionModel({
    link: way.link,
    store: { readPreference: async () => stored, writePreference: async (_name, value) => void written.push(value) },
    newId: () => `id-${++ids}`,
    onCreated: (one) => created.push(one.name),
  });
  return { ...way, form, bodies, created, written };
}

const NO_DRAFT = {
  prompt: '',
  agent: '',
  name: '',
  project: '',
  cwd: '',
  machine: '',
  model: '',
  face: '',
  runtime: '',
  mode: '',
  environment: '',
  budget: '',
};

describe('a new session', () => {
  it('offers what is installed, and chooses the first of it', async () => {
    const { form } = open();
    await settled();
    expect(form.agents.value?.map((one) => one.name)).toEqual(['claude', 'codex', 'gemini']);
    expect(form.agent.value?.name).toBe('claude');
    expect(form.ready.value).toBe(true);
  });

  it('takes the agent of the project, until the person chooses another', async () => {
    const { form } = open();
    await settled();
    form.change({ project: project.id });
    expect(form.agent.value?.name).toBe('codex');
    form.change({ agent: 'claude' });
    expect(form.agent.value?.name).toBe('claude');
  });

  it('sends what was filled in, and nothing else', async () => {
    const { form, bodies, created } = open();
    await settled();
    form.change({ prompt: '  fix it ', cwd: ' ~/src ', name: ' Fix ' });
    await form.start();
    expect(bodies).toEqual([{ id: 'id-1', agent: 'claude', prompt: 'fix it', name: 'Fix', cwd: '~/src' }]);
    expect(created).toEqual(['made']);
    form.change({ project: project.id });
    await form.start();
    expect(bodies[1]).toEqual({ id: 'id-2', agent: 'codex', project_id: project.id });
  });

  it('a repeated try after a lost answer carries the same id, so that nothing starts twice', async () => {
    const { form, bodies, answers } = open();
    await settled();
    const create = answers.createSession;
    answers.createSession = (sent) => {
      create?.(sent);
      throw new AfieldError('unavailable', 'The answer was lost.');
    };
    await form.start();
    expect(form.error.value).toBe('The answer was lost.');
    answers.createSession = create!;
    await form.start();
    expect(bodies.map((body) => body.id)).toEqual(['id-1', 'id-1']);
  });

  it('nothing starts while no agent is there', async () => {
    const { form, answers, bodies } = open();
    answers.listAgents = () => ({ items: [agent('gemini', false)], next_cursor: null });
    await form.load();
    expect(form.ready.value).toBe(false);
    await form.start();
    expect(bodies).toEqual([]);
  });

  it('asks again when the line is back', async () => {
    const { form, state } = open(undefined, down('broken'));
    await settled();
    expect(form.agents.value).toBeNull();
    state(ONLINE);
    await settled();
    expect(form.agents.value).toHaveLength(3);
  });
});

describe('where, and with what', () => {
  it('asks for the agents of the chosen machine, and a late answer for another one is dropped', async () => {
    const { form, answers, calls, bodies } = open();
    await settled();
    expect(form.machines.value.map((one) => one.name)).toEqual(['local', 'build-box']);
    let late: (value: unknown) => void = () => undefined;
    answers.listAgents = ({ query }) =>
      query?.machine === 'local' ? new Promise((resolve) => (late = resolve)) : { items: [agent('codex', true)], next_cursor: null };
    form.change({ machine: 'build-box' });
    form.change({ machine: 'local' });
    form.change({ machine: 'build-box' });
    await settled();
    late({ items: [], next_cursor: null });
    await settled();
    expect(form.agents.value?.map((one) => one.name)).toEqual(['codex']);
    expect(calls.at(-1)?.sent.query).toEqual({ machine: 'build-box' });
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'codex', machine: 'build-box' });
  });

  it('a project brings its machine, and a machine that is gone is not insisted on', async () => {
    const { form, answers } = open({ machine: 'sold-box' });
    answers.listProjects = () => ({ items: [{ ...project, machine: 'build-box' }], next_cursor: null });
    await form.load();
    expect(form.machine.value).toBe('local');
    form.change({ project: project.id });
    expect(form.machine.value).toBe('build-box');
  });

  it('works without the list of machines', async () => {
    const { form, answers } = open();
    delete answers.listMachines;
    await form.load();
    expect(form.ready.value).toBe(true);
    expect(form.machine.value).toBe('local');
  });

  it('a model goes along only where the agent takes one', async () => {
    const { form, bodies } = open();
    await settled();
    form.change({ model: ' opus ' });
    await form.start();
    expect(bodies[0]).toMatchObject({ agent: 'claude', model: 'opus' });
    form.change({ agent: 'codex' });
    await form.start();
    expect(bodies[1]).not.toHaveProperty('model');
  });

  it('variables go along and are never written to this device', async () => {
    const { form, bodies, written } = open();
    await settled();
    form.variables.value = [
      { name: 'API_KEY', value: 'hunter2' },
      { name: '', value: '' },
    ];
    form.change({ prompt: 'x' });
    await form.start();
    expect(bodies[0]).toMatchObject({ env: { API_KEY: 'hunter2' } });
    expect(form.variables.value).toEqual([]);
    form[Symbol.dispose]();
    expect(JSON.stringify(written)).not.toContain('hunter2');
  });

  it('a variable without a name holds the start back', async () => {
    const { form, bodies } = open();
    await settled();
    form.variables.value = [{ name: '', value: 'x' }];
    expect(form.ready.value).toBe(false);
    await form.start();
    expect(bodies).toEqual([]);
  });
});

describe('how it runs', () => {
  const talker = {
    ...agent('talker', true),
    faces: ['terminal', 'chat'],
    runtimes: [
      { name: 'terminal', face: 'terminal', note: null },
      { name: 'native', face: 'chat', note: null },
      { name: 'acp', face: 'chat', note: 'Billed as API use.' },
    ],
  };
  async function ready() {
    const way = open();
    way.answers.listAgents = () => ({ items: [talker, agent('claude', true)], next_cursor: null });
    await way.form.load();
    return way;
  }

  it('in a chat where the agent has one, by the usual runtime, of which nothing is said', async () => {
    const { form, bodies } = await ready();
    expect([form.face.value, form.runtime.value?.name, form.takesModel.value]).toEqual(['chat', 'native', true]);
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'talker', face: 'chat' });
    form.change({ runtime: 'acp', model: 'opus', mode: ' plan ', budget: '2,50' });
    expect(form.runtime.value?.note).toBe('Billed as API use.');
    await form.start();
    expect(bodies[1]).toEqual({ id: 'id-2', agent: 'talker', face: 'chat', runtime: 'acp', model: 'opus', mode: 'plan', budget_usd: 2.5 });
  });

  it('in a terminal when its person wants that, without what only a chat has', async () => {
    const { form, bodies } = await ready();
    form.change({ face: 'terminal', runtime: 'acp', mode: 'plan', model: 'opus' });
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'talker', face: 'terminal' });
    form.change({ agent: 'claude', face: 'chat' });
    expect(form.face.value).toBe('terminal');
  });

  it('a budget that is none holds the start back', async () => {
    const { form, bodies } = await ready();
    form.change({ budget: 'much' });
    expect(form.ready.value).toBe(false);
    await form.start();
    expect(bodies).toEqual([]);
  });
});

describe('an environment', () => {
  const named = (name: string, fields: object = {}) => ({
    name,
    agent: null,
    program: null,
    server_url: null,
    variables: [],
    secrets: [],
    production: false,
    ...fields,
  });
  const fine = { name: 'KEY', ok: true, level: 'ok', detail: '', fix: null };
  async function ready() {
    const way = open();
    way.answers.listEnvironments = () => ({
      items: [named('work'), named('prod', { production: true }), named('other', { agent: 'codex' })],
      next_cursor: null,
    });
    way.answers.checkEnvironment = ({ params }) => ({ environment: named(String(params?.name)), checks: [fine] });
    await way.form.load();
    return way;
  }

  it('is one of those for the agent, is looked at, and goes along', async () => {
    const { form, bodies } = await ready();
    expect(form.environment.items.value.map(({ name }) => name)).toEqual(['work', 'prod']);
    form.change({ environment: 'work' });
    await settled();
    expect(form.environment.looked.value).toEqual({ name: 'work', checks: [fine], error: null });
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'claude', environment: 'work' });
    form.change({ environment: '' });
    expect(form.environment.looked.value).toBeNull();
  });

  it('of production starts only once it was confirmed, each time anew and for that one alone', async () => {
    const { form, bodies } = await ready();
    form.change({ environment: 'prod' });
    expect(form.ready.value).toBe(false);
    await form.start();
    expect(bodies).toEqual([]);
    form.environment.confirm(true);
    expect(form.ready.value).toBe(true);
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'claude', environment: 'prod', confirm: 'prod' });
    expect(form.ready.value).toBe(false);
  });

  it('of the project is taken, unless another one or none is chosen', async () => {
    const { form, bodies, answers } = await ready();
    const own = { ...project, default_agent: 'claude', default_face: 'terminal', default_environment: 'work' };
    answers.listProjects = () => ({ items: [own], next_cursor: null });
    await form.load();
    form.change({ project: project.id });
    expect(form.environment.chosen.value?.name).toBe('work');
    form.change({ environment: NO_ENVIRONMENT });
    await form.start();
    form.change({ environment: '' });
    await form.start();
    expect(bodies).toEqual([
      { id: 'id-1', agent: 'claude', project_id: project.id, environment: null },
      { id: 'id-2', agent: 'claude', project_id: project.id, environment: 'work' },
    ]);
  });

  it('of the project that home does not know any more is not left out in silence', async () => {
    const { form, bodies, answers } = await ready();
    answers.listProjects = () => ({ items: [{ ...project, default_agent: 'claude', default_environment: 'gone' }], next_cursor: null });
    await form.load();
    form.change({ project: project.id });
    expect([form.environment.missing.value, form.environment.chosen.value]).toEqual(['gone', null]);
    await form.start();
    form.change({ environment: NO_ENVIRONMENT });
    await form.start();
    expect(bodies.map(({ environment }) => environment)).toEqual([undefined, null]);
  });

  it('for another agent is not taken along, and a look that comes late is dropped', async () => {
    const { form, bodies, answers } = await ready();
    form.change({ agent: 'codex', environment: 'other' });
    expect(form.environment.chosen.value?.name).toBe('other');
    let late: (value: unknown) => void = () => undefined;
    answers.checkEnvironment = () => new Promise((resolve) => (late = resolve));
    form.change({ environment: 'work' });
    answers.checkEnvironment = () => Promise.reject(new AfieldError('unavailable', 'Not now.'));
    form.change({ environment: 'prod' });
    await settled();
    late({ checks: [fine] });
    await settled();
    expect(form.environment.looked.value).toEqual({ name: 'prod', checks: null, error: 'Not now.' });
    form.change({ agent: 'claude', environment: 'other' });
    await form.start();
    expect(bodies[0]).toEqual({ id: 'id-1', agent: 'claude' });
  });
});

describe('the draft', () => {
  it('comes back', async () => {
    const { form } = open({ prompt: 'half a thought', agent: 'codex' });
    await settled();
    expect(form.draft.value).toEqual({ ...NO_DRAFT, prompt: 'half a thought', agent: 'codex' });
    expect(form.agent.value?.name).toBe('codex');
  });

  it('that is none is ignored', async () => {
    for (const broken of [null, 'text', 7, { prompt: 5, agent: ['x'] }]) {
      const { form } = open(broken);
      await settled();
      expect(form.draft.value.prompt).toBe('');
      expect(form.draft.value.agent).toBe('');
    }
  });

  it('is written when the form goes before the pause in typing is over', async () => {
    const { form, written } = open();
    await settled();
    form.change({ prompt: 'half a tho' });
    form.change({ prompt: 'half a thought' });
    expect(written).toEqual([]);
    form[Symbol.dispose]();
    expect(written).toEqual([{ ...NO_DRAFT, prompt: 'half a thought' }]);
  });

  it('that was not touched is not written when the page goes', async () => {
    const { form, written } = open({ prompt: 'kept' });
    await settled();
    form.keepNow();
    form[Symbol.dispose]();
    expect(written).toEqual([]);
  });

  it('does not overwrite what was typed meanwhile', async () => {
    const { form } = open({ prompt: 'old' });
    form.change({ prompt: 'new' });
    await settled();
    expect(form.draft.value.prompt).toBe('new');
  });
});
