import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatAgent, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { processesWith } from '../../machines/test-sshd.ts';
import { createStreamJson } from './runtime.ts';

const PROGRAM = fileURLToPath(new URL('./small-stream.ts', import.meta.url));
const GEMINI = ['-o', 'stream-json'];
const AMP = ['--execute', '--stream-json', '--stream-json-input'];

let folder: string;
let updates: ChatUpdate[];
let exits: number;
let agent: ChatAgent;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'afield-stream-')));
  updates = [];
  exits = 0;
});
afterEach(async () => {
  await agent.stop();
  expect(exits).toBe(1);
  expect(processesWith(folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  args: readonly string[],
  { resume = null, mode = null }: { resume?: string | null; mode?: string | null } = {},
): Promise<void> {
  const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: path.join(folder, 'run') });
  const session_id = crypto.randomUUID();
  const env = machine.environment({ id: session_id }, { HOME: folder });
  // what goes on with a session may stand before everything else: a script in the program's place takes all of it
  const command = { session_id, file: process.execPath, args: [...args, `--in=${folder}`], cwd: folder, env: { ...env, NODE_OPTIONS: '' } };
  const wrapped = { ...machine, host: machine.host, wrap: (given: typeof command) => ({ ...given, args: [PROGRAM, ...given.args] }) };
  agent = await createStreamJson({ clock: systemClock() }).start(
    { command, machine: wrapped, model: null, mode, resume, fork: false },
    {
      update: (update) => updates.push(update),
      exit: () => {
        exits += 1;
      },
    },
  );
}

const of = <T extends ChatUpdate['type']>(type: T) => updates.filter((update): update is ChatUpdate & { type: T } => update.type === type);
const said = () =>
  of('text')
    .map(({ text }) => text)
    .join('');
const idle = (turns = 1) => until(`the end of turn ${turns}`, () => of('idle').length >= turns);
const give = (scenario: string, id: string = crypto.randomUUID()) => agent.prompt({ id, content: `SCENARIO:${scenario}`, files: [] });
async function turn(scenario: string): Promise<void> {
  const before = of('idle').length;
  await give(scenario, scenario);
  await idle(before + 1);
}

describe('one-shot JSON of Gemini', () => {
  it('a recorded turn: its session, its text, its tokens by model', async () => {
    await start(GEMINI);
    await turn('gemini-greet');
    expect(said()).toBe('Hello from the fake model. Nothing was changed.');
    expect(of('agent_session').map(({ id }) => id)).toEqual(['73b9fdb3-13b2-4472-81bc-4950114956c9']);
    expect(of('usage').map(({ usage }) => usage)).toEqual([
      {
        turn_id: 'gemini-greet:gemini-2.5-pro',
        model: 'gemini-2.5-pro',
        input_tokens: 1200,
        cached_tokens: 300,
        output_tokens: 40,
        cost_usd: null,
      },
    ]);
    expect(of('text_done')).toHaveLength(1);
    expect(of('idle').map(({ stop }) => stop)).toEqual(['done']);
    expect(of('unknown')).toEqual([]);
  });

  it('a recorded tool call', async () => {
    await start(GEMINI);
    await turn('gemini-edit');
    const [call, end] = of('tool');
    expect(call?.patch).toMatchObject({ name: 'write_file', kind: 'edit', title: '/tmp/demo-project/repo/hello.txt', state: 'running' });
    expect(end).toMatchObject({ key: call?.key, patch: { state: 'done' } });
    expect(of('unknown')).toEqual([]);
  });

  it('a recorded fault: in the words of the provider', async () => {
    await start(GEMINI);
    await turn('gemini-e401');
    expect(of('notice')).toEqual([{ type: 'notice', level: 'error', text: 'invalid x-api-key (fake)' }]);
    expect(of('idle').map(({ stop }) => stop)).toEqual(['error']);
    expect(of('usage')).toEqual([]);
  });

  it('a prompt goes through its input, never through its arguments; the next run goes on with the session', async () => {
    await start(GEMINI, { mode: 'default' });
    await turn('args');
    await agent.setMode('plan');
    await agent.setModel('gemini-x');
    await turn('args');
    const [first, second] = of('text').map(({ text }) => JSON.parse(text));
    const rest = `--in=${folder}`;
    expect(first).toEqual({ args: [...GEMINI, rest, '--approval-mode', 'default'], input: 'SCENARIO:args\n' });
    expect(second.args).toEqual([...GEMINI, rest, '--approval-mode', 'plan', '--model', 'gemini-x', '--resume', 'gemini-1']);
    await expect(agent.setMode('nonsense')).rejects.toMatchObject({ code: 'not_supported' });
  });

  it('goes on with a session of before', async () => {
    await start(GEMINI, { resume: 'gemini-0' });
    await turn('args');
    expect(JSON.parse(said()).args.slice(-2)).toEqual(['--resume', 'gemini-0']);
  });

  it('a cancel ends the run and all of it; what ran is over; the next prompt is taken', async () => {
    await start(GEMINI);
    const prompt = give('slow');
    await until('it speaks', () => /word3/.test(said()));
    await prompt;
    await expect(give('args')).rejects.toMatchObject({ code: 'unavailable' });
    await agent.cancel();
    await idle();
    expect(of('idle').map(({ stop }) => stop)).toEqual(['cancelled']);
    expect(of('tool').at(-1)).toEqual({ type: 'tool', key: 't', patch: { state: 'failed' } });
    expect(agent.pid).toBe(null);
    await turn('gemini-greet');
    expect(of('idle').at(-1)?.stop).toBe('done');
  });

  it('half a line and an end without a result: kept, told why, and idle', async () => {
    await start(GEMINI);
    await turn('half');
    expect(of('unknown')).toEqual([{ type: 'unknown', kind: 'output', text: '{"type":"message","role":"assi' }]);
    expect(of('notice').map(({ level, text }) => [level, text])).toEqual([['error', expect.stringMatching(/code 7.*out of memory/s)]]);
    expect(of('idle').map(({ stop }) => stop)).toEqual(['error']);
  });

  it('what is no message of it is told as text', async () => {
    await start(GEMINI);
    await turn('noise');
    expect(of('unknown').map(({ kind }) => kind)).toEqual(['output', 'output', '7', 'message']);
    expect(of('idle').map(({ stop }) => stop)).toEqual(['done']);
  });

  it('takes no files, asks nothing, cannot fork', async () => {
    await start(GEMINI);
    const file = { name: 'a.txt', media_type: 'text/plain', bytes: Buffer.from('a'), path: '/tmp/a.txt' };
    await expect(agent.prompt({ id: 'p', content: '', files: [file] })).rejects.toMatchObject({ code: 'not_supported' });
    await expect(agent.answer('k', { option_id: null, decision: 'allow', text: null, answers: {} })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(of('running')).toEqual([]);
  });
});

describe('one-shot JSON of Amp', () => {
  it('a turn: thoughts, text, calls of tools and of agents, tokens that hold the cached ones', async () => {
    await start(AMP);
    await turn('amp-edit');
    expect(of('text').map(({ role, text }) => [role, text])).toEqual([
      ['thought', 'A file, then.'],
      ['agent', 'I will create hello.txt.'],
      ['agent', 'Done.'],
    ]);
    expect(of('tool').map(({ key, patch }) => [key, patch.state])).toEqual([
      ['toolu_1', 'running'],
      ['toolu_1', 'done'],
      ['toolu_2', 'running'],
      ['toolu_2', 'failed'],
    ]);
    expect(of('tool_output')).toEqual([{ type: 'tool_output', key: 'toolu_2', text: 'I looked.\n' }]);
    expect(of('usage')[0]?.usage).toMatchObject({ input_tokens: 12783, cached_tokens: 12416, output_tokens: 8 });
    expect(of('context').at(-1)).toMatchObject({ used_tokens: 12910, size_tokens: 224000 });
    expect(of('unknown').map(({ kind }) => kind)).toEqual(['hologram', 'weather']);
  });

  it('goes on with its thread, and says why it failed', async () => {
    await start(AMP);
    await turn('amp-error');
    expect(of('notice')).toEqual([{ type: 'notice', level: 'error', text: 'Overloaded' }]);
    await turn('args');
    const thread = 'T-2775dc92-90ed-4f85-8b73-8f9766029e83';
    // it prints in the other dialect here, which is not known in this one
    const args = of('unknown').find(({ text }) => text.includes('threads'))?.text ?? '';
    expect(JSON.parse(JSON.parse(args).content).args).toEqual(['threads', 'continue', thread, ...AMP, `--in=${folder}`]);
  });
});
