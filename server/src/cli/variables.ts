import { UsageError } from './exit.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** For an option that may be given several times. */
export const gather = (value: string, before: readonly string[] = []): string[] => [...before, value];

export const ENV_HELP = 'a variable for the program: NAME=value, or NAME alone for the value it has here (others cannot see that one)';

/** `NAME=value`, or `NAME` for the caller's own value: what stands in an argument can be read by everybody on the machine. */
export function variables(given: readonly string[] | undefined, own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const text of given ?? []) {
    const at = text.indexOf('=');
    const name = at === -1 ? text : text.slice(0, at);
    if (!NAME.test(name)) throw new UsageError(`--env takes NAME=value or NAME, and "${name.slice(0, 64)}" is no name of a variable.`);
    const value = at === -1 ? own[name] : text.slice(at + 1);
    if (value === undefined) throw new UsageError(`${name} is not set here. Say --env ${name}=value, or set it first.`);
    result[name] = value;
  }
  return result;
}
