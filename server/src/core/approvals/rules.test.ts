import type { FileDiff } from '@afield/shared/api/chat.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApprovalHouse, approvalHouses, OPTIONS, sampleChat, sampleQuestion } from '../../approvals-kit.ts';
import type { RuleInput } from '../chat-service.ts';
import type { ApprovalRow } from '../chat-stores.ts';

const PROJECT = '019a0000-0000-7000-8000-00000000000a';
const OTHER = '019a0000-0000-7000-8000-00000000000b';

const { open, close } = approvalHouses();
afterEach(close);

const allow = (pattern: string, more: Partial<RuleInput> = {}): RuleInput => ({ pattern, action: 'allow', ...more });
const made = (house: ApprovalHouse, ...rules: RuleInput[]) => rules.map((rule) => house.rules.create(rule, 'the desk'));
const diff = (path: string, changes: Partial<FileDiff> = {}): FileDiff => ({ path, before: 'a', after: 'b', cut: false, ...changes });

/** What becomes of an ask: `asked`, or the decision of a rule. */
function outcomeOf(house: ApprovalHouse, ask: Parameters<ApprovalHouse['ask']>[0], of = house.row): string {
  const { outcome } = house.ask(ask, { of }).approval;
  return outcome === null ? 'asked' : outcome.decision;
}

describe('a rule', () => {
  it('decides at once; what it did is an approval with its name, in the list and in the log', async () => {
    const house = open();
    const [rule] = made(house, allow('npm *'));
    const { id, taken, approval } = house.ask({ subject: 'npm test' });
    expect(approval).toMatchObject({ state: 'answered', outcome: { decision: 'allow', scope: 'once', by: 'a rule', rule_id: rule?.id } });
    await house.settled();
    expect(taken).toMatchObject([{ option_id: 'y', decision: 'allow' }]);
    expect(house.service.list({ all: true, limit: 10 }).items).toMatchObject([{ id, state: 'delivered' }]);
    expect(house.service.list({ all: false, limit: 10 }).items).toEqual([]);
    expect(house.told()).toEqual(['approval.requested pending', 'approval.resolved answered', 'approval.resolved delivered']);
    expect(house.logged().at(-1)).toBe('Allow, by a rule: npm test\nThe rule: allow "npm *".');
    expect(house.rules.list()).toMatchObject([{ used: 1, used_at: expect.any(String) }]);
  });

  it('is the only thing that allows: without one everything is asked', () => {
    const house = open();
    for (const subject of ['ls', 'true', '', 'npm test']) expect(outcomeOf(house, { subject })).toBe('asked');
  });

  it('that denies goes before one that asks, and that before one that allows', () => {
    const house = open();
    made(house, allow('**'), { pattern: 'git push *', action: 'ask' }, { pattern: '** --force**', action: 'deny' });
    expect(outcomeOf(house, { subject: 'git pull' })).toBe('allow');
    expect(outcomeOf(house, { subject: 'git push origin' })).toBe('asked');
    expect(outcomeOf(house, { subject: 'git push --force' })).toBe('deny');
    expect(house.rules.list().map(({ action }) => action)).toEqual(['deny', 'ask', 'allow']);
  });

  it('that denies tells the agent so in words', async () => {
    const house = open();
    made(house, { pattern: 'rm **', action: 'deny' });
    const { taken } = house.ask({ subject: 'rm -rf /; true' });
    await house.settled();
    expect(taken).toMatchObject([{ option_id: 'n', decision: 'deny', text: 'A rule of the user does not allow this.' }]);
  });

  it('fits only its project, its agent and its kind of tool', () => {
    const house = open({ sessions: [sampleChat({ project_id: PROJECT })], projects: [PROJECT] });
    const codex = sampleChat({ id: '019a0000-0000-7000-8000-000000000002', agent: 'codex', project_id: PROJECT });
    const nowhere = sampleChat({ id: '019a0000-0000-7000-8000-000000000003', project_id: null });
    made(house, allow('npm test', { project_id: PROJECT, agent: 'claude', tool_kind: 'execute' }));
    expect(outcomeOf(house, {})).toBe('allow');
    expect(outcomeOf(house, {}, codex)).toBe('asked');
    expect(outcomeOf(house, {}, nowhere)).toBe('asked');
    expect(outcomeOf(house, { tool_kind: 'other' })).toBe('asked');
  });

  it('allows once and never more; where the agent offers only more, a person is asked', () => {
    const house = open();
    made(house, allow('npm test'));
    expect(outcomeOf(house, { options: [OPTIONS.always, OPTIONS.session, OPTIONS.deny] })).toBe('asked');
    expect(outcomeOf(house, { options: [OPTIONS.always, OPTIONS.once, OPTIONS.deny] })).toBe('allow');
  });

  it('allows nothing in production, unless it names the project', () => {
    const production = sampleChat({ project_id: PROJECT, production: true });
    const house = open({ sessions: [production], projects: [PROJECT] });
    made(house, allow('**'));
    expect(outcomeOf(house, {})).toBe('asked');
    made(house, { pattern: 'rm **', action: 'deny' });
    expect(outcomeOf(house, { subject: 'rm a' })).toBe('deny');
    made(house, allow('npm *', { project_id: PROJECT }));
    expect(outcomeOf(house, {})).toBe('allow');
    expect(outcomeOf(house, { subject: 'make deploy' })).toBe('asked');
  });

  it('answers no question, and nothing that is too long to be read', () => {
    const house = open();
    made(house, allow('**'), { pattern: '**', action: 'deny' });
    expect(outcomeOf(house, { kind: 'question', questions: [sampleQuestion()] })).toBe('asked');
    expect(outcomeOf(house, { subject: 'x'.repeat(64 * 1024 + 1) })).toBe('asked');
  });

  it('E5, E6: that allows a command allows nothing that only looks like it', () => {
    const house = open();
    made(house, allow('npm *'));
    for (const tail of ['; rm -rf ~', '\nrm -rf ~', '\rrm -rf ~', ' $(id)', '\u202e', '\u200b', `${' '.repeat(5_000)}&& rm -rf ~`]) {
      expect(outcomeOf(house, { subject: `npm test${tail}` }), JSON.stringify(tail)).toBe('asked');
    }
    expect(outcomeOf(house, { subject: 'n\u0440m test' })).toBe('asked');
  });
});

