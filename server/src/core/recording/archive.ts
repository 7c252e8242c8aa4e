/** Recordings that are finished: compressed, measured and deleted on disk. */
import { constants } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { compressedPath } from './bytes.ts';
import { recordingFiles } from './files.ts';

/** Compressed at a time, and the pause after it: half of one core at most, and never in the way of what is live. */
const STEP_BYTES = 256 * 1024;
const STEP_PAUSE_MS = 8;

const partsOf = (folder: string) => {
  const { output, index } = recordingFiles(folder);
  return [output, index];
};

/** True while a part of the recording is there uncompressed. */
export async function isPlain(folder: string): Promise<boolean> {
  const found = await Promise.all(partsOf(folder).map((path) => stat(path).catch(() => null)));
  return found.some((one) => one?.isFile() === true);
}

/**
 * Puts compressed files in the place of a finished recording. Whenever it is broken off (a crash, a full disk, `signal`), each file is
 * there whole in at least one form. Throws what the disk says.
 */
export async function compressRecording(folder: string, signal: AbortSignal): Promise<void> {
  for (const path of partsOf(folder)) await compress(path, signal);
  // Only now: both forms of the one belong to both forms of the other.
  for (const path of partsOf(folder)) await rm(path, { force: true });
}

async function compress(path: string, signal: AbortSignal): Promise<void> {
  const source = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (source === null) return;
  const half = `${compressedPath(path)}.new`;
  try {
    const target = await open(half, 'w', 0o600);
    try {
      const steps = async function* () {
        for await (const bytes of source.createReadStream({ highWaterMark: STEP_BYTES, autoClose: false })) {
          yield bytes;
          await sleep(STEP_PAUSE_MS, undefined, { signal });
        }
      };
      const written = async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await target.writeFile(chunk);
      };
      await pipeline(steps, createGzip(), written, { signal });
      await target.datasync();
    } finally {
      await target.close();
    }
    await rename(half, compressedPath(path));
  } catch (error) {
    await rm(half, { force: true }).catch(() => {});
    throw error;
  } finally {
    await source.close();
  }
}

/** Bytes on disk: of the recording, which can be deleted alone, and of the rest (the last screen). */
export interface FolderSize {
  recording: number;
  rest: number;
}

/** Nothing, when there is no such folder. */
export async function folderSize(folder: string): Promise<FolderSize> {
  const size: FolderSize = { recording: 0, rest: 0 };
  const own = new Set(partsOf(folder).flatMap((path) => [path, compressedPath(path)]));
  // Attachments lie in a folder of their own.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size: bytes = 0 } = (await stat(path).catch(() => null)) ?? {};
    if (own.has(path)) size.recording += bytes;
    else size.rest += bytes;
  }
  return size;
}

/** Deletes the recording of a session and leaves its last screen. */
export async function removeRecording(folder: string): Promise<void> {
  for (const path of partsOf(folder)) for (const one of [compressedPath(path), path]) await rm(one, { force: true });
}
