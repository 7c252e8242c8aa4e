import type { Project } from '@afield/shared/api/projects.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { fieldsOf, NEW_PROJECT, ProjectsModel } from './projects.ts';

const project: Project = {
  id: 'p1',
  name: 'shop',
  machine: 'build-box',
  cwd: '/src/shop',
  default_agent: 'claude',
  default_model: null,
  default_face: null,
  default_mode: null,
  default_environment: null,
  env: ['API_KEY'],
  created_at: '',
  used_at: null,
};

const NO_DEFAULTS = { default_face: null, default_mode: null, default_environment: null };

function open() {
  const way = scriptedLink(ONLINE);
  way.answers.listProjects = () => ({ items: [project], next_cursor: null });
  way.answers.listMachines = () => ({ items: [], next_cursor: null });
  way.answers.listAgents = () => ({ items: [], next_cursor: null });
  const bodies: unknown[] = [];
  way.answers.createProject = ({ body }) => void bodies.push(body);
  way.answers.updateProject = ({ body }) => void bodies.push(body);
  way.answers.deleteProject = ({ params }) => void bodies.push(params);
  return { ...way, bodies, projects: new ProjectsModel(way.link) };
}

describe('projects', () => {
  it('come with the connection', async () => {
    const { projects } = open();
    await settled();
    expect(projects.projects.value).toEqual([project]);
  });

  it('a new one sends what was filled in, and the list comes anew', async () => {
    const { projects, bodies, calls } = open();
    await settled();
    const fields = { ...NEW_PROJECT, cwd: ' ~/src/x ', model: ' opus ', variables: [{ name: 'A', value: 'b' }] };
    expect(await projects.add(fields)).toBe(true);
    expect(bodies).toEqual([
      { machine: 'local', cwd: '~/src/x', default_agent: null, default_model: 'opus', ...NO_DEFAULTS, env: { A: 'b' } },
    ]);
    expect(calls.filter(({ operation }) => operation === 'listProjects')).toHaveLength(2);
  });

  it('a change leaves the variables alone, unless all of them are given anew', async () => {
    const { projects, bodies } = open();
    await settled();
    const fields = fieldsOf(project);
    expect(fields.variables).toBeNull();
    await projects.change('p1', { ...fields, agent: '' });
    await projects.change('p1', { ...fields, variables: [] });
    expect(bodies).toEqual([
      { name: 'shop', default_agent: null, default_model: null, ...NO_DEFAULTS },
      { name: 'shop', default_agent: 'claude', default_model: null, ...NO_DEFAULTS, env: {} },
    ]);
  });

  it('face, mode and environment are what its sessions start with, empty ones none', async () => {
    const { projects, bodies } = open();
    await projects.change('p1', { ...fieldsOf(project), face: 'chat', mode: ' plan ', environment: 'work' });
    expect(bodies[0]).toMatchObject({ default_face: 'chat', default_mode: 'plan', default_environment: 'work' });
  });

  it('a variable that will not do is not sent', async () => {
    const { projects, bodies } = open();
    expect(await projects.add({ ...NEW_PROJECT, cwd: '~', variables: [{ name: '1', value: '' }] })).toBe(false);
    expect(bodies).toEqual([]);
  });

  it('a failure says why and changes nothing', async () => {
    const { projects, answers } = open();
    await settled();
    answers.createProject = () => Promise.reject(new AfieldError('cwd_missing', '/nowhere is not there on local.'));
    expect(await projects.add({ ...NEW_PROJECT, cwd: '/nowhere' })).toBe(false);
    expect(projects.saving.failure.value?.text).toBe('/nowhere is not there on local.');
  });

  it('removing forgets it', async () => {
    const { projects, bodies } = open();
    await settled();
    expect(await projects.remove('p1')).toBe(true);
    expect(bodies).toEqual([{ id: 'p1' }]);
  });
});
