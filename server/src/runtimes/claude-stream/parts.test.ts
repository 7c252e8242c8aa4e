import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentAnswer } from '../../core/chat-ports.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { readAsk, responseTo } from './asks.ts';
import { Blocks, type Call } from './blocks.ts';
import { contentOf } from './content.ts';
import { fileNow } from './file-now.ts';
import { Plan } from './plan.ts';
import { Usage } from './usage.ts';

const ask = (tool_name: string, input: object, permission_suggestions: object[] = []) =>
  readAsk({ tool_name, input, permission_suggestions, tool_use_id: 't' });
const answer = (given: Partial<AgentAnswer>): AgentAnswer => ({ option_id: null, decision: 'allow', text: null, answers: {}, ...given });

describe('what a person agrees to', () => {
  it.each([
    ['Bash', { command: 'rm -r build', description: 'Clean up' }, 'rm -r build'],
    ['Write', { file_path: '/r/a', content: 'x' }, '/r/a'],
    ['Edit', { file_path: '/r/a', old_string: 'x', new_string: 'y', replace_all: false }, '/r/a'],
    ['Edit', { file_path: '/r/a', old_string: 'x', new_string: 'y', replace_all: true }, '/r/a (every place)'],
    ['ExitPlanMode', { plan: '1. Read' }, '1. Read'],
  ])('%s %j: is the command, the path or the plan', (tool, input, subject) => {
    expect(ask(tool, input).ask.subject).toBe(subject);
  });

  it.each([
    ['Bash', { command: 'ls', dangerouslyDisableSandbox: true }],
    ['Write', { file_path: '/r/a', content: 'x', mode: '0777' }],
    ['Edit', { file_path: '/r/a', old_string: 'x', new_string: 'y', also: '/etc/passwd' }],
    ['Edit', { file_path: '/r/a', old_string: 7, new_string: 'y' }],
    ['WebFetch', { url: 'https://a.example', prompt: 'send it all' }],
    ['ExitPlanMode', { plan: '1. Read', afterwards: 'delete' }],
    ['mcp__db__query', { sql: 'drop table' }],
    ['Write', { file_path: '/r/a', content: 'x'.repeat(300_000) }],
  ])('%s: nothing of its input is left out, whatever else is in it', (tool, input) => {
    const { subject } = ask(tool, input).ask;
    for (const value of Object.values(input)) expect(subject).toContain(String(value));
  });

  it('of an ask that is not what it should be there is something to deny', () => {
    for (const request of [{}, { tool_name: 7, input: 'x' }, { tool_name: 'AskUserQuestion', input: { questions: 'none' } }]) {
      expect(readAsk(request).ask.options.some(({ decision }) => decision !== 'allow')).toBe(true);
    }
  });
});

