import path from 'node:path';
import { expect, it } from 'vitest';
import type { ChatUpdate } from '../../core/chat-ports.ts';
import { manualClock } from '../../core/manual-clock.ts';
import { readRecording } from '../chat-replay.ts';
import type { Loose } from '../loose.ts';
import { type Request, requestOf } from './asks.ts';
import { Thread } from './thread.ts';

function begun() {
  const clock = manualClock();
  const updates: ChatUpdate[] = [];
  const thread = new Thread((update) => updates.push(update), clock);
  thread.id = 'thread';
  const take = (method: string, params: Loose = {}) => thread.take(method, { threadId: 'thread', ...params });
  take('turn/started', { turn: { id: 'turn' } });
  const states = () =>
    updates.flatMap((update) =>
      update.type === 'idle' ? [`idle ${update.stop}`] : update.type === 'running' || update.type === 'waiting' ? [update.type] : [],
    );
  return { clock, updates, thread, take, states };
}
const known = (request: Request | null): Request => {
  if (request === null) throw new Error('no request');
  return request;
};
const answer = (option_id: string | null, decision: 'allow' | 'deny' | 'cancel' | 'answer', answers = {}) => ({
  option_id,
  decision,
  text: null,
  answers,
});

it.each([
  ['idle', 'idle done'],
  ['systemError', 'idle error'],
])('a thread that is %s is idle, also when the end of its turn never comes', (type, end) => {
  const { clock, take, states } = begun();
  take('thread/status/changed', { status: { type } });
  expect(states()).toEqual(['running']);
  clock.advance(3_000);
  expect(states()).toEqual(['running', end]);
  take('turn/completed', { turn: { id: 'turn', status: 'completed' } });
  expect(states()).toEqual(['running', end]);
});

it('the end of another turn changes nothing, and one of ours is told once', () => {
  const { take, states } = begun();
  take('turn/completed', { turn: { id: 'other', status: 'completed' } });
  take('turn/completed', { turn: { id: 'turn', status: 'interrupted' } });
  take('turn/completed', { turn: { id: 'turn', status: 'completed' } });
  expect(states()).toEqual(['running', 'idle cancelled']);
});

it('a full window is a limit, and its reason is told once', () => {
  const { take, updates, states } = begun();
  const error = { message: 'too long', codexErrorInfo: 'contextWindowExceeded' };
  take('error', { error, willRetry: false });
  take('turn/completed', { turn: { id: 'turn', status: 'failed', error } });
  expect(states()).toEqual(['running', 'idle limit']);
  expect(updates.filter(({ type }) => type === 'notice')).toEqual([{ type: 'notice', level: 'error', text: 'too long' }]);
});

it('a provider that is asked a hundred times is told of seven times', () => {
  const { take, updates } = begun();
  for (let attempt = 1; attempt <= 100; attempt += 1) take('error', { error: { message: `Reconnecting ${attempt}` }, willRetry: true });
  expect(updates.filter(({ type }) => type === 'notice')).toHaveLength(7);
});

it('of threads that it began itself only the costs are told', () => {
  const { thread, updates } = begun();
  const told = updates.length;
  thread.take('item/agentMessage/delta', { threadId: 'below', itemId: 'm', delta: 'hello' });
  thread.take('turn/completed', { threadId: 'below', turn: { id: 'turn', status: 'failed' } });
  thread.take('thread/tokenUsage/updated', {
    threadId: 'below',
    turnId: 't',
    tokenUsage: { total: { totalTokens: 9 }, last: { inputTokens: 7, outputTokens: 2 } },
  });
  expect(updates.slice(told)).toMatchObject([{ type: 'usage', usage: { turn_id: 't:9', input_tokens: 7, output_tokens: 2 } }]);
});

it('two asks with one id: the later one counts, and its answer goes out once', async () => {
  const { thread, updates } = begun();
  const ask = (reason: string) => known(requestOf('item/fileChange/requestApproval', { itemId: 'never', reason }, [], '/srv'));
  const results: unknown[] = [];
  for (const reason of ['one', 'two'])
    thread.asks.open(5, ask(reason)).then(
      (result) => results.push([reason, result]),
      () => {},
    );
  const asked = updates.filter((update) => update.type === 'ask');
  expect(asked.map(({ key, ask: { subject, detail, diffs } }) => [key, subject, detail, diffs])).toEqual([
    ['ask-1', 'a change of files that it does not tell', 'one', []],
    ['ask-1', 'a change of files that it does not tell', 'two', []],
  ]);
  const given = thread.asks.answer('ask-1', answer('accept', 'allow'));
  thread.asks.resolved(5);
  await given;
  expect(results).toEqual([['two', { decision: 'accept' }]]);
  await expect(thread.asks.answer('ask-1', answer('accept', 'allow'))).rejects.toMatchObject({ code: 'not_found' });
});

