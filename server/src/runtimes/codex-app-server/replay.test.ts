/** What a real Codex 0.169.0 said is played into the runtime, which must know the state at every moment. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentAnswer, ChatAgent, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { type Recorded, Replay, type ReplayLine, type ReplayRules, RPC_RULES, readRecording } from '../chat-replay.ts';
import { createCodexAppServer } from './runtime.ts';

const FOLDER = path.join(import.meta.dirname, 'fixtures');
const SCENARIOS = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.jsonl') ? [file.slice(0, -6)] : []));
const CWD = '/srv/demo';

const RULES: ReplayRules = {
  ...RPC_RULES,
  gist: ({ method, params, result }) => {
    if (method === 'turn/start') return [method, params.input[0].text];
    return method === undefined ? result : [method, params?.turnId ?? null];
  },
  beside: ({ id, method }) =>
    method === 'model/list' ? [{ id, result: { data: [{ id: 'gpt-5.5', model: 'gpt-5.5', displayName: 'GPT-5.5' }] } }] : null,
};

/** What a recording itself says about the state, read without the runtime: turns and open requests. */
class Expected {
  #turn = false;
  #starts = new Set<unknown>();
  readonly #asks = new Set<unknown>();
  read({ dir, msg }: ReplayLine): void {
    if (dir === 'in' && msg.method === 'turn/start') this.#starts.add(msg.id);
    else if (dir === 'in' && msg.method === undefined) this.#asks.delete(msg.id);
    else if (dir !== 'out') return;
    else if (msg.method === undefined) this.#turn ||= this.#starts.delete(msg.id);
    else if (msg.id !== undefined) this.#asks.add(msg.id);
    else if (msg.method === 'turn/completed') this.#turn = false;
    else if (msg.method === 'serverRequest/resolved') this.#asks.delete(msg.params.requestId);
  }
  get state(): string {
    return this.#turn ? (this.#asks.size > 0 ? 'waiting' : 'running') : 'idle';
  }
}

interface Played {
  agent: ChatAgent;
  updates: ChatUpdate[];
  wrong: string[];
  exits: unknown[];
}

async function play(lines: ReplayLine[], during?: (line: Recorded, agent: ChatAgent, replay: Replay) => void): Promise<Played> {
  const replay = new Replay(lines, RULES);
  const updates: ChatUpdate[] = [];
  const wrong: string[] = [];
  const exits: unknown[] = [];
  const keys = new Map<unknown, string>();
  const resume = lines.find(({ msg }) => msg.method === 'thread/resume')?.msg.params.threadId ?? null;
  const started = createCodexAppServer({ clock: systemClock() }).start(
    {
      command: { session_id: 's', file: 'codex', args: ['app-server'], cwd: CWD, env: {} },
      machine: replay.machine,
      model: null,
      mode: null,
      resume,
      fork: false,
    },
    { update: (update) => updates.push(update), exit: (exit) => exits.push(exit) },
  );
  started.catch(() => {});
  const expected = new Expected();
  let at = 0;
  await replay.play({
    async act({ id, method, params, result }) {
      if (['initialize', 'initialized', 'thread/start', 'thread/resume'].includes(method)) return;
      const agent = await started;
      // Its end may never come.
      if (method === 'turn/start') agent.prompt({ id: 'p', content: params.input[0].text, files: [] }).catch(() => {});
      else if (method === 'turn/interrupt') await agent.cancel();
      else await agent.answer(keys.get(id) ?? '', answerOf(result.decision));
    },
    seen(line) {
      for (; at < lines.length; at += 1) {
        expected.read(lines[at] as ReplayLine);
        if (lines[at]?.msg === line) break;
      }
      at += 1;
      const ask = of(updates, 'ask').at(-1);
      if (line.id !== undefined && line.method !== undefined && ask !== undefined) keys.set(line.id, ask.key);
      const state = stateOf(updates);
      if (state !== expected.state) wrong.push(`${state} where it is ${expected.state}: ${JSON.stringify(line)}`);
      started.then((agent) => during?.(line, agent, replay)).catch(() => {});
    },
  });
  return { agent: await started, updates, wrong, exits };
}

const answerOf = (decision: string): AgentAnswer => ({
  option_id: decision,
  decision: decision === 'accept' ? 'allow' : decision === 'decline' ? 'deny' : 'cancel',
  text: null,
  answers: {},
});
const of = <T extends ChatUpdate['type']>(updates: ChatUpdate[], type: T) =>
  updates.filter((update): update is Extract<ChatUpdate, { type: T }> => update.type === type);
const stateOf = (updates: ChatUpdate[]): string =>
  updates.findLast(({ type }) => type === 'running' || type === 'waiting' || type === 'idle')?.type ?? 'idle';
const read = (scenario: string) => readRecording(path.join(FOLDER, `${scenario}.jsonl`));

/** What a chat shows in the end: texts and calls in their order. */
function shown(updates: ChatUpdate[]): string[] {
  const items = new Map<string, string>();
  for (const update of updates) {
    if (update.type === 'text') items.set(update.key, `${items.get(update.key) ?? `${update.role}: `}${update.text}`);
    if (update.type === 'text_done') items.set(update.key, `${update.role}: ${update.text}`);
    if (update.type === 'tool') {
      const title = update.patch.title ?? items.get(update.key)?.replace(/ \w+$/, '');
      items.set(update.key, `${title} ${update.patch.state}`);
    }
    if (update.type === 'notice' && update.level !== 'info') items.set(`n${items.size}`, `${update.level}: ${update.text}`);
    if (update.type === 'idle') items.set(`i${items.size}`, update.stop);
  }
  return [...items.values()];
}