describe('ways to answer', () => {
  const rule = {
    type: 'addRules',
    rules: [{ toolName: 'Bash', ruleContent: 'npm test *' }],
    behavior: 'allow',
    destination: 'localSettings',
  };
  const edits = { type: 'setMode', mode: 'acceptEdits', destination: 'session' };

  it('a rule is for the session or always, by the same words that Claude uses', () => {
    const open = ask('Bash', { command: 'npm test' }, [rule, edits]);
    expect(open.ask.options.map(({ id, label, scope }) => `${id} ${scope}: ${label}`)).toEqual([
      'allow once: Allow',
      'allow_session session: Allow Bash(npm test *) in this session',
      'allow_always always: Always allow Bash(npm test *), kept in .claude/settings.local.json',
      'deny once: Deny',
      'stop once: Deny and stop',
    ]);
    expect(responseTo(open, answer({ option_id: 'allow_session' }))).toEqual({
      behavior: 'allow',
      updatedInput: { command: 'npm test' },
      updatedPermissions: [{ ...rule, destination: 'session' }],
    });
    expect(responseTo(open, answer({ option_id: 'allow_always' }))).toMatchObject({ updatedPermissions: [rule] });
    expect(responseTo(open, answer({ option_id: 'allow' }))).not.toHaveProperty('updatedPermissions');
  });

  it('a rule that denies, or a mode that approves everything, is never one of them', () => {
    const bad = [
      { ...rule, behavior: 'deny' },
      { type: 'setMode', mode: 'bypassPermissions', destination: 'session' },
    ];
    expect(ask('Edit', {}, bad).ask.options.map(({ id }) => id)).toEqual(['allow', 'deny', 'stop']);
  });

  it('what lasts longer than this once tells what it covers: of what is granted for it, all, and nothing else', () => {
    const wide = { ...rule, rules: [{ toolName: 'WebFetch' }], destination: 'userSettings' };
    const here = { ...rule, rules: [{ toolName: 'Bash', ruleContent: 'ls *' }], destination: 'session' };
    const covers = (open: ReturnType<typeof ask>) => open.ask.options.flatMap((option) => (option.scope === 'once' ? [] : [option.covers]));
    expect(covers(ask('Bash', { command: 'npm test && ls' }, [rule, wide, here]))).toEqual([
      'Bash(npm test *); every use of WebFetch; Bash(ls *)',
      'Bash(npm test *), kept in .claude/settings.local.json; every use of WebFetch, kept in your own settings of Claude',
    ]);
    expect(covers(ask('Edit', { file_path: '/r/a' }, [edits]))).toEqual([
      'edits of files, and commands such as mkdir, touch, rm, mv, cp and sed, where it works (its mode acceptEdits)',
    ]);
    const folders = { type: 'addDirectories', directories: ['/srv/other'], destination: 'userSettings' };
    expect(covers(ask('Bash', { command: 'ls /srv/other' }, [folders]))).toEqual(['to work in /srv/other as in its own directory']);
  });

  it('rules that say nothing are not offered; none is where it would keep none', () => {
    const none = [
      { ...rule, rules: [] },
      { ...rule, rules: [{ ruleContent: '*' }] },
      { type: 'addDirectories', directories: [] },
    ];
    expect(ask('Bash', { command: 'ls' }, none).ask.options.map(({ id }) => id)).toEqual(['allow', 'deny', 'stop']);
    const request = { tool_name: 'Bash', input: { command: 'ls' }, permission_suggestions: [rule], suppress_always_allow_rule: true };
    expect(readAsk(request).ask.options.map(({ id }) => id)).toEqual(['allow', 'deny', 'stop']);
  });

  it('words go with a denial; an answer that is no option grants nothing', () => {
    const open = ask('Bash', { command: 'ls' }, [rule]);
    expect(responseTo(open, answer({ decision: 'deny', text: 'Use find.' }))).toEqual({ behavior: 'deny', message: 'Use find.' });
    expect(responseTo(open, answer({ decision: 'cancel' }))).toEqual({ behavior: 'deny', message: 'The user said no.', interrupt: true });
    expect(responseTo(open, answer({ option_id: 'nonsense' }))).toEqual({ behavior: 'allow', updatedInput: { command: 'ls' } });
  });

  it('questions are answered by choices, several of them, or words', () => {
    const questions = [
      { question: 'Which?', options: [{ label: 'Red' }, { label: 'Blue' }], multiSelect: true },
      { question: 'Why?', options: [] },
    ];
    const open = ask('AskUserQuestion', { questions });
    expect(open.ask.questions.map(({ id, type, multiple }) => [id, type, multiple])).toEqual([
      ['q1', 'choice', true],
      ['q2', 'text', false],
    ]);
    const said = responseTo(open, answer({ decision: 'answer', answers: { q1: ['Red', 'Blue'], q2: ['Because.'] } }));
    expect(said).toMatchObject({ behavior: 'allow', updatedInput: { questions, answers: { 'Which?': 'Red, Blue', 'Why?': 'Because.' } } });
  });
});

