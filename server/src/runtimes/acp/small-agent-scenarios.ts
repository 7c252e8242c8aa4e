/** What the small agent does, by name. A script returns how its turn stopped; nothing: it came to its end. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Scene } from './small-agent-scene.ts';

// biome-ignore lint/suspicious/noConfusingVoidType: most come to their end and say nothing
type Script = (scene: Scene) => Promise<string | undefined | void>;

const OPTIONS = [
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
  { optionId: 'session', name: 'Yes, for this session', kind: 'allow_always' },
  { optionId: 'always', name: 'Yes, always', kind: 'allow_always' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
];
const text = (words: string) => ({ type: 'content', content: { type: 'text', text: words } });

async function speak({ say, pause }: Scene, words: string, ms = 5): Promise<void> {
  for (const word of words.match(/\S+\s*/g) ?? []) {
    say(word);
    await pause(ms);
  }
}

/** Asks where its mode says so; null: the turn was cancelled. */
async function permitted(scene: Scene, toolCall: object, id?: number): Promise<boolean | null> {
  if (scene.mode === 'auto') return true;
  const { outcome } = await scene.ask('session/request_permission', { toolCall, options: OPTIONS }, id);
  if (outcome.outcome === 'cancelled') return null;
  return outcome.optionId !== 'no';
}

/** A call of a tool that asks first, then works. */
async function guarded(scene: Scene, call: { toolCallId: string } & object, work: () => object): Promise<boolean | null> {
  const { toolCallId } = call;
  scene.update({ sessionUpdate: 'tool_call', status: 'pending', ...call });
  const yes = await permitted(scene, call);
  if (yes !== true) {
    scene.update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed', content: [text('The user said no.')] });
    return yes;
  }
  scene.update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'in_progress' });
  await scene.pause(10);
  scene.update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'completed', ...work() });
  return true;
}

const writeCall = (scene: Scene, name: string, oldText: string | null, newText: string) => ({
  toolCallId: `write-${Date.now()}`,
  name: 'write_file',
  kind: 'edit',
  title: `Write ${name}`,
  rawInput: { path: path.join(scene.cwd, name), content: newText },
  content: [{ type: 'diff', path: path.join(scene.cwd, name), oldText, newText }],
  locations: [{ path: path.join(scene.cwd, name) }],
});
const commandCall = (command: string, id = 'run') => ({
  toolCallId: `${id}-${Date.now()}`,
  name: 'run_command',
  kind: 'execute',
  title: command,
  rawInput: { command },
});

/** Only files of the name are made: nothing is run. */
const touch = (scene: Scene, name: string) => () => {
  writeFileSync(path.join(scene.cwd, name), '');
  return { content: [text(`made ${name}`)], rawOutput: { exitCode: 0 } };
};

async function write(scene: Scene, name: string, next: (before: string | null) => string): Promise<string | undefined> {
  const file = path.join(scene.cwd, name);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const after = next(before);
  const done = await guarded(scene, writeCall(scene, name, before, after), () => {
    writeFileSync(file, after);
    return {};
  });
  if (done === null) return 'cancelled';
  await speak(scene, done ? `Done with ${name}.` : `${name} is left as it was.`);
  return undefined;
}

const plan = (scene: Scene, done: number) =>
  scene.update({
    sessionUpdate: 'plan',
    entries: ['Read the code', 'Write the fix', 'Run the tests'].map((content, i) => ({
      content,
      priority: 'medium',
      status: i < done ? 'completed' : i === done ? 'in_progress' : 'pending',
    })),
  });

/** Words for a markdown view. */
const MARKDOWN =
  '# Heading\n\nSome *words*, a [link](https://example.org) and `code`:\n\n```ts\nconst x = 1;\n```\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n';

