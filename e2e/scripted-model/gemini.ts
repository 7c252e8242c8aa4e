/** The wire of the Gemini API, streamed and whole. */
import { type Conversation, type Reply, type Tool, type Wire, words } from './turn.ts';

interface Part {
  text?: string;
  functionResponse?: object;
}
interface Schema {
  properties?: Tool['properties'];
  required?: string[];
}
interface Body {
  contents?: { role?: string; parts?: Part[] }[];
  tools?: { functionDeclarations?: { name: string; parametersJsonSchema?: Schema; parameters?: Schema }[] }[];
  generationConfig?: { responseMimeType?: string };
}

const fits = (path: string): boolean => /:(?:streamGenerateContent|generateContent)$/.test(path);

/** Model and manner stand in the path. */
function read(body: Body, path: string): Conversation {
  return {
    messages: (body.contents ?? []).flatMap(({ role, parts = [] }): Conversation['messages'] => {
      if (role === 'model') return [{ role: 'assistant' }];
      const answered = parts.some(({ functionResponse }) => functionResponse !== undefined);
      const text = parts.map((part) => part.text ?? '').join('\n');
      return [...(answered ? [{ role: 'tool' } as const] : []), ...(text === '' ? [] : [{ role: 'user', text } as const])];
    }),
    tools: (body.tools ?? [])
      .flatMap(({ functionDeclarations = [] }) => functionDeclarations)
      .map(({ name, parametersJsonSchema, parameters }) => {
        const { properties = {}, required = [] } = parametersJsonSchema ?? parameters ?? {};
        return { name, properties, required };
      }),
    model: /models\/([^:]+):/.exec(path)?.[1] ?? 'scripted',
    stream: path.endsWith(':streamGenerateContent'),
    wantsJson: body.generationConfig?.responseMimeType === 'application/json',
  };
}

const errorBody = ({ type, message, status = 500 }: { type: string; message: string; status?: number }) => ({
  error: { code: status, message, status: type.toUpperCase() },
});

const usageOf = ({ usage: { input, output, cached } }: Reply) => ({
  promptTokenCount: input,
  candidatesTokenCount: output,
  totalTokenCount: input + output,
  cachedContentTokenCount: cached,
});
const callsOf = ({ calls }: Reply) => calls.map(({ name, args }) => ({ functionCall: { name, args } }));
const candidate = (parts: object[], finishReason?: string) => ({
  index: 0,
  content: { role: 'model', parts },
  ...(finishReason === undefined ? {} : { finishReason }),
});

const whole = (reply: Reply) => ({
  candidates: [candidate([...(reply.text === undefined ? [] : [{ text: reply.text }]), ...callsOf(reply)], 'STOP')],
  usageMetadata: usageOf(reply),
  modelVersion: reply.model,
  responseId: reply.id,
});

/** Server-sent events of one reply. */
function* frames(reply: Reply): Generator<string> {
  const event = (body: object) => `data: ${JSON.stringify({ ...body, modelVersion: reply.model, responseId: reply.id })}\n\n`;
  const part = (one: object) => event({ candidates: [candidate([one])] });
  for (const text of words(reply.thought ?? '')) yield part({ text, thought: true });
  for (const text of words(reply.text ?? '')) yield part({ text });
  for (const call of callsOf(reply)) yield part(call);
  yield event({ candidates: [candidate([{ text: '' }], 'STOP')], usageMetadata: usageOf(reply) });
}

export const gemini: Wire = { fits, read, whole, frames, errorBody };
