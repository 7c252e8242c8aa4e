/** What a real opencode 1.18.33 said is played by a server of its own into the runtime, which must know the state at every moment. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentAnswer, Ask, ChatAgent, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import type { Tuning } from './agent.ts';
import { createOpencodeServer } from './runtime.ts';

const FIXTURES = path.join(import.meta.dirname, 'fixtures');
const SERVER = path.join(FIXTURES, 'replay-server.mjs');
const SCENARIOS = readdirSync(FIXTURES).flatMap((file) => (file.endsWith('.jsonl') ? [file.slice(0, -6)] : []));

let folder: string;
let agents: ChatAgent[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-opencode-'));
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  agents = [];
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  agent: ChatAgent;
  updates: ChatUpdate[];
  exits: { code: number | null }[];
  /** Plays what people did then: the prompt, the answers, the interruption. */
  play(): Promise<void>;
}

async function start(scenario: string, faults = '', tuning: Tuning = {}): Promise<Run> {
  const file = path.join(FIXTURES, `${scenario}.jsonl`);
  const machine = createLocalMachine({ env: process.env, home: folder, folder });
  const env = machine.environment({ id: `replay-${scenario}` }, { REPLAY: faults });
  const updates: ChatUpdate[] = [];
  const exits: Run['exits'] = [];
  const agent = await createOpencodeServer({ clock: systemClock() }, tuning).start(
    {
      command: { session_id: `replay-${scenario}`, file: process.execPath, args: [SERVER, file], cwd: folder, env },
      machine,
      model: null,
      mode: null,
      resume: null,
      fork: false,
    },
    { update: (update) => updates.push(update), exit: (exit) => exits.push(exit) },
  );
  agents.push(agent);
  return { agent, updates, exits, play: () => play(agent, updates, file) };
}

interface Call {
  dir: string;
  msg: { method: string; path: string; body: { reply?: string; answers?: string[][]; parts?: { text: string }[] } };
}

async function play(agent: ChatAgent, updates: ChatUpdate[], file: string): Promise<void> {
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
  for (const { dir, msg } of calls) {
    if (dir !== 'in' || msg.method !== 'POST') continue;
    const [, of, key = ''] = msg.path.split('/');
    if (msg.path.endsWith('/prompt_async')) await agent.prompt({ id: 'p', content: msg.body.parts?.[0]?.text ?? '', files: [] });
    else if (msg.path.endsWith('/abort')) await agent.cancel();
    else if (of === 'permission' || of === 'question') {
      await vi.waitFor(() => expect(asksOf(updates).map((ask) => ask.key)).toContain(key), 10_000);
      expect(stateOf(updates)).toBe('waiting');
      await agent.answer(key, answerOf(msg.body));
    }
  }
  await vi.waitFor(() => expect(stateOf(updates)).toMatch(/^idle/), 10_000);
}

function answerOf({ reply, answers }: Call['msg']['body']): AgentAnswer {
  if (answers !== undefined) {
    return { option_id: null, decision: 'answer', text: null, answers: Object.fromEntries(answers.map((one, index) => [index, one])) };
  }
  return { option_id: reply ?? null, decision: reply === 'reject' ? 'deny' : 'allow', text: null, answers: {} };
}

type AskUpdate = { key: string; ask: Ask };
const of = <T extends ChatUpdate['type']>(updates: ChatUpdate[], type: T) =>
  updates.filter((update): update is Extract<ChatUpdate, { type: T }> => update.type === type);
const asksOf = (updates: ChatUpdate[]): AskUpdate[] => of(updates, 'ask');
const statesOf = (updates: ChatUpdate[]): string[] =>
  updates.flatMap((update) => {
    if (update.type === 'idle') return [`idle: ${update.stop}`];
    return update.type === 'running' || update.type === 'waiting' ? [update.type] : [];
  });
const stateOf = (updates: ChatUpdate[]): string => statesOf(updates).at(-1) ?? '';
/** What a chat shows in the end: texts and calls in their order. */
function shown(updates: ChatUpdate[]): string[] {
  const items = new Map<string, string>();
  for (const update of updates) {
    if (update.type === 'text') items.set(update.key, `${items.get(update.key) ?? `${update.role}: `}${update.text}`);
    if (update.type === 'text_done') items.set(update.key, `${update.role}: ${update.text}`);
    if (update.type === 'tool') items.set(update.key, `${update.patch.name ?? items.get(update.key)} ${update.patch.state ?? ''}`.trim());
  }
  return [...items.values()];
}

