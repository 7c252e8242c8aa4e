/** For tests of runtimes: programs whose every byte is kept. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type ProcessExit, SESSION_MARK, type TerminalProcess } from '../core/machine-ports.ts';
import { isRunning } from './processes.ts';

export interface Running {
  program: TerminalProcess;
  session_id: string;
  exit: ProcessExit | null;
  bytes(): Buffer;
  text(): string;
  resyncs: { reason: string; bytes: Buffer; at?: number }[];
  lines: { up: boolean; detail: string | null }[];
  /** Bytes of it that were printed while nobody listened. */
  recovered: number;
}

/** Keeps what a program prints. */
export function heard(program: TerminalProcess, session_id: string): Running {
  const printed: Buffer[] = [];
  const state: Running = {
    program,
    session_id,
    exit: null,
    bytes: () => Buffer.concat(printed),
    text: () => Buffer.concat(printed).toString(),
    resyncs: [],
    lines: [],
    recovered: 0,
  };
  program.onOutput = (bytes, recovered) => {
    expect(state.exit, 'output after the exit').toBeNull();
    printed.push(bytes);
    if (recovered) state.recovered += bytes.length;
  };
  program.onExit = (exit) => {
    expect(state.exit, 'a second exit').toBeNull();
    state.exit = exit;
  };
  program.onResync = (screen) => state.resyncs.push(screen);
  program.onLine = (line) => state.lines.push(line);
  return state;
}

let marks = 0;
export const newId = () => `test-${process.pid}-${marks++}`;
export const env = (session_id: string) => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TERM: 'xterm-256color',
  SHELL: '/bin/sh',
  [SESSION_MARK]: session_id,
});

/** Empty when it cannot be read. */
export function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or not ours.
    return '';
  }
}

/** Pids of running processes with this mark, found by other means than the code under test. */
export function marked(mark: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => `${contents(`/proc/${pid}/environ`)}\0`.includes(`${SESSION_MARK}=${mark}\0`) && isRunning(pid));
}
