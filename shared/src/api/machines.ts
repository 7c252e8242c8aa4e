import * as z from 'zod/mini';
import { route } from '../route.ts';
import { agent } from './agents.ts';
import { listOf, machineName, time } from './base.ts';
import { check } from './system.ts';

/** `ssh`: a host reached by OpenSSH. `prefix`: a command that runs another one elsewhere (`docker exec -it box`). */
export const machineKind = z.enum(['local', 'ssh', 'prefix']);
export type MachineKind = z.infer<typeof machineKind>;

/** `up`: programs can be started there now. `down`: `detail` says why, and what to do. Sessions there may run all the same. */
export const machineLine = z.object({
  state: z.enum(['up', 'connecting', 'down']),
  detail: z.nullable(z.string()),
  since: z.nullable(time),
});
export type MachineLine = z.infer<typeof machineLine>;

const hostName = z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9._:%-]{0,254}$/, 'must be a host name or an address'));
const userName = z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,127}$/, 'must be a user name'));

/** How a host is reached. What is null is left to the user's own ssh configuration. */
export const sshTarget = z.strictObject({
  host: hostName,
  port: z._default(z.nullable(z.int().check(z.gte(1), z.lte(65_535))), null),
  user: z._default(z.nullable(userName), null),
  /** Private key on the home server, absolute or `~/…`. Null: keys of the ssh agent and the usual files. */
  identity_file: z._default(z.nullable(z.string().check(z.minLength(1), z.maxLength(4096))), null),
});
export type SshTarget = z.infer<typeof sshTarget>;

const word = z.string().check(z.minLength(1), z.maxLength(4096), z.regex(/^[^\0]*$/));

export const machine = z.object({
  name: machineName,
  kind: machineKind,
  ssh: z.nullable(sshTarget),
  prefix: z.nullable(z.array(z.string())),
  /** What sessions there run in: `tmux` survives the home server, `pty` does not. Null while nobody could look. */
  runtime: z.nullable(z.string()),
  survives_restart: z.nullable(z.boolean()),
  line: machineLine,
  /** Null: the home server itself. */
  created_at: z.nullable(time),
});
export type Machine = z.infer<typeof machine>;

/** A program in a tmux that is not ours, which can be adopted as a session. Texts are hostile. */
export const adoptable = z.object({
  /** Path of the tmux socket. */
  socket: z.string(),
  /** `%12`: tmux' own id of the pane. */
  pane: z.string(),
  session_name: z.string(),
  command: z.string(),
  title: z.string(),
  cwd: z.string(),
  pid: z.int(),
  cols: z.int(),
  rows: z.int(),
  /** Somebody looks at it now. */
  attached: z.boolean(),
});
export type Adoptable = z.infer<typeof adoptable>;

const params = z.object({ name: machineName });

export const machines = {
  listMachines: route({
    method: 'GET',
    path: '/machines',
    summary: 'Where sessions can run',
    permission: 'machines:read',
    response: listOf(machine),
  }),
  createMachine: route({
    method: 'POST',
    path: '/machines',
    summary: 'Add a host reached by ssh, or by a command prefix',
    permission: 'machines:write',
    status: 201,
    /** One of `ssh` and `prefix`. `host_key`: fingerprint `SHA256:…` that a person compared; without it an unknown host is refused. */
    body: z.strictObject({
      name: machineName,
      ssh: z.optional(sshTarget),
      prefix: z.optional(z.array(word).check(z.minLength(1), z.maxLength(64))),
      host_key: z.optional(z.string().check(z.regex(/^SHA256:[A-Za-z0-9+/]{43}$/))),
    }),
    response: machine,
    errors: ['conflict', 'host_key_unknown', 'host_key_changed', 'machine_unreachable', 'machine_refused'],
  }),
  deleteMachine: route({
    method: 'DELETE',
    path: '/machines/{name}',
    summary: 'Forget a machine; refused while sessions run there',
    permission: 'machines:write',
    params,
    errors: ['machine_not_found', 'conflict'],
  }),
  checkMachine: route({
    method: 'POST',
    path: '/machines/{name}/check',
    summary: 'Look at a machine now: reached?, tmux, agents and their versions, with a fix for what is missing',
    permission: 'machines:read',
    params,
    response: z.object({ machine, checks: z.array(check), agents: z.array(agent) }),
    errors: ['machine_not_found'],
  }),
  listAdoptable: route({
    method: 'GET',
    path: '/machines/{name}/adoptable',
    summary: "Programs in the tmux of the machine's user that can be adopted as sessions",
    permission: 'machines:read',
    params,
    response: listOf(adoptable),
    errors: ['machine_not_found', 'machine_unreachable'],
  }),
};