export const SCENARIOS: Record<string, Script> = {
  greet: (scene) => speak(scene, 'Hello from the small agent. Nothing was changed.'),
  markdown: (scene) => speak(scene, MARKDOWN),
  async think(scene) {
    for (const word of ['First ', 'I ', 'look, ', 'then ', 'I ', 'answer.']) {
      scene.update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: word } });
      await scene.pause(5);
    }
    await speak(scene, 'I have thought about it.');
  },
  async plan(scene) {
    for (const done of [0, 1, 2, 3]) {
      plan(scene, done);
      await scene.pause(scene.number ?? 20);
    }
    await speak(scene, 'All three steps are done.');
  },
  /** Plan, a change that is asked for, its end. */
  async work(scene) {
    plan(scene, 0);
    await speak(scene, 'I will create hello.txt.\n');
    plan(scene, 1);
    const stop = await write(scene, 'hello.txt', () => 'hello\nfrom the small agent\n');
    plan(scene, 3);
    return stop;
  },
  async edit(scene) {
    await speak(scene, 'I will create hello.txt.\n');
    return write(scene, 'hello.txt', () => 'hello\nfrom the small agent\n');
  },
  async change(scene) {
    await speak(scene, 'I will change README.md.\n');
    return write(scene, 'README.md', (before) => `${before ?? '# demo\n'}changed by the small agent\n`);
  },
  async bash(scene) {
    await speak(scene, 'Running a command.\n');
    const done = await guarded(scene, commandCall('touch made-by-bash'), touch(scene, 'made-by-bash'));
    if (done === null) return 'cancelled';
    await speak(scene, done ? 'It ran.' : 'It did not run.');
    return undefined;
  },
  async two(scene) {
    for (const name of ['one.tmp', 'two.tmp']) {
      const done = await guarded(scene, commandCall(`touch ${name}`, name), touch(scene, name));
      if (done === null) return 'cancelled';
    }
    await speak(scene, 'Done with both.');
    return undefined;
  },
  /** A command of eight lines; the number: milliseconds between them. */
  async long(scene) {
    const call = commandCall('for i in 1 2 3 4 5 6 7 8; do echo tick $i; sleep 1; done');
    scene.update({ sessionUpdate: 'tool_call', status: 'in_progress', ...call });
    let output = '';
    for (let i = 1; i <= 8; i += 1) {
      await scene.pause(scene.number ?? 250);
      output += `tick ${i}\n`;
      scene.update({ sessionUpdate: 'tool_call_update', toolCallId: call.toolCallId, content: [text(output)] });
    }
    scene.update({ sessionUpdate: 'tool_call_update', toolCallId: call.toolCallId, status: 'completed' });
    await speak(scene, 'Done with the long command.');
  },
  /** Eighty words; the number: milliseconds between them. */
  async slow(scene) {
    for (let i = 1; i <= 80; i += 1) {
      scene.say(`word${i} `);
      await scene.pause(scene.number ?? 250);
    }
  },
  /** Says nothing and does nothing, until it is cancelled. */
  hang: (scene) => scene.pause(86_400_000),
  async ask(scene) {
    const requestedSchema = {
      type: 'object',
      properties: {
        colour: {
          type: 'string',
          title: 'Which colour?',
          oneOf: [
            { const: 'red', title: 'Red' },
            { const: 'blue', title: 'Blue' },
          ],
        },
        sizes: { type: 'array', title: 'Which sizes?', items: { type: 'string', enum: ['small', 'large'] } },
        copies: { type: 'integer', title: 'How many?' },
        gift: { type: 'boolean', title: 'As a gift?' },
        note: { type: 'string', title: 'Anything else?' },
      },
      required: ['colour'],
    };
    const answer = await scene.ask('elicitation/create', { mode: 'form', message: 'What should it look like?', requestedSchema });
    if (answer.action === 'cancel') return 'cancelled';
    await speak(scene, answer.action === 'accept' ? `You said ${JSON.stringify(answer.content)}.` : 'No answer, then.');
    return undefined;
  },
  async open(scene) {
    const asks = { mode: 'url', elicitationId: 'e-1', url: 'https://example.org/login?device=1', message: 'Log in there.' };
    const answer = await scene.ask('elicitation/create', asks);
    scene.notify('elicitation/complete', { elicitationId: 'e-1' });
    await speak(scene, `It was ${answer.action}.`);
  },
  e401: () => Promise.reject(Object.assign(new Error('Authentication required'), { code: -32_000 })),
  async e529(scene) {
    scene.say('Let me see. ');
    await scene.pause(5);
    throw new Error('Overloaded');
  },
  /** A turn that fails and ends as if it had not. */
  async quiet529(scene) {
    const error = { message: 'Reconnecting... 1/1', additionalDetails: 'status 529', willRetry: true };
    scene.update({ sessionUpdate: 'session_info_update', _meta: { codex: { error } } });
    scene.update({ sessionUpdate: 'session_info_update', _meta: { codex: { threadStatus: { type: 'systemError' } } } });
    scene.say('unexpected status 529');
  },
  refuse: async () => 'refusal',
  limit: async () => 'max_tokens',
  /** Half a message, then it dies. */
  async half(scene) {
    scene.say('I am about to ');
    await scene.pause(20);
    scene.raw('{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpd');
    setImmediate(() => process.exit(1));
    await scene.pause(86_400_000);
  },
  async die(scene) {
    scene.say('Goodbye. ');
    process.stderr.write('segmentation fault, or so\n');
    setImmediate(() => process.exit(3));
    await scene.pause(86_400_000);
  },
  /** Goes on whatever is said to it. */
  async ignore(scene) {
    scene.say('I do not listen. ');
    await new Promise(() => setInterval(() => {}, 60_000));
  },
  /** One tool's output; the number: megabytes. */
  async huge(scene) {
    const call = commandCall('cat everything');
    scene.update({ sessionUpdate: 'tool_call', status: 'in_progress', ...call });
    const line = `${'0123456789'.repeat(10)}\n`;
    const output = line.repeat(Math.ceil(((scene.number ?? 50) * 1_000_000) / line.length));
    scene.update({ sessionUpdate: 'tool_call_update', toolCallId: call.toolCallId, status: 'completed', content: [text(output)] });
    await speak(scene, 'That was a lot.');
  },
  /** Things that nobody knows, and things that are not what they should be. */
  async unknown(scene) {
    scene.update({ sessionUpdate: 'weather_update', sky: 'grey' });
    scene.update({ sessionUpdate: 'agent_message_chunk', content: { type: 'smell', of: 'rain' } });
    scene.update({ sessionUpdate: 'tool_call', toolCallId: 7 });
    scene.update({ sessionUpdate: 'plan', entries: 'none' });
    scene.update({ sessionUpdate: 'usage_update', used: 'much' });
    scene.update(null);
    scene.raw('this is no JSON\n');
    scene.raw('{"jsonrpc":"2.0","id":"nobody","result":{}}\n');
    scene.notify('_small/hello', { to: 'you' });
    await scene.ask('fs/read_text_file', { path: '/etc/hostname' });
    await speak(scene, 'Still here.');
  },
  /** Two asks with one id. */
  async duplicate(scene) {
    const one = permitted(scene, { ...commandCall('rm one', 'a'), status: 'pending' }, 77);
    const two = permitted(scene, { ...commandCall('rm two', 'b'), status: 'pending' }, 77);
    const said = await Promise.race([one, two]);
    await speak(scene, `One of them was ${said === true ? 'allowed' : 'not allowed'}.`);
  },
  /** Asks about a call that it never announced, and tells its end. */
  async never(scene) {
    const call = commandCall('touch never-announced');
    const yes = await permitted(scene, { ...call, status: 'pending' });
    if (yes === null) return 'cancelled';
    if (yes) scene.update({ sessionUpdate: 'tool_call_update', status: 'completed', ...call, content: [text('made it')] });
    await speak(scene, yes ? 'Done.' : 'Not done.');
    return undefined;
  },
  /** Asks, and thinks better of it. */
  async withdraw(scene) {
    const asked = permitted(scene, { ...commandCall('rm -r build'), status: 'pending' }, 55);
    await scene.pause(scene.number ?? 50);
    scene.notify('$/cancel_request', { requestId: 55 });
    await asked;
    await speak(scene, 'Never mind.');
  },
  /** Asks when its turn is over; the number: milliseconds later. */
  async afterwards(scene) {
    scene.say('Something goes on behind this. ');
    setTimeout(() => void permitted(scene, { ...commandCall('touch afterwards'), status: 'pending' }), scene.number ?? 20);
  },
  /** What came with the prompt. */
  async files(scene) {
    const kinds = scene.blocks.map((block) => `${block.type} ${block.mimeType ?? block.resource?.mimeType ?? ''}`.trim());
    await speak(scene, `I got: ${kinds.join(', ')}.`);
  },
  async remember(scene) {
    await speak(scene, `You said before: ${scene.earlier.join(' | ') || 'nothing'}.`);
  },
  /** Many short messages with a tool call between them; the number: how many. */
  async burst(scene) {
    for (let i = 1; i <= (scene.number ?? 100); i += 1) {
      scene.say(`Step ${i}.`);
      const toolCallId = `burst-${i}`;
      scene.update({ sessionUpdate: 'tool_call', toolCallId, kind: 'read', title: `file-${i}.ts`, status: 'completed' });
      if (i % 50 === 0) await scene.pause(1);
    }
  },
  /** Takes back what the others made. */
  async tidy(scene) {
    for (const name of ['hello.txt', 'made-by-bash', 'one.tmp', 'two.tmp']) rmSync(path.join(scene.cwd, name), { force: true });
    await speak(scene, 'Tidy again.');
  },
};
