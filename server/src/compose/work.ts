/** What runs here: machine, agents, sessions, and what calls their person. */
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { uuidv7 } from 'uuidv7';
import { createCatalogue } from '../agents/catalogue.ts';
import { createRecipes } from '../agents/index.ts';
import { createSecretFile, readSecretFile } from '../auth/secret-file.ts';
import { createProjects } from '../core/projects.ts';
import type { SessionService } from '../core/service.ts';
import { createSessions } from '../core/sessions.ts';
import { createMachines } from '../machines/index.ts';
import { createNotify } from '../notify/index.ts';
import { createPtyRuntime } from '../runtimes/pty.ts';
import { pushStore } from '../store/push.ts';
import type { Foundation } from './foundation.ts';

const later = () => {
  throw new AfieldError('unavailable', 'Not yet.');
};
const notYet = { search: later, size: later, prune: later };

export type Work = ReturnType<typeof setToWork>;

export function setToWork({ config, store, clock, env, home, files, log, events }: Foundation) {
  const machines = createMachines({
    env,
    home,
    folder: files.run,
    clock,
    store: store.machines,
    runtimeFor: async () => createPtyRuntime(clock),
  });
  const recipes = createRecipes({ shell: env.SHELL, agents: config.agents });
  const pushes = pushStore(store.db);
  const warn = (message: string, cause?: unknown) => log.warn(message, cause === undefined ? {} : { error: cause });

  // Notifications first, so that what was lost with the last server is told too.
  let sessions: SessionService | null = null;
  const notify = createNotify({
    config,
    keyFile: path.join(files.keys, 'vapid.json'),
    secretFiles: { read: readSecretFile, create: createSecretFile },
    store: pushes,
    events,
    sessions: { lastInputAt: (id) => sessions?.lastInputAt?.(id) ?? null },
    takesTurns: (agent) => recipes.get(agent)?.foregroundDecides !== true,
    clock,
    warn,
  });
  sessions = createSessions({
    clock,
    newId: uuidv7,
    store,
    events,
    recipes,
    machines: machines.book,
    workDir: config.work_dir,
    recordings: files.recordings,
    warn,
  });

  return {
    machines: machines.book,
    machineService: machines.service,
    history: notYet,
    notify,
    sessions,
    agents: createCatalogue(recipes, machines.book),
    projects: createProjects({ store: store.projects, machines: machines.book, recipes, clock, newId: uuidv7 }),
    /** State of a device's subscription, for lists of devices. */
    pushStateOf(device_id: string) {
      const row = pushes.get(device_id);
      return row === null ? null : { last_confirmed_at: row.last_confirmed_at, last_error: row.last_error };
    },
  };
}
