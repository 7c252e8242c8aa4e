import * as z from 'zod/mini';
import { route } from '../route.ts';
import {
  cols,
  displayName,
  environment,
  id,
  idParams,
  listOf,
  machineName,
  modelName,
  page,
  queryFlag,
  queryInt,
  rows,
  time,
} from './base.ts';

/**
 * `idle` waits for input, `waiting` waits for an approval or an answer on its screen, `lost`: its process vanished.
 * The last four are ends.
 */
export const sessionStatus = z.enum(['starting', 'busy', 'idle', 'waiting', 'finished', 'failed', 'cancelled', 'lost']);
export type SessionStatus = z.infer<typeof sessionStatus>;
export const ENDED: ReadonlySet<SessionStatus> = new Set(['finished', 'failed', 'cancelled', 'lost']);

export const activity = z.enum(['thinking', 'reading', 'editing', 'running', 'searching', 'planning']);
export type Activity = z.infer<typeof activity>;
export const face = z.enum(['terminal', 'chat']);

/** Who decides the size of the terminal now (protocol 3.6). */
export const lease = z.object({ viewer: z.string(), device_name: z.string(), cols, rows });
export type Lease = z.infer<typeof lease>;

export const session = z.object({
  id,
  name: z.string(),
  agent: z.string(),
  machine: z.string(),
  project_id: z.nullable(id),
  cwd: z.string(),
  faces: z.array(face),
  /** `tmux` outlives the home server, `pty` ends with it. */
  runtime: z.string(),
  survives_restart: z.boolean(),
  /** It ran in the user's own tmux before it became a session. */
  adopted: z.boolean(),
  /** One line to type on its machine to look at it without Afield; null where there is none. */
  attach_command: z.nullable(z.string()),
  /** The model it was started with; null: the agent's own default. */
  model: z.nullable(z.string()),
  status: sessionStatus,
  /** One sentence: why it failed, was lost, or what it waits for. Made by the server, never an agent's text. */
  status_reason: z.nullable(z.string()),
  activity: z.nullable(activity),
  /** The window title that the program set, made printable and cut to 200 characters. Hostile text. */
  title: z.nullable(z.string()),
  cols,
  rows,
  lease: z.nullable(lease),
  viewers: z.int(),
  pid: z.nullable(z.int()),
  exit_code: z.nullable(z.int()),
  /** Bytes that the terminal has printed so far: the end of the byte log. */
  output_bytes: z.int(),
  /** Of these: printed while the home server or the line to the machine was away, and fetched later. */
  recovered_bytes: z.int(),
  created_at: time,
  updated_at: time,
  ended_at: z.nullable(time),
  last_output_at: z.nullable(time),
  /** The last hour in 26 bars, oldest first: 0 quiet, 1 to 8 height of activity, 9 waited for its person. */
  track: z.array(z.int()),
  pinned: z.boolean(),
  archived: z.boolean(),
});
export type Session = z.infer<typeof session>;

export const sessionCreate = z.strictObject({
  /** Made by the caller so that a repeated create is answered from the record. Default: made by the server. */
  id: z.optional(id),
  /** Default: the project's. */
  agent: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** Absolute, or `~/…`. Default: the project's, else the home directory. */
  cwd: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
  project_id: z.optional(id),
  /** Default: the project's, else the home server itself. */
  machine: z.optional(machineName),
  /** Default: the project's, else the agent's own. */
  model: z.optional(modelName),
  /** Wins over the project's. */
  env: z.optional(environment),
  name: z.optional(displayName),
  /** Given to the agent as soon as it is ready. */
  prompt: z.optional(z.string().check(z.maxLength(100_000))),
  face: z._default(face, 'terminal'),
  /** More arguments for the program. */
  args: z._default(z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(64)), []),
  cols: z._default(cols, 80),
  rows: z._default(rows, 24),
});
export type SessionCreate = z.input<typeof sessionCreate>;

/** `home`: stored. `accepted`: written to the agent. `consumed`: the agent shows that it took it. `stuck`: could not be delivered. */
export const deliveryState = z.enum(['home', 'accepted', 'consumed', 'stuck']);
export type DeliveryState = z.infer<typeof deliveryState>;
export const prompt = z.object({ id, session_id: id, content: z.string(), state: deliveryState, created_at: time });
export type Prompt = z.infer<typeof prompt>;

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

