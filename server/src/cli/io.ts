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
}

export const processIo: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: () => process.cwd(),
  now: () => Date.now(),
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

export const styleOf = (io: Io): Style => styleFor(io.stdout);

/** Cells that a table may take; undefined when the output is no terminal, so that nothing is cut for programs. */
export const tableWidth = (io: Io): number | undefined => (io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : undefined);