describe.each(SCENARIOS)('%s', (scenario) => {
  it('is told right all the time', async () => {
    const { updates, wrong, exits } = await play(read(scenario));
    expect(wrong).toEqual([]);
    expect(of(updates, 'unknown')).toEqual([]);
    expect(of(updates, 'ask_gone')).toEqual([]);
    expect(shown(updates)).toMatchSnapshot();
    expect(exits).toHaveLength(1);
  });
});

it('an edit shows what it would change, and what it used', async () => {
  const { updates } = await play(read('change'));
  expect(of(updates, 'ask')[0]?.ask).toMatchObject({
    kind: 'permission',
    tool_kind: 'edit',
    subject: '/srv/demo/README.md',
    diffs: [{ path: '/srv/demo/README.md', before: '# demo\n\n', after: '# demo, changed\n\n' }],
  });
  expect(of(updates, 'ask')[0]?.ask.options.map(({ id, decision, scope, covers }) => [id, decision, scope, covers])).toEqual([
    ['accept', 'allow', 'once', undefined],
    ['acceptForSession', 'allow', 'session', 'any change of these files'],
    ['decline', 'deny', 'once', undefined],
    ['cancel', 'cancel', 'once', undefined],
  ]);
  const used = of(updates, 'usage').map(({ usage }) => usage);
  expect(
    used.map(({ input_tokens, cached_tokens, output_tokens, cost_usd }) => [input_tokens, cached_tokens, output_tokens, cost_usd]),
  ).toEqual([
    [1200, 300, 40, null],
    [1300, 300, 50, null],
    [1400, 300, 60, null],
  ]);
  expect(new Set(used.map(({ turn_id }) => turn_id)).size).toBe(3);
  expect(of(updates, 'context').at(-1)).toMatchObject({ used_tokens: 1460, size_tokens: 190_000 });
  expect(of(updates, 'version')).toEqual([{ type: 'version', version: '0.169.0', note: null }]);
});

it('a command is shown as it is, and may be allowed always', async () => {
  const { updates } = await play(read('bash'));
  const [asked] = of(updates, 'ask');
  expect(asked?.ask).toMatchObject({ tool_kind: 'execute', subject: 'touch made-by-bash && ls', detail: 'Make a file and list' });
  expect(asked?.ask.options.map(({ id }) => id)).toEqual(['accept', 'acceptAlways', 'decline', 'cancel']);
  expect(asked?.ask.options[1]).toMatchObject({
    scope: 'always',
    covers: "every command that begins with touch made-by-bash, kept in Codex's own rules",
  });
});

it('a conversation that goes on does not count again what it used before', async () => {
  const { updates } = await play(read('resume-2'));
  expect(of(updates, 'usage').map(({ usage }) => usage.input_tokens)).toEqual([1200, 1300]);
});

it.each([
  ['edit-approve', 'allow'],
  ['edit-deny', 'deny'],
] as const)('an answer that somebody else gave (%s) is told with what they decided', async (scenario, decision) => {
  const lines = read(scenario).filter(({ dir, msg }) => dir !== 'in' || msg.method !== undefined);
  const { updates, wrong } = await play(lines);
  expect(of(updates, 'ask_gone')).toEqual([{ type: 'ask_gone', key: of(updates, 'ask')[0]?.key, by: 'elsewhere', decision }]);
  expect(wrong).toEqual([]);
});

describe('bad input', () => {
  it('what nobody knows is kept as text, and no state is wrong for it', async () => {
    const surprises = [
      '{"half": ',
      '[]',
      '{"method":"surprise","params":{"x":1}}',
      '{"method":"item/completed","params":{"item":{"type":"new","id":"n"}}}',
      '{"method":"turn/completed"}',
      '{"method":"item/agentMessage/delta","params":{"itemId":7}}',
    ];
    const { updates, wrong } = await play(read('edit-approve'), (line, _agent, replay) => {
      if (line.method === 'item/started') for (const surprise of surprises) replay.give(`${surprise}\n`);
    });
    expect(wrong.filter((one) => !one.startsWith('idle'))).toEqual([]);
    expect(of(updates, 'unknown').map(({ kind }) => kind)).toEqual(expect.arrayContaining(['a line', 'surprise', 'new']));
  });

  it('half a line, and its end: whoever waits is told', async () => {
    const lines = read('edit-approve');
    const cut = lines.findIndex(({ msg }) => msg.method === 'item/fileChange/requestApproval') + 1;
    const half: ReplayLine[] = [
      ...lines.slice(0, cut),
      { t: 9, dir: 'out', msg: '{"method":"turn/com' },
      { t: 9, dir: 'mark', msg: { exit: 1 } },
    ];
    const { agent, updates, exits } = await play(half);
    expect(exits).toMatchObject([{ code: 1 }]);
    expect(of(updates, 'ask_gone')).toHaveLength(1);
    await expect(agent.prompt({ id: 'q', content: 'more', files: [] })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(agent.answer('ask-1', answerOf('accept'))).rejects.toMatchObject({ code: 'unavailable' });
    await agent.cancel();
  });
});
