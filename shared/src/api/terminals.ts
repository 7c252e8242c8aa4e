/** The terminal of a session without the link: what is typed into it, how large it is, what it shows. */
import * as z from 'zod/mini';
import { route } from '../route.ts';
import { cols, idParams, queryInt, rows } from './base.ts';
import { session } from './sessions.ts';

/** Keys for the terminal: text in UTF-8, or any bytes in base64. One of the two. */
const inputBody = z.union([
  z.strictObject({ text: z.string().check(z.maxLength(65_536)) }),
  z.strictObject({ base64: z.base64().check(z.maxLength(90_000)) }),
]);

export const terminals = {
  inputSession: route({
    method: 'POST',
    path: '/sessions/{id}/input',
    summary: 'Type into the terminal',
    permission: 'sessions:input',
    params: idParams,
    body: inputBody,
    errors: ['session_not_found', 'session_ended'],
  }),
  resizeSession: route({
    method: 'POST',
    path: '/sessions/{id}/resize',
    summary: 'Resize the terminal; takes the size lease',
    permission: 'sessions:input',
    params: idParams,
    body: z.strictObject({ cols, rows }),
    response: session,
    errors: ['session_not_found', 'session_ended'],
  }),
  getOutput: route({
    method: 'GET',
    path: '/sessions/{id}/output',
    summary: 'The screen as it is now',
    permission: 'sessions:read',
    params: idParams,
    query: z.object({ format: z._default(z.enum(['text', 'ansi', 'html']), 'text'), scrollback: z._default(queryInt(0, 10_000), 0) }),
    response: z.object({
      cols,
      rows,
      offset: z.int(),
      cursor: z.object({ x: z.int(), y: z.int() }),
      format: z.string(),
      screen: z.string(),
    }),
    errors: ['session_not_found'],
  }),
};
