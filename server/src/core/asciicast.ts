/** Reads recordings back: as asciicast v2 (docs.asciinema.org/manual/asciicast/v2), and the last part of the byte log. */
import type { FileHandle } from 'node:fs/promises';
import { openToRead, readIndex, recordingFiles } from './recording-files.ts';
import type { ScreenSize } from './screen.ts';

/** Bytes that are read, decoded and handed on at a time. */
const PIECE_BYTES = 64 * 1024;

/** `cols` and `rows`: size at the start, for a recording that does not tell. */
export interface CastHeader extends ScreenSize {
  /** In ms since 1970. */
  startedAt: number;
  title: string;
}

/**
 * One JSON line for the header and for each event, in pieces of about 64 KiB, whatever the size of the recording. A character that the
 * terminal got in two parts is joined in the later event; bytes that are no UTF-8 become U+FFFD.
 */
export async function* asciicast(folder: string, { cols, rows, startedAt, title }: CastHeader): AsyncGenerator<Uint8Array> {
  const size = (await sizeAtStart(folder)) ?? { cols, rows };
  const header = { version: 2, width: size.cols, height: size.rows, timestamp: Math.floor(startedAt / 1000), title };
  let lines = `${JSON.stringify({ ...header, env: { TERM: 'xterm-256color' } })}\n`;
  const output = await openToRead(recordingFiles(folder).output);
  try {
    const decoder = new TextDecoder('utf-8');
    let offset = 0;
    for await (const record of output === null ? [] : readIndex(folder)) {
      const seconds = record.time / 1000;
      for await (const bytes of pieces(output!, offset, record.offset)) {
        const text = decoder.decode(bytes, { stream: true });
        if (text !== '') lines += `${JSON.stringify([seconds, 'o', text])}\n`;
        if (lines.length < PIECE_BYTES) continue;
        yield Buffer.from(lines);
        lines = '';
      }
      offset = record.offset;
      if (record.kind === 'resize' && offset > 0) lines += `${JSON.stringify([seconds, 'r', `${record.cols}x${record.rows}`])}\n`;
    }
    yield Buffer.from(lines);
  } finally {
    await output?.close();
  }
}

/** The first record says how large the terminal was. */
async function sizeAtStart(folder: string): Promise<ScreenSize | null> {
  for await (const record of readIndex(folder)) return record.kind === 'resize' ? record : null;
  return null;
}

/** The last bytes of the byte log, at most `max`, with the size that the terminal had at the end; null when nothing was recorded. */
export async function recordedTail(folder: string, max: number): Promise<{ bytes: Buffer; start: number; size: ScreenSize | null } | null> {
  let end = 0;
  let size: ScreenSize | null = null;
  for await (const record of readIndex(folder)) {
    end = record.offset;
    if (record.kind === 'resize') size = { cols: record.cols, rows: record.rows };
  }
  const output = end === 0 ? null : await openToRead(recordingFiles(folder).output);
  if (output === null) return null;
  try {
    const start = Math.max(0, end - max);
    const parts: Buffer[] = [];
    for await (const bytes of pieces(output, start, end)) parts.push(bytes);
    return { bytes: Buffer.concat(parts), start, size };
  } finally {
    await output.close();
  }
}

async function* pieces(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