const ASKED_ONCE = ['running', 'waiting', 'running', 'idle: done'];
const STATES: Record<string, string[]> = {
  ask: ASKED_ONCE,
  'ask-abort': ['running', 'waiting', 'idle: cancelled'],
  bash: ASKED_ONCE,
  change: ASKED_ONCE,
  e401: ['running', 'idle: error'],
  'e529-abort': ['running', 'idle: cancelled'],
  edit: ASKED_ONCE,
  'edit-reject': ['running', 'waiting', 'running', 'idle: cancelled'],
  greet: ['running', 'idle: done'],
  long: ASKED_ONCE,
  'slow-abort': ['running', 'idle: cancelled'],
  think: ['running', 'idle: done'],
  todo: ['running', 'idle: done'],
  two: ASKED_ONCE,
  'two-always': ASKED_ONCE,
  'two-reject': ['running', 'waiting', 'running', 'idle: cancelled'],
};

describe.each(SCENARIOS)('%s', (scenario) => {
  it('is told right all the time', async () => {
    const { updates, exits, play } = await start(scenario);
    await play();
    // What comes late changes no state.
    await vi.waitFor(() => expect(of(updates, 'title').at(-1)?.title).toBe('End of the recording'), 10_000);
    expect(statesOf(updates)).toEqual(STATES[scenario]);
    expect(of(updates, 'unknown')).toEqual([]);
    expect({ shown: shown(updates), gone: of(updates, 'ask_gone').map(({ by, decision }) => [by, decision]) }).toMatchSnapshot();
    expect(exits).toEqual([]);
  });
});

