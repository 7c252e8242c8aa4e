import { accessSync, constants, statSync } from 'node:fs';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from '../core/machine-ports.ts';

/** What would otherwise only show as a program that ends at once. */
export function checkStartable({ file, cwd }: Command): void {
  try {
    accessSync(file, constants.X_OK);
    if (!statSync(file).isFile()) throw new Error('it is no file');
  } catch (cause) {
    throw new AfieldError('start_failed', `${file} cannot be run: ${(cause as Error).message}. Check its permissions.`, { cause });
  }
  try {
    accessSync(cwd, constants.X_OK);
  } catch (cause) {
    throw new AfieldError('start_failed', `The directory ${cwd} cannot be entered. Check its permissions.`, { cause });
  }
}
