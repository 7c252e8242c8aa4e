/** The screen kept beside a recording, so that it is drawn from there and not from the first byte: `screen.json`. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ScreenSize } from '../terminal/screen.ts';
import { type Mark, recordingFiles, START } from './files.ts';

/** A screen, as escape sequences for an emptied terminal of this size, and where in the byte log it was so. */
export interface DrawnScreen extends ScreenSize {
  offset: number;
  bytes: Buffer;
}

/** `mark`: the same place in the recording. Its `offset` is smaller only when the recording had reached its limit before. */
export interface Checkpoint extends DrawnScreen {
  mark: Mark;
}

/** Whole or not at all. Throws when it cannot be written. */
export async function writeCheckpoint(folder: string, { cols, rows, offset, bytes, mark }: Checkpoint): Promise<void> {
  const { screen: path } = recordingFiles(folder);
  try {
    await writeFile(`${path}.new`, JSON.stringify({ cols, rows, offset, mark, bytes: bytes.toString('base64') }), { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    await rm(`${path}.new`, { force: true }).catch(() => {});
    throw error;
  }
}

/** Null when there is none that can be read. `mark` is null for one of an earlier version: it was written at the end. */
export async function readCheckpoint(folder: string): Promise<(DrawnScreen & { mark: Mark | null }) | null> {
  try {
    const kept = JSON.parse(await readFile(recordingFiles(folder).screen, 'utf8'));
    const bytes = typeof kept.bytes === 'string' ? Buffer.from(kept.bytes, 'base64') : Buffer.from(kept.ansi);
    const numbers = [kept.cols, kept.rows, kept.offset, ...Object.keys(START).map((name) => kept.mark?.[name] ?? 0)];
    if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return null;
    return { cols: kept.cols, rows: kept.rows, offset: kept.offset, bytes, mark: kept.mark ?? null };
  } catch {
    // None was written, or somebody damaged it: the recording tells as well.
    return null;
  }
}
