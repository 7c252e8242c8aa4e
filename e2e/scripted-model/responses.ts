/** The wire of OpenAI's Responses API, streamed and whole. */
import { type Conversation, type Reply, type Tool, type Wire, words } from './turn.ts';

type Content = string | { text?: string }[];
interface Item {
  type?: string;
  role?: string;
  content?: Content;
}
interface OfferedTool {
  type?: string;
  name?: string;
  parameters?: { properties?: Tool['properties']; required?: string[] };
  /** Of a namespace. */
  tools?: OfferedTool[];
}
interface Body {
  model?: string;
  stream?: boolean;
  input?: string | Item[];
  tools?: OfferedTool[];
  text?: { format?: { type?: string } };
}

const fits = (path: string): boolean => path.endsWith('/responses');

function read(body: Body): Conversation {
  const items = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : (body.input ?? []);
  const tools = (body.tools ?? []).flatMap((tool) => (tool.type === 'namespace' ? (tool.tools ?? []) : [tool]));
  return {
    messages: items.flatMap(messageOf),
    tools: tools.flatMap(({ name, type, parameters: { properties = {}, required = [] } = {} }) =>
      name === undefined ? [] : [{ name, properties, required, ...(type === 'custom' ? { freeform: true } : {}) }],
    ),
    model: body.model ?? 'scripted',
    stream: body.stream === true,
    wantsJson: body.text?.format?.type === 'json_schema',
  };
}

function messageOf({ type = '', role, content = '' }: Item): Conversation['messages'] {
  if (type.endsWith('_output')) return [{ role: 'tool' }];
  if (type.endsWith('_call') || type === 'reasoning' || role === 'assistant') return [{ role: 'assistant' }];
  if (role !== 'user') return [];
  return [{ role, text: typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('\n') }];
}

interface OutputItem extends Record<string, unknown> {
  type: string;
  id: string;
}

const textPart = (text: string) => ({ type: 'output_text', text, annotations: [] });

function itemsOf({ id, thought, text, calls }: Reply): OutputItem[] {
  const summary = [{ type: 'summary_text', text: thought }];
  return [
    ...(thought === undefined ? [] : [{ type: 'reasoning', id: `rs_${id}`, summary, content: [], encrypted_content: 'c2NyaXB0ZWQ=' }]),
    ...(text === undefined
      ? []
      : [{ type: 'message', id: `msg_${id}`, role: 'assistant', status: 'completed', content: [textPart(text)] }]),
    ...calls.map(({ name, args }, index) => {
      const head = { call_id: `call_${id}_${index}`, name, status: 'completed' };
      return typeof args === 'string'
        ? { type: 'custom_tool_call', id: `ctc_${id}_${index}`, ...head, input: args }
        : { type: 'function_call', id: `fc_${id}_${index}`, ...head, arguments: JSON.stringify(args) };
    }),
  ];
}

function responseOf({ id, model, usage: { input, output, cached } }: Reply, status: string, items: OutputItem[]) {
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  const done = status === 'completed';
  return { id: `resp_${id}`, object: 'response', created_at: 1_700_000_000, status, model, output: items, usage: done ? usage : null };
}

const errorBody = ({ type, message }: { type: string; message: string }) => ({ error: { type, code: type, message } });

const whole = (reply: Reply) => responseOf(reply, 'completed', itemsOf(reply));

/** Server-sent events of one reply. */
function* frames(reply: Reply): Generator<string> {
  let sequence_number = 0;
  const event = (type: string, data: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...data })}\n\n`;
  const items = itemsOf(reply);
  yield event('response.created', { response: responseOf(reply, 'in_progress', []) });
  for (const [output_index, item] of items.entries()) {
    const at = { output_index, item_id: item.id };
    yield event('response.output_item.added', { output_index, item: { ...item, ...begun(item) } });
    for (const [type, data] of piecesOf(reply, item)) yield event(`response.${type}`, { ...at, ...data });
    yield event('response.output_item.done', { output_index, item });
  }
  yield event('response.completed', { response: responseOf(reply, 'completed', items) });
}

/** An item before anything of it came. */
function begun({ type }: OutputItem): object {
  if (type === 'message') return { status: 'in_progress', content: [] };
  if (type === 'reasoning') return { summary: [] };
  return { status: 'in_progress', [type === 'function_call' ? 'arguments' : 'input']: '' };
}

function* piecesOf({ text = '', thought = '' }: Reply, item: OutputItem): Generator<[string, object]> {
  if (item.type === 'message') {
    const at = { content_index: 0 };
    yield ['content_part.added', { ...at, part: textPart('') }];
    for (const delta of words(text)) yield ['output_text.delta', { ...at, delta }];
    yield ['output_text.done', { ...at, text }];
    yield ['content_part.done', { ...at, part: textPart(text) }];
  } else if (item.type === 'reasoning') {
    const at = { summary_index: 0 };
    yield ['reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } }];
    for (const delta of words(thought)) yield ['reasoning_summary_text.delta', { ...at, delta }];
    yield ['reasoning_summary_text.done', { ...at, text: thought }];
  } else {
    const [kind, field] = item.type === 'function_call' ? ['function_call_arguments', 'arguments'] : ['custom_tool_call_input', 'input'];
    yield [`${kind}.delta`, { delta: item[field] }];
    yield [`${kind}.done`, { [field]: item[field] }];
  }
}

export const responses: Wire = { fits, read, whole, frames, errorBody };
