import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentAnswer, ChatAgent, ChatStart, ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { processesWith } from '../../machines/test-sshd.ts';
import { createAcpRuntime } from './runtime.ts';

const AGENT = fileURLToPath(new URL('./small-agent.ts', import.meta.url));

let folder: string;
let updates: ChatUpdate[];
let exits: { code: number | null }[];
let agents: ChatAgent[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'afield-acp-')));
  updates = [];
  exits = [];
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  expect(processesWith(folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

interface Options extends Partial<Pick<ChatStart, 'model' | 'mode' | 'resume' | 'fork'>> {
  flags?: string[];
}
async function start({ flags = [], ...rest }: Options = {}): Promise<ChatAgent> {
  const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: path.join(folder, 'run') });
  const session_id = crypto.randomUUID();
  const env = machine.environment({ id: session_id }, { HOME: folder });
  const command = { session_id, file: process.execPath, args: [AGENT, ...flags, `--in=${folder}`], cwd: folder, env };
  const agent = await createAcpRuntime({ clock: systemClock() }).start(
    { command, machine, model: null, mode: null, resume: null, fork: false, ...rest },
    { update: (update) => updates.push(update), exit: (exit) => exits.push(exit) },
  );
  agents.push(agent);
  return agent;
}

const of = <T extends ChatUpdate['type']>(type: T) => updates.filter((update): update is ChatUpdate & { type: T } => update.type === type);
const said = () =>
  of('text')
    .map(({ text }) => text)
    .join('');
async function turn(agent: ChatAgent, scenario: string, files: Parameters<ChatAgent['prompt']>[0]['files'] = []): Promise<void> {
  const before = of('idle').length;
  await agent.prompt({ id: `${scenario}-${before}`, content: `SCENARIO:${scenario}`, files });
  await until(`the end of ${scenario}`, () => of('idle').length > before);
}
async function asked(
  agent: ChatAgent,
  scenario: string,
  give: (ask: (ChatUpdate & { type: 'ask' })['ask']) => Partial<AgentAnswer>,
): Promise<void> {
  const done = turn(agent, scenario);
  await until('a question', () => of('ask').length > 0);
  const { key, ask } = of('ask')[0] as ChatUpdate & { type: 'ask' };
  await agent.answer(key, { option_id: null, decision: 'answer', text: null, answers: {}, ...give(ask) });
  await done;
}

describe('the start', () => {
  it('tells version, session, abilities, modes, models and commands', async () => {
    await start();
    await until('commands', () => of('commands').length > 0);
    expect(of('version')).toEqual([{ type: 'version', version: '1.0.0', note: null }]);
    expect(of('agent_session')[0]?.id).toMatch(/^small-/);
    expect(of('abilities').at(-1)?.can).toEqual({
      steer: false,
      images: true,
      files: true,
      fork: true,
      resume: true,
      model: true,
      mode: true,
    });
    expect(of('mode')[0]).toMatchObject({ mode: 'ask', modes: [{ id: 'ask' }, { id: 'auto' }] });
    expect(of('model')[0]).toMatchObject({ model: 'small-1', models: [{ id: 'small-1', name: 'Small 1' }, { id: 'small-2' }] });
    expect(of('commands')[0]?.commands.map(({ id }) => id)).toEqual(['greet', 'compact']);
  });

  it('with a mode and a model that are chosen', async () => {
    const agent = await start({ mode: 'auto', model: 'small-2' });
    expect(of('mode').at(-1)?.mode).toBe('auto');
    expect(of('model').at(-1)?.model).toBe('small-2');
    await turn(agent, 'edit');
    expect(of('ask')).toEqual([]);
    expect(readFileSync(path.join(folder, 'hello.txt'), 'utf8')).toContain('hello');
  });

  it('with a mode that it does not have fails: it might do what nobody allowed', async () => {
    await expect(start({ mode: 'careful' })).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('It offers: ask, auto'),
    });
    expect(exits).toEqual([]);
  });

  it('of one that has no modes, or speaks another version, warns and goes on', async () => {
    const agent = await start({ mode: 'ask', flags: ['--no-modes', '--version-2'] });
    expect(of('notice')).toEqual([{ type: 'notice', level: 'warning', text: expect.stringMatching(/no modes.*“ask”/) }]);
    expect(of('version')[0]?.note).toMatch(/version 2 of ACP/);
    await turn(agent, 'greet');
    expect(of('idle').map(({ stop }) => stop)).toEqual(['done']);
  });

  it('of one that wants a login says what to do', async () => {
    const started = start({ flags: ['--login'] });
    await expect(started).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringMatching(/log in.*API key: Set SMALL_AGENT_KEY/s),
    });
  });

  it('of one that ends at once tells what it said', async () => {
    const broken = path.join(folder, 'broken.mjs');
    writeFileSync(broken, "process.stderr.write('no such library\\n'); process.exit(9);");
    const machine = createLocalMachine({ env: { PATH: process.env.PATH }, home: folder, folder: path.join(folder, 'run') });
    const command = { session_id: 's', file: process.execPath, args: [broken], cwd: folder, env: machine.environment({ id: 's' }, {}) };
    const started = createAcpRuntime({ clock: systemClock() }).start(
      { command, machine, model: null, mode: null, resume: null, fork: false },
      { update: (update) => updates.push(update), exit: (exit) => exits.push(exit) },
    );
    await expect(started).rejects.toMatchObject({ code: 'start_failed', message: expect.stringMatching(/code 9.*no such library/s) });
    expect(exits).toEqual([]);
  });
});

