/**
 * A recording on disk: `output.log`, the raw bytes of the terminal, and `index.bin`, one record of 24 bytes for each moment. Bytes are
 * written before the record that counts them, so that after a crash everything up to the last whole record is good and the rest is cut.
 * When the session is over both are compressed (`.gz`); whoever reads takes the form that is there.
 *
 * Record, big-endian: kind u8 (1 output, 2 resize, 3 recovered, 4 gap) | high u8 | cols u16 | rows u16 | low u16 | time in ms since the
 * start u64 | position in the byte log after this moment u64.
 *
 * `recovered` is output that was fetched later, while nobody of us listened when it was printed. `gap`: the bytes between the position
 * before and this one are missing. What the screen of `cols` × `rows` showed after them follows in `output.log`, for an emptied
 * terminal, `high` × 65536 + `low` bytes long; these bytes are no part of the byte log and count in no position.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScreenSize } from '../terminal/screen.ts';
import { type ByteFile, openBytes } from './bytes.ts';

export const RECORD_BYTES = 24;
/** What fits into a record; a larger screen is left out. */
export const MAX_SCREEN_BYTES = 2 ** 24 - 1;
const KINDS = { output: 1, resize: 2, recovered: 3, gap: 4 } as const;

export type IndexRecord = { time: number; offset: number } & (
  | { kind: 'output' }
  | { kind: 'recovered' }
  | ({ kind: 'resize' } & ScreenSize)
  | ({ kind: 'gap'; screen: number } & ScreenSize)
);

/** A place between two moments: so many records, so many bytes of `output.log`, and where that is in the byte log and in time. */
export interface Mark {
  records: number;
  file: number;
  offset: number;
  time: number;
}
export const START: Mark = { records: 0, file: 0, offset: 0, time: 0 };

export const recordingFiles = (folder: string) => ({
  output: join(folder, 'output.log'),
  index: join(folder, 'index.bin'),
  /** The screen at some place of the recording, in the end at its end: JSON. */
  screen: join(folder, 'screen.json'),
});

export function encodeRecord(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUInt8(KINDS[record.kind], 0);
  if (record.kind === 'resize' || record.kind === 'gap') {
    bytes.writeUInt16BE(record.cols, 2);
    bytes.writeUInt16BE(record.rows, 4);
  }
  if (record.kind === 'gap') {
    bytes.writeUInt8(record.screen >>> 16, 1);
    bytes.writeUInt16BE(record.screen & 0xffff, 6);
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
  if (kind === KINDS.output) return { kind: 'output', time, offset };
  if (kind === KINDS.recovered) return { kind: 'recovered', time, offset };
  const size = { cols: bytes.readUInt16BE(at + 2), rows: bytes.readUInt16BE(at + 4) };
  if (kind === KINDS.resize) return { kind: 'resize', time, offset, ...size };
  const screen = bytes.readUInt8(at + 1) * 65_536 + bytes.readUInt16BE(at + 6);
  return kind === KINDS.gap ? { kind: 'gap', time, offset, ...size, screen } : null;
}

/** Where one is after this moment. Null when it cannot come here: its bytes are not there, or it goes back. */
export function markAfter(before: Mark, record: IndexRecord, size: number): Mark | null {
  const grown = record.offset - before.offset;
  const bytes = record.kind === 'gap' ? record.screen : grown;
  if (grown < 0 || before.file + bytes > size || (record.kind === 'resize' && grown !== 0)) return null;
  return { records: before.records + 1, file: before.file + bytes, offset: record.offset, time: Math.max(before.time, record.time) };
}

/** Makes the folder (0700) and opens both files (0600) for appending. */
export async function createFiles(folder: string): Promise<{ output: FileHandle; index: FileHandle }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = recordingFiles(folder);
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;
  const output = await open(files.output, flags, 0o600);
  try {
    return { output, index: await open(files.index, flags, 0o600) };
  } catch (error) {
    await output.close();
    throw error;
  }
}

/** What happened, where its bytes begin in `output.log` (`from`), and where one is afterwards. */
export type Moment = IndexRecord & { from: number; after: Mark };

/** Moments in order from a mark on, only those whose bytes are there. Times never go back. Empty when there is no recording. */
export async function* readIndex(folder: string, since: Mark = START): AsyncGenerator<Moment> {
  const files = recordingFiles(folder);
  const output = await openBytes(files.output);
  if (output === null) return;
  await output.close();
  const index = await openBytes(files.index);
  if (index === null) return;
  try {
    yield* moments(index, output.size, since);
  } finally {
    await index.close();
  }
}

async function* moments(index: ByteFile, size: number, since: Mark): AsyncGenerator<Moment> {
  let mark = since;
  let left: Buffer = Buffer.alloc(0);
  for await (const piece of index.read(since.records * RECORD_BYTES, index.size)) {
    const bytes = left.length === 0 ? piece : Buffer.concat([left, piece]);
    let at = 0;
    for (; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      const record = decodeRecord(bytes, at);
      const after = record === null ? null : markAfter(mark, record, size);
      if (record === null || after === null) return;
      const { file: from } = mark;
      mark = after;
      yield { ...record, time: after.time, from, after };
    }
    left = bytes.subarray(at);
  }
}
