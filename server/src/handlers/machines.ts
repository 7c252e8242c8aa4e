import type { machines as routes } from '@afield/shared/api/machines.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';

export const machineHandlers = ({ machines }: Pick<HandlerContext, 'machines'>): HandlersOf<typeof routes> => ({
  listMachines: () => ({ items: machines.list(), next_cursor: null }),
  createMachine: ({ body }) => machines.create(given(body)),
  deleteMachine: async ({ params }) => {
    await machines.delete(params.name);
  },
  checkMachine: ({ params }) => machines.check(params.name),
  listAdoptable: async ({ params }) => ({ items: await machines.adoptable(params.name), next_cursor: null }),
});
