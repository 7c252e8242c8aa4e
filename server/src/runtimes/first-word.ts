/** Reads arguments of a program as its own reader would: options, some of which take the word after them, and words. */

/** The first argument that is neither an option nor its value; null: there is none. `valued`: options that take the next argument. */
export function firstWord(args: readonly string[], valued: ReadonlySet<string>): string | null {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return args[at + 1] ?? null;
    if (!arg.startsWith('-')) return arg;
    if (valued.has(arg)) at += 1;
  }
  return null;
}

/** The value of an option, as `--name value` or `--name=value`; null: it is not given. */
export function optionOf(args: readonly string[], names: readonly string[]): string | null {
  for (const [at, arg] of args.entries()) {
    if (names.includes(arg)) return args[at + 1] ?? null;
    const name = names.find((one) => arg.startsWith(`${one}=`));
    if (name !== undefined) return arg.slice(name.length + 1);
  }
  return null;
}

/** Whether any of these options is given, with a value or without. */
export const hasOption = (args: readonly string[], names: readonly string[]): boolean =>
  args.some((arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`)));
