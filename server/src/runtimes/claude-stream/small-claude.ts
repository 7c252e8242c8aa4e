/**
 * A program for tests: it speaks stream-json as Claude Code does, thinks nothing and does what its script says. A prompt with
 * `SCENARIO:<name>` picks the script; any other prompt is greeted. `--old`: it tells no states, echoes no ids and answers no `initialize`.
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';

// biome-ignore lint/suspicious/noExplicitAny: what comes in is looked at field by field
type Message = any;
type Script = (prompt: string) => Promise<string | undefined>;

const old = process.argv.includes('--old');
const session_id = process.argv.includes('--resume') ? process.argv[process.argv.indexOf('--resume') + 1] : randomUUID();
const forever = () => new Promise<never>(() => setInterval(() => {}, 60_000));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let messages = 0;
let interrupt: (() => void) | null = null;
const asked = new Map<string, (answer: Message) => void>();
const prompts: Message[] = [];
let working = false;

const raw = (text: string) => process.stdout.write(text);
const send = (message: object) => raw(`${JSON.stringify({ ...message, session_id })}\n`);
const state = (name: string) => {
  if (!old) send({ type: 'system', subtype: 'session_state_changed', state: name });
};
const assistant = (content: object, by: string | null = null) =>
  send({ type: 'assistant', message: { id: `m${messages}`, role: 'assistant', content: [content] }, parent_tool_use_id: by });
const result = (tool_use_id: string, content: unknown, is_error = false) =>
  send({
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id, content, is_error }] },
    parent_tool_use_id: null,
  });

async function say(text: string, type: 'text' | 'thinking' = 'text', ms = 1): Promise<void> {
  const event = (body: object) => send({ type: 'stream_event', event: body, parent_tool_use_id: null });
  messages += 1;
  event({ type: 'message_start', message: { id: `m${messages}` } });
  event({ type: 'content_block_start', index: 0, content_block: { type } });
  let said = '';
  for (const word of text.match(/\S+\s*/g) ?? []) {
    if (ms > 1 && interrupt === null) break;
    event({ type: 'content_block_delta', index: 0, delta: { type: `${type}_delta`, [type]: word } });
    said += word;
    await pause(ms);
  }
  assistant({ type, [type]: said });
  event({ type: 'content_block_stop', index: 0 });
}

function call(name: string, input: object, id = `call-${messages}-${Math.random()}`): string {
  messages += 1;
  assistant({ type: 'tool_use', id, name, input });
  return id;
}

function ask(tool_name: string, input: object, tool_use_id: string, request_id: string = randomUUID()): Promise<Message> {
  state('requires_action');
  send({
    type: 'control_request',
    request_id,
    request: { subtype: 'can_use_tool', tool_name, input, tool_use_id, permission_suggestions: [] },
  });
  return new Promise((resolve) => asked.set(request_id, resolve));
}

async function elicit(fields: object): Promise<void> {
  const request_id = randomUUID();
  state('requires_action');
  send({ type: 'control_request', request_id, request: { subtype: 'elicitation', mcp_server_name: 'mail', ...fields } });
  const answer = await new Promise<Message>((resolve) => asked.set(request_id, resolve));
  state('running');
  await say(JSON.stringify(answer));
}

async function guarded(name: string, input: object): Promise<string | undefined> {
  const id = call(name, input);
  const { behavior, message, interrupt: stops } = await ask(name, input, id);
  state('running');
  result(id, behavior === 'allow' ? 'done' : message, behavior !== 'allow');
  if (stops === true) return 'aborted_tools';
  return undefined;
}

