import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChatAgent, ChatSink, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { type Recorded, Replay, type ReplayLine, type ReplayRules, RPC_RULES, readRecording } from '../chat-replay.ts';
import { createAcpRuntime } from './runtime.ts';

const FOLDER = path.join(import.meta.dirname, 'fixtures');
const CWD = '/tmp/demo-project/repo';

const RULES: ReplayRules = {
  ...RPC_RULES,
  gist: ({ method, params, result, error }) => {
    if (method === 'initialize') return method;
    if (error !== undefined) return ['refused', error.code];
    return method === undefined ? result : [method, { ...params, sessionId: params.sessionId ?? null }];
  },
};

type State = 'running' | 'waiting' | 'idle';

/** What a recording itself says about the state, read without the runtime: open prompts and open asks. */
class Expected {
  readonly #prompts = new Set<unknown>();
  readonly #asks = new Set<unknown>();
  read({ dir, msg }: ReplayLine): void {
    if (dir === 'in' && msg.method === 'session/prompt') this.#prompts.add(msg.id);
    else if (dir === 'out' && msg.method === undefined && this.#prompts.delete(msg.id)) this.#asks.clear();
    else if (dir === 'out' && asks(msg)) this.#asks.add(msg.id);
    else if (dir === 'in' && msg.method === undefined) this.#asks.delete(msg.id);
    else if (dir === 'in' && msg.method === 'session/cancel') this.#asks.clear();
  }
  get state(): State {
    return this.#asks.size > 0 ? 'waiting' : this.#prompts.size > 0 ? 'running' : 'idle';
  }
}
const asks = (msg: Recorded) => msg.method === 'session/request_permission' || msg.method === 'elicitation/create';

interface Played {
  updates: ChatUpdate[];
  lines: ReplayLine[];
  /** Places where the state was another one than the recording's. */
  wrong: string[];
  /** Lines of the agent of which nothing was told. */
  silent: Recorded[];
  exit: { code: number | null } | null;
}

const start = (replay: Replay, { agent, mode, resume }: { agent: string; mode: string | null; resume: string | null }, sink: ChatSink) =>
  createAcpRuntime({ clock: systemClock() }).start(
    {
      command: { session_id: 's', file: agent, args: ['acp'], cwd: CWD, env: {} },
      machine: replay.machine,
      model: null,
      mode,
      resume,
      fork: false,
    },
    sink,
  );

async function play(agent: string, scenario: string): Promise<Played> {
  const lines = readRecording(path.join(FOLDER, agent, `${scenario}.jsonl`));
  const replay = new Replay(lines, RULES);
  const played: Played = { updates: [], lines, wrong: [], silent: [], exit: null };
  const { updates } = played;
  let state: State = 'idle';
  let asked = '';
  /** Of our run, by the ids of the recording. */
  const keys = new Map<unknown, string>();
  const resumed = lines.find(({ dir, msg }) => dir === 'in' && ['session/load', 'session/resume'].includes(msg.method));
  const mode = lines.find(({ dir, msg }) => dir === 'in' && msg.method === 'session/set_mode')?.msg.params.modeId ?? null;
  const started = start(
    replay,
    { agent, mode, resume: resumed?.msg.params.sessionId ?? null },
    {
      update(update) {
        updates.push(update);
        if (update.type === 'running' || update.type === 'waiting' || update.type === 'idle') state = update.type;
        if (update.type === 'ask') asked = update.key;
      },
      exit(exit) {
        played.exit = exit;
      },
    },
  );
  started.catch(() => {});
  const expected = new Expected();
  let at = 0;
  let told = 0;
  const upTo = (line: Recorded) => {
    for (; at < lines.length && lines[at]?.msg !== line; at += 1) expected.read(lines[at] as ReplayLine);
    expected.read(lines[at] as ReplayLine);
    at += 1;
  };
  await replay.play({
    act: async (line) => (byItself(line) ? undefined : act(await started, line, keys.get(line.id) ?? '')),
    seen(line) {
      upTo(line);
      if (asks(line)) keys.set(line.id, asked);
      if (state !== expected.state) played.wrong.push(`${state} where it is ${expected.state}: ${JSON.stringify(line)}`);
      if (updates.length === told) played.silent.push(line);
      told = updates.length;
    },
  });
  await started;
  return played;
}

/** What the runtime writes without being told. */
const byItself = ({ method, error }: Recorded) =>
  error !== undefined || ['initialize', 'session/new', 'session/load', 'session/resume', 'session/set_mode'].includes(method);

let prompts = 0;
async function act(agent: ChatAgent, line: Recorded, asked: string): Promise<void> {
  const { method, params, result } = line;
  if (method === 'session/prompt') {
    prompts += 1;
    // its end may never come
    agent.prompt({ id: `p${prompts}`, content: params.prompt[0].text, files: [] }).catch(() => {});
  } else if (method === 'session/cancel') await agent.cancel();
  else if (result?.outcome?.outcome === 'selected') {
    await agent.answer(asked, { option_id: result.outcome.optionId, decision: 'allow', text: null, answers: {} });
  } else if (result?.action === 'decline') await agent.answer(asked, { option_id: 'decline', decision: 'deny', text: null, answers: {} });
  else throw new Error(`Nobody does this: ${JSON.stringify(line)}`);
}

const said = (updates: readonly ChatUpdate[], role: string) =>
  updates.map((update) => (update.type === 'text' && update.role === role ? update.text : '')).join('');
const chunks = (lines: readonly ReplayLine[], kind: string) =>
  lines
    .map(({ msg }) => msg.params?.update)
    .filter((update) => update?.sessionUpdate === kind && update.content.type === 'text')
    .map((update) => update.content.text)
    .join('');
/** Without what is told again of an earlier session. */
function afterStart(lines: readonly ReplayLine[]): readonly ReplayLine[] {
  const load = lines.find(({ dir, msg }) => dir === 'in' && msg.method === 'session/load')?.msg.id;
  return load === undefined
    ? lines
    : lines.slice(lines.findIndex(({ dir, msg }) => dir === 'out' && msg.id === load && msg.method === undefined));
}

const tools = (updates: readonly ChatUpdate[]) =>
  [...new Set(updates.map((update) => (update.type === 'tool' ? update.key : null)))].filter((key) => key !== null).sort();
const called = (lines: readonly ReplayLine[]) =>
  [...new Set(lines.map(({ msg }) => msg.params?.update?.toolCallId ?? msg.params?.toolCall?.toolCallId))]
    .filter((id) => id !== undefined)
    .sort();

/** Lines that hold nothing for a person, each for a reason. */
function nothingToTell(line: Recorded, live: readonly ReplayLine[]): boolean {
  const { update } = line.params ?? {};
  const replayed = !live.some(({ msg }) => msg === line);
  // an answer to a request of ours, or a file that we were asked to write
  const answered = line.method === undefined || line.method.startsWith('fs/');
  const status = update?._meta?.codex?.threadStatus !== undefined;
  const result = update?._meta?.claudeCode?.toolResponse !== undefined && update.status === undefined;
  const again = update?.sessionUpdate === 'tool_call_update' && live.filter(({ msg }) => same(msg.params?.update, update)).length > 1;
  return replayed || answered || status || result || again;
}
const same = (one: Recorded, two: Recorded) => one?.toolCallId === two.toolCallId && one.status === two.status;

const stops = (updates: readonly ChatUpdate[]) =>
  updates.filter(({ type }) => type === 'idle').map((update) => (update as { stop: string }).stop);

/** How the turns of a scenario end, and where an agent differs. */
const ENDS: Record<string, string[]> = {
  e401: ['error'],
  e529: ['error'],
  'ask-cancel': ['cancelled'],
  'ask-cancel-read-only': ['cancelled'],
  'codex-acp ask-cancel': ['done'],
  'edit-deny-read-only': ['cancelled'],
  'gemini e529': [],
  'slow-cancel': ['cancelled', 'done'],
  'resume-1': ['done', 'done'],
};

describe('recordings of agents that speak ACP', () => {
  for (const agent of readdirSync(FOLDER).filter((name) => !name.includes('.'))) {
    const scenarios = readdirSync(path.join(FOLDER, agent))
      .map((file) => path.basename(file, '.jsonl'))
      .filter((name) => `${agent} ${name}` !== 'gemini resume-2');
    it.each(scenarios)(`${agent}, %s: the state is right at every line, and nothing is dropped`, async (scenario) => {
      const { updates, lines, wrong, silent, exit } = await play(agent, scenario);
      expect(wrong).toEqual([]);
      expect(stops(updates)).toEqual(ENDS[`${agent} ${scenario}`] ?? ENDS[scenario] ?? ['done']);
      expect(exit).not.toBe(null);
      const live = afterStart(lines);
      expect(said(updates, 'agent')).toBe(chunks(live, 'agent_message_chunk'));
      expect(said(updates, 'thought')).toBe(chunks(live, 'agent_thought_chunk'));
      expect(tools(updates)).toEqual(called(live));
      expect(updates.filter(({ type }) => type === 'ask')).toHaveLength(live.filter(({ dir, msg }) => dir === 'out' && asks(msg)).length);
      expect(silent.filter((line) => !nothingToTell(line, live))).toEqual([]);
      expect(updates.filter(({ type }) => type === 'unknown')).toEqual([]);
    });
  }

  it('one that cannot be gone on with says why, and its program is ended', async () => {
    const replay = new Replay(readRecording(path.join(FOLDER, 'gemini', 'resume-2.jsonl')), RULES);
    const started = start(replay, { agent: 'gemini', resume: 's1', mode: null }, { update() {}, exit() {} });
    await Promise.all([
      expect(started).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('No previous sessions found') }),
      replay.play({ act: () => {} }),
    ]);
  });
});
