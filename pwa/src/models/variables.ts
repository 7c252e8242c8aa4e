/** Environment variables as rows of a form. Their values may be secrets: they are never kept on this device. */

export interface Variable {
  name: string;
  value: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MAX_VALUE = 32_768;
export const MAX_VARIABLES = 64;

/** Why a row will not do; null when it will. Rows without a name and a value are left out. */
export function variableFault({ name, value }: Variable, all: readonly Variable[]): string | null {
  if (name === '') return value === '' ? null : 'A name is missing.';
  if (!NAME.test(name)) return 'A name has letters, digits and underscores only, no digit first.';
  if (all.filter((one) => one.name === name).length > 1) return 'This name stands here twice.';
  return value.length > MAX_VALUE ? 'A value has at most 32,768 characters.' : null;
}

/** What home is sent; null while a row will not do. */
export function environmentOf(all: readonly Variable[]): Record<string, string> | null {
  const given = all.filter(({ name, value }) => name !== '' || value !== '');
  if (given.length > MAX_VARIABLES || given.some((one) => variableFault(one, given) !== null)) return null;
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}
