/** The log of a home server that runs in the background. */
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { printableLines } from '../print/printable.ts';

/** A log larger than this becomes the old one at the next start. */
const MAX_LOG_BYTES = 5_000_000;
const TAIL_BYTES = 4000;
const TAIL_LINES = 8;

/** Opened for appending, readable by its owner alone. */
export function openLog(file: string): number {
  try {
    if (statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // there is none yet
  }
  return openSync(file, 'a', 0o600);
}

/** The last lines of a text, indented and on lines of their own, or nothing. */
export function lastLines(text: string): string {
  const lines = printableLines(text).trim().split('\n').slice(-TAIL_LINES);
  return lines.join('') === '' ? '' : `\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** The last lines that were logged after `from`. */
export function tailOf(file: string, from: number): string {
  try {
    const log = openSync(file, 'r');
    try {
      const { size } = fstatSync(log);
      const start = Math.max(from, size - TAIL_BYTES);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      readSync(log, buffer, 0, buffer.length, start);
      return lastLines(buffer.toString('utf8'));
    } finally {
      closeSync(log);
    }
  } catch {
    // no log, nothing to show
    return '';
  }
}