describe('a rule for changes of files', () => {
  const edit = (...paths: string[]) => ({ tool_kind: 'edit' as const, subject: 'Edit', diffs: paths.map((path) => diff(path)) });

  it('looks at their paths, below the directory of the session or absolute', () => {
    const house = open();
    made(house, allow('src/**', { tool_kind: 'edit' }), allow('/tmp/*.txt', { tool_kind: 'edit' }));
    for (const path of ['/srv/web/src/a.ts', 'src/a/b.ts', './src/a.ts', '/tmp/a.txt'])
      expect(outcomeOf(house, edit(path)), path).toBe('allow');
    for (const path of [
      '/srv/web/a.ts',
      '/srv/webs/src/a.ts',
      'src/../../etc/passwd',
      '/srv/web/src/../a.ts',
      '../src/a.ts',
      '/tmp/x/a.txt',
    ])
      expect(outcomeOf(house, edit(path)), path).toBe('asked');
  });

  it('that allows must fit all of them, one that denies any', () => {
    const house = open();
    made(house, allow('src/**'), { pattern: '**.env', action: 'deny' });
    expect(outcomeOf(house, edit('src/a', 'src/b'))).toBe('allow');
    expect(outcomeOf(house, edit('src/a', 'b'))).toBe('asked');
    expect(outcomeOf(house, edit('src/a', 'src/.env'))).toBe('deny');
  });

  it('allows none that is not shown whole', () => {
    const house = open();
    made(house, allow('src/**'));
    expect(outcomeOf(house, { ...edit(), diffs: [diff('src/a', { cut: true })] })).toBe('asked');
  });

  it('looks at the subject as a path too, where the kind of tool is one for files', () => {
    const house = open();
    made(house, allow('src/*.ts', { tool_kind: 'read' }), { pattern: '**/.env', action: 'deny' });
    for (const subject of ['/srv/web/src/a.ts', 'src/a.ts', './src/b/../a.ts'])
      expect(outcomeOf(house, { tool_kind: 'read', subject }), subject).toBe('allow');
    for (const subject of ['/srv/web/src/b/a.ts', '/etc/a.ts', 'src/x; rm -rf ~ #.ts', 'src/a.ts\nb.ts', '../web2/src/a.ts'])
      expect(outcomeOf(house, { tool_kind: 'read', subject }), subject).toBe('asked');
    expect(outcomeOf(house, { tool_kind: 'read', subject: '.env' })).toBe('deny');
    expect(outcomeOf(house, { tool_kind: 'execute', subject: 'src/a.ts' })).toBe('asked');
  });

  it('does not look at paths of a command, whatever files it shows beside', () => {
    const house = open();
    made(house, allow('src/**'));
    expect(outcomeOf(house, { subject: 'sed -i s/a/b/ src/a', diffs: [diff('src/a')] })).toBe('asked');
  });
});

