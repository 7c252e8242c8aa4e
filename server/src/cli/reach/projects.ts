import type { Project } from '@afield/shared/api/projects.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { printable } from '../print/printable.ts';
import type { Home } from './home.ts';

/** The project of that id, name, or beginning of an id. Errors: `project_not_found`; `conflict` when several fit. */
export async function findProject(home: Home, text: string): Promise<Project> {
  const { items } = await home.ask('Asking the home server', 'listProjects');
  const wanted = text.toLowerCase();
  const tests = [
    (project: Project) => project.id === wanted || project.name === text,
    (project: Project) => project.name.toLowerCase() === wanted,
    (project: Project) => wanted.length >= 4 && project.id.startsWith(wanted),
  ];
  const found = tests.map((test) => items.filter(test)).find((fitting) => fitting.length > 0) ?? [];
  if (found.length === 1) return found[0] as Project;
  if (found.length === 0) {
    throw new AfieldError('project_not_found', `There is no project "${printable(text)}". afield project list shows which there are.`);
  }
  const lines = found.map((project) => `  ${project.id}  ${printable(project.name)}  ${printable(project.cwd)}`);
  throw new AfieldError('conflict', [`"${printable(text)}" fits ${found.length} projects. Say it with the id:`, ...lines].join('\n'));
}
