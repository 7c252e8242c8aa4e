import type { Session } from '@afield/shared/api/sessions.ts';

/** A session for tests. */
export function sampleSession(changes: Partial<Session> = {}): Session {
  return {
    id: '019a0000-0000-7000-8000-000000000001',
    name: 'Fix the checkout',
    agent: 'claude',
    machine: 'local',
    project_id: null,
    cwd: '/home/sam/shop',
    faces: ['terminal'],
    runtime: 'pty',
    survives_restart: false,
    status: 'idle',
    status_reason: null,
    activity: null,
    title: null,
    cols: 80,
    rows: 24,
    lease: null,
    viewers: 0,
    pid: 1,
    exit_code: null,
    output_bytes: 0,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ended_at: null,
    last_output_at: null,
    track: [],
    model: null,
    adopted: false,
    attach_command: null,
    recovered_bytes: 0,
    pinned: false,
    archived: false,
    ...changes,
  };
}
