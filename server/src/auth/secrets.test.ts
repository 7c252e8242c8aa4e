import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetaStore } from '../core/ports.ts';
import { loadHomeKeys } from './home-keys.ts';
import { createSecretFile, readSecretFile, replaceSecretFile } from './secret-file.ts';
import { bearer, loadToken } from './token.ts';

let folder: string;
const at = (name: string) => path.join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'afield-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AfieldError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};
const memoryMeta = (): MetaStore => {
  const values = new Map<string, string>();
  return { get: (key) => values.get(key) ?? null, set: (key, value) => void values.set(key, value) };
};

describe('secret files', () => {
  it('are made 0600, whole, and never overwritten', () => {
    expect(readSecretFile(at('a'))).toBeNull();
    expect(createSecretFile(at('a'), 'first')).toBe('first');
    expect(createSecretFile(at('a'), 'second')).toBe('first');
    replaceSecretFile(at('a'), 'third');
    expect(readSecretFile(at('a'))).toBe('third');
    expect(statSync(at('a')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('G5: readable by others, a link, or a folder: refused with the command that mends it', () => {
    createSecretFile(at('a'), 'x');
    for (const mode of [0o644, 0o640, 0o660, 0o604, 0o601]) {
      chmodSync(at('a'), mode);
      expect(refusal(() => readSecretFile(at('a')))).toBe(
        `unavailable: ${at('a')} may be used by others (mode 0${mode.toString(8)}). Take that away: chmod 600 '${at('a')}'`,
      );
    }
    chmodSync(at('a'), 0o400);
    expect(readSecretFile(at('a'))).toBe('x');
    symlinkSync(at('a'), at('link'));
    expect(refusal(() => readSecretFile(at('link')))).toContain('symbolic link');
    expect(refusal(() => readSecretFile(folder))).toContain('no ordinary file');
  });

  it.runIf(process.getuid?.() === 0)('G5: a file of another owner is refused', async () => {
    createSecretFile(at('a'), 'x');
    const { chownSync } = await import('node:fs');
    chownSync(at('a'), 12345, 12345);
    expect(refusal(() => readSecretFile(at('a')))).toContain('belongs to another user (uid 12345)');
    expect(lstatSync(at('a')).uid).toBe(12345);
  });
});

describe('the token', () => {
  it('is made once and matches only itself', () => {
    const { token, matches } = loadToken(at('token'));
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(loadToken(at('token')).token).toBe(token);
    expect(matches(token)).toBe(true);
    for (const other of ['', token.slice(1), `${token}x`, token.toUpperCase(), 'x'.repeat(43)]) expect(matches(other)).toBe(false);
  });

  it('G5: an open or damaged file is refused, and stays as it is', () => {
    writeFileSync(at('token'), 'short', { mode: 0o600 });
    expect(refusal(() => loadToken(at('token')))).toContain('holds no token');
    chmodSync(at('token'), 0o644);
    expect(refusal(() => loadToken(at('token')))).toContain('chmod 600');
    expect(readFileSync(at('token'), 'utf8')).toBe('short');
  });

  it('is read from a Bearer header and nothing else', () => {
    expect(bearer('Bearer abc')).toBe('abc');
    expect(bearer('bearer a.b-c_d~e+f/g==')).toBe('a.b-c_d~e+f/g==');
    for (const header of [undefined, '', 'abc', 'Basic abc', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer  abc', 'Bearer a,b']) {
      expect([header, bearer(header)]).toEqual([header, null]);
    }
  });
});

describe('the keys of the home server', () => {
  it('are made at the first start, and the same ever after', () => {
    const meta = memoryMeta();
    const first = loadHomeKeys(at('keys'), meta);
    expect([first.privateKey.length, first.roomSecret.length, first.room.length]).toEqual([32, 32, 32]);
    expect(loadHomeKeys(at('keys'), meta)).toEqual(first);
    expect(statSync(at('keys')).mode & 0o777).toBe(0o700);
    expect(statSync(at('keys/home.json')).mode & 0o777).toBe(0o600);
  });

  it('G5: a key file that vanished is never replaced by a new identity', () => {
    const meta = memoryMeta();
    loadHomeKeys(at('keys'), meta);
    unlinkSync(at('keys/home.json'));
    expect(refusal(() => loadHomeKeys(at('keys'), meta))).toMatch(/^unavailable: .*home\.json is missing: .* Put it back from a backup/);
    expect(readdirSync(at('keys'))).toEqual([]);
  });

  it('G5: another server’s keys, damaged ones and open folders are refused', () => {
    const meta = memoryMeta();
    loadHomeKeys(at('keys'), meta);
    loadHomeKeys(at('other'), memoryMeta());
    replaceSecretFile(at('keys/home.json'), readFileSync(at('other/home.json'), 'utf8'));
    expect(refusal(() => loadHomeKeys(at('keys'), meta))).toContain('does not belong to the database beside it');
    for (const text of ['', 'not json', '{}', '{"private_key":"AA","room_secret":"AA"}']) {
      replaceSecretFile(at('keys/home.json'), text);
      expect(refusal(() => loadHomeKeys(at('keys'), meta))).toContain('is damaged');
    }
    chmodSync(at('other'), 0o755);
    expect(refusal(() => loadHomeKeys(at('other'), memoryMeta()))).toContain("chmod 700 '");
  });
});
