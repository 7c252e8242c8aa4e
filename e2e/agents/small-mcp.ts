/** For tests: a server of MCP that does nothing but ask its person, and tells what they answered. */
import { createInterface } from 'node:readline';

// biome-ignore lint/suspicious/noExplicitAny: it is small, and reads what an agent writes
type Message = any;

const FORM = {
  type: 'object',
  properties: { colour: { type: 'string', enum: ['red', 'blue'] }, many: { type: 'integer' } },
  required: ['colour'],
};
const ASKS: Record<string, object> = {
  form: { message: 'Which?', requestedSchema: FORM },
  yes: { message: 'Send it?', requestedSchema: { type: 'object', properties: {} } },
  page: { mode: 'url', message: 'Log in.', url: 'https://login.example/x', elicitationId: 'e1' },
};
const tools = Object.keys(ASKS).map((name) => ({ name, description: name, inputSchema: { type: 'object', properties: {} } }));

/** Calls that wait for an answer, by the id of their question. */
const waiting = new Map<string, unknown>();
const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const METHODS: Record<string, (message: Message) => object | null> = {
  initialize: ({ params }) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'forms', version: '1' },
  }),
  'tools/list': () => ({ tools }),
  'tools/call': ({ id, params }) => {
    const asked = `ask-${id}`;
    waiting.set(asked, id);
    send({ id: asked, method: 'elicitation/create', params: ASKS[params.name] });
    return null;
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const message: Message = JSON.parse(line);
  const result = METHODS[message.method]?.(message) ?? null;
  if (result !== null) send({ id: message.id, result });
  const call = waiting.get(message.id);
  if (message.method !== undefined || call === undefined) return;
  waiting.delete(message.id);
  send({ id: call, result: { content: [{ type: 'text', text: JSON.stringify(message.result ?? message.error) }] } });
});
