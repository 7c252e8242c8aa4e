/** The screen of a session that is over: kept beside its recording, or drawn again from the end of the recording after a crash. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { recordedTail } from './asciicast.ts';
import { recordingFiles } from './recording-files.ts';
import { Screen, type ScreenSize } from './screen.ts';

/** Enough to draw a whole screen again; parsed in about 30 ms. */
const REPLAY_BYTES = 1024 * 1024;

interface Kept extends ScreenSize {
  offset: number;
  ansi: string;
}

export async function keepScreen(folder: string, screen: Screen, scrollback: number): Promise<void> {
  const { screen: path } = recordingFiles(folder);
  const kept: Kept = { cols: screen.cols, rows: screen.rows, offset: screen.offset, ansi: screen.render('ansi', scrollback) };
  await writeFile(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** A mirror that shows what the session showed last; the caller disposes it. Without any trace of it: an empty screen. */
export async function lastScreen(folder: string, size: ScreenSize, scrollback: number): Promise<Screen> {
  const kept = await readKept(folder);
  const tail = kept === null ? await recordedTail(folder, REPLAY_BYTES) : null;
  const bytes = kept === null ? tail?.bytes : Buffer.from(kept.ansi);
  const end = kept?.offset ?? (tail === null ? 0 : tail.start + tail.bytes.length);
  const screen = new Screen(kept ?? tail?.size ?? size, scrollback, end - (bytes?.length ?? 0));
  if (bytes !== undefined) screen.write(bytes);
  await screen.settled();
  return screen;
}

async function readKept(folder: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(recordingFiles(folder).screen, 'utf8')) as Kept;
  } catch {
    // None was written, or only half of one: the recording tells as well.
    return null;
  }
}
