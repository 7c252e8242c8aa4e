import type { SessionRow } from '../ports.ts';

/** What a session that was only just made has to tell: nothing has come of it yet, whatever it was made of. */
export function untouched(now: string) {
  return {
    status: 'starting',
    status_reason: null,
    activity: null,
    pid: null,
    exit_code: null,
    output_bytes: 0,
    recovered_bytes: 0,
    agent_session_id: null,
    cost_usd: null,
    created_at: now,
    updated_at: now,
    ended_at: null,
    last_output_at: null,
    pinned: false,
    archived: false,
  } as const satisfies Partial<SessionRow>;
}
