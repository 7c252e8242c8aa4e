import type { Approval, Rule, RuleTrial } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { fieldsFrom, NEW_RULE, RulesModel, trialWords } from './rules.ts';

const rule = { id: 'r1', pattern: 'npm test', action: 'allow' } as Rule;
const trial: RuleTrial = { looked_at: 41, matched: 37, allowed: 37, denied: 0, examples: [] };
const approval = {
  id: 'a1',
  agent: 'claude',
  project_id: 'p1',
  ask: { subject: 'ls *.ts \\', tool_kind: 'execute' },
} as unknown as Approval;

function open(from: string | null = null) {
  const way = scriptedLink(ONLINE);
  const bodies: unknown[] = [];
  for (const operation of ['listProjects', 'listAgents'] as const) way.answers[operation] = () => ({ items: [], next_cursor: null });
  way.answers.listRules = () => ({ items: [rule], next_cursor: null });
  way.answers.getApproval = () => approval;
  way.answers.tryRule = ({ body }) => {
    bodies.push(body);
    return trial;
  };
  way.answers.createRule = ({ body }) => void bodies.push(body);
  way.answers.deleteRule = ({ params }) => void bodies.push(params);
  return { ...way, bodies, model: new RulesModel(way.link, from) };
}
const typed = async () => {
  vi.advanceTimersByTime(1_000);
  await settled();
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a new rule is tried on the past after a pause in typing, and only what is in the form', async () => {
  const { model, bodies } = open();
  await settled();
  expect(model.rules.value).toEqual([rule]);
  model.change({ ...NEW_RULE, pattern: 'npm' });
  model.change({ ...NEW_RULE, pattern: 'npm *', project: 'p1' });
  await typed();
  expect(bodies).toEqual([{ pattern: 'npm *', action: 'allow', project_id: 'p1', agent: null, tool_kind: null }]);
  expect(model.trial.value).toEqual(trial);
  model.change({ ...NEW_RULE, pattern: '' });
  expect(model.trial.value).toBeNull();
  await typed();
  expect(bodies).toHaveLength(1);
});

it('a trial for something that was typed over is not shown', async () => {
  const { model, answers } = open();
  await settled();
  let finish: (value: unknown) => void = () => {};
  answers.tryRule = () => new Promise((resolve) => (finish = resolve));
  model.change({ ...NEW_RULE, pattern: 'a' });
  await typed();
  model.change({ ...NEW_RULE, pattern: 'ab' });
  finish(trial);
  await settled();
  expect(model.trial.value).toBeNull();
});

it('made of an approval it fits exactly that: stars in it are stars', async () => {
  expect(fieldsFrom(approval)).toEqual({
    pattern: 'ls \\*.ts \\\\',
    action: 'allow',
    project: 'p1',
    agent: 'claude',
    tool_kind: 'execute',
  });
  const { model } = open('a1');
  await settled();
  expect(model.fields.value?.pattern).toBe('ls \\*.ts \\\\');
});

it('adding closes the form, a refusal keeps it and says why', async () => {
  const { model, answers, bodies } = open();
  await settled();
  model.change({ ...NEW_RULE, pattern: 'npm test' });
  expect(await model.add(model.fields.value!)).toBe(true);
  expect(bodies).toContainEqual({ pattern: 'npm test', action: 'allow', project_id: null, agent: null, tool_kind: null });
  expect(model.fields.value).toBeNull();
  answers.createRule = () => Promise.reject(new AfieldError('conflict', 'There is such a rule already.'));
  model.change({ ...NEW_RULE, pattern: 'npm test' });
  expect(await model.add(model.fields.value!)).toBe(false);
  expect([model.fields.value?.pattern, model.saving.failure.value?.text]).toEqual(['npm test', 'There is such a rule already.']);
});

it('deleting takes it out of the list', async () => {
  const { model } = open();
  await settled();
  await model.remove('r1');
  expect(model.rules.value).toEqual([]);
});

describe('what a rule would have done, in words', () => {
  it.each([
    [trial, 'allow', 'It would have approved 37 of your last 41, 0 of them you denied.'],
    [{ ...trial, denied: 2, allowed: 35 }, 'deny', 'It would have denied 37 of your last 41, 35 of them you allowed.'],
    [trial, 'ask', 'It would have asked you for 37 of your last 41.'],
    [{ ...trial, matched: 0 }, 'allow', 'It would have fitted none of your last 41.'],
    [{ ...trial, looked_at: 1, matched: 1 }, 'allow', 'It would have approved 1 of your last one, 0 of them you denied.'],
    [{ ...trial, looked_at: 0, matched: 0 }, 'allow', 'There are no approvals of the past to try it on.'],
  ] as const)('%j %s', (given, action, words) => {
    expect(trialWords(given, action)).toBe(words);
  });
});
