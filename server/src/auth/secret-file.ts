/** Files that hold a secret: ours alone, never half written, never read when somebody else could have read or changed them. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';

/** The text of the file, or null when there is none. Errors: `unavailable` with the command that mends it. */
export function readSecretFile(file: string): string | null {
  let fd: number;
  try {
    // Not through a link: whoever may place one could make us read, and later trust, a file of theirs.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw new AfieldError('unavailable', `${file} is a symbolic link. Put the file itself there.`, { cause });
    throw new AfieldError('unavailable', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new AfieldError('unavailable', `${file} is no ordinary file. Move it away.`);
    const uid = process.getuid?.();
    if (uid !== undefined && found.uid !== uid) {
      throw new AfieldError('unavailable', `${file} belongs to another user (uid ${found.uid}). Make it yours: chown ${uid} '${file}'`);
    }
    if (uid !== undefined && (found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
      throw new AfieldError('unavailable', `${file} may be used by others (mode ${mode}). Take that away: chmod 600 '${file}'`);
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Writes a new file (0600), whole or not at all, and leaves one that is there already as it is. Returns what now stands in it. */
export function createSecretFile(file: string, text: string): string {
  const draft = writeDraft(file, text);
  try {
    linkSync(draft, file);
    return text;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    // Somebody was first: theirs counts.
    return readSecretFile(file) ?? text;
  } finally {
    unlinkSync(draft);
    syncFolder(file);
  }
}

/** Replaces the file (0600), whole or not at all. */
export function replaceSecretFile(file: string, text: string): void {
  renameSync(writeDraft(file, text), file);
  syncFolder(file);
}

function writeDraft(file: string, text: string): string {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return draft;
}

/** A new name is on the disk only once its folder is. */
function syncFolder(file: string): void {
  const fd = openSync(path.dirname(file), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
