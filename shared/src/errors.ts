/**
 * Every error that Afield reports, on HTTP, link and command line alike, as RFC 9457 problem details
 * with a stable `code`. A code never changes its meaning; `title` is for people and may.
 */
export const ERRORS = {
  bad_request: { status: 400, title: 'The request is not valid' },
  bad_host: { status: 400, title: 'The Host header is missing, doubled or not one of ours' },
  token_in_url: { status: 400, title: 'A token does not belong in a URL' },
  unauthenticated: { status: 401, title: 'No valid token' },
  forbidden: { status: 403, title: 'Not allowed' },
  origin_refused: { status: 403, title: 'This page may not call this server' },
  not_found: { status: 404, title: 'Not found' },
  session_not_found: { status: 404, title: 'No such session' },
  agent_unknown: { status: 404, title: 'No such agent' },
  project_not_found: { status: 404, title: 'No such project' },
  device_not_found: { status: 404, title: 'No such device' },
  machine_not_found: { status: 404, title: 'No such machine' },
  approval_not_found: { status: 404, title: 'No such approval' },
  rule_not_found: { status: 404, title: 'No such rule' },
  prompt_not_found: { status: 404, title: 'No such prompt' },
  environment_unknown: { status: 404, title: 'No such environment' },
  no_commit: { status: 404, title: 'The repository has no commit yet' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  agent_not_installed: { status: 409, title: 'The agent is not installed' },
  session_ended: { status: 409, title: 'The session has ended' },
  conflict: { status: 409, title: 'It is already so, or somebody was first' },
  approval_answered: { status: 409, title: 'Already answered' },
  approval_changed: { status: 409, title: 'What was shown is not what the agent asks' },
  not_supported: { status: 409, title: 'This agent cannot do that' },
  budget_reached: { status: 409, title: 'The budget is used up' },
  confirmation_needed: { status: 409, title: 'Somebody must confirm this first' },
  host_key_unknown: { status: 409, title: 'The host key has not been confirmed' },
  host_key_changed: { status: 409, title: 'The host key is another one than before' },
  cwd_missing: { status: 422, title: 'The directory does not exist' },
  start_failed: { status: 422, title: 'The program could not be started' },
  too_large: { status: 413, title: 'Too large' },
  media_type: { status: 415, title: 'Send JSON' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'A fault of the server' },
  relay_unreachable: { status: 502, title: 'The relay does not answer' },
  relay_not_configured: { status: 409, title: 'No relay is configured' },
  machine_unreachable: { status: 502, title: 'The machine does not answer' },
  machine_refused: { status: 502, title: 'The machine refuses the key' },
  storage_full: { status: 507, title: 'The disk is full' },
  unavailable: { status: 503, title: 'Not available now' },
  push_refused: { status: 422, title: 'The push service refused' },
  too_many: { status: 409, title: 'There are too many of these already' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** RFC 9457 problem details as they travel. `detail` says what happened and what to do next. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  /** Extension members (RFC 9457, 3.2), each documented with its code: the `outcome` of an `approval_answered`. */
  [extension: string]: unknown;
}

const MEMBERS: ReadonlySet<string> = new Set(['type', 'title', 'status', 'code', 'detail', 'instance', '__proto__']);

/** The one error class of the product. `code` decides status and title; `cause` stays on this side. */
export class AfieldError extends Error {
  readonly code: ErrorCode;
  /** What programs are told beside the sentence, as members of the problem. Travels, unlike `cause`. */
  readonly extension: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown; extension?: Record<string, unknown> }) {
    super(detail, options);
    this.name = 'AfieldError';
    this.code = code;
    this.extension = options?.extension ?? {};
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  toProblem(): Problem {
    const { status, title } = ERRORS[this.code];
    return { ...this.extension, type: `urn:afield:error:${this.code}`, title, status, code: this.code, detail: this.message };
  }

  /** Reads a problem that came from the other side; an unknown code becomes `internal`. Its extension members are kept. */
  static from(problem: { code?: string; detail?: string; title?: string; [extension: string]: unknown }): AfieldError {
    const code = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code) ? (problem.code as ErrorCode) : 'internal';
    const extension = Object.fromEntries(Object.entries(problem).filter(([name]) => !MEMBERS.has(name)));
    return new AfieldError(code, problem.detail ?? problem.title ?? ERRORS[code].title, { extension });
  }
}
