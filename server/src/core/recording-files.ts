/**
 * A recording on disk: `output.log`, the raw bytes of the terminal, and `index.bin`, one record of 24 bytes for each moment. Bytes are
 * written before the record that counts them, so that after a crash everything up to the last whole record is good and the rest is cut.
 *
 * Record, big-endian: kind u8 (1 output, 2 resize) | 0 u8 | cols u16 | rows u16 | 0 u16 | time in ms since the start u64 | position in
 * the byte log after this moment u64.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScreenSize } from './screen.ts';

export const RECORD_BYTES = 24;
const KIND_OUTPUT = 1;
const KIND_RESIZE = 2;

export type IndexRecord = { time: number; offset: number } & ({ kind: 'output' } | ({ kind: 'resize' } & ScreenSize));

export const recordingFiles = (folder: string) => ({
  output: join(folder, 'output.log'),
  index: join(folder, 'index.bin'),
  /** The last screen of an ended session: JSON. */
  screen: join(folder, 'screen.json'),
});

export function encodeRecord(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUInt8(record.kind === 'output' ? KIND_OUTPUT : KIND_RESIZE, 0);
  if (record.kind === 'resize') {
    bytes.writeUInt16BE(record.cols, 2);
    bytes.writeUInt16BE(record.rows, 4);
  }
  bytes.writeBigUInt64BE(BigInt(record.time), 8);
  bytes.writeBigUInt64BE(BigInt(record.offset), 16);
  return bytes;
}

/** Null when these bytes are no record: the rest of the index is not to be trusted. */
function decodeRecord(bytes: Buffer, at: number): IndexRecord | null {
  const kind = bytes.readUInt8(at);
  const time = Number(bytes.readBigUInt64BE(at + 8));
  const offset = Number(bytes.readBigUInt64BE(at + 16));
  if (kind === KIND_OUTPUT) return { kind: 'output', time, offset };
  if (kind === KIND_RESIZE) return { kind: 'resize', time, offset, cols: bytes.readUInt16BE(at + 2), rows: bytes.readUInt16BE(at + 4) };
  return null;
}

/** Makes the folder (0700) and opens both files (0600) for appending. */
export async function createFiles(folder: string): Promise<{ output: FileHandle; index: FileHandle }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = recordingFiles(folder);
  const output = await open(files.output, 'a', 0o600);
  try {
    return { output, index: await open(files.index, 'a', 0o600) };
  } catch (error) {
    await output.close();
    throw error;
  }
}

/** Records in order, only those whose bytes are there. Empty when there is no recording. */
export async function* readIndex(folder: string): AsyncGenerator<IndexRecord> {
  const files = recordingFiles(folder);
  const output = await openToRead(files.output);
  if (output === null) return;
  const { size } = await output.stat().finally(() => output.close());
  const index = await openToRead(files.index);
  if (index === null) return;
  try {
    const buffer = Buffer.alloc(RECORD_BYTES * 2048);
    let last = 0;
    for (let position = 0; ; ) {
      const { bytesRead } = await index.read(buffer, 0, buffer.length, position);
      for (let at = 0; at + RECORD_BYTES <= bytesRead; at += RECORD_BYTES) {
        const record = decodeRecord(buffer, at);
        if (record === null || record.offset > size || record.offset < last) return;
        last = record.offset;
        yield record;
      }
      if (bytesRead < buffer.length) return;
      position += bytesRead;
    }
  } finally {
    await index.close();
  }
}

/** Null when it does not exist. Regular files only, and no symbolic link at the end of the path. */
export async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
