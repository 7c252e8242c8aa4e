/** What starts the home server when its person logs in, and starts it again when it fails: systemd or launchd. */

/** How the home server is started by a service. */
export interface ServiceProgram {
  /** Absolute path of Node, then its arguments. */
  argv: readonly string[];
  /** Variables that the service sets, beside what its manager gives to all. */
  env: Readonly<Record<string, string>>;
  /** Shown in listings of services. */
  title: string;
  /** Where it starts: the home directory. */
  cwd: string;
  /** Where its output goes when the manager keeps none. */
  log: string;
  /** True when `systemd-notify` can tell the manager that it is ready. */
  notifies: boolean;
}

export interface ServiceManager {
  readonly kind: 'systemd' | 'launchd';
  /** As the manager calls it: `afield.service`. */
  readonly name: string;
  /** The file that describes it. */
  readonly file: string;
  /** Errors: `bad_request` for a path that cannot be written into such a file. */
  describe(program: ServiceProgram): string;
  /** The file is there. */
  installed(): boolean;
  /** Whether the manager can be asked at all: null, or why not. */
  reachable(): Promise<string | null>;
  /** Reads the file anew and starts the service at every login; `now`: at once too. Null, or what went wrong. */
  enable(now: boolean): Promise<string | null>;
  /** Ends it and starts it no more. */
  disable(): Promise<string | null>;
  /** Reads the files anew, after ours was removed. */
  forget(): Promise<void>;
  /** Comes back when it is ready, or has failed. `signal`: nobody waits for that any longer; it goes on starting. */
  start(signal?: AbortSignal): Promise<string | null>;
  stop(): Promise<string | null>;
  /** Last lines of what it said, when the manager keeps them. */
  lastWords(): Promise<string>;
  /** To read its log. */
  readonly logCommand: string;
  /** What to type when it shall run without anybody being logged in; null when it does so anyway, or it cannot be. */
  lingerHint(): Promise<string | null>;
}
