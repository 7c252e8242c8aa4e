/** Kinds of values that settings have, as text (from variables and flags) or as YAML gives them. */
import * as z from 'zod/mini';

export const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
export const port = z.coerce.number().check(z.int(), z.gte(0), z.lte(65_535));
export const flag = z.pipe(
  z.union([z.boolean(), z.enum(['true', 'false', '1', '0', 'yes', 'no'])]),
  z.transform((value) => value === true || value === 'true' || value === '1' || value === 'yes'),
);
export const address = (...schemes: string[]) =>
  text(2048).check(
    z.refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol) && !/[?#]/.test(value), {
      error: `expected an address that begins with ${schemes.map((s) => `${s}//`).join(' or ')}, without ? or #`,
    }),
  );
export const words = z.pipe(
  z.union([z.array(text(300)), z.string()]),
  z.transform((value) => (Array.isArray(value) ? value : value.split(/[\s,]+/).filter((word) => word !== ''))),
);

const UNITS: Record<string, number> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};
export const sizeInBytes = z
  .pipe(
    z.union([z.number(), z.string()]),
    z.transform((value) => {
      const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b)?$/i.exec(String(value).trim()) ?? [];
      return Math.round(Number(number) * (UNITS[(unit ?? '').toLowerCase()] ?? Number.NaN));
    }),
  )
  .check(z.refine((value) => Number.isSafeInteger(value), { error: 'expected a number of bytes, or one with its unit such as 20 GiB' }));
