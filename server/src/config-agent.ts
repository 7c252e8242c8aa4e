/** The setting `agents`: what may be written about an agent of the user's own. What it means is said in docs/guides/agents.md. */
import { modelName } from '@afield/shared/api/base.ts';
import { activity } from '@afield/shared/api/sessions.ts';
import * as z from 'zod/mini';
import { text } from './config-values.ts';

const pattern = z.optional(text(300));
const keys = z.optional(text(16));

/** How a state is read: `title` and `screen` are regular expressions; with both, both must fit. */
const state = z
  .strictObject({
    status: z.enum(['busy', 'idle', 'waiting']),
    title: pattern,
    screen: pattern,
    /** Why it waits, for a person. */
    reason: z.optional(text(200)),
    activity: z.optional(activity),
  })
  .check(z.refine((rule) => rule.title !== undefined || rule.screen !== undefined, { error: 'expected a title or a screen to look for' }));

/** How it speaks, instead of a terminal or beside one. */
const chat = z.union([
  /** The command itself speaks this protocol, and has no terminal. */
  z.enum(['acp']),
  z.strictObject({
    runtime: z.enum(['acp']),
    /** Arguments with which the program speaks it, in the place of the others. */
    args: z.array(text(4096)).check(z.maxLength(64)),
    /** Mode that a session starts in when nobody chose one: the one that asks. */
    mode: z.optional(text(100)),
  }),
]);

/** Any command with a terminal or that speaks a protocol, or more about an agent that Afield knows. */
export const configAgent = z.strictObject({
  /** Program name or absolute path, then the arguments of every start. Default: those of the agent of this name that Afield knows. */
  command: z.optional(z.array(text(4096)).check(z.minLength(1), z.maxLength(64))),
  title: z.optional(text(100)),
  /** Arguments that print the version. */
  version_args: z.optional(z.array(z.string()).check(z.maxLength(8))),
  /** One line to type when it is not installed. */
  install: z.optional(text(300)),
  /** Names of variables of the server's environment that it may see; `X_*` for a prefix. */
  pass_env: z.optional(z.array(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/))).check(z.maxLength(64))),
  /** Variables with fixed values. */
  env: z.optional(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)), z.string())),
  /** Milliseconds without output after which it counts as idle. */
  quiet_ms: z.optional(z.int().check(z.gte(100), z.lte(3_600_000))),
  /** In order of precedence. */
  states: z.optional(z.array(state).check(z.maxLength(50))),
  /** What its bell means where no rule fits. */
  bell: z.optional(z.enum(['idle', 'waiting'])),
  /** Keys that end a prompt, and that interrupt. */
  submit: keys,
  interrupt: keys,
  /** Models to choose from when it is started. */
  models: z.optional(z.array(modelName).check(z.maxLength(100))),
  chat: z.optional(chat),
  /** Option that names the model. */
  model_option: z.optional(z.string().check(z.regex(/^--?[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be an option, like --model'))),
});
