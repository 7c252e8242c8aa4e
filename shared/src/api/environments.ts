import * as z from 'zod/mini';
import { route } from '../route.ts';
import { listOf } from './base.ts';
import { check } from './system.ts';

export const environmentName = z
  .string()
  .check(
    z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 small letters, digits, dots, dashes or underscores, a letter or digit first'),
  );

/** A named environment of the config file. Values of variables and secrets are told to nobody. */
export const namedEnvironment = z.object({
  name: environmentName,
  /** The agent it is for; null: any. */
  agent: z.nullable(z.string()),
  /** Program that takes the place of the agent's own; null: that one. */
  program: z.nullable(z.string()),
  /** Where the agent's server is, as the agent's variable takes it; null: its own. */
  server_url: z.nullable(z.string()),
  /** Names of the variables that it sets. */
  variables: z.array(z.string()),
  secrets: z.array(z.object({ variable: z.string(), from: z.enum(['file', 'keychain', 'variable']) })),
  /** Somebody must confirm before a session starts in it. */
  production: z.boolean(),
});
export type NamedEnvironment = z.infer<typeof namedEnvironment>;

export const environments = {
  listEnvironments: route({
    method: 'GET',
    path: '/environments',
    summary: 'Named environments of the config file',
    permission: 'environments:read',
    response: listOf(namedEnvironment),
  }),
  checkEnvironment: route({
    method: 'POST',
    path: '/environments/{name}/check',
    summary: 'Whether an environment can be used: its program, its server, its secrets; with a fix each',
    permission: 'environments:read',
    params: z.object({ name: environmentName }),
    response: z.object({ environment: namedEnvironment, checks: z.array(check) }),
    errors: ['environment_unknown'],
  }),
};
