/** A file of a recording to read from, whether it was compressed meanwhile or not. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

/** Bytes that are read and handed on at a time. */
const PIECE_BYTES = 64 * 1024;
/** A gzip file ends with the length of what was compressed, modulo 2^32 (RFC 1952, section 2.3.1). A recording is shorter. */
const LENGTH_BYTES = 4;

export interface ByteFile {
  /** Of the bytes themselves, not of their compressed form. */
  readonly size: number;
  /** In pieces. Reading forwards is cheap in both forms; from behind where one was before is not in the compressed one. */
  read(from: number, to: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

export const compressedPath = (path: string) => `${path}.gz`;

/** Null when there is none. Regular files only, and no symbolic link at the end of the path. */
export async function openBytes(path: string): Promise<ByteFile | null> {
  // Once more at the end: it may be compressed, and the plain one deleted, between the two looks.
  const file = (await openPlain(path)) ?? (await openPacked(compressedPath(path))) ?? (await openPlain(path));
  return file;
}

async function openPlain(path: string): Promise<ByteFile | null> {
  const file = await openToRead(path);
  if (file === null) return null;
  const { size } = await file.stat();
  return { size, read: (from, to) => pieces(file, from, to), close: () => file.close() };
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

async function openPacked(path: string): Promise<ByteFile | null> {
  const file = await openToRead(path);
  if (file === null) return null;
  const { size: packed } = await file.stat();
  const length = Buffer.alloc(LENGTH_BYTES);
  await file.read(length, 0, LENGTH_BYTES, Math.max(0, packed - LENGTH_BYTES));
  const unpacked = new Unpacked(file);
  return { size: length.readUInt32LE(), read: (from, to) => unpacked.read(from, to), close: () => unpacked.close() };
}

/** A gzip file can only be read from its start: goes on from where it is, and starts anew for what lies before. */
class Unpacked {
  readonly #file: FileHandle;
  #stream: AsyncIterator<Buffer> | null = null;
  #at = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *read(from: number, to: number): AsyncGenerator<Buffer> {
    if (from >= to) return;
    if (this.#stream === null || from < this.#at) await this.#restart();
    // In the pieces that a plain file gives, however they were compressed.
    let gathered: Buffer[] = [];
    let length = 0;
    for await (const part of this.#parts(from, to)) {
      gathered.push(part);
      length += part.length;
      if (length < PIECE_BYTES) continue;
      const bytes = Buffer.concat(gathered);
      const whole = length - (length % PIECE_BYTES);
      for (let at = 0; at < whole; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
      gathered = [bytes.subarray(whole)];
      length -= whole;
    }
    if (length > 0) yield Buffer.concat(gathered);
  }

  async *#parts(from: number, to: number): AsyncGenerator<Buffer> {
    while (this.#at < to) {
      if (this.#rest.length === 0) {
        const next = await this.#stream!.next();
        if (next.done === true) return;
        this.#rest = next.value;
      }
      const skipped = Math.min(this.#rest.length, Math.max(0, from - this.#at));
      const piece = this.#rest.subarray(skipped, skipped + Math.max(0, to - this.#at - skipped));
      this.#at += skipped + piece.length;
      this.#rest = this.#rest.subarray(skipped + piece.length);
      if (piece.length > 0) yield piece;
    }
  }

  async close(): Promise<void> {
    await this.#stream?.return?.();
    await this.#file.close();
  }

  async #restart(): Promise<void> {
    await this.#stream?.return?.();
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
    const source = this.#file.createReadStream({ start: 0, autoClose: false });
    const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
    source.on('error', (error) => gunzip.destroy(error));
    this.#stream = source.pipe(gunzip)[Symbol.asyncIterator]();
  }
}

async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
