/** Where a command reads and writes. Tests bring their own. */
import type { ReadStream, WriteStream } from 'node:tty';
import { printableJson } from './print/printable.ts';
import { type Style, styleFor } from './print/style.ts';

/** A terminal, a pipe or a file; what only a terminal has is optional. */
export interface Output {
  write(text: string | Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
  hasColors?: (() => boolean) | undefined;
}

export interface Io {
  stdin: ReadStream | NodeJS.ReadableStream;
  stdout: Output | WriteStream;
  stderr: Output | WriteStream;
  /** Directory of the caller. */
  cwd(): string;
  now(): number;
  /** Environment of the caller. */
  env: Readonly<Record<string, string | undefined>>;
}

export const processIo: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: () => process.cwd(),
  now: () => Date.now(),
  env: process.env,
};

/** One line to standard output. */
export function say(io: Io, ...lines: string[]): void {
  for (const line of lines) io.stdout.write(`${line}\n`);
}

/** One line to standard error: what is said beside the result. */
export function note(io: Io, ...lines: string[]): void {
  for (const line of lines) io.stderr.write(`${line}\n`);
}

export function sayJson(io: Io, value: unknown): void {
  io.stdout.write(`${printableJson(value)}\n`);
}

/** One JSON value a line, for what goes on. */
export function sayJsonLine(io: Io, value: unknown): void {
  io.stdout.write(`${printableJson(value, 0)}\n`);
}

/** Some of a large output; resolves when there is room for more. */
export async function sayPart(io: Io, part: string | Uint8Array): Promise<void> {
  if (io.stdout.write(part)) return;
  await new Promise<void>((resolve) => io.stdout.once('drain', resolve));
}

/** Whoever read our output has enough (`afield list | head -1`): that ends us, and is no fault. What is said beside it is just not heard. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', () => {});
}

export const styleOf = (io: Io): Style => styleFor(io.stdout);

/** Cells that a table may take; undefined when the output is no terminal, so that nothing is cut for programs. */
export const tableWidth = (io: Io): number | undefined => (io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : undefined);