/** Keys for the terminal: text in UTF-8, or any bytes in base64. One of the two. */
const inputBody = z.union([
  z.strictObject({ text: z.string().check(z.maxLength(65_536)) }),
  z.strictObject({ base64: z.base64().check(z.maxLength(90_000)) }),
]);

export const sessions = {
  createSession: route({
    method: 'POST',
    path: '/sessions',
    summary: 'Start an agent',
    permission: 'sessions:write',
    status: 201,
    body: sessionCreate,
    response: session,
    errors: [
      'agent_unknown',
      'agent_not_installed',
      'cwd_missing',
      'start_failed',
      'project_not_found',
      'machine_not_found',
      'machine_unreachable',
      'too_many',
    ],
  }),
  adoptSession: route({
    method: 'POST',
    path: '/sessions/adopt',
    summary: "Make a session of a program that runs in the user's own tmux; it is not restarted",
    permission: 'sessions:write',
    status: 201,
    body: z.strictObject({
      id: z.optional(id),
      machine: z._default(machineName, 'local'),
      /** From `listAdoptable`. */
      socket: z.string().check(z.minLength(1), z.maxLength(1024)),
      pane: z.string().check(z.regex(/^%\d{1,9}$/)),
      name: z.optional(displayName),
      /** Whose rules read its state. Default: found by its command, else `shell`. */
      agent: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
      project_id: z.optional(id),
    }),
    response: session,
    errors: ['machine_not_found', 'machine_unreachable', 'not_found', 'conflict', 'agent_unknown', 'project_not_found', 'too_many'],
  }),
  listSessions: route({
    method: 'GET',
    path: '/sessions',
    summary: 'Sessions, newest first; archived ones only when asked for',
    permission: 'sessions:read',
    query: z.object({
      ...page,
      status: z.optional(z.string().check(z.maxLength(200))),
      agent: z.optional(z.string().check(z.maxLength(64))),
      project_id: z.optional(id),
      machine: z.optional(machineName),
      /** Part of the name or the directory. */
      q: z.optional(z.string().check(z.maxLength(200))),
      archived: z._default(queryFlag, false),
    }),
    response: listOf(session),
  }),
  getSession: route({
    method: 'GET',
    path: '/sessions/{id}',
    summary: 'One session',
    permission: 'sessions:read',
    params: idParams,
    response: session,
    errors: ['session_not_found'],
  }),
  updateSession: route({
    method: 'PATCH',
    path: '/sessions/{id}',
    summary: 'Rename, pin or archive',
    permission: 'sessions:write',
    params: idParams,
    body: z.strictObject({ name: z.optional(displayName), pinned: z.optional(z.boolean()), archived: z.optional(z.boolean()) }),
    response: session,
    errors: ['session_not_found'],
  }),
  deleteSession: route({
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'Stop the agent; with purge, delete the ended session and its history; with release, let go of an adopted one that goes on',
    permission: 'sessions:write',
    params: idParams,
    query: z.object({ purge: z._default(queryFlag, false), release: z._default(queryFlag, false) }),
    response: z.nullable(session),
    errors: ['session_not_found', 'session_ended', 'conflict', 'unavailable'],
  }),
  promptSession: route({
    method: 'POST',
    path: '/sessions/{id}/prompt',
    summary: 'Send a message to the agent; the same id again is answered from the record',
    permission: 'sessions:input',
    params: idParams,
    status: 202,
    body: z.strictObject({
      id,
      content: z.string().check(z.minLength(1), z.maxLength(100_000)),
      priority: z._default(z.enum(['normal', 'now']), 'normal'),
    }),
    response: prompt,
    errors: ['session_not_found', 'session_ended'],
  }),
  cancelSession: route({
    method: 'POST',
    path: '/sessions/{id}/cancel',
    summary: 'Interrupt what the agent does now; the session goes on',
    permission: 'sessions:input',
    params: idParams,
    response: session,
    errors: ['session_not_found', 'session_ended'],
  }),
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
  sessionEvents: route({
    method: 'GET',
    path: '/sessions/{id}/events',
    summary: 'Events of one session as server-sent events; resumes with Last-Event-ID',
    permission: 'sessions:read',
    params: idParams,
    produces: 'text/event-stream',
    errors: ['session_not_found'],
  }),
};
