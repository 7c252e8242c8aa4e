import type { projects as routes } from '@afield/shared/api/projects.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';

export const projectHandlers = ({ projects }: Pick<HandlerContext, 'projects'>): HandlersOf<typeof routes> => ({
  listProjects: () => ({ items: projects.list(), next_cursor: null }),
  createProject: ({ body: { name, ...rest } }) => projects.create(name === undefined ? rest : { ...rest, name }),
  updateProject: ({ params, body: { name, default_agent } }) =>
    projects.update(params.id, { ...(name === undefined ? {} : { name }), ...(default_agent === undefined ? {} : { default_agent }) }),
  deleteProject: ({ params }) => {
    projects.delete(params.id);
  },
});
