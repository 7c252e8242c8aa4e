/** What a server of MCP asks through Claude, from the small Claude to a person and back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentAnswer } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { PlayedRun } from '../chat-conformance-run.ts';
import { createClaudeStream } from './runtime.ts';

const program = fileURLToPath(new URL('./small-claude.ts', import.meta.url));
const answer = (given: Partial<AgentAnswer>): AgentAnswer => ({ option_id: null, decision: 'answer', text: null, answers: {}, ...given });

let folder: string;
let run: PlayedRun;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'afield-elicitation-'));
  run = new PlayedRun(crypto.randomUUID());
  const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: join(folder, 'run') });
  const env = machine.environment({ id: run.session_id }, { HOME: folder });
  const command = { session_id: run.session_id, file: process.execPath, args: [program], cwd: folder, env };
  const sink = { update: (update: PlayedRun['updates'][number]) => void run.updates.push(update), exit: () => {} };
  const start = { command, machine, model: null, mode: null, resume: null, fork: false };
  run.agent = await createClaudeStream({ clock: systemClock() }).start(start, sink);
});
afterEach(async () => {
  await run.agent.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the server of MCP was told. */
async function told(scenario: string, given: Partial<AgentAnswer>): Promise<unknown> {
  const before = run.of('idle').length;
  const asked = run.of('ask').length;
  await run.give(scenario);
  const { key } = await run.asked(asked + 1);
  await eventually(() => run.state === 'waiting');
  await run.agent.answer(key, answer(given));
  await run.ended(before + 1);
  expect(run.of('unknown')).toEqual([]);
  return JSON.parse(run.said('agent').split('\n').at(-1) ?? '');
}

it('a form is a question, whose answers go back in their types', async () => {
  expect(await told('form', { answers: { colour: ['blue'], many: ['3'] } })).toEqual({
    action: 'accept',
    content: { colour: 'blue', many: 3 },
  });
  expect(run.of('ask')[0]?.ask).toMatchObject({
    kind: 'question',
    tool_id: null,
    tool_name: 'mail',
    subject: 'Which?',
    options: [{ id: 'decline' }, { id: 'cancel' }],
    questions: [
      { id: 'colour', type: 'choice', choices: [{ id: 'red' }, { id: 'blue' }], required: true },
      { id: 'many', type: 'number', required: false },
    ],
  });
  expect(await told('form', { decision: 'deny', option_id: 'decline' })).toEqual({ action: 'decline' });
  expect(await told('form', { decision: 'cancel', option_id: 'cancel' })).toEqual({ action: 'cancel' });
});

it('a page to open is shown as it is, and answered without content', async () => {
  expect(await told('page', { decision: 'allow', option_id: 'accept' })).toEqual({ action: 'accept' });
  expect(run.of('ask')[0]?.ask).toMatchObject({
    subject: 'https://login.example/x',
    detail: 'Log in to Mail\nLog in.',
    options: [{ id: 'accept', decision: 'allow', scope: 'once' }, { id: 'decline' }, { id: 'cancel' }],
    questions: [],
  });
});

it('one without a field asks for a yes', async () => {
  expect(await told('yes', { decision: 'allow', option_id: 'accept' })).toEqual({ action: 'accept', content: {} });
  expect(run.of('ask')[0]?.ask).toMatchObject({ subject: 'Send it?', detail: 'To all of them', options: [{ id: 'accept' }, {}, {}] });
});

it('an interrupt takes it away', async () => {
  await run.give('form');
  const { key } = await run.asked();
  await run.agent.cancel();
  await run.ended();
  expect(run.of('ask_gone').map((gone) => gone.key)).toEqual([key]);
  await expect(run.agent.answer(key, answer({}))).rejects.toMatchObject({ code: 'not_found' });
});