describe('an earlier session', () => {
  async function remembered(flags: string[]): Promise<void> {
    const first = await start({ flags });
    await turn(first, 'greet');
    await first.stop();
    const id = of('agent_session')[0]?.id ?? '';
    updates.length = 0;
    const second = await start({ flags, resume: id });
    expect(of('agent_session').map((told) => told.id)).toEqual([id]);
    // what was said before is known at home already
    expect(of('text')).toEqual([]);
    await turn(second, 'remember');
    expect(said().trim()).toBe('You said before: SCENARIO:greet.');
  }
  it('is resumed', () => remembered([]));
  it('is loaded where it cannot be resumed, without telling it all again', () => remembered(['--no-resume']));

  it('is forked into another', async () => {
    const first = await start();
    await turn(first, 'greet');
    const id = of('agent_session')[0]?.id ?? '';
    const second = await start({ resume: id, fork: true });
    expect(of('agent_session').at(-1)?.id).not.toBe(id);
    updates.length = 0;
    await turn(second, 'remember');
    expect(said().trim()).toBe('You said before: SCENARIO:greet.');
  });

  it('that is gone, or cannot be gone on with, is not found', async () => {
    await expect(start({ resume: 'small-none' })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('small-none'),
    });
    const never = start({ resume: 'small-none', flags: ['--no-resume', '--no-load'] });
    await expect(never).rejects.toMatchObject({ code: 'not_found' });
  });

  it('what it cost before counts in no turn', async () => {
    const first = await start();
    await turn(first, 'greet');
    await turn(first, 'greet');
    expect(of('usage').map(({ usage }) => usage.cost_usd)).toEqual([0.01, 0.01]);
    await first.stop();
    const second = await start({ resume: of('agent_session')[0]?.id ?? '' });
    await turn(second, 'greet');
    await turn(second, 'greet');
    expect(
      of('usage')
        .map(({ usage }) => usage.cost_usd)
        .slice(2),
    ).toEqual([null, expect.closeTo(0.01)]);
  });
});

describe('questions', () => {
  it('a form: choices, several, a number, a flag and words, in their types', async () => {
    const agent = await start();
    await asked(agent, 'ask', ({ kind, subject, questions, options }) => {
      expect([kind, subject]).toEqual(['question', 'What should it look like?']);
      expect(questions.map(({ id, type, multiple, required }) => [id, type, multiple, required])).toEqual([
        ['colour', 'choice', false, true],
        ['sizes', 'choice', true, false],
        ['copies', 'number', false, false],
        ['gift', 'flag', false, false],
        ['note', 'text', false, false],
      ]);
      expect(options.map(({ decision }) => decision)).toEqual(['deny', 'cancel']);
      return { answers: { colour: ['blue'], sizes: ['small', 'large'], copies: ['3'], gift: ['true'], note: ['soon'], unasked: ['x'] } };
    });
    expect(said()).toContain('{"colour":"blue","sizes":["small","large"],"copies":3,"gift":true,"note":"soon"}');
  });

  it('a form that is declined', async () => {
    const agent = await start();
    await asked(agent, 'ask', () => ({ decision: 'deny', option_id: 'decline' }));
    expect(said().trim()).toBe('No answer, then.');
  });

  it('an address to open: shown as it is, and said to be opened', async () => {
    const agent = await start();
    await asked(agent, 'open', ({ subject, detail, options }) => {
      expect([subject, detail]).toEqual(['https://example.org/login?device=1', 'Log in there.']);
      return { decision: 'allow', option_id: options[0]?.id ?? null };
    });
    expect(said().trim()).toBe('It was accept.');
  });
});

