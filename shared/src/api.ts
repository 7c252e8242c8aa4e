import { agents } from './api/agents.ts';
import { approvals } from './api/approvals.ts';
import { changes } from './api/changes.ts';
import { chat } from './api/chat.ts';
import { devices } from './api/devices.ts';
import { environments } from './api/environments.ts';
import { history } from './api/history.ts';
import { logs } from './api/logs.ts';
import { machines } from './api/machines.ts';
import { probes } from './api/probes.ts';
import { projects } from './api/projects.ts';
import { prompts } from './api/prompts.ts';
import { push } from './api/push.ts';
import { sessions } from './api/sessions.ts';
import { system } from './api/system.ts';
import { terminals } from './api/terminals.ts';
import { usage } from './api/usage.ts';

/** Base path of every route. */
export const API_BASE = '/api/v1';

/** The whole API: operation name to definition. A handler of the same name must exist, else the server does not compile. */
export const api = {
  ...system,
  ...agents,
  ...machines,
  ...projects,
  ...environments,
  ...sessions,
  ...terminals,
  ...prompts,
  ...logs,
  ...chat,
  ...approvals,
  ...changes,
  ...probes,
  ...history,
  ...usage,
  ...devices,
  ...push,
};
export type Api = typeof api;
export type Operation = keyof Api;
