/** The two files of a recording while it grows: what stands in them is whole, up to `good`. */
import { type FileHandle, stat } from 'node:fs/promises';
import type { Clock } from '../ports.ts';
import { readCheckpoint } from './checkpoint.ts';
import {
  createFiles,
  encodeRecord,
  type IndexRecord,
  type Mark,
  markAfter,
  RECORD_BYTES,
  readIndex,
  recordingFiles,
  START,
} from './files.ts';

/** A server that was away for longer leaves a pause of this length: a clock that leapt must not make a recording of years. */
const LONGEST_PAUSE_MS = 7 * 24 * 3_600_000;

interface Files {
  output: FileHandle;
  index: FileHandle;
}

/** Where a recording ended. */
interface Found {
  end: Mark;
  /** Of the last screen that was kept; after `end` only when the recording had reached its limit. */
  checkpoint: number;
  /** Time in ms since anything was written. */
  pause: number;
}

export class RecordingWriter {
  readonly found: Found;
  readonly #files: Files;
  #good: Mark;
  /** Something half written may stand behind `good`. */
  #torn = false;

  private constructor(files: Files, found: Found) {
    this.#files = files;
    this.found = found;
    this.#good = found.end;
  }

  /** Makes the files or opens those that are there, and cuts what is not whole. */
  static async open(folder: string, clock: Clock): Promise<RecordingWriter> {
    const files = await createFiles(folder);
    try {
      const found = await findEnd(folder, clock);
      await cut(files, found.end);
      return new RecordingWriter(files, found);
    } catch (error) {
      await closeAll(files);
      throw error;
    }
  }

  get good(): Mark {
    return this.#good;
  }

  /** All of it or, when it throws, nothing. */
  async write(bytes: Buffer, records: readonly IndexRecord[]): Promise<void> {
    let after = this.#good;
    for (const record of records) after = markAfter(after, record, Number.POSITIVE_INFINITY) ?? after;
    if (this.#torn) await this.#mend();
    this.#torn = true;
    try {
      await writeAll(this.#files.output, bytes);
      await writeAll(this.#files.index, Buffer.concat(records.map(encodeRecord)));
    } catch (error) {
      await this.#mend().catch(() => {});
      throw error;
    }
    this.#torn = false;
    this.#good = after;
  }

  close(): Promise<void> {
    return closeAll(this.#files);
  }

  async #mend(): Promise<void> {
    await cut(this.#files, this.#good);
    this.#torn = false;
  }
}

async function findEnd(folder: string, clock: Clock): Promise<Found> {
  const files = recordingFiles(folder);
  const [output, index, kept] = await Promise.all([stat(files.output), stat(files.index), readCheckpoint(folder)]);
  const known = kept?.mark ?? null;
  // After a power cut the screen may be newer than the files.
  const there = known !== null && known.records * RECORD_BYTES <= index.size && known.file <= output.size;
  let end = there ? known : START;
  if (index.size > 0) for await (const { after } of readIndex(folder, end)) end = after;
  const pause = end.records === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(0, clock.now() - index.mtimeMs));
  return { end, checkpoint: there ? kept!.offset : 0, pause: Math.round(pause) };
}

/** Only regular files can be cut. */
async function cut({ output, index }: Files, { file, records }: Mark): Promise<void> {
  for (const [handle, length] of [
    [output, file],
    [index, records * RECORD_BYTES],
  ] as const) {
    const found = await handle.stat();
    if (found.isFile() && found.size > length) await handle.truncate(length);
  }
}

async function closeAll({ output, index }: Files): Promise<void> {
  await Promise.allSettled([output.close(), index.close()]);
}

/** A full disk shows as a short write first. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at);
    if (bytesWritten === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    at += bytesWritten;
  }
}
