import * as z from 'zod/mini';
import { route } from '../route.ts';
import { listOf, machineName } from './base.ts';
import { face } from './sessions.ts';

export const agent = z.object({
  name: z.string(),
  title: z.string(),
  installed: z.boolean(),
  version: z.nullable(z.string()),
  /** One line to type when it is not installed; null when there is nothing to install. */
  install: z.nullable(z.string()),
  faces: z.array(face),
  /** What its sessions may run in, by face, the usual one first. `note`: what is different with it, such as how it is billed. */
  runtimes: z.array(z.object({ name: z.string(), face, note: z.nullable(z.string()) })),
  /** Models that may be chosen at the start, from the config file; a running chat tells its own. */
  models: z.array(z.string()),
  /** `builtin`, or `config` for one from the config file. */
  source: z.enum(['builtin', 'config']),
  capabilities: z.array(z.string()),
  /** A model may be chosen at the start. */
  takes_model: z.boolean(),
});
export type Agent = z.infer<typeof agent>;

export const agents = {
  listAgents: route({
    method: 'GET',
    path: '/agents',
    summary: 'Agents that may be started, installed or not',
    permission: 'agents:read',
    query: z.object({ machine: z._default(machineName, 'local') }),
    response: listOf(agent),
    errors: ['machine_not_found', 'machine_unreachable'],
  }),
  getAgent: route({
    method: 'GET',
    path: '/agents/{name}',
    summary: 'One agent',
    permission: 'agents:read',
    params: z.object({ name: z.string().check(z.maxLength(64)) }),
    response: agent,
    errors: ['agent_unknown'],
  }),
};
