import type { agents as routes } from '@afield/shared/api/agents.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';

export const agentHandlers = ({ agents }: Pick<HandlerContext, 'agents'>): HandlersOf<typeof routes> => ({
  listAgents: async ({ query }) => ({ items: await agents.list(query.machine), next_cursor: null }),
  getAgent: ({ params }) => agents.get(params.name),
});
