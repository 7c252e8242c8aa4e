import type { Conversation, Turn } from './turn.ts';

/** A prompt picks its scenario with `SCENARIO:<name>`; `step` counts the answered tool calls since then. */
type Scenario = (step: number) => Turn;

const done = (name: string): Turn => ({ text: `Done with the ${name} scenario.` });
const failing = (status: number, type: string, message: string): Scenario => {
  return () => ({ error: { status, type, message } });
};

const SCENARIOS: Record<string, Scenario> = {
  greet: () => ({ text: 'Hello from the scripted model. Nothing was changed.' }),
  /** A new file: every agent asks before it writes one. */
  edit: (step) =>
    step === 0
      ? { text: 'I will create hello.txt.', calls: [{ op: 'write', path: 'hello.txt', content: 'hello\nfrom the scripted model\n' }] }
      : done('edit'),
  bash: (step) =>
    step === 0
      ? { text: 'Running a command.', calls: [{ op: 'bash', command: 'touch made-by-bash && ls', why: 'Make a file and list' }] }
      : done('bash'),
  think: () => ({ thought: 'First I look at the request. Then I answer it.', text: 'I have thought about it.' }),
  /** An existing file, after it was read. */
  change: (step) =>
    [
      { text: 'Reading first.', calls: [{ op: 'read', path: 'README.md' }] } satisfies Turn,
      { calls: [{ op: 'edit', path: 'README.md', from: '# demo', to: '# demo, changed' }] } satisfies Turn,
    ][step] ?? done('change'),
  /** Two questions in one turn. */
  two: (step) =>
    step === 0
      ? {
          text: 'Two commands.',
          calls: [
            { op: 'bash', command: 'touch one.tmp', why: 'Make one' },
            { op: 'bash', command: 'touch two.tmp', why: 'Make two' },
          ],
        }
      : done('two'),
  long: (step) =>
    step === 0
      ? {
          text: 'This takes a while.',
          calls: [{ op: 'bash', command: 'for i in 1 2 3 4; do echo tick $i; sleep 1; done', why: 'Count slowly' }],
        }
      : done('long'),
  todo: (step) =>
    step === 0
      ? {
          calls: [
            {
              op: 'todo',
              items: [
                { text: 'Read the code', state: 'completed' },
                { text: 'Write the fix', state: 'in_progress' },
                { text: 'Run the tests', state: 'pending' },
              ],
            },
          ],
        }
      : done('todo'),
  /** The same list, made and worked through one by one. */
  tasks: (step) =>
    [
      {
        calls: [
          { op: 'task', subject: 'Read the code', description: 'All of it' },
          { op: 'task', subject: 'Write the fix', description: 'A small one' },
        ],
      } satisfies Turn,
      {
        calls: [
          { op: 'taskstate', taskId: '1', status: 'completed' },
          { op: 'taskstate', taskId: '2', status: 'in_progress' },
        ],
      } satisfies Turn,
    ][step] ?? done('tasks'),
  ask: (step) =>
    step === 0
      ? { calls: [{ op: 'ask', question: 'Which colour should it be?', header: 'Colour', choices: ['Red', 'Blue'] }] }
      : done('ask'),
  /** A server of MCP asks. */
  form: (step) => (step === 0 ? { calls: [{ op: 'form' }] } : done('form')),
  yes: (step) => (step === 0 ? { calls: [{ op: 'yes' }] } : done('yes')),
  page: (step) => (step === 0 ? { calls: [{ op: 'page' }] } : done('page')),
  plan: (step) => (step === 0 ? { text: 'I have a plan.', calls: [{ op: 'plan', plan: '1. Read\n2. Write\n3. Test' }] } : done('plan')),
  /** Another agent is asked, which says its greeting. */
  agent: (step) => (step === 0 ? { calls: [{ op: 'agent', prompt: 'SCENARIO:greet', why: 'Greet for me' }] } : done('agent')),
  hang: () => ({ hang: true }),
  /** Streams for about 20 s: to be interrupted. */
  slow: () => ({ text: Array.from({ length: 80 }, (_, index) => `word${index + 1}`).join(' '), chunkMs: 250 }),
  e401: failing(401, 'authentication_error', 'invalid x-api-key (scripted)'),
  e400: failing(400, 'invalid_request_error', 'prompt is too long (scripted)'),
  e429: failing(429, 'rate_limit_error', 'rate limited (scripted)'),
  e529: failing(529, 'overloaded_error', 'Overloaded (scripted)'),
};

/** The scenario that the conversation is in, and how far along it is. */
function locate({ messages }: Conversation): { name: string; step: number } {
  const at = messages.findLastIndex(({ role, text }) => role === 'user' && /SCENARIO:/i.test(text ?? ''));
  const name = messages[at]?.text?.match(/SCENARIO:([a-z0-9]+)(?![\s\S]*SCENARIO:)/i)?.[1]?.toLowerCase() ?? '';
  let step = 0;
  let open = false;
  for (const { role } of messages.slice(at + 1)) {
    // several calls in one assistant turn are one step
    if (role === 'tool' && open) step += 1;
    open = role === 'assistant';
  }
  return { name, step };
}

/** What the model says next. Requests without tools are titles and the like. */
export function nextTurn(conversation: Conversation): Turn & { step: number } {
  if (conversation.tools.length === 0) return { step: 0, text: conversation.wantsJson ? '{"title":"Scripted title"}' : 'Scripted title' };
  const { name, step } = locate(conversation);
  const scenario = SCENARIOS[name] ?? (() => ({ text: 'No scenario was named. Use SCENARIO:greet in the prompt.' }));
  return { step, ...scenario(step) };
}
