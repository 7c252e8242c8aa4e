/**
 * For tests: a small program that serves what `opencode serve` does and does what `SCENARIO:<name>` in a prompt says, good or bad. It
 * runs no command and writes no file but its own list of conversations.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { smallScenarios } from '../small-scenarios.ts';

// biome-ignore lint/suspicious/noExplicitAny: it is small, and reads what our own runtime writes
type Message = any;

const SESSIONS = path.join(process.env.SMALL_AGENT_HOME ?? '.', 'conversations');
const known = () => (existsSync(SESSIONS) ? readFileSync(SESSIONS, 'utf8').split('\n') : []);
const expected = `Basic ${Buffer.from(`opencode:${process.env.OPENCODE_SERVER_PASSWORD}`).toString('base64')}`;

let sessionID = '';
let count = 0;
let events: ServerResponse | null = null;
let turn: { stopped: boolean; deaf: boolean } | null = null;
/** Tells the end of what is under way: after an interrupt, when the turn is over already, as the real one does. */
let underWay: (() => void) | null = null;
const asked = new Map<string, { ask: object; resolve(reply: string): void }>();

const raw = (frame: string) => events?.write(frame);
const tell = (type: string, properties: object) => raw(`data: ${JSON.stringify({ type, properties: { sessionID, ...properties } })}\n\n`);
const status = (type: string) => tell('session.status', { status: { type } });
function newId(kind: string): string {
  count += 1;
  return `${kind}_${count}`;
}
const part = (messageID: string, fields: object) => tell('message.part.updated', { part: { messageID, sessionID, ...fields } });

async function speak(words: string, type = 'text', ms = 3): Promise<void> {
  const [messageID, id] = [newId('msg'), newId('prt')];
  tell('message.updated', { info: { id: messageID, role: 'assistant' } });
  part(messageID, { id, type, text: '', time: { start: 1 } });
  let said = '';
  const whole = () => part(messageID, { id, type, text: said, time: { start: 1, end: 2 } });
  underWay = whole;
  for (const delta of words.match(/\S+\s*/g) ?? []) {
    if (turn?.stopped && !turn.deaf) return;
    tell('message.part.delta', { messageID, partID: id, field: 'text', delta });
    said += delta;
    await pause(ms);
  }
  underWay = null;
  whole();
}

function ask(permission: string, metadata: object, callID: string, id = newId('per')): Promise<string> {
  const request = { id, permission, patterns: ['x'], metadata, always: [], tool: { messageID: 'm', callID } };
  tell('permission.asked', request);
  return new Promise((resolve) => {
    asked.set(id, { ask: { sessionID, ...request }, resolve });
  });
}

async function guarded(tool: string, permission: string, input: object, metadata: object, announced = true): Promise<boolean> {
  const [messageID, id, callID] = [newId('msg'), newId('prt'), newId('call')];
  const state = (fields: object) => part(messageID, { id, type: 'tool', tool, callID, state: { input, ...fields } });
  if (announced) state({ status: 'running' });
  underWay = announced ? () => state({ status: 'error', error: 'Tool execution aborted' }) : null;
  const reply = await ask(permission, metadata, callID);
  underWay = null;
  if (announced) state(reply === 'reject' ? { status: 'error', error: 'no' } : { status: 'completed', output: 'made', metadata });
  return reply !== 'reject';
}
const command = (line: string, announced = true) => guarded('bash', 'bash', { command: line }, { command: line }, announced);

