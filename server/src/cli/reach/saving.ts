/** What home gave, into a file of this machine: whole or not at all, and over nothing that is there unless told so. */
import { link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AfieldError } from '@afield/shared/errors.ts';
import { type Io, note } from '../io.ts';
import { size } from '../print/age.ts';
import { printable } from '../print/printable.ts';
import { withProgress } from '../print/progress.ts';

export interface SaveOptions {
  /** Said while it goes on: `Saving the recording`. */
  doing: string;
  /** As it was given on the command line. */
  file: string;
  /** Overwrites a file that is there. */
  force: boolean;
}

/** Says where it is and how large. Errors: conflict for a file that is there; internal when it cannot be written; those of `bytes`. */
export async function saveTo(io: Io, bytes: AsyncIterable<Uint8Array>, { doing, file, force }: SaveOptions): Promise<void> {
  const place = path.resolve(io.cwd(), file);
  if (!force && (await exists(place))) throw taken(place);
  const written = await withProgress(io, doing, save(bytes, place, force));
  note(io, `${printable(place)}, ${size(written)}`);
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

const taken = (file: string): AfieldError =>
  new AfieldError('conflict', `${printable(file)} is there already. Give another name with -o, or --force.`);

/** It gets its name once everything is there. Returns the number of bytes. */
async function save(bytes: AsyncIterable<Uint8Array>, file: string, force: boolean): Promise<number> {
  const part = `${file}.${process.pid}.part`;
  const failed = (cause: unknown) => new AfieldError('internal', `${file} could not be written: ${(cause as Error).message}.`, { cause });
  const handle = await open(part, 'wx', 0o600).catch((cause: unknown) => {
    throw failed(cause);
  });
  try {
    await pipeline(Readable.from(bytes), handle.createWriteStream());
    const { size: written } = await stat(part);
    if (force) await rename(part, file);
    else await give(part, file);
    return written;
  } catch (cause) {
    throw cause instanceof AfieldError ? cause : failed(cause);
  } finally {
    await rm(part, { force: true });
  }
}

/** Systems of files that know no second name for a file. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** As `rename`, but over nothing: somebody may have made such a file meanwhile. */
async function give(part: string, file: string): Promise<void> {
  try {
    await link(part, file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw taken(file);
    if (!NO_LINKS.has(code)) throw cause;
    await rename(part, file);
  }
}
