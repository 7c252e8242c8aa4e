import { createInterface } from 'node:readline';
import type { Io } from '../io.ts';

/** One line that is typed at this terminal; null at its end (Ctrl-D, Ctrl-C). */
export function askLine(io: Io, question: string): Promise<string | null> {
  const lines = createInterface({ input: io.stdin as NodeJS.ReadableStream, output: io.stderr as NodeJS.WritableStream, terminal: true });
  return new Promise((resolve) => {
    const done = (line: string | null): void => {
      resolve(line);
      lines.close();
    };
    lines.once('SIGINT', () => done(null));
    lines.once('close', () => resolve(null));
    lines.question(question, (line) => done(line));
  });
}
