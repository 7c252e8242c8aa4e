import { agents } from './api/agents.ts';
import { devices } from './api/devices.ts';
import { history } from './api/history.ts';
import { machines } from './api/machines.ts';
import { probes } from './api/probes.ts';
import { projects } from './api/projects.ts';
import { push } from './api/push.ts';
import { sessions } from './api/sessions.ts';
import { system } from './api/system.ts';

/** Base path of every route. */
export const API_BASE = '/api/v1';

/** The whole API: operation name to definition. A handler of the same name must exist, else the server does not compile. */
export const api = { ...system, ...agents, ...machines, ...projects, ...sessions, ...probes, ...history, ...devices, ...push };
export type Api = typeof api;
export type Operation = keyof Api;
