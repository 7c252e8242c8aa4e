import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, idParams, listOf, time } from './base.ts';
import { attachment } from './chat.ts';

/**
 * `home`: stored. `accepted`: written to the agent. `consumed`: the agent shows that it took it. `stuck`: could not be delivered.
 * `withdrawn`: somebody took it back before that.
 */
export const deliveryState = z.enum(['home', 'accepted', 'consumed', 'stuck', 'withdrawn']);
export type DeliveryState = z.infer<typeof deliveryState>;
export const prompt = z.object({
  id,
  session_id: id,
  content: z.string(),
  attachments: z.array(attachment),
  state: deliveryState,
  /** Why it is stuck, or waits. */
  reason: z.nullable(z.string()),
  created_at: time,
});
export type Prompt = z.infer<typeof prompt>;

/** Bytes that go with a prompt. `name` is for people; nothing is ever stored under it. At most 5 MB each. */
const givenAttachment = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(200)),
  media_type: z.string().check(z.maxLength(100), z.regex(/^[a-z]+\/[a-z0-9.+-]+$/)),
  base64: z.base64().check(z.maxLength(7_000_000)),
});
export type GivenAttachment = z.infer<typeof givenAttachment>;

const promptBody = z.strictObject({
  id,
  content: z.string().check(z.minLength(1), z.maxLength(100_000)),
  /** `now`: at once, into the turn that goes on, where the agent can; else before everything that waits. */
  priority: z._default(z.enum(['normal', 'now']), 'normal'),
  attachments: z._default(z.array(givenAttachment).check(z.maxLength(8)), []),
});

export const prompts = {
  promptSession: route({
    method: 'POST',
    path: '/sessions/{id}/prompt',
    summary: 'Send a message to the agent; the same id again is answered from the record',
    permission: 'sessions:input',
    params: idParams,
    status: 202,
    body: promptBody,
    response: prompt,
    errors: ['session_not_found', 'session_ended', 'conflict', 'not_supported', 'too_large'],
  }),
  streamPrompt: route({
    method: 'POST',
    path: '/sessions/{id}/prompt/stream',
    summary: 'Send a message and hear what comes of it as server-sent events: text, tool, approval, complete, error; chat face only',
    permission: 'sessions:input',
    params: idParams,
    body: promptBody,
    produces: 'text/event-stream',
    errors: ['session_not_found', 'session_ended', 'conflict', 'not_supported', 'too_large', 'forbidden'],
  }),
  getQueue: route({
    method: 'GET',
    path: '/sessions/{id}/queue',
    summary: 'Prompts that are stored and not yet given to the agent, in order',
    permission: 'sessions:read',
    params: idParams,
    response: listOf(prompt),
    errors: ['session_not_found'],
  }),
  getPrompt: route({
    method: 'GET',
    path: '/sessions/{id}/prompts/{prompt_id}',
    summary: 'One prompt as it is now, also after it left the queue: whoever sent it asks what became of it',
    permission: 'sessions:read',
    params: z.object({ id, prompt_id: id }),
    response: prompt,
    errors: ['session_not_found', 'prompt_not_found'],
  }),
  updateQueued: route({
    method: 'PATCH',
    path: '/sessions/{id}/queue/{prompt_id}',
    summary: 'Change the text of a prompt that waits, move it, or give it now',
    permission: 'sessions:input',
    params: z.object({ id, prompt_id: id }),
    body: z.strictObject({
      content: z.optional(z.string().check(z.minLength(1), z.maxLength(100_000))),
      /** Place among those that wait, from 0. */
      position: z.optional(z.int().check(z.gte(0), z.lte(1000))),
      priority: z.optional(z.enum(['normal', 'now'])),
    }),
    response: prompt,
    errors: ['session_not_found', 'session_ended', 'prompt_not_found', 'conflict', 'not_supported'],
  }),
  withdrawQueued: route({
    method: 'DELETE',
    path: '/sessions/{id}/queue/{prompt_id}',
    summary: 'Take back a prompt that waits',
    permission: 'sessions:input',
    params: z.object({ id, prompt_id: id }),
    response: prompt,
    errors: ['session_not_found', 'prompt_not_found', 'conflict'],
  }),
};
