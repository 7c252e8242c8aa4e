import type { logs } from '@afield/shared/api/logs.ts';
import { type LogType, logType } from '@afield/shared/api/logs.ts';
import type { probes } from '@afield/shared/api/probes.ts';
import type { sessions as routes } from '@afield/shared/api/sessions.ts';
import { type SessionStatus, sessionStatus } from '@afield/shared/api/sessions.ts';
import type { terminals } from '@afield/shared/api/terminals.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { lastEventId } from './events.ts';
import { given, words } from './given.ts';

const STATUSES: readonly string[] = sessionStatus.options;
const LOG_TYPES: readonly string[] = logType.options;

export const sessionHandlers = ({
  sessions,
  streams,
}: Pick<HandlerContext, 'sessions' | 'streams'>): HandlersOf<typeof routes & typeof terminals & typeof probes & typeof logs> => ({
  createSession: ({ body }) => sessions.create(given(body)),
  listSessions: ({ query: { status, ...rest } }) =>
    sessions.list({ ...given(rest), ...given({ status: words<SessionStatus>('status', STATUSES, status) }) } as never),
  getSession: ({ params }) => sessions.get(params.id),
  updateSession: ({ params, body }) => sessions.update(params.id, given(body)),
  adoptSession: ({ body }) => sessions.adopt(given(body)),
  probeSession: ({ params }) => sessions.probe(params.id),
  deleteSession: async ({ params, query, identity }) => {
    if (query.release) return sessions.release(params.id, identity.device_name);
    const stopped = await sessions.stop(params.id, identity.device_name);
    if (!query.purge) return stopped;
    await sessions.purge(params.id);
    return null;
  },
  forkSession: ({ params, body }) => sessions.fork(params.id, given(body)),
  resumeSession: ({ params }) => sessions.resume(params.id),
  cancelSession: ({ params }) => sessions.cancel(params.id),
  inputSession: async ({ params, body }) => {
    await sessions.input(params.id, 'text' in body ? Buffer.from(body.text, 'utf8') : Buffer.from(body.base64, 'base64'));
  },
  resizeSession: ({ params, body, identity }) => sessions.resize(params.id, body, identity.device_name),
  getOutput: async ({ params, query }) => ({
    ...(await sessions.output(params.id, query.format, query.scrollback)),
    format: query.format,
  }),
  getLogs: ({ params, query: { type, ...rest } }) =>
    sessions.logs(params.id, { ...given(rest), ...given({ type: words<LogType>('type', LOG_TYPES, type) }) } as never),
  getRecording: ({ params }) => sessions.recording(params.id),
  sessionEvents: ({ params, headers, identity, signal }) => {
    sessions.get(params.id);
    return streams.open({ identity, since: lastEventId(headers), session_id: params.id, signal });
  },
});
