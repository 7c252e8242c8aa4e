/** The wire of Anthropic's Messages API, streamed and whole. */
import { type Conversation, type Reply, type Tool, type Wire, words } from './turn.ts';

interface Block {
  type: string;
  text?: string;
}
interface Body {
  model?: string;
  stream?: boolean;
  messages?: { role: string; content: string | Block[] }[];
  tools?: { name?: string; input_schema?: { properties?: Tool['properties']; required?: string[] } }[];
  output_config?: { format?: unknown };
}

const fits = (path: string): boolean => path.endsWith('/v1/messages');

function read(body: Body): Conversation {
  const messages: Conversation['messages'] = [];
  for (const { role, content } of body.messages ?? []) {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    if (role === 'assistant') {
      messages.push({ role: 'assistant' });
      continue;
    }
    if (blocks.some((block) => block.type === 'tool_result')) messages.push({ role: 'tool' });
    const text = blocks
      .filter((block) => block.type === 'text')
      .map((block) => block.text ?? '')
      .join('\n');
    if (text !== '') messages.push({ role: 'user', text });
  }
  const tools = (body.tools ?? []).flatMap(({ name, input_schema: schema }) =>
    name === undefined ? [] : [{ name, properties: schema?.properties ?? {}, required: schema?.required ?? [] }],
  );
  return {
    messages,
    tools,
    model: body.model ?? 'scripted',
    stream: body.stream === true,
    wantsJson: body.output_config?.format !== undefined,
  };
}

const SIGNATURE = Buffer.from('scripted').toString('base64');
const usageOf = ({ usage }: Reply) => ({
  input_tokens: usage.input,
  output_tokens: usage.output,
  cache_read_input_tokens: usage.cached,
  cache_creation_input_tokens: 0,
});
const headOf = (reply: Reply) => ({ id: `msg_${reply.id}`, type: 'message', role: 'assistant', model: reply.model, stop_sequence: null });
const stopOf = (reply: Reply) => (reply.calls.length > 0 ? 'tool_use' : 'end_turn');
const toolOf = (reply: Reply, index: number) => {
  const call = reply.calls[index];
  return { type: 'tool_use', id: `toolu_${reply.id}_${index}`, name: call?.name, input: call?.args };
};

const whole = (reply: Reply) => ({
  ...headOf(reply),
  content: [
    ...(reply.thought ? [{ type: 'thinking', thinking: reply.thought, signature: SIGNATURE }] : []),
    ...(reply.text ? [{ type: 'text', text: reply.text }] : []),
    ...reply.calls.map((_, index) => toolOf(reply, index)),
  ],
  stop_reason: stopOf(reply),
  usage: usageOf(reply),
});

const errorBody = (error: { type: string; message: string }) => ({ type: 'error', error, request_id: 'req_scripted' });

/** Server-sent events of one reply. */
function* frames(reply: Reply): Generator<string> {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  let index = 0;
  const block = function* (start: object, deltas: object[]) {
    yield event('content_block_start', { index, content_block: start });
    for (const delta of deltas) yield event('content_block_delta', { index, delta });
    yield event('content_block_stop', { index: index++ });
  };
  yield event('message_start', {
    message: { ...headOf(reply), content: [], stop_reason: null, usage: { ...usageOf(reply), output_tokens: 1 } },
  });
  if (reply.thought)
    yield* block({ type: 'thinking', thinking: '', signature: '' }, [
      ...words(reply.thought).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: SIGNATURE },
    ]);
  if (reply.text)
    yield* block(
      { type: 'text', text: '' },
      words(reply.text).map((text) => ({ type: 'text_delta', text })),
    );
  for (const call of reply.calls.keys()) {
    const tool = toolOf(reply, call);
    yield* block({ ...tool, input: {} }, [{ type: 'input_json_delta', partial_json: JSON.stringify(tool.input) }]);
  }
  yield event('message_delta', { delta: { stop_reason: stopOf(reply), stop_sequence: null }, usage: usageOf(reply) });
  yield event('message_stop', {});
}

export const anthropic: Wire = { fits, read, whole, frames, errorBody };
