import type { history as routes } from '@afield/shared/api/history.ts';
import { type LogType, logType } from '@afield/shared/api/logs.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given, words } from './given.ts';

export const historyHandlers = ({ history }: Pick<HandlerContext, 'history'>): HandlersOf<typeof routes> => ({
  searchLogs: ({ query: { type, ...rest } }) =>
    history.search({ ...given(rest), ...given({ type: words<LogType>('type', logType.options, type) }) } as never),
  getHistory: () => history.size(),
  pruneHistory: ({ body }) => history.prune(given(body)),
});