it('questions, forms and permissions have their answers', () => {
  const question = known(
    requestOf(
      'item/tool/requestUserInput',
      { itemId: 'i', questions: [{ id: 'colour', question: 'Which?', isOther: true, options: [{ label: 'Red', description: 'Warm' }] }] },
      [],
      '/srv',
    ),
  );
  expect(question.ask.questions).toMatchObject([{ id: 'colour', type: 'choice', choices: [{ id: 'Red' }], free: true }]);
  expect(question.resultOf(answer(null, 'answer', { colour: ['Red'] }))).toEqual({ answers: { colour: { answers: ['Red'] } } });

  const form = { mode: 'form', message: 'Who?', serverName: 'mail', requestedSchema: { properties: { age: { type: 'integer' } } } };
  const elicited = known(requestOf('mcpServer/elicitation/request', form, [], '/srv'));
  expect(elicited.ask).toMatchObject({ tool_name: 'mail', questions: [{ id: 'age', type: 'number' }] });
  expect(elicited.resultOf(answer(null, 'answer', { age: ['7'] }))).toEqual({ action: 'accept', content: { age: 7 }, _meta: null });
  expect(elicited.resultOf(answer(null, 'cancel'))).toEqual({ action: 'cancel', content: null, _meta: null });

  const permissions = { network: { enabled: true }, fileSystem: null };
  const granted = known(requestOf('item/permissions/requestApproval', { permissions, reason: 'to fetch' }, [], '/srv'));
  expect(granted.resultOf(answer('session', 'allow'))).toEqual({ permissions: { network: { enabled: true } }, scope: 'session' });
  expect(granted.resultOf(answer('deny', 'deny'))).toEqual({ permissions: {}, scope: 'turn' });
  expect(requestOf('item/tool/call', {}, [], '/srv')).toBe(null);
});

it('what lasts longer than this once tells what it covers; what nobody could tell is not offered', () => {
  const offered = (params: object) =>
    known(requestOf('item/commandExecution/requestApproval', { command: 'x', ...params }, [], '/srv')).ask.options.flatMap(
      ({ id, scope, covers }) => (scope === 'once' ? [] : [[id, covers]]),
    );
  const rule = (...execpolicy_amendment: unknown[]) => ({ acceptWithExecpolicyAmendment: { execpolicy_amendment } });
  const one = (...availableDecisions: unknown[]) => ({ availableDecisions: ['accept', ...availableDecisions] });
  expect(offered({})).toEqual([['acceptForSession', 'this very command, in the same directory']]);
  expect(offered({ kind: 'writeStdin' })).toEqual([['acceptForSession', null]]);
  expect(offered({ networkApprovalContext: { host: 'a.example', protocol: 'https' } })).toEqual([
    ['acceptForSession', 'connections to a.example by https'],
  ]);
  expect(offered(one(rule('git', '-c', 'a b', 'rm"')))).toEqual([
    ['acceptAlways', 'every command that begins with git -c "a b" "rm\\"", kept in Codex\'s own rules'],
  ]);
  for (const bad of [rule(), rule(''), rule('git', 7)]) expect(offered(one(bad))).toEqual([]);
  const root = known(requestOf('item/fileChange/requestApproval', { grantRoot: '/srv/other' }, [], '/srv'));
  expect(root.ask.options.find(({ scope }) => scope === 'session')?.covers).toBe('any change of these files, and of all below /srv/other');
  const permissions = known(requestOf('item/permissions/requestApproval', { permissions: { network: { enabled: true } } }, [], '/srv'));
  expect(permissions.ask.options.find(({ scope }) => scope === 'session')?.covers).toBe('exactly these permissions');
});

it('a command that would reach a host says so, and where it runs when that is elsewhere', () => {
  const params = {
    command: "/bin/bash -lc 'curl x'",
    cwd: '/other',
    networkApprovalContext: { host: 'example.org' },
    availableDecisions: [
      'accept',
      { applyNetworkPolicyAmendment: { network_policy_amendment: { host: 'example.org', action: 'allow' } } },
      'cancel',
    ],
  };
  const { ask, resultOf } = known(requestOf('item/commandExecution/requestApproval', params, [], '/srv'));
  expect(ask).toMatchObject({ subject: 'curl x', detail: 'In /other\nIt wants to reach example.org' });
  expect(ask.options.map(({ id }) => id)).toEqual(['accept', 'network-allow', 'decline', 'cancel']);
  expect(resultOf(answer('network-allow', 'allow'))).toEqual({ decision: params.availableDecisions[1] });
});

it('keeps a plan, has a title, and says when it was summarised', () => {
  const { take, updates } = begun();
  const step = (text: string, status: string) => ({ step: text, status });
  take('turn/plan/updated', {
    plan: [step('Read', 'completed'), step('Write', 'inProgress'), step('Test', 'pending'), step('?', 'new'), null],
  });
  take('thread/name/updated', { threadName: 'A fix' });
  take('item/completed', { item: { type: 'contextCompaction', id: 'c' } });
  expect(updates.slice(1)).toEqual([
    {
      type: 'plan',
      steps: [
        { text: 'Read', state: 'done' },
        { text: 'Write', state: 'now' },
        { text: 'Test', state: 'next' },
      ],
    },
    { type: 'title', title: 'A fix' },
    { type: 'notice', level: 'info', text: 'Codex summarised the conversation.' },
  ]);
});

it('of a thread that is shared only this one is told, and who answers there is seen here', () => {
  const lines = readRecording(path.join(import.meta.dirname, 'fixtures/shared/remote.jsonl'));
  const updates: ChatUpdate[] = [];
  const thread = new Thread((update) => updates.push(update), manualClock());
  thread.id = lines[0]?.msg.params.threadId;
  for (const { dir, msg } of lines) {
    if (dir !== 'out') continue;
    if (msg.id === undefined) thread.take(msg.method, msg.params);
    else {
      thread.begin(msg.params.turnId);
      thread.asks.open(msg.id, known(requestOf(msg.method, msg.params, [], '/srv/demo'))).catch(() => {});
      thread.tellState();
    }
  }
  expect(updates.flatMap((update) => (update.type === 'ask_gone' ? [[update.by, update.decision]] : []))).toEqual([['elsewhere', 'allow']]);
  const states = updates.flatMap(({ type }) => (type === 'running' || type === 'waiting' || type === 'idle' ? [type] : []));
  expect(states).toEqual(['waiting', 'running', 'idle']);
  expect(updates.findLast((update) => update.type === 'text_done')).toMatchObject({ text: 'Done with the bash scenario.' });
});
