import { expect, it } from 'vitest';
import { createRecipes } from './index.ts';

it('models are offered, and an agent that we know needs no command for them', () => {
  const recipes = createRecipes({ agents: { claude: { models: ['opus', 'haiku'] }, mine: { command: ['mine'], models: ['m1'] } } });
  const before = createRecipes().get('claude');
  expect(recipes.get('claude')).toMatchObject({ models: ['opus', 'haiku'], program: 'claude', args: before?.args, source: 'builtin' });
  expect(recipes.get('mine')).toMatchObject({ models: ['m1'], source: 'config' });
});

it('one that we do not know needs a command', () => {
  expect(() => createRecipes({ agents: { mine: { models: ['m1'] } } })).toThrow(
    expect.objectContaining({ code: 'bad_request', message: 'agents.mine.command is missing: Afield knows no agent "mine" of its own.' }),
  );
});
