/**
 * The real Claude Code in a terminal that a person uses, and its companion beside it: what it asks stands on both, the first answer wins,
 * the other one sees it; what is said is told as it stands in its transcript.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatUpdate, Companion } from '../../server/src/core/chat-ports.ts';
import { systemClock } from '../../server/src/core/clock.ts';
import type { TerminalProcess } from '../../server/src/core/machine-ports.ts';
import { Screen } from '../../server/src/core/terminal/screen.ts';
import { createLocalMachine } from '../../server/src/machines/local.ts';
import { createClaudeCompanion } from '../../server/src/runtimes/claude-companion/runtime.ts';
import { createPtyRuntime } from '../../server/src/runtimes/pty.ts';
import { againUntil, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { claudeEnv, claudeProgram, prepareClaudeHome } from './claude-home.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let terminal: TerminalProcess;
let companion: Companion;
let key = '';
const screen = new Screen({ cols: 100, rows: 30 }, 0);
const updates: ChatUpdate[] = [];
let title = '';
let count = 0;

beforeAll(async () => {
  const file = claudeProgram();
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'afield-claude-companion-')));
  repo = path.join(folder, 'repo');
  await mkdir(repo);
  await prepareClaudeHome({ folder, repo });
  model = await startScriptedModel({ cwd: repo });
  const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: path.join(folder, 'run') });
  const session_id = 'at-a-desk';
  const env = machine.environment({ id: session_id }, claudeEnv(folder, model));
  const command = { session_id, file, args: ['--permission-mode', 'manual'], cwd: repo, env };
  const runtime = createClaudeCompanion({ clock: systemClock() });
  const prepared = await runtime.prepare({ command, machine, folder });
  if (prepared === null) throw new Error('It cannot be accompanied.');
  key = String(prepared.memory.key);
  terminal = await createPtyRuntime(systemClock()).start(prepared.command, { cols: 100, rows: 30 });
  terminal.onOutput = (bytes) => screen.write(bytes);
  // What the program asks its terminal is answered as a desk does.
  screen.onTitle = (text) => {
    title = text;
  };
  screen.onAnswer = (bytes) => terminal.write(bytes);
  const sink = { update: (update: ChatUpdate) => void updates.push(update), exit: () => {} };
  companion = await runtime.join({ session_id, machine, folder, memory: prepared.memory }, sink);
  await shows(/manual mode on/);
  await until('it is ready', () => /^✳/u.test(title));
});
afterAll(async () => {
  companion?.leave();
  await terminal?.stop();
  screen.dispose();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const shows = (text: RegExp) => until(`the desk shows ${text}`, () => text.test(screen.render('text', 0)));
const of = <T extends ChatUpdate['type']>(type: T) => updates.filter((update): update is ChatUpdate & { type: T } => update.type === type);
const inRepo = (name: string) => path.join(repo, name);
const states = () => updates.flatMap((update) => (['running', 'waiting', 'idle'].includes(update.type) ? [update.type] : []));

/** Types at the desk; resolves with what it asks. */
async function typed(scenario: string): Promise<ChatUpdate & { type: 'ask' }> {
  updates.length = 0;
  count += 1;
  const words = `${count}. SCENARIO:${scenario}`;
  terminal.write(Buffer.from(words));
  await shows(new RegExp(`❯\\s${words}`));
  terminal.write(Buffer.from('\r'));
  return until('it asks', () => of('ask')[0]);
}
/** The same, once its dialog stands there. */
async function ask(scenario: string): Promise<ChatUpdate & { type: 'ask' }> {
  const asked = await typed(scenario);
  await shows(/Esc to cancel · Tab to amend/);
  return asked;
}
const idle = (stop: string) => until(`it is idle (${stop})`, () => of('idle').some((update) => update.stop === stop));
/** A dialog that has only just come takes no key; one that is gone takes none either. */
const pressUntilGone = (key: string) =>
  againUntil(
    'the question is gone',
    async () => terminal.write(Buffer.from(key)),
    () => of('ask_gone').length === 1,
  );

describe('Claude Code 2.1.329 at a desk, with its companion', () => {
  it('what is allowed from afar closes the dialog at the desk; all that is said is told', async () => {
    const { key: asked, ask: what } = await ask('edit');
    expect(what).toMatchObject({ tool_name: 'Write', subject: inRepo('hello.txt'), diffs: [{ before: null }] });
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    await companion.answer(asked, { option_id: 'allow', decision: 'allow', text: null, answers: {} });
    await shows(/Allowed by PermissionRequest hook/);
    await idle('done');
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
    expect(states()).toEqual(['running', 'waiting', 'running', 'idle']);
    expect(of('text_done').map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'user: 1. SCENARIO:edit',
      'agent: I will create hello.txt.',
      'agent: Done with the edit scenario.',
    ]);
    expect(of('tool').at(-1)).toMatchObject({ patch: { state: 'done' } });
    expect(of('ask_gone')).toEqual([]);
  });

  it('what is denied from afar, with words, is not done', async () => {
    await rm(inRepo('hello.txt'));
    const { key: asked } = await ask('edit');
    await companion.answer(asked, { option_id: 'deny', decision: 'deny', text: 'Use goodbye.txt instead.', answers: {} });
    await idle('done');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    expect(of('tool').at(-1)).toMatchObject({ patch: { state: 'failed', output: 'Use goodbye.txt instead.' } });
  });

  it('what is allowed at the desk is gone from afar, and what comes too late is refused', async () => {
    const { key: asked } = await ask('edit');
    await pressUntilGone('\r');
    await expect(companion.answer(asked, { option_id: 'deny', decision: 'deny', text: null, answers: {} })).rejects.toMatchObject({
      code: 'not_found',
    });
    await idle('done');
    expect(existsSync(inRepo('hello.txt'))).toBe(true);
  });

  it('what is denied at the desk by Escape is gone, and the turn is over', async () => {
    await rm(inRepo('hello.txt'));
    await ask('edit');
    await pressUntilGone('\x1b');
    await idle('cancelled');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('a question with choices is answered from afar too', async () => {
    const { key: asked, ask: what } = await typed('ask');
    expect(what).toMatchObject({ kind: 'question', questions: [{ choices: [{ id: 'Red' }, { id: 'Blue' }] }] });
    await companion.answer(asked, { option_id: null, decision: 'answer', text: null, answers: { q1: ['Blue'] } });
    await idle('done');
    expect(JSON.stringify(of('tool').at(-1))).toContain('Blue');
  });

  it('no key stands in arguments that others see', async () => {
    const line = await readFile(`/proc/${terminal.pid}/cmdline`, 'utf8');
    expect(line).toContain('PermissionRequest');
    expect(line).not.toContain(key);
  });
});
