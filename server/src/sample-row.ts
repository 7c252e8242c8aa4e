/** For tests and benches: a session as it stands in the store. */
import type { SessionRow } from './core/ports.ts';
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
