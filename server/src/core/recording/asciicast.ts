/** Reads recordings back as asciicast v2 (docs.asciinema.org/manual/asciicast/v2). */

import type { ScreenSize } from '../terminal/screen.ts';
import { openBytes } from './bytes.ts';
import { type Moment, readIndex, recordingFiles } from './files.ts';

/** What is handed on at a time, in characters. */
const PIECE = 64 * 1024;
/** Makes any terminal an emptied one: reset (RIS), erase the screen and what scrolled out of it. */
const EMPTIED = '\x1bc\x1b[2J\x1b[3J\x1b[H';

/** `cols` and `rows`: size at the start, for a recording that does not tell. */
export interface CastHeader extends ScreenSize {
  /** In ms since 1970. */
  startedAt: number;
  title: string;
}

/**
 * One JSON line for the header and for each event, in pieces of about 64 KiB, whatever the size of the recording. A character that the
 * terminal got in two parts is joined in the later event; bytes that are no UTF-8 become U+FFFD. Markers (`m`) tell where output was
 * fetched later, and where some is missing.
 */
export async function* asciicast(folder: string, { cols, rows, startedAt, title }: CastHeader): AsyncGenerator<Uint8Array> {
  const size = (await sizeAtStart(folder)) ?? { cols, rows };
  const header = { version: 2, width: size.cols, height: size.rows, timestamp: Math.floor(startedAt / 1000), title };
  let lines = `${JSON.stringify({ ...header, env: { TERM: 'xterm-256color' } })}\n`;
  const output = await openBytes(recordingFiles(folder).output);
  try {
    let decoder = new TextDecoder('utf-8');
    let before: Moment | null = null;
    for await (const moment of output === null ? [] : readIndex(folder)) {
      const event = (text: string) => `${JSON.stringify([moment.time / 1000, 'o', text])}\n`;
      lines += beforeOutput(moment, before);
      if (moment.kind === 'gap') {
        decoder = new TextDecoder('utf-8');
        lines += event(EMPTIED);
      }
      for await (const bytes of output!.read(moment.from, moment.after.file)) {
        const text = decoder.decode(bytes, { stream: true });
        if (text !== '') lines += event(text);
        if (lines.length < PIECE) continue;
        yield Buffer.from(lines);
        lines = '';
      }
      before = moment;
    }
    yield Buffer.from(lines);
  } finally {
    await output?.close();
  }
}

/** Marker and new size. What was fetched in a row is marked once. */
function beforeOutput(moment: Moment, before: Moment | null): string {
  const event = (code: 'r' | 'm', text: string) => `${JSON.stringify([moment.time / 1000, code, text])}\n`;
  if (moment.kind === 'recovered') {
    return before?.kind === 'recovered' ? '' : event('m', 'Recovered: printed while nobody listened, fetched later');
  }
  if (moment.kind === 'output') return '';
  if (moment.kind === 'resize' && before === null) return '';
  const size = event('r', `${moment.cols}x${moment.rows}`);
  if (moment.kind === 'resize') return size;
  const missing = moment.offset - (before?.offset ?? 0);
  return event('m', missing === 0 ? 'Gap: output is missing here' : `Gap: ${missing} bytes of output are missing here`) + size;
}

/** The first record says how large the terminal was. */
async function sizeAtStart(folder: string): Promise<ScreenSize | null> {
  for await (const { kind, ...record } of readIndex(folder)) return kind === 'resize' || kind === 'gap' ? (record as ScreenSize) : null;
  return null;
}
