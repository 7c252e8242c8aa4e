import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentAnswer, ChatUpdate, Companion } from '../../core/chat-ports.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { createClaudeCompanion } from './runtime.ts';

const ALLOW: AgentAnswer = { option_id: 'allow', decision: 'allow', text: null, answers: {} };

const START = Date.parse('2026-11-01T10:00:00Z');
const clock = { now: () => START };

let folder: string;
let updates: ChatUpdate[];
let companion: Companion;
let port: number;
let key: string;

const machineOf = (version = '2.1.400 (Claude Code)') => ({
  ...createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: join(folder, 'run') }),
  version: async () => version,
});
const command = (args: string[] = []) => ({ session_id: 'one', file: '/bin/claude', args, cwd: folder, env: { A: '1' } });
const sink = { update: (update: ChatUpdate) => void updates.push(update), exit: () => {} };
const transcript = () => join(folder, 'transcript.jsonl');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'afield-companion-'));
  updates = [];
  const runtime = createClaudeCompanion({ clock });
  const machine = machineOf();
  const prepared = await runtime.prepare({ command: command(), machine, folder });
  const memory = prepared?.memory ?? {};
  ({ port, key } = memory as { port: number; key: string });
  companion = await runtime.join({ session_id: 'one', machine, folder, memory }, sink);
});
afterEach(() => {
  companion.leave();
  rmSync(folder, { recursive: true, force: true });
});

