import * as z from 'zod/mini';
import { route } from '../route.ts';
import { cols, displayName, environment, id, idParams, listOf, machineName, modelName, page, queryFlag, rows, time } from './base.ts';
import { environmentName } from './environments.ts';

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
  /** The model it was started with, or that was chosen since; null: the agent's own default. */
  model: z.nullable(z.string()),
  /** How much it may do without asking, by the agent's own name for it; null: its default. It holds after a resume too. */
  mode: z.nullable(z.string()),
  /** The named environment it was started in; null: none. */
  environment: z.nullable(z.string()),
  production: z.boolean(),
  /** What the agent itself calls this session, to go on with it; null while it has not told. */
  agent_session_id: z.nullable(z.string()),
  /** Approvals that wait. */
  pending_approvals: z.int(),
  /** What its turns have cost so far; null: unknown. */
  cost_usd: z.nullable(z.number()),
  /** No new prompt is given to the agent once it has cost so much; null: no limit of its own. */
  budget_usd: z.nullable(z.number()),
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

/** In USD. */
const budget = z.number().check(z.gt(0), z.lte(100_000));

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
  /** Default: the project's, where the agent has it, else `terminal`. */
  face: z.optional(face),
  /**
   * With a terminal on the home server itself, where the agent can be heard: it gets a chat face beside its terminal, and what it asks can
   * be answered from anywhere. Default: true.
   */
  companion: z.optional(z.boolean()),
  /** What it runs in, from the agent's `runtimes` of this face. Default: the first. */
  runtime: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** How much it may do without asking, by the agent's own name for it. Chat face only. Default: the project's, for its own agent. */
  mode: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
  /** A named environment of the config file; null: none. Default: the project's, where it is for this agent. */
  environment: z.optional(z.nullable(environmentName)),
  /** The name of an environment that is called production, once more: who starts it has seen that it is. */
  confirm: z.optional(z.string().check(z.maxLength(64))),
  budget_usd: z.optional(budget),
  /** Goes on with a session of the agent that it already has, by the agent's own id. With a terminal only where the agent can. */
  resume: z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/))),
  /** More arguments for the program. */
  args: z._default(z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(64)), []),
  cols: z._default(cols, 80),
  rows: z._default(rows, 24),
});
export type SessionCreate = z.input<typeof sessionCreate>;

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
      'environment_unknown',
      'confirmation_needed',
      'not_supported',
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
    summary: 'Rename, pin or archive; choose another model or mode of a running chat, or another budget',
    permission: 'sessions:write',
    params: idParams,
    body: z.strictObject({
      name: z.optional(displayName),
      pinned: z.optional(z.boolean()),
      archived: z.optional(z.boolean()),
      model: z.optional(modelName),
      mode: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
      /** Null: no limit of its own. */
      budget_usd: z.optional(z.nullable(budget)),
    }),
    response: session,
    errors: ['session_not_found', 'session_ended', 'not_supported', 'unavailable'],
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
  forkSession: route({
    method: 'POST',
    path: '/sessions/{id}/fork',
    summary: 'A new session of the same face that begins with all that this one knows',
    permission: 'sessions:write',
    params: idParams,
    status: 201,
    body: z.strictObject({ id: z.optional(id), name: z.optional(displayName) }),
    response: session,
    errors: ['session_not_found', 'not_supported', 'unavailable', 'too_many'],
  }),
  resumeSession: route({
    method: 'POST',
    path: '/sessions/{id}/resume',
    summary: 'Go on with a chat that has ended; the same id, the same history',
    permission: 'sessions:write',
    params: idParams,
    response: session,
    errors: ['session_not_found', 'conflict', 'not_supported', 'unavailable', 'too_many'],
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
