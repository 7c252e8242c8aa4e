import type { Command } from 'commander';
import type { SettingName } from '../config.ts';
import type { Io } from './io.ts';
import type { Home } from './reach/home.ts';

/** A home server that runs in this process. */
export interface RunningServer {
  /** Where it listens. */
  url: string;
  /** Says goodbye to everybody and ends. Twice is once. */
  close(): Promise<void>;
}

/** What `main.ts` hands to the command line, which imports nothing of the server but its settings. */
export interface CliDeps {
  version: string;
  /** Starts the home server in this process; resolves once it listens. `flags`: settings given on the command line, by setting name. */
  startServer(flags: Partial<Record<SettingName, unknown>>): Promise<RunningServer>;
}

/** What every command is given. */
export interface Context {
  deps: CliDeps;
  io: Io;
  /** The home server that is meant: from `--server`, else the one of this machine. Read at the first call, not before. */
  home(): Promise<Home>;
  /** What stands after `--`, for the agent's own arguments. */
  afterDashes: readonly string[];
}

/** What a command's file exports. */
export interface CommandModule {
  /** At least one: the line to type, and what it does. A test checks it. */
  examples: readonly (readonly [line: string, does: string])[];
  /** Adds arguments, options and the action. */
  define(command: Command, context: Context): void;
}