const hook = (body: object | string, signal?: AbortSignal, bearer = key) =>
  fetch(`http://127.0.0.1:${port}/claude`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    body: typeof body === 'string' ? body : JSON.stringify({ session_id: 's-1', transcript_path: transcript(), ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
const asks = (commandLine: string, signal?: AbortSignal) =>
  hook({ hook_event_name: 'PermissionRequest', tool_name: 'Bash', tool_input: { command: commandLine } }, signal);
const of = <T extends ChatUpdate['type']>(type: T) => updates.filter((update): update is ChatUpdate & { type: T } => update.type === type);
const states = () => updates.flatMap((update) => (['running', 'waiting', 'idle'].includes(update.type) ? [update.type] : []));
const asked = (count: number) => vi.waitFor(() => expect(of('ask')).toHaveLength(count));
const gone = (count: number) => vi.waitFor(() => expect(of('ask_gone')).toHaveLength(count));
const writes = (...entries: object[]) => appendFileSync(transcript(), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
const assistant = (content: object) => ({ type: 'assistant', uuid: 'u', message: { id: 'm1', content: [content] } });
const result = (id: string, content: string) => ({
  type: 'user',
  uuid: 'r',
  message: { content: [{ type: 'tool_result', tool_use_id: id, content }] },
});

describe('a companion of Claude in a terminal', () => {
  it('brings a question to the people, and their answer to its dialog', async () => {
    await hook({ hook_event_name: 'UserPromptSubmit', prompt: 'x' });
    const answered = asks('npm test');
    await asked(1);
    expect(of('agent_session')).toEqual([{ type: 'agent_session', id: 's-1' }]);
    const [ask] = of('ask');
    expect(ask?.ask.subject).toBe('npm test');
    await companion.answer(ask?.key ?? '', ALLOW);
    expect(await (await answered).json()).toEqual({
      hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: { behavior: 'allow', updatedInput: { command: 'npm test' } } },
    });
    expect([states(), of('ask_gone')]).toEqual([['running', 'waiting', 'running'], []]);
    await expect(companion.answer(ask?.key ?? '', ALLOW)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a question that was answered at the desk is gone: its request closes, its tool was used, or its turn is over', async () => {
    const cut = new AbortController();
    asks('a', cut.signal).catch(() => {});
    await asked(1);
    cut.abort();
    await gone(1);
    const [b, c] = [asks('b'), asks('c')];
    await asked(3);
    await hook({ hook_event_name: 'PostToolUse', tool_name: 'Bash', tool_input: { command: 'b' } });
    await gone(2);
    await hook({ hook_event_name: 'Stop' });
    await gone(3);
    for (const response of await Promise.all([b, c])) expect(await response.json()).toEqual({});
  });

  it('tells what its transcript holds, and which call a question is about', async () => {
    writes({ type: 'user', uuid: 'p1', message: { content: 'Do it' } }, assistant({ type: 'text', text: 'I will.' }));
    await hook({ hook_event_name: 'UserPromptSubmit' });
    await vi.waitFor(() => expect(of('text_done').map(({ role, text }) => `${role}: ${text}`)).toEqual(['user: Do it', 'agent: I will.']));
    writes(assistant({ type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'ls' } }));
    await vi.waitFor(() => expect(of('tool')).toHaveLength(1));
    asks('ls').catch(() => {});
    await asked(1);
    expect(of('ask')[0]?.ask.tool_id).toBe('t1');
    // Answered at the desk: the call gives something back.
    writes(result('t1', 'README.md'), { type: 'system', subtype: 'turn_duration' });
    await gone(1);
    await vi.waitFor(() => expect(states()).toEqual(['running', 'waiting', 'running', 'idle']));
    expect(of('tool').at(-1)).toMatchObject({ key: 't1', patch: { state: 'done', output: 'README.md' } });
  });

  it('an interrupt and an error end the turn as such; agents that it asked, and lines that nobody knows, disturb nothing', async () => {
    writeFileSync(transcript(), 'no json\n[]\n{"type":"weather"}\n{"type":"user"}\n{"type":"assistant","message":7}\n');
    await hook({ hook_event_name: 'UserPromptSubmit' });
    writes({ ...assistant({ type: 'text', text: 'aside' }), isSidechain: true });
    writes({ type: 'user', message: { content: [{ type: 'text', text: '[Request interrupted by user for tool use]' }] } });
    await vi.waitFor(() => expect(of('idle').map(({ stop }) => stop)).toEqual(['cancelled']));
    writes({ type: 'user', uuid: 'p', message: { content: 'again' } });
    writes(
      { ...assistant({ type: 'text', text: 'API Error: 529' }), isApiErrorMessage: true },
      { type: 'system', subtype: 'turn_duration' },
    );
    await vi.waitFor(() => expect(of('idle').map(({ stop }) => stop)).toEqual(['cancelled', 'error']));
    expect(of('notice')).toEqual([{ type: 'notice', level: 'error', text: 'API Error: 529' }]);
    expect(of('text_done').map(({ text }) => text)).toEqual(['again']);
  });

  it('tells the tokens of each turn by model: an answer counts once, and what was used before it was started not at all', async () => {
    const answer = (id: string, at: string, input_tokens: number, output_tokens: number, more: object = {}) => ({
      type: 'assistant',
      uuid: `${id} ${at}`,
      timestamp: `2026-11-01T${at}Z`,
      message: { id, model: 'opus', content: [], usage: { input_tokens, cache_read_input_tokens: 100, output_tokens } },
      ...more,
    });
    writes(
      { type: 'user', uuid: 'p0', message: { content: 'long ago' } },
      answer('m0', '09:00:00', 5_000, 900),
      { type: 'user', uuid: 'p1', message: { content: 'Do it' } },
      answer('m1', '10:00:01', 200, 7),
      // The same answer, further on; then the next one of its turn, and one of an agent that it asked.
      answer('m1', '10:00:02', 200, 40),
      answer('m1', '10:00:02', 200, 40),
      result('t1', 'x'),
      answer('m2', '10:00:03', 300, 10),
      answer('m3', '10:00:04', 50, 5, { isSidechain: true }),
      { type: 'user', uuid: 'p2', message: { content: 'And that' } },
      answer('m4', '10:00:05', 1, 1),
      { ...answer('m5', '10:00:06', 0, 0), message: { id: 'm5', model: '<synthetic>', content: [], usage: {} } },
      { type: 'assistant', message: 7 },
      { type: 'system', subtype: 'turn_duration' },
    );
    await hook({ hook_event_name: 'UserPromptSubmit' });
    await vi.waitFor(() => expect(of('idle')).toHaveLength(1));
    const sums = new Map(of('usage').map(({ usage }) => [usage.turn_id, usage]));
    const none = { cost_usd: null, model: 'opus' };
    expect([...sums.values()]).toEqual([
      { turn_id: 'p1:opus', input_tokens: 850, cached_tokens: 300, output_tokens: 55, ...none },
      { turn_id: 'p2:opus', input_tokens: 101, cached_tokens: 100, output_tokens: 1, ...none },
    ]);
    // m1 twice, m2, m3, m4: what repeats is not told again.
    expect(of('usage')).toHaveLength(5);
  });

  it('hears nobody without its key, and nothing that is no message', async () => {
    expect((await hook({ hook_event_name: 'PermissionRequest' }, undefined, 'guess')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    for (const body of ['', 'no json', '[]', 'x'.repeat(5_000_000)]) expect((await hook(body)).status).toBe(400);
    expect(updates).toEqual([]);
  });

  it('listens again after a restart where it did, and says so when it cannot', async () => {
    const start = { session_id: 'one', machine: machineOf(), folder, memory: { port, key } };
    await expect(createClaudeCompanion({ clock }).join(start, sink)).rejects.toMatchObject({ code: 'unavailable' });
    writes({ type: 'user', uuid: 'p1', message: { content: 'Do it' } });
    await hook({ hook_event_name: 'UserPromptSubmit' });
    await vi.waitFor(() => expect(of('text_done')).toHaveLength(1));
    await vi.waitFor(() => expect(existsSync(join(folder, 'transcript-path'))).toBe(true));
    companion.leave();
    companion = await createClaudeCompanion({ clock }).join(start, sink);
    // What was said is told again, under the same name.
    await vi.waitFor(() => expect(of('text_done').map((update) => update.key)).toEqual(['p1', 'p1']));
    asks('x').catch(() => {});
    await asked(1);
    await expect(createClaudeCompanion({ clock }).join({ ...start, memory: {} }, sink)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('what Claude is started with', () => {
  it('is its own command with settings that hold no key', async () => {
    const prepared = await createClaudeCompanion({ clock }).prepare({ command: command(['--model', 'x']), machine: machineOf(), folder });
    const { args = [], env = {} } = prepared?.command ?? {};
    expect(args.slice(0, 3)).toEqual(['--model', 'x', '--settings']);
    expect(Object.keys(JSON.parse(args[3] ?? '').hooks)).toEqual(expect.arrayContaining(['PermissionRequest', 'Stop']));
    expect(env).toMatchObject({ A: '1', AFIELD_HOOK_KEY: expect.stringMatching(/^.{43}$/) });
    expect(args.join()).not.toContain(env.AFIELD_HOOK_KEY);
  });

  it.each([
    ['settings of its user', ['--settings', 'mine.json'], '2.1.400 (Claude Code)'],
    ['settings of its user in one word', ['--settings={}'], '2.1.400 (Claude Code)'],
    ['an older version', [], '2.1.328 (Claude Code)'],
    ['another program around it', [], 'script from util-linux 2.38.1'],
    ['no version', [], ''],
  ])('is left as it is with %s', async (_why, args, version) => {
    expect(await createClaudeCompanion({ clock }).prepare({ command: command(args), machine: machineOf(version), folder })).toBe(null);
  });

  it('is left as it is on another machine', async () => {
    const machine = { ...machineOf(), kind: 'ssh' as const };
    expect(await createClaudeCompanion({ clock }).prepare({ command: command(), machine, folder })).toBe(null);
  });
});