it('an edit shows what it would change, what it cost, and models, modes and commands', async () => {
  const { updates, play } = await start('change');
  await play();
  const [asked] = asksOf(updates);
  expect(asked?.ask).toMatchObject({ kind: 'permission', tool_kind: 'edit', subject: '/srv/demo/README.md', questions: [] });
  expect(asked?.ask.diffs[0]?.before).toMatch(/^# demo\n/);
  expect(asked?.ask.diffs[0]?.after).toMatch(/^# demo, changed\n/);
  expect(asked?.ask.options.map(({ id, decision, scope, covers }) => [id, decision, scope, covers])).toEqual([
    ['once', 'allow', 'once', undefined],
    ['always', 'allow', 'session', 'every edit, whatever it is about'],
    ['reject', 'deny', 'once', undefined],
  ]);
  const used = of(updates, 'usage').map(({ usage }) => usage);
  expect(
    used.map(({ input_tokens, cached_tokens, output_tokens, cost_usd }) => [input_tokens, cached_tokens, output_tokens, cost_usd]),
  ).toEqual([
    [1200, 300, 40, 0.00339],
    [1300, 300, 50, 0.00384],
    [1400, 300, 60, 0.00429],
  ]);
  expect(of(updates, 'context').at(-1)).toEqual({ type: 'context', used_tokens: 1460, size_tokens: 200_000 });
  expect(of(updates, 'mode')[0]?.modes?.map(({ id }) => id)).toEqual(['build']);
  expect(of(updates, 'commands')[0]?.commands.map(({ id }) => id)).toEqual(['init', 'compact']);
  expect(of(updates, 'abilities').at(-1)?.can).toEqual({ images: true });
});

it('a command that is allowed until it ends is so by patterns, which are told', async () => {
  const { updates, play } = await start('bash');
  await play();
  expect(asksOf(updates)[0]?.ask.options.map(({ scope, covers }) => [scope, covers])).toEqual([
    ['once', undefined],
    ['session', 'bash: touch *, ls *'],
    ['once', undefined],
  ]);
});

it('a list of todos is a plan, and a question has its choices', async () => {
  const todo = await start('todo');
  await todo.play();
  expect(of(todo.updates, 'plan').at(-1)?.steps).toEqual([
    { text: 'Read the code', state: 'done' },
    { text: 'Write the fix', state: 'now' },
    { text: 'Run the tests', state: 'next' },
  ]);
  const ask = await start('ask');
  await ask.play();
  expect(asksOf(ask.updates)[0]?.ask.questions).toMatchObject([
    { text: 'Which colour should it be?', choices: [{ id: 'Red' }, { id: 'Blue' }], free: true },
  ]);
});

it('an answer that somebody else gave is told with what they decided', async () => {
  const { agent, updates } = await start('edit', 'alone');
  await agent.prompt({ id: 'p', content: 'SCENARIO:edit', files: [] });
  await vi.waitFor(() => expect(stateOf(updates)).toBe('idle: done'), 10_000);
  const [asked] = asksOf(updates);
  expect(of(updates, 'ask_gone')).toEqual([{ type: 'ask_gone', key: asked?.key, by: 'elsewhere', decision: 'allow' }]);
  await expect(agent.answer(asked?.key ?? '', answerOf({ reply: 'once' }))).rejects.toMatchObject({ code: 'not_found' });
});

describe('faults', () => {
  it.each(['cut:9', 'cut:20', 'mute:9', 'mute:20'])(
    'events that are lost (%s) are found in snapshots, and nothing stays busy',
    async (fault) => {
      const { agent, updates } = await start('greet', fault, { quietMs: 300 });
      await agent.prompt({ id: 'p', content: 'SCENARIO:greet', files: [] });
      await vi.waitFor(() => expect(stateOf(updates)).toBe('idle: done'), 10_000);
      expect(shown(updates)).toEqual(['agent: Hello from the scripted model. Nothing was changed.']);
    },
  );

  it('an ask that was lost with the stream is asked all the same', async () => {
    const { updates, play } = await start('edit', 'cut:9', { quietMs: 300 });
    await play();
    expect(statesOf(updates)).toEqual(['waiting', 'running', 'idle: done']);
  });

  it('a first call that is never answered only delays the start', { timeout: 30_000 }, async () => {
    const { updates, play } = await start('greet', 'deaf');
    await play();
    expect(stateOf(updates)).toBe('idle: done');
  });

  it('what nobody knows is kept as text, and no state is wrong for it', async () => {
    const { updates, play } = await start('edit', 'noise');
    await play();
    expect(statesOf(updates)).toEqual(ASKED_ONCE);
    const unknown = of(updates, 'unknown');
    expect(unknown).toContainEqual({ type: 'unknown', kind: 'session.surprise', text: expect.stringContaining('"what":') });
    expect(unknown).toContainEqual({ type: 'unknown', kind: 'no event', text: '{"half": ' });
  });

  it('its end is told once, after everything else, and calls say so', async () => {
    const { agent, updates, exits } = await start('slow-abort', 'die:12');
    await agent.prompt({ id: 'p', content: 'SCENARIO:slow', files: [] }).catch(() => {});
    await vi.waitFor(() => expect(exits).toEqual([{ code: 7, signal: null, detail: '' }]), 10_000);
    const told = updates.length;
    await expect(agent.prompt({ id: 'q', content: 'more', files: [] })).rejects.toMatchObject({ code: 'unavailable' });
    await agent.cancel();
    expect([updates.length, exits.length]).toEqual([told, 1]);
  });

  it('a program that is none says why it did not start', async () => {
    const machine = createLocalMachine({ env: process.env, home: folder, folder });
    const start = (file: string, args: string[]) =>
      createOpencodeServer({ clock: systemClock() }).start(
        {
          command: { session_id: 'replay-none', file, args, cwd: folder, env: machine.environment({ id: 'replay-none' }, {}) },
          machine,
          model: null,
          mode: null,
          resume: null,
          fork: false,
        },
        { update: () => {}, exit: () => {} },
      );
    await expect(start('sh', ['-c', 'echo no key >&2; exit 3'])).rejects.toMatchObject({
      code: 'start_failed',
      message: 'opencode ended with code 3: no key',
    });
    await expect(start(path.join(folder, 'none'), [])).rejects.toMatchObject({ code: 'start_failed' });
  });

  it('on another machine it says what to choose instead', async () => {
    const machine = { ...createLocalMachine({ env: process.env, home: folder, folder }), kind: 'ssh' as const };
    const command = { session_id: 's', file: 'opencode', args: [], cwd: '/', env: {} };
    const start = createOpencodeServer({ clock: systemClock() }).start(
      { command, machine, model: null, mode: null, resume: null, fork: false },
      { update: () => {}, exit: () => {} },
    );
    await expect(start).rejects.toMatchObject({ code: 'not_supported', message: expect.stringContaining('acp') });
  });
});

it('its password stands in no argument of any process, and nobody gets in without it', async () => {
  const { agent } = await start('greet');
  const below = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/environ`).includes('AFIELD_SESSION=replay-greet'),
  );
  const password = /OPENCODE_SERVER_PASSWORD=([^\0]+)/.exec(read(`/proc/${agent.pid}/environ`))?.[1] ?? '';
  expect(password.length).toBeGreaterThanOrEqual(32);
  expect(below.length).toBeGreaterThanOrEqual(2);
  for (const pid of below) expect(read(`/proc/${pid}/cmdline`)).not.toContain(password);
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It is gone, or not ours.
    return '';
  }
}
