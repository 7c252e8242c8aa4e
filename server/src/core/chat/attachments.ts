/** Bytes that go with prompts: kept at home under ids of ours, never under a name that somebody gave. */
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attachment, ChatAbilities } from '@afield/shared/api/chat.ts';
import type { GivenAttachment } from '@afield/shared/api/prompts.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { GivenFile } from '../chat-ports.ts';
import { line } from './bounds.ts';

const FOLDER = 'attachments';
const MAX_BYTES = 5 * 1024 * 1024;
const ID = /^[0-9a-f-]{36}$/;

/** Errors: not_supported for what the agent does not take, too_large. Nothing is stored by this. */
export function checkGiven(given: readonly GivenAttachment[], can: ChatAbilities | null): void {
  if (given.length > 0 && can === null) {
    throw new AfieldError(
      'not_supported',
      'A session with a terminal takes text alone. Put the file where the agent can read it, and name its path.',
    );
  }
  for (const { name, media_type, base64 } of given) {
    const image = media_type.startsWith('image/');
    if (can !== null && !(image ? can.images : can.files)) {
      throw new AfieldError(
        'not_supported',
        `This agent takes no ${image ? 'images' : 'files'}. Send the text without “${line(name, 80)}”.`,
      );
    }
    if (Buffer.byteLength(base64, 'base64') > MAX_BYTES) throw new AfieldError('too_large', `“${line(name, 80)}” is larger than 5 MB.`);
  }
}

/** `folder`: of the session. When one cannot be written none is left. */
export async function keepGiven(folder: string, given: readonly GivenAttachment[], newId: () => string): Promise<Attachment[]> {
  if (given.length === 0) return [];
  const kept: Attachment[] = [];
  await mkdir(join(folder, FOLDER), { recursive: true, mode: 0o700 });
  try {
    for (const { name, media_type, base64 } of given) {
      const bytes = Buffer.from(base64, 'base64');
      const attachment = { id: newId(), name: line(name, 200), media_type, size_bytes: bytes.length };
      kept.push(attachment);
      await writeFile(pathOf(folder, attachment.id), bytes, { mode: 0o600, flag: 'wx' });
    }
  } catch (error) {
    await dropGiven(folder, kept);
    throw error;
  }
  return kept;
}

export async function dropGiven(folder: string, attachments: readonly Attachment[]): Promise<void> {
  for (const { id } of attachments) await rm(pathOf(folder, id), { force: true }).catch(() => {});
}

/** Errors: not_found. */
export async function readAttachment(
  folder: string,
  id: string,
  { from, bytes }: { from: number; bytes?: number } = { from: 0 },
): Promise<Buffer> {
  try {
    if (ID.test(id)) return await readPart(pathOf(folder, id), from, bytes ?? MAX_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new AfieldError('not_found', 'There is no such attachment. It may have been deleted.');
}

/** Nothing from its end on. */
async function readPart(path: string, from: number, most: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const part = Buffer.alloc(Math.max(0, Math.min(most, size - from)));
    let read = 0;
    while (read < part.length) {
      const { bytesRead } = await file.read(part, read, part.length - read, from + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return part.subarray(0, read);
  } finally {
    await file.close();
  }
}

/** Errors: not_found when one is gone. */
export async function filesOf(folder: string, attachments: readonly Attachment[]): Promise<GivenFile[]> {
  return Promise.all(
    attachments.map(async ({ id, name, media_type }) => ({
      name,
      media_type,
      bytes: await readAttachment(folder, id),
      path: pathOf(folder, id),
    })),
  );
}

const pathOf = (folder: string, id: string) => join(folder, FOLDER, id);
