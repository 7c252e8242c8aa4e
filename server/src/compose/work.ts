/** What runs here: machine, agents, sessions, and what calls their person. */
import path from 'node:path';
import { uuidv7 } from 'uuidv7';
import { createCatalogue } from '../agents/catalogue.ts';
import { createRecipes } from '../agents/index.ts';
import { createSecretFile, readSecretFile } from '../auth/secret-file.ts';
import { createApprovals } from '../core/approvals/approvals.ts';
import { createRules } from '../core/approvals/rules.ts';
import { createEnvironments } from '../core/environments/environments.ts';
import { History } from '../core/history/history.ts';
import { createProjects } from '../core/projects.ts';
import type { SessionService } from '../core/service.ts';
import { createSessions } from '../core/sessions/sessions.ts';
import { createTrustPolicy } from '../core/state/trust.ts';
import { createUsage } from '../core/usage/usage.ts';
import { createChanges } from '../git/changes.ts';
import { createMachines } from '../machines/index.ts';
import { createMachineService } from '../machines/service.ts';
import { createNotify } from '../notify/index.ts';
import { createChatRuntimes } from '../runtimes/chat-runtimes.ts';
import { createRuntimes } from '../runtimes/choose.ts';
import { createCompanions } from '../runtimes/companions.ts';
import { pushStore } from '../store/push.ts';
import { createDescriptorCount } from './descriptors.ts';
import type { Foundation } from './foundation.ts';
import { reach } from './reach.ts';

export type Work = ReturnType<typeof setToWork>;

export function setToWork({ config, store, clock, env, home, files, log, events, disk, room }: Foundation) {
  const runtimes = createRuntimes({ clock, setting: config.runtime, home: room });
  const machines = createMachines({
    env,
    home,
    folder: files.run,
    sshFolder: files.ssh,
    homeId: room,
    clock,
    store: store.machines,
    onLine: (machine) => events.publish('machine.line_changed', null, { machine }),
    runtimeFor: runtimes.runtimeFor,
  });
  const recipes = createRecipes({ shell: env.SHELL, agents: config.agents });
  const pushes = pushStore(store.db);
  const warn = (message: string, cause?: unknown) => log.warn(message, cause === undefined ? {} : { error: cause });

  const asking = { clock, newId: uuidv7, store, events, recipes, disk, warn };
  const approvals = createApprovals(asking);
  const usage = createUsage({ clock, store, events, disk, prices: config.prices, budgets: config.budgets });
  const environments = createEnvironments({
    environments: config.environments,
    recipes,
    machines: machines.book,
    env,
    home,
    readSecretFile,
    reach,
  });
  const changes = createChanges({ machines: machines.book, store });

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
    disk,
    recipes,
    machines: machines.book,
    chatRuntimes: createChatRuntimes({ clock }),
    companions: createCompanions({ clock }),
    approvals: approvals.desk,
    usage: usage.desk,
    environments,
    snapshots: changes,
    workDir: config.work_dir,
    recordings: files.recordings,
    descriptors: createDescriptorCount(),
    trust: createTrustPolicy(config.trust, home),
    limits: { probeAfterMs: config.probe_after_s * 1_000 },
    warn,
  });

  const agents = createCatalogue(recipes, machines.book);
  const machineService = createMachineService({
    machines,
    store: store.machines,
    clock,
    events,
    agents: (name) => agents.list(name),
    sessionsOn: (name) => store.sessions.unfinished().filter((row) => row.machine === name).length,
  });

  return {
    machines: machines.book,
    machineService,
    closeMachines: async () => {
      await runtimes.close();
      await machines.close();
    },
    history: new History({
      store,
      events,
      clock,
      disk,
      recordings: files.recordings,
      retention: { days: config.history_days, bytes: config.history_bytes },
      warn,
    }),
    approvals,
    rules: createRules(asking),
    usage,
    environments,
    changes,
    notify,
    sessions,
    agents,
    projects: createProjects({ store: store.projects, machines: machines.book, recipes, environments, clock, newId: uuidv7 }),
    /** State of a device's subscription, for lists of devices. */
    pushStateOf(device_id: string) {
      const row = pushes.get(device_id);
      return row === null ? null : { last_confirmed_at: row.last_confirmed_at, last_error: row.last_error };
    },
  };
}
