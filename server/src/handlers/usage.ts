import type { environments } from '@afield/shared/api/environments.ts';
import type { usage as routes } from '@afield/shared/api/usage.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';

export const usageHandlers = ({ usage }: Pick<HandlerContext, 'usage'>): HandlersOf<typeof routes> => ({
  getUsage: ({ query }) => usage.report(given(query)),
  getSessionUsage: ({ params }) => usage.session(params.id),
});

export const environmentHandlers = (context: Pick<HandlerContext, 'environments'>): HandlersOf<typeof environments> => ({
  listEnvironments: () => ({ items: context.environments.list(), next_cursor: null }),
  checkEnvironment: ({ params }) => context.environments.check(params.name),
});
