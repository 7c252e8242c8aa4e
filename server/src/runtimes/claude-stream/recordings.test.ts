/** What the real Claude Code said, played into the runtime: after every step its state must be right. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentAnswer, ChatAgent, ChatStart, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { type Recorded, Replay, type ReplayLine, type ReplayRules, readRecording } from '../chat-replay.ts';
import { createClaudeStream } from './runtime.ts';
import { story } from './story.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const NAMES = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -6));

const isUsage = (line: Recorded) => JSON.stringify(line).includes('"request_id":"r3"');
const lines = (name: string): ReplayLine[] => readRecording(join(FIXTURES, `${name}.jsonl`)).filter(({ msg }) => !isUsage(msg));

const rules = (name: string): ReplayRules => ({
  asked: (line) => (line.type === 'control_request' ? line.request_id : null),
  answered: (line) => (line.type === 'control_response' ? line.response.request_id : null),
  renamed: (line, request_id) => ({ ...line, response: { ...line.response, request_id } }),
  gist: ({ uuid: _, request_id: __, ...line }) => line,
  beside: (line) => {
    if (name === 'initialize' || line.request?.subtype !== 'initialize') return null;
    return [{ type: 'control_response', response: { subtype: 'success', request_id: line.request_id, response: {} } }];
  },
});

const command: ChatStart['command'] = { session_id: 's', file: 'claude', args: [], cwd: '/tmp/demo-project/repo', env: {} };

interface Played {
  updates: ChatUpdate[];
  /** The state after each step, with the step's name. */
  states: string[];
  replay: Replay;
}

async function play(name: string, given: Partial<ChatStart> = {}): Promise<Played> {
  const replay = new Replay(lines(name), rules(name));
  const updates: ChatUpdate[] = [];
  let state = 'idle';
  let exit: unknown = null;
  const states: string[] = [];
  const sink = {
    update(update: ChatUpdate) {
      updates.push(update);
      if (update.type === 'running' || update.type === 'waiting') state = update.type;
      if (update.type === 'idle') state = `idle (${update.stop})`;
    },
    exit: (how: unknown) => {
      exit = how;
    },
  };
  const runtime = createClaudeStream({ clock: systemClock() });
  const starting = runtime.start({ command, machine: replay.machine, model: null, mode: null, resume: null, fork: false, ...given }, sink);
  let asked = '';
  await replay.play({
    act: async (line) => act(await starting, asked, line),
    seen(line) {
      if (line.type === 'control_request') asked = line.request_id;
      if (steps[line.type] !== undefined || line.subtype === 'session_state_changed') states.push(`${stepOf(line)}: ${state}`);
    },
  });
  expect(exit).toMatchObject({ code: expect.any(Number) });
  return { updates, states: states.filter((step, at) => step !== states[at - 1]), replay };
}

const steps: Record<string, string> = { result: 'result', control_request: 'asks', control_response: 'answered' };
const stepOf = (line: Recorded) => steps[line.type] ?? `told ${line.state}`;

function act(agent: ChatAgent, asked: string, line: Recorded): Promise<void> {
  if (line.type === 'user') return agent.prompt({ id: crypto.randomUUID(), content: line.message.content[0].text, files: [] });
  if (line.type === 'control_response') return agent.answer(asked, answerOf(line.response.response));
  if (line.request.subtype === 'set_permission_mode') return agent.setMode(line.request.mode);
  return agent.cancel();
}

function answerOf({ behavior, message, interrupt }: Recorded): AgentAnswer {
  if (behavior === 'allow') return { option_id: 'allow', decision: 'allow', text: null, answers: {} };
  return { option_id: interrupt ? 'stop' : 'deny', decision: interrupt ? 'cancel' : 'deny', text: message, answers: {} };
}

/** Without its own word for its state, a result is the end of a turn. */
const TURN = ['result: idle (done)'];
const ASKED = ['asks: waiting', 'answered: running', 'result: idle (done)'];
const TOLD_TURN = ['told running: running', 'result: running', 'told idle: idle (done)'];
const TOLD_ASKED = [
  'told running: running',
  'told requires_action: waiting',
  'asks: waiting',
  'answered: waiting',
  'told running: running',
  'result: running',
  'told idle: idle (done)',
];
const STATES: Record<string, string[]> = {
  ask: ASKED,
  bash: ASKED,
  change: ASKED,
  e400: ['result: idle (error)'],
  e401: ['result: idle (error)'],
  e529: ['result: idle (error)'],
  'edit-approve': ASKED,
  'edit-deny': ASKED,
  'edit-deny-interrupt': ['asks: waiting', 'answered: running', 'result: idle (cancelled)'],
  greet: TURN,
  initialize: ['answered: idle', 'result: idle (done)', 'answered: idle (done)', 'result: idle (done)'],
  long: ASKED,
  'long-interrupt': ['asks: waiting', 'answered: running', 'result: idle (cancelled)'],
  'resume-1': [...TURN, ...ASKED],
  'resume-2': ASKED,
  'slow-interrupt': ['answered: running', 'result: idle (cancelled)', 'result: idle (done)'],
  'state-ask': TOLD_ASKED,
  'state-e401': ['told running: running', 'result: running', 'told idle: idle (error)'],
  'state-edit-approve': TOLD_ASKED,
  'state-slow-interrupt': ['told running: running', 'answered: running', 'result: running', 'told idle: idle (cancelled)', ...TOLD_TURN],
  think: TURN,
  two: ['asks: waiting', 'answered: running', ...ASKED],
};

