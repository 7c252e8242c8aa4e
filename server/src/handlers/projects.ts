import type { projects as routes } from '@afield/shared/api/projects.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';

export const projectHandlers = ({ projects }: Pick<HandlerContext, 'projects'>): HandlersOf<typeof routes> => ({
  listProjects: () => ({ items: projects.list(), next_cursor: null }),
  createProject: ({ body }) => projects.create(given(body)),
  updateProject: ({ params, body }) => projects.update(params.id, given(body)),
  deleteProject: ({ params }) => {
    projects.delete(params.id);
  },
});
