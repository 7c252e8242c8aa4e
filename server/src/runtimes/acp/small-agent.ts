/**
 * A program for tests and for trying things out: an agent that speaks ACP 1, thinks nothing and does what its script says. A prompt
 * with `SCENARIO:<name>` or `SCENARIO:<name>:<number>` picks the script (small-agent-scenarios.ts); any other prompt is greeted.
 *
 *     node small-agent.ts [--login] [--silent] [--no-load] [--no-resume] [--no-modes] [--version-2]
 *
 * It keeps its sessions in SMALL_AGENT_HOME, by default ~/.small-agent, a file each. It breaks the protocol where a script says so.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { SCENARIOS } from './small-agent-scenarios.ts';
import type { Message, Scene } from './small-agent-scene.ts';

const flags = new Set(process.argv.slice(2));
if (flags.has('--version')) {
  process.stdout.write('small-agent 1.0.0\n');
  process.exit(0);
}
const home = process.env.SMALL_AGENT_HOME ?? path.join(homedir(), '.small-agent');

/** What it keeps of a session. */
interface Kept {
  id: string;
  turns: { user: string; agent: string }[];
  cost: number;
}

const MODES = [
  { id: 'ask', name: 'Ask', description: 'Asks before it changes anything' },
  { id: 'auto', name: 'Auto', description: 'Asks nobody' },
];
const MODELS = [
  { value: 'small-1', name: 'Small 1', description: 'Says what its script says' },
  { value: 'small-2', name: 'Small 2', description: 'The same, slower' },
];
const COMMANDS = [
  { name: 'greet', description: 'Says hello' },
  { name: 'compact', description: 'Makes the conversation shorter', input: { hint: 'what to keep' } },
];

let session: Kept | null = null;
let cwd = process.cwd();
let mode = 'ask';
let model = 'small-1';
let turn: AbortController | null = null;
let lastAsked = 0;
const asked = new Map<number, (answer: Message) => void>();

const raw = (text: string) => process.stdout.write(text);
const send = (message: object) => raw(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const update = (body: object) => send({ method: 'session/update', params: { sessionId: session?.id, update: body } });
const configOptions = () => [
  { id: 'model', name: 'Model', category: 'model', type: 'select', currentValue: model, options: MODELS },
  {
    id: 'effort',
    name: 'Effort',
    category: 'thought_level',
    type: 'select',
    currentValue: 'low',
    options: [{ value: 'low', name: 'Low' }],
  },
];
const opened = () => ({
  ...(flags.has('--no-modes') ? {} : { modes: { currentModeId: mode, availableModes: MODES } }),
  configOptions: configOptions(),
});
const tellCommands = () => setImmediate(() => update({ sessionUpdate: 'available_commands_update', availableCommands: COMMANDS }));

class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const fileOf = (id: string) => path.join(home, `${id.replace(/[^\w-]/g, '')}.json`);
function keep(): void {
  if (session === null) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(fileOf(session.id), JSON.stringify(session));
}
function kept(id: string): Kept {
  if (!existsSync(fileOf(id))) throw new Refusal(-32002, `Resource not found: ${id}`);
  return JSON.parse(readFileSync(fileOf(id), 'utf8')) as Kept;
}
function begin(next: Kept, params: Message): void {
  session = next;
  cwd = params.cwd;
  keep();
  tellCommands();
}

const METHODS: Record<string, (params: Message) => object | Promise<object>> = {
  initialize: () => ({
    protocolVersion: flags.has('--version-2') ? 2 : 1,
    agentInfo: { name: 'small-agent', title: 'Small agent', version: '1.0.0' },
    agentCapabilities: {
      loadSession: !flags.has('--no-load'),
      promptCapabilities: { image: true, embeddedContext: true },
      sessionCapabilities: { close: {}, fork: {}, ...(flags.has('--no-resume') ? {} : { resume: {} }) },
    },
    authMethods: [{ id: 'key', name: 'API key', description: 'Set SMALL_AGENT_KEY' }],
  }),
  'session/new': (params) => {
    if (flags.has('--login')) throw new Refusal(-32000, 'Authentication required');
    begin({ id: `small-${randomUUID()}`, turns: [], cost: 0 }, params);
    return { sessionId: session?.id, ...opened() };
  },
  'session/load': (params) => {
    begin(kept(params.sessionId), params);
    for (const { user, agent } of session?.turns ?? []) {
      update({ sessionUpdate: 'user_message_chunk', content: { type: 'text', text: user } });
      update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: agent } });
    }
    return opened();
  },
  'session/resume': (params) => {
    begin(kept(params.sessionId), params);
    return opened();
  },
  'session/fork': (params) => {
    begin({ ...kept(params.sessionId), id: `small-${randomUUID()}` }, params);
    return { sessionId: session?.id, ...opened() };
  },
  'session/close': () => ({}),
  'session/set_mode': ({ modeId }) => {
    if (!MODES.some(({ id }) => id === modeId)) throw new Refusal(-32602, `There is no mode ${modeId}`);
    mode = modeId;
    update({ sessionUpdate: 'current_mode_update', currentModeId: mode });
    return {};
  },
  'session/set_config_option': ({ configId, value }) => {
    if (configId !== 'model' || !MODELS.some((one) => one.value === value)) throw new Refusal(-32602, `There is no ${configId} ${value}`);
    model = value;
    return { configOptions: configOptions() };
  },
  'session/prompt': ({ prompt }) => play(prompt),
};

