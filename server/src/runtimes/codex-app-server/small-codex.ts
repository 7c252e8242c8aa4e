/**
 * For tests: a small program that speaks the app-server protocol of Codex and does what `SCENARIO:<name>` in a prompt says, good or bad.
 * It runs no command and writes no file but its own list of threads.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { smallScenarios } from '../small-scenarios.ts';

// biome-ignore lint/suspicious/noExplicitAny: it is small, and reads what our own runtime writes
type Message = any;

const THREADS = path.join(process.env.SMALL_AGENT_HOME ?? '.', 'threads');
const known = () => (existsSync(THREADS) ? readFileSync(THREADS, 'utf8').split('\n') : []);
const write = (line: string) => process.stdout.write(line);
const put = (message: object) => write(`${JSON.stringify(message)}\n`);

let threadId = '';
let turns = 0;
let items = 0;
let requests = 0;
let turn: { id: string; stopped: boolean; deaf: boolean } | null = null;
const waiting = new Map<number, (result: Message) => void>();

const note = (method: string, params: object) => put({ method, params: { threadId, turnId: turn?.id, ...params } });
const newItem = (type: string, fields: object) => {
  items += 1;
  return { type, id: `${type}-${items}`, ...fields };
};
const begun = (item: object) => note('item/started', { item });
const over = (item: object) => note('item/completed', { item });

async function speak(words: string, kind = 'agentMessage', ms = 3): Promise<void> {
  const method = kind === 'reasoning' ? 'item/reasoning/summaryTextDelta' : 'item/agentMessage/delta';
  const item = newItem(kind, kind === 'reasoning' ? { summary: [], content: [] } : { text: '' });
  begun(item);
  for (const delta of words.match(/\S+\s*/g) ?? []) {
    if (turn?.stopped && !turn.deaf) return;
    note(method, { itemId: item.id, delta, summaryIndex: 0 });
    await pause(ms);
  }
  over({ ...item, text: words, summary: [words] });
}

/** Null: the turn was interrupted. */
function ask(method: string, itemId: string, params: object = {}, id?: number): Promise<string | null> {
  requests += 1;
  const request = id ?? requests;
  note('thread/status/changed', { status: { type: 'active', activeFlags: ['waitingOnApproval'] } });
  put({ id: request, method, params: { threadId, turnId: turn?.id, itemId, ...params } });
  return new Promise((resolve) => {
    waiting.set(request, (result) => {
      note('serverRequest/resolved', { requestId: request });
      resolve(result?.decision ?? null);
    });
  });
}

async function command(line: string, announced = true): Promise<boolean> {
  const whole = `/bin/bash -lc '${line}'`;
  const item = newItem('commandExecution', { command: whole, status: 'inProgress' });
  if (announced) begun(item);
  const decision = await ask('item/commandExecution/requestApproval', item.id, { command: whole, cwd: process.cwd() });
  const yes = decision === 'accept' || decision === 'acceptForSession';
  if (announced)
    over({ ...item, status: yes ? 'completed' : 'declined', aggregatedOutput: yes ? 'made\n' : null, exitCode: yes ? 0 : null });
  if (decision === 'cancel' && turn !== null) turn.stopped = true;
  return yes;
}

