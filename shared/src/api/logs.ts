import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, idParams, listOf, page, queryFlag, queryInt, time } from './base.ts';

/** `output` holds what became visible on the screen since the entry before it, as plain text. */
export const logType = z.enum(['state', 'probe', 'output', 'tool', 'message', 'approval', 'input', 'system']);
export type LogType = z.infer<typeof logType>;
export const logEntry = z.object({
  seq: z.int(),
  session_id: id,
  timestamp: time,
  type: logType,
  text: z.string(),
  detail: z.optional(z.record(z.string(), z.unknown())),
});
export type LogEntry = z.infer<typeof logEntry>;

export const logs = {
  getLogs: route({
    method: 'GET',
    path: '/sessions/{id}/logs',
    summary: 'What happened in a session, newest page first, each page in order',
    permission: 'sessions:read',
    params: idParams,
    query: z.object({
      ...page,
      /** Only entries after this seq. */
      since: z.optional(queryInt(0, Number.MAX_SAFE_INTEGER)),
      /** Only entries before this seq. */
      before: z.optional(queryInt(0, Number.MAX_SAFE_INTEGER)),
      /** The oldest of them instead of the newest: to go on from a place towards the present, with `since`. */
      oldest: z._default(queryFlag, false),
      type: z.optional(z.string().check(z.maxLength(200))),
      q: z.optional(z.string().check(z.maxLength(200))),
    }),
    response: listOf(logEntry),
    errors: ['session_not_found'],
  }),
  getRecording: route({
    method: 'GET',
    path: '/sessions/{id}/recording',
    summary: 'The whole terminal session as asciicast v2',
    permission: 'sessions:read',
    params: idParams,
    produces: 'application/x-asciicast',
    errors: ['session_not_found'],
  }),
};
