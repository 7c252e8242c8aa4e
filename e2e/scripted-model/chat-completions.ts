/** The wire of OpenAI's Chat Completions API, streamed and whole. */
import { type Conversation, type Reply, type Tool, type Wire, words } from './turn.ts';

type Content = string | { type?: string; text?: string }[] | null;
interface Body {
  model?: string;
  stream?: boolean;
  messages?: { role: string; content?: Content }[];
  tools?: { function?: { name?: string; parameters?: { properties?: Tool['properties']; required?: string[] } } }[];
  response_format?: { type?: string };
}

const fits = (path: string): boolean => path.endsWith('/chat/completions');

function read(body: Body): Conversation {
  return {
    messages: (body.messages ?? []).flatMap(({ role, content }): Conversation['messages'] => {
      if (role === 'user') return [{ role, text: textOf(content) }];
      return role === 'assistant' || role === 'tool' ? [{ role }] : [];
    }),
    tools: (body.tools ?? []).flatMap(({ function: tool }) => {
      const { properties = {}, required = [] } = tool?.parameters ?? {};
      return tool?.name === undefined ? [] : [{ name: tool.name, properties, required }];
    }),
    model: body.model ?? 'scripted',
    stream: body.stream === true,
    wantsJson: /json/.test(body.response_format?.type ?? ''),
  };
}

const textOf = (content: Content | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');

const headOf = ({ id, model }: Reply, object: string) => ({ id: `chatcmpl-${id}`, object, created: 1_700_000_000, model });
const stopOf = ({ calls }: Reply) => (calls.length > 0 ? 'tool_calls' : 'stop');
const callsOf = ({ id, calls }: Reply) =>
  calls.map(({ name, args }, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }));
const usageOf = ({ usage: { input, output, cached } }: Reply) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached },
});

const errorBody = ({ type, message }: { type: string; message: string }) => ({ error: { type, code: type, message } });

const whole = (reply: Reply) => ({
  ...headOf(reply, 'chat.completion'),
  choices: [
    {
      index: 0,
      finish_reason: stopOf(reply),
      message: { role: 'assistant', content: reply.text ?? null, ...(reply.calls.length > 0 ? { tool_calls: callsOf(reply) } : {}) },
    },
  ],
  usage: usageOf(reply),
});

/** Server-sent events of one reply. */
function* frames(reply: Reply): Generator<string> {
  const event = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...headOf(reply, 'chat.completion.chunk'), choices, ...more })}\n\n`;
  const chunk = (delta: object, finish_reason: string | null = null) => event([{ index: 0, delta, finish_reason }]);
  yield chunk({ role: 'assistant', content: '' });
  for (const reasoning_content of words(reply.thought ?? '')) yield chunk({ reasoning_content });
  for (const content of words(reply.text ?? '')) yield chunk({ content });
  for (const call of callsOf(reply)) yield chunk({ tool_calls: [call] });
  yield chunk({}, stopOf(reply));
  yield event([], { usage: usageOf(reply) });
  yield 'data: [DONE]\n\n';
}

export const chatCompletions: Wire = { fits, read, whole, frames, errorBody };
