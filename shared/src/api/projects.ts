import * as z from 'zod/mini';
import { route } from '../route.ts';
import { displayName, environment, id, idParams, listOf, machineName, modelName, time } from './base.ts';
import { environmentName } from './environments.ts';
import { face } from './sessions.ts';

export const project = z.object({
  id,
  name: z.string(),
  machine: z.string(),
  cwd: z.string(),
  default_agent: z.nullable(z.string()),
  default_model: z.nullable(z.string()),
  /** Null, as all of these: what a session has without a project. */
  default_face: z.nullable(face),
  default_mode: z.nullable(z.string()),
  /** A named environment of the config file; one that is called production is confirmed anew for each session all the same. */
  default_environment: z.nullable(z.string()),
  /** Names of the variables that its sessions get; their values are not told. */
  env: z.array(z.string()),
  created_at: time,
  used_at: z.nullable(time),
});
export type Project = z.infer<typeof project>;

const cwd = z.string().check(z.minLength(1), z.maxLength(4096));
const mode = z.nullable(z.string().check(z.minLength(1), z.maxLength(100)));
const agentName = z.nullable(z.string().check(z.minLength(1), z.maxLength(64)));

export const projects = {
  listProjects: route({
    method: 'GET',
    path: '/projects',
    summary: 'Projects, last used first',
    permission: 'projects:read',
    response: listOf(project),
  }),
  createProject: route({
    method: 'POST',
    path: '/projects',
    summary: 'Register a directory',
    permission: 'projects:write',
    status: 201,
    body: z.strictObject({
      name: z.optional(displayName),
      machine: z._default(machineName, 'local'),
      cwd,
      default_agent: z._default(agentName, null),
      default_model: z._default(z.nullable(modelName), null),
      default_face: z._default(z.nullable(face), null),
      default_mode: z._default(mode, null),
      default_environment: z._default(z.nullable(environmentName), null),
      env: z._default(environment, {}),
    }),
    response: project,
    errors: ['cwd_missing', 'conflict', 'agent_unknown', 'environment_unknown', 'machine_not_found', 'machine_unreachable'],
  }),
  updateProject: route({
    method: 'PATCH',
    path: '/projects/{id}',
    summary: 'Rename, or change what its sessions start with',
    permission: 'projects:write',
    params: idParams,
    body: z.strictObject({
      name: z.optional(displayName),
      default_agent: z.optional(agentName),
      default_model: z.optional(z.nullable(modelName)),
      default_face: z.optional(z.nullable(face)),
      default_mode: z.optional(mode),
      default_environment: z.optional(z.nullable(environmentName)),
      /** Replaces all of them. */
      env: z.optional(environment),
    }),
    response: project,
    errors: ['project_not_found', 'agent_unknown', 'environment_unknown'],
  }),
  deleteProject: route({
    method: 'DELETE',
    path: '/projects/{id}',
    summary: 'Forget a project; its files stay',
    permission: 'projects:write',
    params: idParams,
    errors: ['project_not_found'],
  }),
};
