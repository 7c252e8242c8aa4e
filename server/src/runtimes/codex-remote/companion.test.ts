import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentAnswer, ChatUpdate, Companion } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { APPROVAL, approvalOf, PlayedAppServer, THREAD } from './played-app-server.ts';
import { createCodexRemote } from './runtime.ts';

let folder: string;
let server: PlayedAppServer;
let companions: Companion[] = [];
let updates: ChatUpdate[] = [];
let exits: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afield-codex-remote-'));
  server = await PlayedAppServer.listen(path.join(folder, 'codex.sock'));
  updates = [];
  exits = [];
});
afterEach(async () => {
  for (const companion of companions) companion.leave();
  companions = [];
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const runtime = createCodexRemote({ clock: systemClock() }, { startMs: 300 });
const sink = { update: (update: ChatUpdate) => updates.push(update), exit: ({ detail }: { detail: string }) => exits.push(detail) };
async function join(since = 0): Promise<Companion> {
  const machine = createLocalMachine({ env: process.env, home: folder, folder });
  const companion = await runtime.join({ session_id: 's', machine, folder, memory: { since } }, sink);
  companions.push(companion);
  return companion;
}
const of = <T extends ChatUpdate['type']>(type: T) =>
  updates.filter((update): update is Extract<ChatUpdate, { type: T }> => update.type === type);
const states = () => updates.flatMap(({ type }) => (type === 'running' || type === 'waiting' || type === 'idle' ? [type] : []));
const eventually = (probe: () => void) => vi.waitFor(probe, 5_000);
const ALLOW: AgentAnswer = { option_id: 'accept', decision: 'allow', text: null, answers: {} };

/** Up to the question of its first turn. */
async function toTheQuestion(): Promise<Companion> {
  server.refusals = 3;
  const companion = await join();
  await eventually(() => expect(states()).toEqual(['idle']));
  server.playTo(({ method, params }) => method === 'thread/status/changed' && params.status.type === 'active');
  await eventually(() => expect(states()).toEqual(['idle', 'running']));
  server.playTo(approvalOf);
  await eventually(() => expect(of('ask')).toHaveLength(1));
  return companion;
}

it('hears a conversation from its first message on, and answers what it asks', async () => {
  const companion = await toTheQuestion();
  expect(of('version')).toEqual([{ type: 'version', version: '0.169.0', note: null }]);
  expect(of('agent_session')).toEqual([{ type: 'agent_session', id: THREAD }]);
  expect(of('text_done').map(({ role, text }) => `${role}: ${text}`)).toEqual(['user: SCENARIO:bash', 'agent: Running a command.']);
  expect(of('ask')[0]).toMatchObject({ key: 'ask-0', ask: { subject: 'touch made-by-bash && ls', tool_id: 'call_scripted_617_0' } });
  const answered = companion.answer('ask-0', ALLOW);
  await eventually(() => expect(server.answers()).toEqual([{ id: 0, result: { decision: 'accept' } }]));
  server.playOn();
  await answered;
  await eventually(() => expect(states()).toEqual(['idle', 'running', 'waiting', 'running', 'idle']));
  expect(of('idle').at(-1)?.stop).toBe('done');
  expect(of('ask_gone')).toEqual([]);
  expect(of('usage').map(({ usage }) => usage.input_tokens)).toEqual([1200, 1300]);
  expect(of('unknown')).toEqual([]);
});

it('what is answered at the desk is gone, with what was decided, and is answered no more from here', async () => {
  const companion = await toTheQuestion();
  server.playOn();
  await eventually(() => expect(of('ask_gone')).toEqual([{ type: 'ask_gone', key: 'ask-0', by: 'elsewhere', decision: 'allow' }]));
  await expect(companion.answer('ask-0', ALLOW)).rejects.toMatchObject({ code: 'not_found' });
  expect(server.answers()).toEqual([]);
});

it('whoever listens again is told the same things under the same keys', async () => {
  const first = await toTheQuestion();
  const before = updates.filter(({ type }) => type === 'text_done' || type === 'ask');
  first.leave();
  updates.length = 0;
  server.withResume = [APPROVAL];
  const again = await join();
  await eventually(() => expect(of('ask')).toHaveLength(1));
  const keys = (all: ChatUpdate[]) => all.flatMap((update) => ('key' in update ? [`${update.type} ${update.key}`] : []));
  expect(keys(before)).toEqual(expect.arrayContaining(keys(updates.filter(({ type }) => type === 'text_done' || type === 'ask'))));
  expect(states()).toEqual(['running', 'waiting']);
  const answered = again.answer('ask-0', ALLOW);
  await eventually(() => expect(server.answers()).toHaveLength(1));
  server.playOn();
  await answered;
});

it('what a turn used before the session began is not counted', async () => {
  server.withResume = [];
  await join(Date.now());
  await eventually(() => expect(states()).toEqual(['running']));
  const last = { totalTokens: 9, inputTokens: 7, cachedInputTokens: 0, outputTokens: 2 };
  const tokenUsage = { total: last, last, modelContextWindow: 190_000 };
  server.tell({ method: 'thread/tokenUsage/updated', params: { threadId: THREAD, turnId: 'of-another-day', tokenUsage } });
  await eventually(() => expect(of('context')).toHaveLength(1));
  expect(of('usage')).toEqual([]);
});

it('what nobody knows is left to the terminal: it gets no answer from here', async () => {
  await toTheQuestion();
  server.tell({ id: 77, method: 'attestation/generate', params: { threadId: THREAD } });
  await eventually(() => expect(of('unknown').map(({ kind }) => kind)).toEqual(['request attestation/generate']));
  server.playOn();
  await eventually(() => expect(states().at(-1)).toBe('idle'));
  expect(server.answers()).toEqual([]);
});

it('follows to the conversation that a person speaks in, and not to the one that finds a title', async () => {
  await toTheQuestion();
  server.playOn();
  await eventually(() => expect(states().at(-1)).toBe('idle'));
  // The title's own was active meanwhile.
  expect(of('agent_session')).toHaveLength(1);
  server.tell(
    { method: 'thread/started', params: { thread: { id: 'another', ephemeral: false, parentThreadId: null } } },
    { method: 'thread/status/changed', params: { threadId: 'another', status: { type: 'active', activeFlags: [] } } },
  );
  await eventually(() => expect(of('agent_session').at(-1)?.id).toBe('another'));
  await eventually(() => expect(server.told.at(-1)).toMatchObject({ method: 'thread/unsubscribe', params: { threadId: THREAD } }));
});

it('a line that is cut is told, with all that is open, and half a message is no crash', async () => {
  const companion = await toTheQuestion();
  server.tell({ method: 'turn/completed' });
  server.cut();
  await eventually(() => expect(exits).toEqual(['Codex does not answer any more.']));
  expect(of('ask_gone')).toHaveLength(1);
  await expect(companion.answer('ask-0', ALLOW)).rejects.toMatchObject({ code: 'unavailable' });
});

it('an answer that may have been lost with the line does not count as given', async () => {
  const companion = await toTheQuestion();
  const answered = companion.answer('ask-0', ALLOW);
  server.cut();
  await expect(answered).rejects.toMatchObject({ code: 'unavailable' });
});

it('without an app-server there is nothing to join', async () => {
  await server.close();
  await rm(path.join(folder, 'codex.sock'), { force: true });
  await expect(join()).rejects.toMatchObject({ code: 'unavailable' });
});
