/** Who this home server is: its key and the secret of its room. Made once; a missing one is never silently replaced. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { ROOM_LABEL } from '@afield/shared/rendezvous.ts';
import type { MetaStore } from '../core/ports.ts';
import { createSecretFile, readSecretFile } from './secret-file.ts';

export interface HomeKeys {
  /** X25519, 32 bytes. */
  privateKey: Buffer;
  /** 32 bytes that only this server knows; the relay sees them, as the password of the room. */
  roomSecret: Buffer;
  /** 32 bytes: where devices look for this server. */
  room: Buffer;
}

const FORMAT = 'afield-home-keys-v1';
/** Remembers in the database which keys belong to it. */
const META_KEY = 'home_keys_sha256';
const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * Reads `home.json` in the folder of keys, or makes it at the first start. Errors: `unavailable` when the file is missing or another
 * than the one this database was set up with, damaged, or readable by others.
 */
export function loadHomeKeys(folder: string, meta: MetaStore): HomeKeys {
  const file = path.join(folder, 'home.json');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseOpenFolder(folder);
  const known = meta.get(META_KEY);
  let text = readSecretFile(file);
  if (text === null && known !== null) {
    throw new AfieldError(
      'unavailable',
      `${file} is missing: without it no paired device finds or trusts this server. Put it back from a backup. To start afresh, and ` +
        'pair every device again, move the whole data folder away.',
    );
  }
  text ??= createSecretFile(file, newKeys());
  const keys = parse(file, text);
  const own = sha256(keys.privateKey, keys.roomSecret).toString('hex');
  if (known !== null && known !== own) {
    throw new AfieldError('unavailable', `${file} does not belong to the database beside it. Put both back from the same backup.`);
  }
  if (known === null) meta.set(META_KEY, own);
  return keys;
}

function newKeys(): string {
  const secret = () => randomBytes(32).toString('base64url');
  return `${JSON.stringify({ format: FORMAT, private_key: secret(), room_secret: secret() })}\n`;
}

function parse(file: string, text: string): HomeKeys {
  const bytes = (value: unknown) => {
    const decoded = Buffer.from(typeof value === 'string' ? value : '', 'base64url');
    if (decoded.length !== 32) throw new AfieldError('unavailable', `${file} is damaged. Put it back from a backup.`);
    return decoded;
  };
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new AfieldError('unavailable', `${file} is damaged. Put it back from a backup.`, { cause });
  }
  const roomSecret = bytes(found.room_secret);
  return { privateKey: bytes(found.private_key), roomSecret, room: sha256(ROOM_LABEL, roomSecret) };
}

function refuseOpenFolder(folder: string): void {
  const { mode, uid } = statSync(folder);
  const own = process.getuid?.();
  if (own === undefined || (uid === own && (mode & 0o077) === 0)) return;
  throw new AfieldError('unavailable', `The folder ${folder} may be used by others. Make it yours alone: chmod 700 '${folder}'`);
}
