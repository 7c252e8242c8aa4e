import { describe, expect, it } from 'vitest';
import { permissionAsk, permissionResult, questionAsk, questionResult } from './asks.ts';
import { ToolCalls } from './tools.ts';

const OPTIONS = [
  { optionId: 'a', name: 'Allow', kind: 'allow_once' },
  { optionId: 'b', name: 'Reject', kind: 'reject_once' },
];
const ask = (toolCall: Record<string, unknown>, options: unknown = OPTIONS, cwd = '/srv/app') =>
  permissionAsk({ options }, 't', new ToolCalls().read('t', toolCall).call, cwd);

describe('what a permission shows', () => {
  it('a command that stands alone is the subject; where it runs and why is told beside', () => {
    const rawInput = { command: 'npm test', description: 'Runs the tests', cwd: '/srv/app', timeout: 5 };
    expect(ask({ kind: 'execute', title: 'Shell', rawInput })).toMatchObject({ subject: 'npm test', detail: 'Runs the tests' });
    expect(ask({ kind: 'execute', rawInput: { ...rawInput, cwd: '/etc' } })).toMatchObject({
      subject: 'npm test',
      detail: 'Runs the tests\nIn /etc',
    });
    expect(ask({ kind: 'execute', rawInput: { command: 'ls', commands: ['ls'] } }).subject).toBe('ls');
  });

  it('a command with anything beside that changes what it does is shown whole, so that no rule takes it for the bare command', () => {
    for (const more of [{ dangerouslyDisableSandbox: true }, { env: { A: '1' } }, { commands: ['npm test', 'rm -r /'] }]) {
      const { subject } = ask({ kind: 'execute', rawInput: { command: 'npm test', ...more } });
      expect(JSON.parse(subject)).toEqual({ command: 'npm test', ...more });
    }
  });

  it('a change is its files and their content', () => {
    const content = [{ type: 'diff', path: '/srv/app/a.txt', oldText: 'a', newText: 'b' }];
    const shown = ask({ kind: 'edit', title: 'Edit', content, rawInput: { file_path: '/srv/app/a.txt' } });
    expect(shown).toMatchObject({ subject: '/srv/app/a.txt', diffs: [{ path: '/srv/app/a.txt', before: 'a', after: 'b', cut: false }] });
  });

  it('a new file and one that goes have one side only', () => {
    const diff = (kind: string) => [{ type: 'diff', path: 'x', oldText: '', newText: '', _meta: { kind } }];
    expect(ask({ content: diff('add') }).diffs[0]).toMatchObject({ before: null, after: '' });
    expect(ask({ content: diff('delete') }).diffs[0]).toMatchObject({ before: '', after: null });
  });

  it('where nothing else is told, the title is the subject, and what it says about itself the detail', () => {
    const content = [{ type: 'content', content: { type: 'text', text: '[in /srv/app] (Make one)' } }];
    expect(ask({ kind: 'execute', title: 'touch one.tmp', status: 'pending', content })).toMatchObject({
      subject: 'touch one.tmp',
      detail: '[in /srv/app] (Make one)',
    });
  });
});

describe('the answers that a permission offers', () => {
  it('are read by kind, not by id; "for this session" is no more than that', () => {
    const { options } = ask({}, [
      { optionId: 'proceed_always', name: 'Allow for this session', kind: 'allow_always' },
      { optionId: 'cancel', name: 'Reject', kind: 'reject_once' },
      { optionId: 'never', name: 'Never', kind: 'reject_always' },
    ]);
    expect(options.map(({ decision, scope }) => `${decision} ${scope}`)).toEqual(['allow session', 'deny once', 'deny always']);
  });

  it('of a kind that nobody knows are never what a plain yes would take', () => {
    const { options } = ask({}, [{ optionId: 'x', name: 'Allow twice', kind: 'allow_twice' }, { name: 'No way' }, 7]);
    expect(options.map(({ id, decision, scope }) => [id, decision, scope])).toEqual([
      ['x', 'allow', 'always'],
      ['1', 'deny', 'always'],
      ['2', 'allow', 'always'],
    ]);
  });

  it('go back in the words of the agent', () => {
    const answer = { option_id: 'a', decision: 'allow', text: null, answers: {} } as const;
    expect(permissionResult({}, answer)).toEqual({ outcome: { outcome: 'selected', optionId: 'a' } });
    expect(permissionResult({}, { ...answer, decision: 'cancel' })).toEqual({ outcome: { outcome: 'cancelled' } });
    expect(permissionResult({}, { ...answer, option_id: null, decision: 'deny' })).toEqual({ outcome: { outcome: 'cancelled' } });
  });
});

