import type { Approval, ApprovalOption, Question } from '@afield/shared/api/approvals.ts';
import { describe, expect, it } from 'vitest';
import { Deciding, valuesOf } from './decide.ts';

const option = (decision: ApprovalOption['decision'], scope: ApprovalOption['scope']): ApprovalOption => ({
  id: `${decision}-${scope}`,
  label: 'x',
  decision,
  scope,
  covers: null,
});
const question = (changes: Partial<Question> = {}): Question => ({
  id: 'q',
  text: 'Which?',
  type: 'choice',
  choices: [
    { id: 'red', label: 'Red', description: null },
    { id: 'blue', label: 'Deep blue', description: null },
  ],
  multiple: false,
  free: false,
  required: true,
  ...changes,
});
const deciding = (ask: Partial<Approval['ask']>) =>
  new Deciding({ ask: { kind: 'permission', subject: 'npm test', options: [], questions: [], ...ask } } as unknown as Approval);
const permission = (...options: ApprovalOption[]) => deciding({ options });
const usual = () => permission(option('allow', 'once'), option('allow', 'always'), option('deny', 'once'));

describe('a permission', () => {
  it('is answered by a letter or a word, for what is offered', () => {
    expect(usual().prompt).toBe('y allow · a always · n deny · n … deny with words > ');
    for (const yes of ['y', 'Y', 'yes', ' y ', 'allow']) expect(usual().read(yes)).toEqual({ given: { decision: 'allow', scope: 'once' } });
    expect(usual().read('a')).toEqual({ given: { decision: 'allow', scope: 'always' } });
    for (const no of ['n', 'no', 'deny', '/deny']) expect(usual().read(no)).toEqual({ given: { decision: 'deny' } });
    expect(usual().read('no, use pnpm instead')).toEqual({ given: { decision: 'deny', text: 'use pnpm instead' } });
  });

  it('is not answered by anything else', () => {
    for (const typed of ['', 's', 'yes please', 'y y', 'always, but carefully', 'go on', 'yn', '1'])
      expect(usual().read(typed)).toEqual({ unclear: 'Type one of: y, a, n.' });
  });

  it('E6: that is too long to be read can only be denied', () => {
    const long = deciding({ subject: 'x'.repeat(70_000), options: [option('allow', 'once')] });
    expect(long.prompt).toBe('n deny · n … deny with words > ');
    expect(long.read('y')).toEqual({ unclear: 'Type one of: n.' });
  });
});

describe('a question', () => {
  it('is answered by number, id, label or words', () => {
    expect(valuesOf(question(), '2')).toEqual(['blue']);
    expect(valuesOf(question(), 'RED')).toEqual(['red']);
    expect(valuesOf(question(), 'deep blue')).toEqual(['blue']);
    expect(valuesOf(question(), '3')).toBeNull();
    expect(valuesOf(question(), 'green')).toBeNull();
    expect(valuesOf(question({ free: true }), 'green')).toEqual(['green']);
    expect(valuesOf(question({ multiple: true }), '2, 1, blue')).toEqual(['blue', 'red']);
    expect(valuesOf(question({ multiple: true }), '2, 9')).toBeNull();
    expect(valuesOf(question({ required: false }), '')).toEqual([]);
    expect(valuesOf(question(), '')).toBeNull();
  });

  it('takes numbers, flags and text where it says so', () => {
    expect(valuesOf(question({ type: 'number' }), '1.5')).toEqual(['1.5']);
    expect(valuesOf(question({ type: 'number' }), 'one')).toBeNull();
    expect(valuesOf(question({ type: 'flag' }), 'Yes')).toEqual(['true']);
    expect(valuesOf(question({ type: 'flag' }), 'maybe')).toBeNull();
    expect(valuesOf(question({ type: 'text', choices: [] }), '2')).toEqual(['2']);
  });

  it('after question makes a form; each can be tried again, and all can be refused', () => {
    const form = deciding({
      kind: 'question',
      questions: [question(), question({ id: 'n', type: 'number', required: false }), question({ id: '__proto__', type: 'text' })],
    });
    expect(form.prompt).toBe('1. a number from 1 to 2 · /deny > ');
    expect(form.read('9')).toEqual({ unclear: 'Type a number from 1 to 2.' });
    expect(form.read('1')).toEqual({ more: true });
    expect(form.prompt).toBe('2. a number, or nothing · /deny > ');
    expect(form.read('')).toEqual({ more: true });
    const done = form.read('words') as { given: { answers: Record<string, string[]> } };
    expect(Object.entries(done.given.answers)).toEqual([
      ['q', ['red']],
      ['__proto__', ['words']],
    ]);
    expect(deciding({ questions: [question()] }).read('/deny')).toEqual({ given: { decision: 'deny' } });
  });
});
