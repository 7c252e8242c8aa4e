import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import { describe, expect, it } from 'vitest';
import { createRecipes } from '../../agents/index.ts';
import type { ProjectRow } from '../ports.ts';
import { withDefaults } from './project-defaults.ts';

const project = (defaults: Partial<ProjectRow> = {}): ProjectRow => ({
  id: 'p',
  name: 'shop',
  machine: 'local',
  cwd: '/shop',
  default_agent: 'claude',
  default_model: null,
  default_face: 'chat',
  default_mode: 'plan',
  default_environment: 'work',
  env: {},
  created_at: '',
  used_at: null,
  ...defaults,
});
const named = (name: string, agent: string | null) => ({ name, agent }) as NamedEnvironment;
const recipes = createRecipes();
const said = (
  input: SessionCreate,
  agent = 'claude',
  row: ProjectRow | null = project(),
  known = [named('work', null), named('own', 'codex')],
) => {
  const recipe = { ...recipes.get(agent)!, faces: agent === 'shell' ? (['terminal'] as const) : (['terminal', 'chat'] as const) };
  const { face, mode, environment } = withDefaults(input, row, recipe, { list: () => known });
  return { face, mode, environment };
};

describe('what was not said', () => {
  it('is as the project has it', () => {
    expect(said({})).toEqual({ face: 'chat', mode: 'plan', environment: 'work' });
  });

  it('and what was said wins, also that there is to be no environment', () => {
    expect(said({ face: 'terminal', environment: null })).toEqual({ face: 'terminal', mode: undefined, environment: undefined });
    expect(said({ mode: 'ask', environment: 'own' })).toEqual({ face: 'chat', mode: 'ask', environment: 'own' });
  });

  it('is left out where it does not fit another agent', () => {
    expect(said({}, 'codex')).toEqual({ face: 'chat', mode: undefined, environment: 'work' });
    expect(said({}, 'shell', project({ default_environment: 'own' }))).toEqual({
      face: undefined,
      mode: undefined,
      environment: undefined,
    });
    expect(said({}, 'codex', project({ default_environment: 'own' })).environment).toBe('own');
  });

  it('is not left out in silence when its environment is not there any more', () => {
    expect(said({}, 'claude', project({ default_environment: 'gone' })).environment).toBe('gone');
  });

  it('without a project is what it was', () => {
    expect(said({ environment: null }, 'claude', null)).toEqual({ face: undefined, mode: undefined, environment: undefined });
    expect(said({ environment: 'work' }, 'claude', null).environment).toBe('work');
  });
});
