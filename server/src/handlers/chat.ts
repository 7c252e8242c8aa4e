import type { chat as routes } from '@afield/shared/api/chat.ts';
import type { prompts } from '@afield/shared/api/prompts.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';
import { asEventStream } from './prompt-stream.ts';

type Needs = Pick<HandlerContext, 'sessions' | 'prompts'>;

export const chatHandlers = ({ sessions, prompts: streams }: Needs): HandlersOf<typeof routes & typeof prompts> => ({
  getMessages: ({ params, query }) => sessions.messages(params.id, given(query)),
  getMessage: ({ params }) => sessions.message(params.id, params.item_id),
  getChat: ({ params }) => sessions.chat(params.id),
  getAttachment: ({ params, query }) => sessions.attachment(params.id, params.attachment_id, given(query)),
  promptSession: ({ params, body }) => sessions.prompt(params.id, body),
  streamPrompt: async ({ params, body, identity, signal }) =>
    asEventStream(await streams.stream({ session_id: params.id, prompt: body, identity, signal })),
  getQueue: ({ params }) => ({ items: sessions.queue(params.id), next_cursor: null }),
  getPrompt: ({ params }) => sessions.promptOf(params.id, params.prompt_id),
  updateQueued: ({ params, body }) => sessions.updateQueued(params.id, params.prompt_id, given(body)),
  withdrawQueued: ({ params, identity }) => sessions.withdraw(params.id, params.prompt_id, identity.device_name),
});