describe('a question between turns', () => {
  it.each(['answered', 'cancelled'])('that is %s leaves it idle', async (how) => {
    const agent = await start();
    await turn(agent, 'afterwards');
    await until('a question', () => of('waiting').length > 0);
    const { key, ask } = of('ask')[0] as ChatUpdate & { type: 'ask' };
    if (how === 'cancelled') await agent.cancel();
    else await agent.answer(key, { option_id: ask.options[0]?.id ?? null, decision: 'allow', text: null, answers: {} });
    expect(updates.filter(({ type }) => ['running', 'waiting', 'idle'].includes(type)).at(-1)).toEqual({ type: 'idle', stop: 'done' });
    await turn(agent, 'greet');
    expect(of('ask_gone').map((gone) => gone.key)).toEqual(how === 'cancelled' ? [key] : []);
  });
});

describe('words with an answer', () => {
  it('do not reach it, which is said', async () => {
    const agent = await start();
    await asked(agent, 'edit', ({ options }) => ({
      option_id: options.find(({ decision }) => decision === 'deny')?.id ?? null,
      decision: 'deny',
      text: 'Not now.',
    }));
    expect(of('notice')).toEqual([
      { type: 'notice', level: 'info', text: 'This agent takes no words with an answer. Send them as a message.' },
    ]);
  });
});

describe('what goes with a prompt', () => {
  const given = (name: string, media_type: string, bytes: Buffer) => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return { name, media_type, bytes, path: file };
  };
  it('images as images, text as text, anything else as a link', async () => {
    const agent = await start();
    const files = [
      given('a.png', 'image/png', Buffer.from([137, 80, 78, 71, 255])),
      given('b.md', 'text/markdown', Buffer.from('# b')),
      given('c.bin', 'application/octet-stream', Buffer.from([0, 255, 254])),
    ];
    await turn(agent, 'files', files);
    expect(said().trim()).toBe('I got: text, image image/png, resource text/markdown, resource_link application/octet-stream.');
  });
});

describe('modes and models while it runs', () => {
  it('change where it offers them, and are refused in words where not', async () => {
    const agent = await start();
    await agent.setModel('small-2');
    await agent.setMode('auto');
    expect(of('model').at(-1)?.model).toBe('small-2');
    expect(of('mode').at(-1)?.mode).toBe('auto');
    await expect(agent.setModel('large')).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('small-1, small-2'),
    });
    await turn(agent, 'greet');
    expect(of('usage').at(-1)?.usage).toMatchObject({ model: 'small-2', input_tokens: 1200, cached_tokens: 300, output_tokens: 40 });
  });
});

describe('how a turn ends', () => {
  it.each([
    ['refuse', 'refused'],
    ['limit', 'limit'],
    ['e529', 'error'],
    ['quiet529', 'error'],
  ])('%s: %s', async (scenario, stop) => {
    const agent = await start();
    await turn(agent, scenario);
    expect(of('idle').map((told) => told.stop)).toEqual([stop]);
    expect(of('notice').some(({ level }) => level === 'error')).toBe(stop === 'error');
  });

  it('one that wants a login in the middle says what to do', async () => {
    const agent = await start();
    await turn(agent, 'e401');
    expect(of('notice')).toEqual([
      { type: 'notice', level: 'error', text: expect.stringMatching(/^Authentication required\. Start it once in a terminal/) },
    ]);
  });

  it('a provider that hangs can be interrupted', async () => {
    const agent = await start();
    agent.prompt({ id: 'p', content: 'SCENARIO:hang', files: [] }).catch(() => {});
    await until('it runs', () => of('running').length > 0);
    await expect(agent.prompt({ id: 'q', content: 'x', files: [] })).rejects.toMatchObject({ code: 'unavailable' });
    await agent.cancel();
    await until('its end', () => of('idle').length > 0);
    expect(of('idle')[0]?.stop).toBe('cancelled');
  });

  it('a plan is told each time that it changes', async () => {
    const agent = await start();
    await turn(agent, 'plan:1');
    expect(of('plan').map(({ steps }) => steps.map(({ state }) => state).join(' '))).toEqual([
      'now next next',
      'done now next',
      'done done now',
      'done done done',
    ]);
  });
});
