/** A LIKE pattern that finds `text` anywhere, with `%`, `_` and `\` taken literally; use it with `ESCAPE '\'`. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