const SCENARIOS: Record<string, () => Promise<unknown>> = {
  ...smallScenarios({
    name: 'Codex',
    says: (words, ms) => speak(words, 'agentMessage', ms),
    thinks: (words) => speak(words, 'reasoning'),
    runs: command,
    goesDeaf() {
      if (turn !== null) turn.deaf = true;
    },
  }),
  async edit() {
    const changes = [{ path: path.join(process.cwd(), 'hello.txt'), kind: { type: 'add' }, diff: 'hello\n' }];
    const item = newItem('fileChange', { changes, status: 'inProgress' });
    begun(item);
    const decision = await ask('item/fileChange/requestApproval', item.id);
    over({ ...item, status: decision === 'accept' ? 'completed' : 'declined' });
    await speak('Done.');
  },
  async bash() {
    await command('touch made-by-bash');
    await speak('Done.');
  },
  async duplicate() {
    const both = ['one', 'two'].map((reason) => ask('item/fileChange/requestApproval', 'none', { reason }, 900));
    await Promise.race(both);
    await speak('Done.');
  },
  async withdraw() {
    ask('item/fileChange/requestApproval', 'none', {}, 901).catch(() => {});
    await pause(20);
    note('serverRequest/resolved', { requestId: 901 });
    await speak('Never mind.');
  },
  async half() {
    await speak('I am about to fall.');
    write('{"method":"item/started","params":{"item":{"type":"agentMess');
    process.exit(1);
  },
  async unknown() {
    note('something/new', { words: 'x'.repeat(100_000) });
    write('no JSON at all\n');
    over(newItem('hologram', { shape: 'cube' }));
    await speak('Still here.');
  },
  async huge() {
    const item = newItem('commandExecution', { command: 'yes', status: 'inProgress' });
    begun(item);
    over({ ...item, status: 'completed', aggregatedOutput: 'y\n'.repeat(25 * 1024 * 1024), exitCode: 0 });
    await speak('That was a lot.');
  },
  async e401() {
    const error = { message: 'unexpected status 401', codexErrorInfo: { httpConnectionFailed: { httpStatusCode: 401 } } };
    note('error', { error, willRetry: false });
    return error;
  },
};

async function run(name: string, id: string): Promise<void> {
  note('thread/status/changed', { status: { type: 'active', activeFlags: [] } });
  note('turn/started', { turn: { id, status: 'inProgress' } });
  const interrupted = (async () => {
    while (turn?.id === id && !(turn.stopped && !turn.deaf)) await pause(5);
  })();
  const error = await Promise.race([(SCENARIOS[name] ?? SCENARIOS.greet)?.(), interrupted]);
  const status = turn?.stopped ? 'interrupted' : error === undefined ? 'completed' : 'failed';
  waiting.clear();
  note('thread/status/changed', { status: { type: status === 'failed' ? 'systemError' : 'idle' } });
  note('turn/completed', { turn: { id, status, error: error ?? null } });
  turn = null;
}

const METHODS: Record<string, (params: Message) => object> = {
  initialize: () => ({ userAgent: 'afield/0.169.0 (small)' }),
  'thread/start': () => thread(`thread-${Date.now()}-${process.pid}`),
  'thread/resume': ({ threadId: id }) => {
    if (!known().includes(id)) throw new Error(`no rollout found for thread id ${id}`);
    return thread(id);
  },
  'model/list': () => ({ data: [] }),
  'turn/start': ({ input, clientUserMessageId: clientId }) => {
    turns += 1;
    const id = `turn-${turns}`;
    turn = { id, stopped: false, deaf: false };
    const [{ text }] = input;
    setImmediate(() => {
      over(newItem('userMessage', { clientId, content: input }));
      run(/SCENARIO:([a-z0-9]+)/.exec(text)?.[1] ?? 'greet', id).catch(() => process.exit(9));
    });
    return { turn: { id, status: 'inProgress' } };
  },
  'turn/interrupt': () => {
    if (turn !== null) turn.stopped = true;
    return {};
  },
};

function thread(id: string): object {
  threadId = id;
  appendFileSync(THREADS, `${id}\n`);
  return { thread: { id }, model: 'small', approvalPolicy: 'on-request', sandbox: { type: 'readOnly' } };
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, method, params, result }: Message = JSON.parse(line);
    if (method === undefined) waiting.get(id)?.(result);
    else if (id !== undefined) {
      try {
        put({ id, result: METHODS[method]?.(params) ?? {} });
      } catch (error) {
        put({ id, error: { code: -32_600, message: (error as Error).message } });
      }
    }
  })
  .on('close', () => process.exit(0));
