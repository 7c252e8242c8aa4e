import { AfieldError } from '@afield/shared/errors.ts';

/** Leaves out keys that were not given: with exact optional types, absent and undefined differ. */
export function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** A list in one query value, `busy,idle`; an empty one counts as not given. Errors: bad_request names the word that is not known. */
export function words<W extends string>(field: string, known: readonly string[], text: string | undefined): W[] | undefined {
  const given = (text ?? '').split(',').filter((word) => word !== '');
  const odd = given.find((word) => !known.includes(word));
  if (odd !== undefined) throw new AfieldError('bad_request', `query.${field}: "${odd}" is none of ${known.join(', ')}.`);
  return given.length === 0 ? undefined : (given as W[]);
}
