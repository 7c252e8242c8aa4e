/** For tests and benches: a session and a project as they stand in the store. */
import type { ProjectRow, SessionRow } from './core/ports.ts';
import { untouched } from './core/sessions/untouched.ts';

const NEW_YEAR = '2026-01-01T00:00:00.000Z';

/** `at`: when it was made and last changed. Default: the first moment of 2026. */
export const sampleRow = (changes: Partial<SessionRow> = {}, at = NEW_YEAR): SessionRow => ({
  ...untouched(at),
  id: '019a0000-0000-7000-8000-000000000001',
  name: 'web',
  agent: 'shell',
  machine: 'local',
  project_id: null,
  cwd: '/home/me',
  faces: ['terminal'],
  runtime: 'pty',
  args: [],
  status: 'idle',
  title: null,
  cols: 80,
  rows: 24,
  model: null,
  mode: null,
  environment: null,
  production: false,
  budget_usd: null,
  start_tree: null,
  adopted: null,
  ...changes,
});

/** On the home server, without defaults, never used. */
export const sampleProject = (id: string, changes: Partial<ProjectRow> = {}): ProjectRow => ({
  id,
  name: id,
  machine: 'local',
  cwd: `/srv/${id}`,
  default_agent: null,
  default_model: null,
  default_face: null,
  default_mode: null,
  default_environment: null,
  env: {},
  created_at: NEW_YEAR,
  used_at: null,
  ...changes,
});