const SCENARIOS: Record<string, () => Promise<unknown>> = {
  ...smallScenarios({
    name: 'opencode',
    says: (words, ms) => speak(words, 'text', ms),
    thinks: (words) => speak(words, 'reasoning'),
    runs: command,
    goesDeaf() {
      if (turn !== null) turn.deaf = true;
    },
  }),
  async edit() {
    const filePath = path.join(process.cwd(), 'hello.txt');
    const diff = `--- ${filePath}\n+++ ${filePath}\n@@ -0,0 +1,1 @@\n+hello\n`;
    if (await guarded('write', 'edit', { filePath, content: 'hello\n' }, { filepath: filePath, diff })) await speak('Done.');
  },
  async bash() {
    if (await command('touch made-by-bash')) await speak('Done.');
  },
  async duplicate() {
    const both = ['one', 'two'].map((name) => ask('bash', { command: name }, name, 'per_same'));
    await Promise.race(both);
    await speak('Done.');
  },
  async withdraw() {
    ask('bash', { command: 'x' }, 'x', 'per_gone').catch(() => {});
    await pause(20);
    asked.delete('per_gone');
    tell('permission.replied', { requestID: 'per_gone', reply: 'once' });
    await speak('Never mind.');
  },
  async half() {
    await speak('I am about to fall.');
    raw('data: {"type":"message.part.upd');
    await pause(20);
    process.exit(1);
  },
  async unknown() {
    tell('something.new', { words: 'x'.repeat(100_000) });
    raw('data: no JSON at all\n\n');
    part('msg_x', { id: 'prt_x', type: 'hologram', shape: 'cube' });
    await speak('Still here.');
  },
  async huge() {
    const state = { status: 'completed', input: { command: 'yes' }, output: 'y\n'.repeat(25 * 1024 * 1024), title: 'yes' };
    part('msg_y', { id: 'prt_y', type: 'tool', tool: 'bash', callID: 'call_y', state });
    await speak('That was a lot.');
  },
  async e401() {
    tell('session.error', { error: { name: 'APIError', data: { message: 'invalid key', statusCode: 401 } } });
  },
};

async function run(name: string): Promise<void> {
  const now = { stopped: false, deaf: false };
  turn = now;
  status('busy');
  const interrupted = (async () => {
    while (!now.stopped || now.deaf) await pause(5);
  })();
  await Promise.race([(SCENARIOS[name] ?? SCENARIOS.greet)?.(), interrupted]);
  if (now.stopped) tell('session.error', { error: { name: 'MessageAbortedError', data: { message: 'Aborted' } } });
  now.stopped = true;
  now.deaf = false;
  asked.clear();
  turn = null;
  // It says so twice, as the real one does, and what was cut in between.
  for (const late of [underWay, null]) {
    status('idle');
    tell('session.idle', {});
    late?.();
  }
  underWay = null;
}

function begin({ messageID, parts }: Message): object {
  tell('message.updated', { info: { id: messageID, role: 'user' } });
  run(/SCENARIO:([a-z0-9]+)/.exec(parts[0].text)?.[1] ?? 'greet').catch(() => process.exit(9));
  return {};
}

function reply(id: string, body: Message): object | null {
  const open = asked.get(id);
  if (open === undefined) return null;
  asked.delete(id);
  tell('permission.replied', { requestID: id, reply: body.reply });
  open.resolve(body.reply);
  return {};
}

function session(): object {
  sessionID = `ses_${Date.now()}_${process.pid}`;
  appendFileSync(SESSIONS, `${sessionID}\n`);
  return { id: sessionID };
}

/** By the shape of the path; null: there is no such thing. */
const CALLS: [RegExp, (at: string[], body: Message) => unknown][] = [
  [/^POST \/session$/, () => session()],
  [/^POST \/session\/.*\/prompt_async$/, (_, body) => begin(body)],
  [/^POST \/session\/.*\/abort$/, () => Object.assign(turn ?? {}, { stopped: true })],
  [/^POST \/permission\//, ([, , id = ''], body) => reply(id, body)],
  [/^GET \/session\/status$/, () => (turn === null ? {} : { [sessionID]: { type: 'busy' } })],
  [/^GET \/session\/.*\/message$/, () => []],
  [/^GET \/session\//, ([, , id = '']) => resumed(id)],
  [/^GET \/global\/health$/, () => ({ healthy: true, version: '1.18.33' })],
  [/^GET \/config$/, () => ({ permission: 'ask' })],
  [/^GET \/permission$/, () => [...asked.values()].map((one) => one.ask)],
  [/^GET /, () => []],
];

function resumed(id: string): object | null {
  if (!known().includes(id)) return null;
  sessionID = id;
  return { id };
}

function answered(method: string, pathname: string, body: Message): unknown {
  const call = CALLS.find(([pattern]) => pattern.test(`${method} ${pathname}`));
  return call === undefined ? null : call[1](pathname.split('/'), body);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://small');
  const body = await text(request);
  const right = request.headers.authorization === expected;
  if (right && pathname === '/event') {
    events = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    raw('data: {"type":"server.connected","properties":{}}\n\n');
    return;
  }
  const result = right ? answered(request.method ?? '', pathname, body === '' ? {} : JSON.parse(body)) : null;
  response.writeHead(right ? (result === null ? 404 : 200) : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(result));
}

const server = createServer((request, response) => {
  serve(request, response).catch(() => process.exit(9));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`opencode server listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