describe('questions that come as a permission', () => {
  const questions = [
    { question: 'Which colour?', options: [{ label: 'Red', description: 'Choose Red' }, { label: 'Blue' }], multiSelect: false },
  ];

  it('are questions, answered by their place', () => {
    const asked = ask({ kind: 'think', title: 'Ask user 1 question', rawInput: { questions } });
    expect(asked).toMatchObject({ kind: 'question', questions: [{ id: '0', text: 'Which colour?', type: 'choice', free: true }] });
    expect(asked.options.map(({ decision }) => decision)).toEqual(['deny']);
    const answer = { option_id: null, decision: 'answer', text: null, answers: { '0': ['Blue'] } } as const;
    expect(permissionResult({ options: OPTIONS }, { ...answer, answers: { '0': ['Blue'] } })).toEqual({
      outcome: { outcome: 'selected', optionId: 'a' },
      answers: { '0': 'Blue' },
    });
  });

  it('are none when the call does anything beside: who answers would allow what is not shown', () => {
    const content = [{ type: 'diff', path: '/etc/passwd', oldText: 'a', newText: 'b' }];
    expect(ask({ kind: 'execute', rawInput: { questions } }).kind).toBe('permission');
    expect(ask({ kind: 'think', rawInput: { questions, command: 'rm -r /' } }).kind).toBe('permission');
    expect(ask({ kind: 'think', rawInput: { questions }, content }).kind).toBe('permission');
  });
});

describe('a form', () => {
  it("whose choice has a field for words of one's own beside it is one question", () => {
    const properties = {
      question_0: { type: 'string', title: 'Colour', oneOf: [{ const: 'Red', title: 'Red' }] },
      question_0_custom: { type: 'string', title: 'Other' },
      a_custom: { type: 'string', title: 'Alone' },
    };
    const params = { mode: 'form', message: 'Which?', requestedSchema: { properties } };
    const { questions } = questionAsk(params, null);
    expect(questions.map(({ id, free }) => [id, free])).toEqual([
      ['question_0', true],
      ['a_custom', false],
    ]);
    const contentOf = (given: string) =>
      questionResult(params, { option_id: null, decision: 'answer', text: null, answers: { question_0: [given] } }).content;
    expect(contentOf('Red')).toEqual({ question_0: 'Red' });
    expect(contentOf('Mauve')).toEqual({ question_0_custom: 'Mauve' });
  });

  it('of a form without fields is a plain yes or no', () => {
    const yes = { id: 'accept', label: 'Accept', decision: 'allow', scope: 'once' };
    for (const requestedSchema of [
      { type: 'object' },
      { type: 'object', properties: {} },
      { type: 'object', properties: {}, required: [] },
    ]) {
      const params = { mode: 'form', message: 'Well?', requestedSchema };
      expect(questionAsk(params, null)).toMatchObject({ kind: 'question', subject: 'Well?', questions: [] });
      expect(questionAsk(params, null).options[0]).toEqual(yes);
      const given = { option_id: 'accept', decision: 'allow' as const, text: null, answers: {} };
      expect(questionResult(params, given)).toEqual({ action: 'accept', content: {} });
    }
    const wants = { type: 'object', properties: {}, required: ['name'] };
    expect(questionAsk({ message: 'Well?', requestedSchema: wants }, null).options.map(({ decision }) => decision)).toEqual([
      'deny',
      'cancel',
    ]);
  });

  it('of nonsense is still a question that can be declined', () => {
    for (const requestedSchema of [undefined, null, 'x', [], { properties: 'none' }, { properties: { a: null, b: { oneOf: 7 } } }]) {
      const asked = questionAsk({ mode: 'form', message: 'Well?', requestedSchema }, null);
      expect(asked).toMatchObject({ kind: 'question', subject: 'Well?' });
      expect(asked.options.map(({ decision }) => decision)).toEqual(['deny', 'cancel']);
    }
  });
});
