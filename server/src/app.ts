/** The composition root: builds every part and hands each what it needs. Config in, `{ close }` out; as often in one process as one likes. */
import type { Config } from './config.ts';
import type { Clock } from './core/ports.ts';
import type { Dispatch } from './core/request.ts';
import type { EventLog, SessionService } from './core/service.ts';

export interface App {
  readonly config: Config;
  /** Bearer token of the local command line; also in the file `token` of the data folder. */
  readonly token: string;
  /** Fingerprint of the home server's key, as a phone shows it. */
  readonly fingerprint: string;
  readonly dispatch: Dispatch;
  readonly sessions: SessionService;
  readonly events: EventLog;
  /** Opens the doors. Errors: `unavailable` when the port is taken, saying by whom and how to choose another. */
  listen(): Promise<{ url: string; port: number }>;
  /** Says goodbye to everybody, ends what cannot survive, flushes and lets go of the data folder. Twice is once. */
  close(): Promise<void>;
}

/** What tests own instead of the real thing. */
export interface Overrides {
  clock?: Clock;
  /** Where log lines go, one JSON object each. Default: standard error. */
  log?: (line: string) => void;
}

/** Errors: `unavailable` when the data folder cannot be used (another server, newer database, a key missing or readable by others). */
export type CreateApp = (config: Config, overrides?: Overrides) => Promise<App>;
