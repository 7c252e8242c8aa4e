/** The setting `environments`: what may be written about one. What it means is said in docs/guides/environments.md. */
import { environment } from '@afield/shared/api/base.ts';
import * as z from 'zod/mini';
import { address, text } from './config-values.ts';

/** They would change what every program does, or are ours. */
const REFUSED = /^(?:LD_|DYLD_|AFIELD_)|^(?:PATH|NODE_OPTIONS|BASH_ENV|ENV|IFS|SHELLOPTS|PYTHONSTARTUP|PERL5OPT|RUBYOPT)$/;
const allowed = z.refine<Record<string, unknown>>((variables) => !Object.keys(variables).some((name) => REFUSED.test(name)), {
  error: 'variables such as PATH, LD_PRELOAD and NODE_OPTIONS change what every program does and are not taken',
});

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@:/ -]{0,127}$/;
/** Where a secret is: one of the three. */
const secret = z
  .strictObject({
    /** Absolute, or `~/…`. */
    file: z.optional(text(4096).check(z.regex(/^(\/|~\/)/, 'must be an absolute path, or begin with ~/'))),
    keychain: z.optional(z.string().check(z.regex(NAME, 'must be the name of an entry: letters, digits, spaces and ._@:/-'))),
    /** Of the home server. */
    variable: z.optional(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of a variable'))),
  })
  .check(
    z.refine((from) => Object.values(from).filter((value) => value !== undefined).length === 1, {
      error: 'expected one of file, keychain and variable',
    }),
  );

const withoutLogin = z.refine<string>((url) => URL.canParse(url) && new URL(url).username === '' && new URL(url).password === '', {
  error: 'expected an address without a user or a password in it; those are secrets',
});

export const configEnvironment = z
  .strictObject({
    agent: z.optional(text(64)),
    /** Takes the place of the agent's own program: a name that is found in PATH, or an absolute path. */
    program: z.optional(text(4096).check(z.regex(/^(\/|[^/~-][^/]*$)/, 'must be the name of a program, or an absolute path'))),
    server_url: z.optional(address('https:', 'http:').check(withoutLogin)),
    env: z.optional(environment.check(allowed)),
    secrets: z.optional(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)), secret).check(allowed)),
    /** Somebody must confirm. Default: when its name says that it is. */
    production: z.optional(z.boolean()),
  })
  .check(
    z.refine(({ env = {}, secrets = {} }) => !Object.keys(env).some((name) => Object.hasOwn(secrets, name)), {
      error: 'expected every variable once, in env or in secrets',
    }),
  );
