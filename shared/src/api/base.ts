import * as z from 'zod/mini';

/** Schemas that several nouns use. Times are ISO 8601 UTC, ids UUIDv7. */
export const id = z.uuid();
export const time = z.iso.datetime();
export const idParams = z.object({ id });

/** What a machine is called: part of paths and of commands, so plain letters only. */
export const machineName = z
  .string()
  .check(
    z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 small letters, digits, dots, dashes or underscores, a letter or digit first'),
  );
export const LOCAL_MACHINE = 'local';

/** Name of a model, as the agent knows it. */
export const modelName = z
  .string()
  .check(z.regex(/^[\p{L}\p{N}][\p{L}\p{N}._:/@+[\]-]{0,127}$/u, 'must be a model name of up to 128 characters without spaces'));

/** More environment variables for a program, by name. At most 64 of 32 KiB each. */
export const environment = z
  .record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)), z.string().check(z.maxLength(32_768), z.regex(/^[^\0]*$/)))
  .check(z.refine((value) => Object.keys(value).length <= 64, { error: 'expected at most 64 variables' }));

/** Terminal size in character cells. */
export const cols = z.int().check(z.gte(2), z.lte(1000));
export const rows = z.int().check(z.gte(1), z.lte(500));

/** A query value arrives as text. */
export const queryInt = (min: number, max: number) =>
  z.pipe(
    z.union([z.number(), z.string().check(z.regex(/^\d{1,15}$/))]),
    z.pipe(z.transform(Number), z.int().check(z.gte(min), z.lte(max))),
  );
export const queryFlag = z.pipe(
  z.union([z.boolean(), z.enum(['true', 'false', '1', '0'])]),
  z.transform((v) => v === true || v === 'true' || v === '1'),
);

export const page = { limit: z._default(queryInt(1, 1000), 100), cursor: z.optional(z.string().check(z.maxLength(200))) };

export const listOf = <S extends z.ZodMiniType>(item: S) => z.object({ items: z.array(item), next_cursor: z.nullable(z.string()) });

/**
 * One line without control and invisible characters (bidi controls among them). The joiner U+200D may only stand inside an emoji,
 * after a pictograph, its skin tone or its U+FE0F, and before a pictograph (UTS 51, ED-16). Without lookbehind: Safari before 16.4 has none.
 */
const NAME =
  /^(?!\u200D)(?!.*(?!\uFE0F)[^\p{Extended_Pictographic}\p{Emoji_Modifier}]\u200D)(?:[^\p{Cc}\p{Cf}\u2028\u2029]|\u200D(?=\p{Extended_Pictographic}))*$/u;

/** A name a person gives: one line, no control characters, 1 to 100 characters after trimming. */
export const displayName = z
  .string()
  .check(
    z.trim(),
    z.minLength(1),
    z.maxLength(100),
    z.regex(NAME, 'must be one line of up to 100 characters without control characters or invisible ones'),
  );