const STORIES: Record<string, string[]> = {
  two: [
    'agent: Two commands.',
    'Bash done: touch one.tmp -> (Bash completed with no output)',
    'asks: touch one.tmp [allow allow_session allow_always deny stop]',
    'Bash done: touch two.tmp -> (Bash completed with no output)',
    'asks: touch two.tmp [allow allow_session allow_always deny stop]',
    'agent: Done with the two scenario.',
    'usage: 3100 (600) + 90, 0.01192 USD',
  ],
  change: [
    'agent: Reading first.',
    'Read done: /tmp/demo-project/repo/README.md -> 1\t# demo 2\t 3\tA small project. 4\t',
    'Edit done: /tmp/demo-project/repo/README.md +- -> The file /tmp/demo-project/repo/README.md has been updated s',
    'asks: /tmp/demo-project/repo/README.md [allow allow_edits deny stop]',
    'agent: Done with the change scenario.',
    'usage: 4800 (900) + 150, 0.01878 USD',
  ],
  'edit-deny': [
    'agent: I will create hello.txt.',
    'Write failed: /tmp/demo-project/repo/hello.txt -> The user said no.',
    'asks: /tmp/demo-project/repo/hello.txt [allow allow_edits deny stop]',
    'agent: Done with the edit scenario.',
    'usage: 3100 (600) + 90, 0.01192 USD',
  ],
  e529: [
    'warning: The model does not answer (529 overloaded), again in 2 s (attempt 1 of 2).',
    'warning: The model does not answer (529 overloaded), again in 2 s (attempt 2 of 2).',
    'error: API Error: 529 Overloaded (demo). This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:4010).',
  ],
  ask: [
    'AskUserQuestion done: AskUserQuestion -> The user did not answer the questions.',
    'asks: Which colour should it be? [deny]',
    'agent: Done with the ask scenario.',
    'usage: 3100 (600) + 90, 0.01192 USD',
  ],
  think: [
    'thought: First I look at the request. Then I answer it.',
    'agent: I have thought about it.',
    'usage: 1500 (300) + 40, 0.00566 USD',
  ],
  'slow-interrupt': [
    'agent: word1 word2 word3 word4 word5 word6 word7 word8 word9',
    'usage: 1500 (300) + 18, 0.00522 USD',
    'agent: Hello from the demo model. Nothing was changed.',
    'usage: 1500 (300) + 40, 0.00566 USD',
  ],
  'resume-2': [
    'agent: Running a command.',
    'Bash done: touch made-by-bash && ls -> README.md hello.txt made-by-bash',
    'asks: touch made-by-bash && ls [allow allow_session allow_always deny stop]',
    'agent: Done with the bash scenario.',
    'usage: 3100 (600) + 90, 0.01192 USD',
  ],
};

describe('recordings of Claude Code', () => {
  it.each(NAMES)('%s: the state is right at every step, and nothing is left unknown', async (name) => {
    const { updates, states } = await play(name);
    expect(states).toEqual(STATES[name]);
    expect(updates.filter(({ type }) => type === 'unknown')).toEqual([]);
  });

  it.each(Object.entries(STORIES))('%s: shows its messages, calls, questions and costs', async (name, expected) => {
    const { updates } = await play(name, name === 'resume-2' ? { resume: 'before' } : {});
    expect(story(updates)).toEqual(expected);
  });

  it('tells its own id of the session, version, models, modes and commands as soon as they are known', async () => {
    const { updates } = await play('initialize');
    const told = (type: ChatUpdate['type']) => updates.filter((update) => update.type === type);
    expect(told('agent_session')).toEqual([{ type: 'agent_session', id: '02688969-0d30-43de-b86b-d1279293cb71' }]);
    expect(told('version')).toEqual([{ type: 'version', version: '2.1.329', note: null }]);
    expect(told('model')[0]).toMatchObject({ models: [{ id: 'default' }, { id: 'opus' }, { id: 'fable' }] });
    expect(told('model').at(-1)).toEqual({ type: 'model', model: 'claude-opus-5-5' });
    expect(told('mode')[0]).toMatchObject({ mode: 'default', modes: expect.not.arrayContaining([{ id: 'bypassPermissions' }]) });
    expect(told('mode').at(-1)).toMatchObject({ mode: 'acceptEdits' });
    expect(told('commands')).toEqual([
      { type: 'commands', commands: expect.arrayContaining([expect.objectContaining({ id: 'dataviz' })]) },
    ]);
    expect(told('context').at(-1)).toEqual({ type: 'context', used_tokens: 1_650, size_tokens: 1_000_000 });
  });

  it('is started with its protocol, the mode that asks, and goes on with a session or a copy of it', async () => {
    const plain = (await play('greet')).replay;
    expect(plain.argv.slice(plain.argv.indexOf('claude')).join(' ')).toBe(
      'claude -p --input-format stream-json --output-format stream-json --verbose --include-partial-messages --replay-user-messages ' +
        '--permission-prompt-tool stdio --permission-mode default',
    );
    expect(plain.env).toMatchObject({ CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1' });
    const { argv } = (await play('greet', { resume: 'a-b', fork: true, model: 'opus', mode: 'plan' })).replay;
    expect(argv.join(' ')).toMatch(/--permission-mode plan --model opus --resume a-b --fork-session$/);
  });
});
