/** Patterns of the config file. They run over every screen of an agent: none may take long, whatever is on it. */
import { createContext, runInContext } from 'node:vm';
import { AfieldError } from '@afield/shared/errors.ts';

/** On one screen. Longer once more, in case this machine was busy with something else. */
const BUDGETS_MS = [50, 200] as const;
/** A screen of 24 lines, a wide one. */
const COLS = 250;
const ROWS = 24;
const MAX_SAMPLES = 60;

/** `where`: what the pattern is called in the settings. Errors: bad_request, when it is none or may take too long. */
export function compilePattern(source: string, where: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'u');
  } catch (error) {
    throw new AfieldError('bad_request', `${where} is no regular expression: ${(error as Error).message}`, { cause: error });
  }
  const slow = samples(source).some((screen) => !inTime(pattern, screen));
  if (!slow) return pattern;
  throw new AfieldError(
    'bad_request',
    `${where} takes too long on some screens. Make it simpler: no repetition of a repetition, as in (a+)+, and not two of .* in one pattern.`,
  );
}

/** Screens full of what the pattern nearly fits. */
function samples(source: string): string[] {
  const words = source.match(/[\p{L}\p{N}]+(?: [\p{L}\p{N}]+)*/gu) ?? [];
  const characters = [...new Set(source)].filter((character) => character.trim() !== '');
  const parts = [...new Set(['a', '0', ' ', 'a ', '─', source, ...words, ...words.map((word) => `${word} `), ...characters])];
  return parts.slice(0, MAX_SAMPLES).map((part) => {
    const line = part.repeat(Math.ceil(COLS / part.length)).slice(0, COLS);
    // The last character lets what ends in $ nearly fit.
    return `${Array.from({ length: ROWS }, () => line).join('\n')}\u0001`;
  });
}

function inTime(pattern: RegExp, screen: string): boolean {
  return BUDGETS_MS.some((timeout) => {
    try {
      runInContext('pattern.test(screen)', createContext({ pattern, screen }), { timeout });
      return true;
    } catch {
      return false;
    }
  });
}
