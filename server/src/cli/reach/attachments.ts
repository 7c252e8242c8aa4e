import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GivenAttachment } from '@afield/shared/api/prompts.ts';
import { UsageError } from '../exit.ts';
import type { Io } from '../io.ts';

/** Limit of the API for one file. */
const MAX_BYTES = 5_000_000;
const TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.csv': 'text/csv',
  '.html': 'text/html',
};

/** Endings under which what somebody gave may be saved: nothing that a desktop runs, or opens in a browser. */
const ENDINGS: Readonly<Record<string, string>> = {
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'application/pdf': '.pdf',
  'application/json': '.json',
  'text/markdown': '.md',
  'text/csv': '.csv',
  'text/plain': '.txt',
};

/** By its type, which somebody named: one that is not known is just bytes. */
export const endingOf = (media_type: string): string => (Object.hasOwn(ENDINGS, media_type) ? (ENDINGS[media_type] as string) : '.bin');

/** A file as it goes with a message. Errors: UsageError for what is no file, or too large. */
export function attachmentOf(io: Io, file: string): GivenAttachment {
  const bytes = read(path.resolve(io.cwd(), file), file);
  const known = TYPES[path.extname(file).toLowerCase()];
  // What holds no NUL is text enough for an agent.
  const media_type = known ?? (bytes.includes(0) ? 'application/octet-stream' : 'text/plain');
  return { name: path.basename(file).slice(0, 200), media_type, base64: bytes.toString('base64') };
}

function read(at: string, shown: string): Buffer {
  let fd: number;
  try {
    // A pipe without a writer would wait for ever.
    fd = openSync(at, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new UsageError(`${shown} cannot be read: ${(cause as Error).message}.`);
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile()) throw new UsageError(`${shown} is no file.`);
    if (size > MAX_BYTES)
      throw new UsageError(`${shown} is larger than 5 MB. Put it where the agent can read it, and name it in the message.`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