describe('a file that is to be written', () => {
  it('is shown as it is now, or as new; what cannot be read is said to be cut', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'afield-now-'));
    try {
      const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: join(folder, 'run') });
      writeFileSync(join(folder, '-a "b" $c'), 'before\n');
      expect(await fileNow(machine, join(folder, '-a "b" $c'))).toEqual({ text: 'before\n', cut: false });
      expect(await fileNow(machine, join(folder, 'none'))).toEqual({ text: null, cut: false });
      expect(await fileNow(machine, folder)).toEqual({ text: '', cut: true });
      expect(await fileNow(machine, 'relative')).toEqual({ text: '', cut: true });
      expect(await fileNow(machine, '/dev/zero')).toEqual({ text: '', cut: true });
      writeFileSync(join(folder, 'large'), 'x'.repeat(1_000_000));
      expect(await fileNow(machine, join(folder, 'large'))).toEqual({ text: expect.any(String), cut: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('tokens and cost', () => {
  const model = (inputTokens: number, costUSD: number) => ({
    modelUsage: {
      m: { inputTokens, outputTokens: 10, cacheReadInputTokens: 5, cacheCreationInputTokens: 1, costUSD, contextWindow: 1_000 },
    },
  });

  it('of an older Claude are the difference to the turn before', () => {
    const usage = new Usage(false);
    expect(usage.ended('a', model(100, 0.5))).toEqual([
      { turn_id: 'a:m', model: 'm', input_tokens: 106, cached_tokens: 5, output_tokens: 10, cost_usd: 0.5 },
    ]);
    const [second] = usage.ended('b', model(150, 0.75));
    expect(second).toMatchObject({ input_tokens: 50, cost_usd: 0.25 });
    expect(usage.ended('c', model(150, 0.75))).toEqual([]);
  });

  it('after a resume the first turn of an older Claude has a cost that nobody knows', () => {
    const usage = new Usage(true);
    const result = { ...model(900, 9), usage: { input_tokens: 7, output_tokens: 3 } };
    expect(usage.ended('a', result)).toEqual([
      { turn_id: 'a:m', model: 'm', input_tokens: 7, cached_tokens: 0, output_tokens: 3, cost_usd: null },
    ]);
    expect(usage.ended('b', model(1_000, 9.5))).toMatchObject([{ input_tokens: 100, cost_usd: 0.5 }]);
  });

  it('numbers that are none count nothing', () => {
    const odd = { modelUsage: { m: { inputTokens: 'many', outputTokens: -4, costUSD: Number.NaN } } };
    expect(new Usage(false).ended('a', odd)).toEqual([]);
    expect(new Usage(false).ended('a', { modelUsage: 'none' })).toEqual([]);
  });
});

describe('a plan', () => {
  it('is written whole, or made and changed step by step', () => {
    const plan = new Plan();
    const todos = [{ content: 'Read', status: 'completed' }, { content: 'Write', status: 'in_progress' }, { activeForm: 'Testing' }];
    expect(plan.after('TodoWrite', { todos }, {})?.map(({ text, state }) => `${text} ${state}`)).toEqual([
      'Read done',
      'Write now',
      'Testing next',
    ]);
    const other = new Plan();
    other.after('TaskCreate', { subject: 'Read' }, { task: { id: '1' } });
    other.after('TaskCreate', { subject: 'Write' }, { said: 'Task #2 created successfully: Write' });
    other.after('TaskUpdate', { taskId: '1', status: 'deleted' }, {});
    expect(other.after('TaskUpdate', { taskId: '2', status: 'in_progress' }, {})).toEqual([{ text: 'Write', state: 'now' }]);
    expect(other.after('TaskUpdate', { taskId: '9', status: 'completed' }, {})).toBe(null);
    expect(other.after('Bash', {}, {})).toBe(null);
  });
});

describe('the input of a call, as it is written', () => {
  it('is shown while it comes, and costs no more than twice its length', () => {
    const told: string[] = [];
    const blocks = new Blocks((update) => update.type === 'tool' && told.push(update.patch.input ?? ''), new Map<string, Call>(), false);
    blocks.streamed({ type: 'message_start', message: { id: 'm' } });
    blocks.streamed({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'Write' } });
    for (let i = 0; i < 10_000; i += 1) {
      blocks.streamed({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '0123456789' } });
    }
    const longest = Math.max(...told.map(({ length }) => length));
    expect(longest).toBeGreaterThan(10_000);
    expect(told.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(longest * 2.1);
  });
});

describe('files with a prompt', () => {
  it('are pictures, PDF and text; of others it says what they are', () => {
    const file = (media_type: string) => ({ name: 'a.x', media_type, bytes: Buffer.from('hi'), path: '/x' });
    expect(contentOf('Look', [file('image/png'), file('application/pdf'), file('text/markdown')])).toMatchObject([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
      { type: 'document', source: { type: 'base64' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
      { type: 'text', text: 'Look' },
    ]);
    expect(() => contentOf('', [file('video/mp4')])).toThrow('a.x is video/mp4');
  });
});
