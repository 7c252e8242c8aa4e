/** The screen of a session that is not in memory: from what was kept beside its recording, and what was recorded after that. */
import { type ByteFile, openBytes } from '../recording/bytes.ts';
import { type DrawnScreen, readCheckpoint } from '../recording/checkpoint.ts';
import { type Mark, RECORD_BYTES, readIndex, recordingFiles, START } from '../recording/files.ts';
import { Screen, type ScreenSize } from './screen.ts';

/** A recording without a kept screen is drawn from its start up to this size; of a larger one only the end is drawn. */
const WHOLE_BYTES = 16 * 1024 * 1024;
/** Enough for a whole screen. */
const END_BYTES = 1024 * 1024;
/** The mirror is given so many bytes before it is waited for. */
const GULP_BYTES = 256 * 1024;

/**
 * A mirror that shows what the session showed last and stands at that place of the byte log; the caller disposes it. Without any trace
 * of it: an empty screen. `passing` is called when it shows the byte log up to `at`, if it ever shows just that.
 */
export async function lastScreen(
  folder: string,
  size: ScreenSize,
  scrollback: number,
  passing: { at: number; passed(screen: Screen): void } = { at: -1, passed: () => {} },
): Promise<Screen> {
  const output = await openBytes(recordingFiles(folder).output);
  try {
    const begin = await beginning(folder, output, size);
    let screen = drawn(begin, scrollback);
    if (screen.end === passing.at) passing.passed(await settled(screen));
    if (output === null || begin.mark === null) return await settled(screen);
    let unseen = begin.bytes.length;
    for await (const moment of readIndex(folder, begin.mark)) {
      if (moment.kind === 'gap') {
        screen.dispose();
        screen = drawn({ ...moment, offset: moment.offset - moment.screen, bytes: Buffer.alloc(0) }, scrollback);
      }
      if (moment.kind === 'resize') (await settled(screen)).resize(moment);
      for await (const bytes of output.read(Math.max(begin.skip, moment.from), moment.after.file)) {
        const before = passing.at - screen.end;
        if (before > 0 && before <= bytes.length) {
          screen.write(bytes.subarray(0, before));
          passing.passed(await settled(screen));
          screen.write(bytes.subarray(before));
        } else screen.write(bytes);
        unseen += bytes.length;
        if (unseen >= GULP_BYTES) await settled(screen);
        if (unseen >= GULP_BYTES) unseen = 0;
      }
    }
    return await settled(screen);
  } finally {
    await output?.close();
  }
}

/** `mark`: what follows it in the recording is still to be drawn, but for what stands before `skip` in its bytes. Null: nothing is. */
type Beginning = DrawnScreen & { mark: Mark | null; skip: number };

async function beginning(folder: string, output: ByteFile | null, size: ScreenSize): Promise<Beginning> {
  const kept = await readCheckpoint(folder);
  if (kept !== null && (output === null || kept.mark === null || (await holds(folder, output, kept.mark)))) return { ...kept, skip: 0 };
  let end = START;
  for await (const { after } of readIndex(folder)) end = after;
  const skipped = end.file > WHOLE_BYTES ? end.file - END_BYTES : 0;
  const offset = skipped === 0 ? 0 : end.offset - END_BYTES;
  return { ...size, offset, bytes: Buffer.alloc(0), mark: START, skip: skipped };
}

/** False when the recording ends before that place, as after a power cut. */
async function holds(folder: string, output: ByteFile, mark: Mark): Promise<boolean> {
  const index = await openBytes(recordingFiles(folder).index);
  await index?.close();
  return index !== null && mark.records * RECORD_BYTES <= index.size && mark.file <= output.size;
}

function drawn({ cols, rows, offset, bytes }: DrawnScreen, scrollback: number): Screen {
  const screen = new Screen({ cols, rows }, scrollback, offset - bytes.length);
  screen.write(bytes);
  return screen;
}

async function settled(screen: Screen): Promise<Screen> {
  await screen.settled();
  return screen;
}
