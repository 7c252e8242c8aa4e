import type { changes as routes } from '@afield/shared/api/changes.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';

export const changesHandlers = ({ changes }: Pick<HandlerContext, 'changes'>): HandlersOf<typeof routes> => ({
  getDiff: ({ params, query }) => changes.diff(params.id, given(query)),
});
