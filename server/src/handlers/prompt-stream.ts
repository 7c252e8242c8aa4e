/** What comes of a prompt, as server-sent events (HTML standard, section 9.2): `prompt`, `text`, `tool`, `approval`, `complete`, `error`. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { PromptStream } from '../core/prompts/prompt-stream.ts';

const format = (name: string, data: unknown) => Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

/** What goes wrong once it streams is its last event. */
export async function* asEventStream({ prompt, pieces }: PromptStream): AsyncGenerator<Uint8Array> {
  yield format('prompt', prompt);
  try {
    for await (const { kind, ...rest } of pieces) yield format(kind, rest);
  } catch (error) {
    if (!(error instanceof AfieldError)) throw error;
    yield format('error', error.toProblem());
  }
}
