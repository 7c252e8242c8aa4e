import { AfieldError, type ErrorCode } from '@afield/shared/errors.ts';

/** Exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, notReachable: 3, notAllowed: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was written wrongly: exit code 2. `message` says what is expected. */
export class UsageError extends Error {}

/** The home server does not answer: exit code 3. `message` says what to do. */
export class UnreachableError extends Error {}

/** Ends a command with a code after it has said everything itself. */
export class Exit extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Codes that are not simply `failed`. What was given and is not there is as wrong as what is not well formed. */
const CODES: Partial<Record<ErrorCode, ExitCode>> = {
  bad_request: EXIT.usage,
  too_large: EXIT.usage,
  not_found: EXIT.usage,
  no_commit: EXIT.usage,
  session_not_found: EXIT.usage,
  agent_unknown: EXIT.usage,
  project_not_found: EXIT.usage,
  device_not_found: EXIT.usage,
  machine_not_found: EXIT.usage,
  approval_not_found: EXIT.usage,
  rule_not_found: EXIT.usage,
  prompt_not_found: EXIT.usage,
  environment_unknown: EXIT.usage,
  cwd_missing: EXIT.usage,
  unauthenticated: EXIT.notAllowed,
  forbidden: EXIT.notAllowed,
  origin_refused: EXIT.notAllowed,
  bad_host: EXIT.notAllowed,
  machine_refused: EXIT.notAllowed,
  unavailable: EXIT.notReachable,
  relay_unreachable: EXIT.notReachable,
  machine_unreachable: EXIT.notReachable,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Exit) return error.code;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.notReachable;
  return error instanceof AfieldError ? (CODES[error.code] ?? EXIT.failed) : EXIT.failed;
}