const SCENARIOS: Record<string, Script> = {
  async think() {
    await say('First I look. ', 'thinking');
    await say('I have thought about it.');
    return undefined;
  },
  async edit() {
    const stop = await guarded('Write', { file_path: '/nowhere/hello.txt', content: 'hello\n' });
    if (stop === undefined) await say('Done with the edit.');
    return stop;
  },
  bash: () => guarded('Bash', { command: 'touch made-by-bash' }),
  async two() {
    return (await guarded('Bash', { command: 'touch one' })) ?? guarded('Bash', { command: 'touch two' });
  },
  async slow() {
    await say(Array.from({ length: 400 }, (_, at) => `word${at + 1}`).join(' '), 'text', 25);
    return interrupt === null ? 'aborted_streaming' : undefined;
  },
  async e401() {
    assistant({ type: 'text', text: 'Invalid API key' });
    return 'api_error';
  },
  async half() {
    await say('I am about to ');
    raw('{"type":"assistant","message":{"content":[{"type":"te');
    setImmediate(() => process.exit(1));
    return forever();
  },
  async die() {
    call('Bash', { command: 'sleep 1000' }, 'never-ends');
    await say('Goodbye. ');
    process.stderr.write('segmentation fault, or so\n');
    setImmediate(() => process.exit(3));
    return forever();
  },
  async ignore() {
    await say('I do not listen. ');
    return forever();
  },
  async huge() {
    const id = call('Bash', { command: 'cat everything' }, 'huge');
    result(id, `${'0123456789'.repeat(10)}\n`.repeat(500_000));
    await say('That was a lot.');
    return undefined;
  },
  async unknown() {
    send({ type: 'weather', sky: 'grey' });
    send({ type: 'system', subtype: 'moon' });
    send({ type: 'stream_event', event: { type: 'smell' } });
    send({ type: 'assistant', message: { id: 'x', content: [{ type: 'taste' }] } });
    for (const odd of ['assistant', 'user', 'stream_event', 'control_response', 'control_cancel_request', 'command_lifecycle'])
      send({ type: odd });
    send({ type: 'assistant', message: { content: { type: 'text' } } });
    send({ type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 7 }, null, 3] } });
    raw('this is no JSON\n[1]\nnull\n\n');
    const answer = ask('x', {}, 'y', 'odd');
    send({ type: 'control_request', request_id: 'other', request: { subtype: 'weather' } });
    await new Promise<void>((resolve) => asked.set('other', () => resolve()));
    send({ type: 'control_cancel_request', request_id: 'odd' });
    state('running');
    answer.catch(() => {});
    await say('Still here.');
    return undefined;
  },
  async duplicate() {
    const one = ask('Bash', { command: 'rm one' }, 'a', 'same');
    const two = ask('Bash', { command: 'rm two' }, 'b', 'same');
    const { behavior } = await Promise.race([one, two]);
    state('running');
    await say(`One of them: ${behavior}.`);
    return undefined;
  },
  async never() {
    const { behavior } = await ask('Bash', { command: 'touch never-announced' }, 'nobody-knows');
    state('running');
    await say(behavior === 'allow' ? 'Done.' : 'Not done.');
    return undefined;
  },
  /** As a server of MCP asks; it says what it was answered. */
  async form() {
    const schema = { type: 'object', properties: { colour: { type: 'string', enum: ['red', 'blue'] }, many: { type: 'integer' } } };
    await elicit({ message: 'Which?', mode: 'form', requested_schema: { ...schema, required: ['colour'] } });
    return undefined;
  },
  async page() {
    await elicit({ message: 'Log in.', mode: 'url', url: 'https://login.example/x', elicitation_id: 'e1', title: 'Log in to Mail' });
    return undefined;
  },
  async yes() {
    await elicit({ message: 'Send it?', requested_schema: { type: 'object', properties: {} }, description: 'To all of them' });
    return undefined;
  },
  async withdraw() {
    const answer = ask('Bash', { command: 'rm -r build' }, call('Bash', { command: 'rm -r build' }), 'withdrawn');
    answer.catch(() => {});
    await pause(50);
    send({ type: 'control_cancel_request', request_id: 'withdrawn' });
    state('running');
    await say('Never mind.');
    return undefined;
  },
};

async function work(): Promise<void> {
  if (working) return;
  working = true;
  for (let prompt = prompts.shift(); prompt !== undefined; prompt = prompts.shift()) {
    const words = prompt.message.content.map((block: Message) => block.text ?? '').join(' ');
    const interrupted = new Promise<string>((resolve) => {
      interrupt = () => {
        interrupt = null;
        resolve('aborted_tools');
      };
    });
    state('running');
    send({
      type: 'system',
      subtype: 'init',
      model: 'small',
      permissionMode: 'default',
      claude_code_version: '0.1.0',
      slash_commands: ['help'],
    });
    send({ ...prompt, isReplay: true, uuid: old ? randomUUID() : prompt.uuid });
    const name = /SCENARIO:(\w+)/.exec(words)?.[1] ?? '';
    const script = SCENARIOS[name] ?? (() => say('Hello from the small Claude. Nothing was changed.').then(() => undefined));
    const told = await (name === 'ignore' ? script(words) : Promise.race([script(words), interrupted]));
    for (const request_id of asked.keys()) send({ type: 'control_cancel_request', request_id });
    asked.clear();
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      cacheReadInputTokens: 2,
      cacheCreationInputTokens: 0,
      costUSD: 0.01,
      contextWindow: 1000,
    };
    const end = { is_error: told !== undefined, terminal_reason: told ?? 'completed', subtype: 'success', uuid: randomUUID() };
    send({ type: 'result', ...end, total_cost_usd: 0.01, model_usage_since_last_result: { small: usage }, modelUsage: { small: usage } });
    if (prompts.length === 0) state('idle');
  }
  working = false;
}

function control({ request_id, request }: Message): void {
  const respond = (response: object) => send({ type: 'control_response', response: { request_id, ...response } });
  if (request.subtype === 'initialize' && !old) {
    const models = [{ value: 'small', displayName: 'Small', description: 'Says what its script says' }];
    respond({ subtype: 'success', response: { commands: [], models, claude_code_version: '0.1.0', session_state: 'idle' } });
  } else if (request.subtype === 'interrupt') {
    respond({ subtype: 'success', response: {} });
    interrupt?.();
  } else if (request.subtype === 'set_permission_mode') respond({ subtype: 'success', response: { mode: request.mode } });
  else if (request.subtype === 'set_model') respond({ subtype: 'success', response: { model: request.model } });
  else respond({ subtype: 'error', error: `Unsupported control request subtype: ${request.subtype}` });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.type === 'user') {
      prompts.push(message);
      work().catch((error: unknown) => process.stderr.write(`${error}\n`));
    } else if (message.type === 'control_request') control(message);
    else {
      const { request_id, response } = message.response;
      if (!old) send(message);
      const waiting = asked.get(request_id);
      asked.delete(request_id);
      waiting?.(response);
    }
  })
  .on('close', () => process.exit(0));
