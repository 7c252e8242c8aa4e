import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, idParams, listOf, page, queryInt, time } from './base.ts';

/** What a tool does, whatever its agent calls it (the kinds of ACP 1, with `plan` and `agent` beside them). */
export const toolKind = z.enum(['read', 'edit', 'delete', 'move', 'search', 'execute', 'think', 'fetch', 'plan', 'agent', 'other']);
export type ToolKind = z.infer<typeof toolKind>;

/** One file as it was and as it is to be. `before` null: it is new; `after` null: it goes. Cut to 200 kB each, then `cut`. Hostile text. */
export const fileDiff = z.object({ path: z.string(), before: z.nullable(z.string()), after: z.nullable(z.string()), cut: z.boolean() });
export type FileDiff = z.infer<typeof fileDiff>;

export const planStep = z.object({ text: z.string(), state: z.enum(['next', 'now', 'done']) });
export type PlanStep = z.infer<typeof planStep>;

/** What was given with a prompt. Its bytes are kept at home. */
export const attachment = z.object({ id, name: z.string(), media_type: z.string(), size_bytes: z.int() });
export type Attachment = z.infer<typeof attachment>;

const item = { id, session_id: id, created_at: time, updated_at: time };

/**
 * One thing in the chat face. Everything that is text comes from an agent or a person and is hostile. `open`: more of it may come; an
 * item that an end of its agent left open is `cut`.
 */
export const chatItem = z.discriminatedUnion('kind', [
  z.object({
    ...item,
    kind: z.literal('message'),
    role: z.enum(['user', 'agent']),
    state: z.enum(['open', 'done', 'cut']),
    /** Markdown. */
    text: z.string(),
    /** Of a user's message that was given through Afield. */
    prompt_id: z.nullable(id),
    attachments: z.array(attachment),
  }),
  z.object({ ...item, kind: z.literal('thought'), state: z.enum(['open', 'done', 'cut']), text: z.string() }),
  z.object({
    ...item,
    kind: z.literal('tool'),
    state: z.enum(['pending', 'running', 'done', 'failed', 'cut']),
    tool_kind: toolKind,
    /** As the agent calls it: `Bash`, `write_file`. */
    name: z.string(),
    /** One line: the command, the path, what it looks for. */
    title: z.string(),
    /** What it was given, as text; null while nothing is known. */
    input: z.nullable(z.string()),
    /** What it gave back: its last 64 kB. `output_bytes` counts all of it. */
    output: z.string(),
    output_bytes: z.int(),
    diffs: z.array(fileDiff),
    /** Files it works on, with a line where that is known. */
    locations: z.array(z.object({ path: z.string(), line: z.nullable(z.int()) })),
  }),
  z.object({ ...item, kind: z.literal('plan'), steps: z.array(planStep) }),
  /** Something that the agent or its runtime tells: a retry, a warning, an error, a kind of update that we do not know. */
  z.object({ ...item, kind: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), text: z.string() }),
  /** Where an approval stood; the approval itself is asked for by its id. */
  z.object({ ...item, kind: z.literal('approval'), approval_id: id }),
]);
export type ChatItem = z.infer<typeof chatItem>;

/** A model, a mode or a slash command, as the agent reports it. Hostile text. */
export const choice = z.object({ id: z.string(), name: z.string(), description: z.nullable(z.string()) });
export type Choice = z.infer<typeof choice>;

/** What the agent of a chat can do, as far as it told. */
export const chatAbilities = z.object({
  /** A prompt may be given while it works. */
  steer: z.boolean(),
  images: z.boolean(),
  files: z.boolean(),
  fork: z.boolean(),
  /** It goes on after an end of its process or of the home server. */
  resume: z.boolean(),
  /** Model and mode may be changed while it runs. */
  model: z.boolean(),
  mode: z.boolean(),
});
export type ChatAbilities = z.infer<typeof chatAbilities>;

/** The chat face beside its items. */
export const chatState = z.object({
  session_id: id,
  can: chatAbilities,
  model: z.nullable(z.string()),
  models: z.array(choice),
  mode: z.nullable(z.string()),
  modes: z.array(choice),
  commands: z.array(choice),
  /** The plan that holds now; null: none. */
  plan: z.nullable(z.array(planStep)),
  /** Version of the agent, and whether it is one that Afield was tested with. */
  version: z.nullable(z.string()),
  version_note: z.nullable(z.string()),
});
export type ChatState = z.infer<typeof chatState>;

export const chat = {
  getMessages: route({
    method: 'GET',
    path: '/sessions/{id}/messages',
    summary: 'The chat face of a session: newest page first, each page in order',
    permission: 'sessions:read',
    params: idParams,
    query: z.object(page),
    response: listOf(chatItem),
    errors: ['session_not_found'],
  }),
  getMessage: route({
    method: 'GET',
    path: '/sessions/{id}/messages/{item_id}',
    summary: 'One item of the chat face, as it is now',
    permission: 'sessions:read',
    params: z.object({ id, item_id: id }),
    response: chatItem,
    errors: ['session_not_found', 'not_found'],
  }),
  getChat: route({
    method: 'GET',
    path: '/sessions/{id}/chat',
    summary: 'What the chat face has beside its messages: plan, models, modes, slash commands, abilities',
    permission: 'sessions:read',
    params: idParams,
    response: chatState,
    errors: ['session_not_found', 'not_supported'],
  }),
  /**
   * Always octets to be saved, whatever `media_type` says: a browser that is led here runs nothing. All of it fits one answer of the link;
   * in pieces, though, it holds up nothing else on a slow line. From its end on there are no bytes.
   */
  getAttachment: route({
    method: 'GET',
    path: '/sessions/{id}/attachments/{attachment_id}',
    summary: 'The bytes of what was given with a prompt, whole or a part',
    permission: 'sessions:read',
    params: z.object({ id, attachment_id: id }),
    query: z.object({
      /** Position of the first byte. Default: 0. */
      from: z._default(queryInt(0, 100_000_000), 0),
      /** At most so many. Default: all. */
      bytes: z.optional(queryInt(1, 100_000_000)),
    }),
    produces: 'application/octet-stream',
    errors: ['session_not_found', 'not_found'],
  }),
};