async function play(blocks: Message[]): Promise<object> {
  const text = blocks.map((block) => block.text ?? '').join('\n');
  const [, name = 'greet', number] = /SCENARIO:([\w-]+)(?::(\d+))?/.exec(text) ?? [];
  const controller = new AbortController();
  turn = controller;
  let said = '';
  const scene: Scene = {
    cwd,
    number: number === undefined ? null : Number(number),
    blocks,
    earlier: session?.turns.map(({ user }) => user) ?? [],
    mode,
    model,
    signal: controller.signal,
    say(words) {
      said += words;
      update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: words } });
    },
    update,
    ask(method, params, id) {
      lastAsked += 1;
      const own = id ?? lastAsked;
      return new Promise((resolve) => {
        asked.set(own, resolve);
        send({ id: own, method, params: { sessionId: session?.id, ...params } });
      });
    },
    raw,
    notify: (method, params) => send({ method, params }),
    pause: (ms) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          reject(new Error('cancelled'));
        };
        const timer = setTimeout(() => {
          controller.signal.removeEventListener('abort', stop);
          resolve();
        }, ms);
        if (controller.signal.aborted) stop();
        else controller.signal.addEventListener('abort', stop, { once: true });
      }),
  };
  const script = SCENARIOS[name];
  let stopReason = 'end_turn';
  try {
    if (script === undefined) scene.say(`There is no scenario ${name}.`);
    else stopReason = (await script(scene)) ?? 'end_turn';
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    stopReason = 'cancelled';
  } finally {
    turn = null;
  }
  session?.turns.push({ user: text, agent: said });
  if (session !== null) session.cost += 0.01;
  keep();
  update({ sessionUpdate: 'usage_update', used: 1_240, size: 200_000, cost: { amount: session?.cost ?? 0, currency: 'USD' } });
  return { stopReason, usage: { inputTokens: 900, cachedReadTokens: 300, outputTokens: 40, totalTokens: 1_240 } };
}

async function serve({ id, method, params }: Message): Promise<void> {
  try {
    const serves = METHODS[method];
    if (serves === undefined) throw new Refusal(-32601, `"Method not found": ${method}`);
    send({ id, result: await serves(params) });
  } catch (error) {
    const { code = -32603, message } = error as Partial<Refusal> & Error;
    send({ id, error: { code, message } });
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message: Message = JSON.parse(line);
    if (flags.has('--silent')) return;
    if (message.method === 'session/cancel') turn?.abort();
    else if (message.method !== undefined && message.id !== undefined) void serve(message);
    else if (message.id !== undefined) {
      asked.get(message.id)?.(message.result ?? { outcome: { outcome: 'cancelled' }, action: 'cancel' });
      asked.delete(message.id);
    }
  })
  .on('close', () => process.exit(0));