describe('making rules', () => {
  it('is refused for a project or agent that is not there, and for too many stars', () => {
    const house = open({ projects: [PROJECT] });
    expect(() => made(house, allow('x', { project_id: OTHER }))).toThrow(expect.objectContaining({ code: 'project_not_found' }));
    expect(() => made(house, allow('x', { agent: 'nobody' }))).toThrow(expect.objectContaining({ code: 'agent_unknown' }));
    expect(() => made(house, allow('a*'.repeat(33)))).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(made(house, allow('a*'.repeat(32), { project_id: PROJECT, agent: 'claude' }))).toHaveLength(1);
  });

  it('twice with one id is once, and with another content a conflict', () => {
    const house = open();
    const id = '019a0000-0000-7000-8000-0000000000ff';
    const first = house.rules.create({ id, ...allow('x') }, 'a');
    expect(house.rules.create({ id, ...allow('x') }, 'b')).toEqual(first);
    expect(() => house.rules.create({ id, ...allow('y') }, 'b')).toThrow(expect.objectContaining({ code: 'conflict' }));
  });

  it('ends at 500; deleted is gone', () => {
    const house = open();
    const rules = Array.from({ length: 500 }, (_, i) => house.rules.create(allow(`x${i}`), 'a'));
    expect(() => made(house, allow('one more'))).toThrow(expect.objectContaining({ code: 'too_many' }));
    house.rules.delete(rules[0]?.id as string);
    expect(() => house.rules.delete(rules[0]?.id as string)).toThrow(expect.objectContaining({ code: 'rule_not_found' }));
    expect(made(house, allow('one more'))).toHaveLength(1);
  });
});

describe('a trial', () => {
  it('tells what a rule would have done with what persons answered, the denied ones first', async () => {
    const house = open();
    const answer = (asked: { id: string; hash: string }, decision: 'allow' | 'deny') =>
      house.service.answer(asked.id, { hash: asked.hash, decision }, 'Pixel 9');
    for (const subject of ['npm test', 'npm run lint', 'make']) await answer(house.ask({ subject }), 'allow');
    await answer(house.ask({ subject: 'npm publish' }), 'deny');
    await house.settled();
    const atAgent = house.ask({ subject: 'npm install x' });
    house.desk.gone(atAgent.id, { by: 'at the agent', decision: 'deny', reason: null });
    // None of these was answered by a person.
    house.ask({ subject: 'npm ci' });
    house.desk.abandon(house.row.id, 'The agent has ended.');
    const [rule] = made(house, allow('npm test'));
    house.ask({ subject: 'npm test' });
    await house.settled();
    const trial = house.rules.try(allow('npm *'));
    expect(trial).toMatchObject({ looked_at: 5, matched: 4, allowed: 2, denied: 2 });
    expect(trial.examples.map(({ subject, decision }) => `${decision} ${subject}`)).toEqual([
      'deny npm install x',
      'deny npm publish',
      'allow npm run lint',
      'allow npm test',
    ]);
    expect(house.rules.list()).toMatchObject([{ id: rule?.id, used: 1 }]);
  });

  it('keeps to what a rule may do: nothing in production without the project', async () => {
    const house = open({ sessions: [sampleChat({ production: true, project_id: PROJECT })], projects: [PROJECT] });
    const asked = house.ask();
    await house.service.answer(asked.id, { hash: asked.hash, decision: 'allow' }, 'x');
    await house.settled();
    expect(house.rules.try(allow('**'))).toMatchObject({ looked_at: 1, matched: 0 });
    expect(house.rules.try(allow('**', { project_id: PROJECT }))).toMatchObject({ looked_at: 1, matched: 1 });
  });

  it('looks at the newest thousand', async () => {
    const house = open();
    const { id } = house.ask({ subject: 'old' });
    house.desk.gone(id, { by: 'at the agent', decision: 'allow', reason: null });
    const row = house.store.approvals.get(id) as ApprovalRow;
    house.store.atomically(() => {
      for (let i = 0; i < 1_000; i++) house.store.approvals.insert({ ...row, id: `${i}`, ask: { ...row.ask, subject: 'new' } });
    });
    expect(house.rules.try(allow('old'))).toMatchObject({ looked_at: 1_000, matched: 0 });
    expect(house.rules.try(allow('new')).examples).toHaveLength(20);
  });
});
