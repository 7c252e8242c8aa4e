import type { LogHit } from '@afield/shared/api/history.ts';
import type { LogEntry } from '@afield/shared/api/logs.ts';
import type { Session } from '@afield/shared/api/sessions.ts';

const MINUTE = 60_000;
/** Fridays at noon, so that "today" is always long enough. */
export const NOW = Date.parse('2026-11-20T14:38:00Z');

const ago = (minutes: number): string => new Date(NOW - minutes * MINUTE).toISOString();
let count = 0;

export function session(fields: Partial<Session> & { name: string; minutes: number }): Session {
  const { minutes, ...rest } = fields;
  count += 1;
  return {
    id: `01934b1e-0000-7000-8000-${String(count).padStart(12, '0')}`,
    agent: 'claude',
    machine: 'local',
    project_id: null,
    cwd: '/home/user/src/shop-web',
    faces: ['terminal'],
    runtime: 'pty',
    survives_restart: false,
    status: 'busy',
    status_reason: null,
    activity: null,
    title: null,
    cols: 120,
    rows: 40,
    lease: null,
    viewers: 1,
    pid: 4102,
    exit_code: null,
    output_bytes: 1_843_201,
    created_at: ago(minutes),
    updated_at: ago(Math.min(minutes, 2)),
    ended_at: null,
    last_output_at: ago(0.2),
    track: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 3, 5, 6, 5, 7, 6, 8, 7, 6, 7],
    model: null,
    adopted: false,
    attach_command: null,
    recovered_bytes: 0,
    mode: null,
    environment: null,
    production: false,
    agent_session_id: null,
    cost_usd: null,
    budget_usd: null,
    pending_approvals: 0,
    pinned: false,
    archived: false,
    ...rest,
  };
}

const ended = (minutes: number) => ({
  ended_at: ago(minutes),
  updated_at: ago(minutes),
  last_output_at: ago(minutes),
  pid: null,
  activity: null,
  viewers: 0,
});

export const waiting = [
  session({
    name: 'Fix flaky checkout e2e on Safari',
    status: 'waiting',
    status_reason: 'It asks for permission to run a command.',
    minutes: 31,
    updated_at: ago(2),
  }),
  session({ name: 'Move invoices to the new tax table', agent: 'codex', status: 'waiting', minutes: 40, updated_at: ago(11) }),
];
export const running = [
  session({ name: 'Virtualise the order list', activity: 'editing', title: 'src/orders/list.tsx', minutes: 12, pinned: true }),
  session({
    name: 'Upgrade to Postgres 17 and rehearse the roll-back on a copy of last night’s dump',
    agent: 'opencode',
    activity: 'running',
    title: 'pg_restore -j4 nightly.dump',
    minutes: 48,
    lease: { viewer: 'desk', device_name: 'Desk', cols: 212, rows: 54 },
    track: [3, 5, 6, 7, 8, 6, 5, 5, 5, 4, 6, 7, 8, 0, 0, 0, 9, 9, 3, 3, 2, 2, 2, 3, 2, 2],
  }),
  session({
    name: 'Sketch the public changelog',
    agent: 'gemini',
    status: 'idle',
    minutes: 25,
    updated_at: ago(3),
    track: [0, 0, 0, 4, 5, 5, 7, 7, 6, 5, 4, 3, 2, 0, 0, 0, 0, 0],
  }),
  session({ name: 'shell', agent: 'shell', status: 'starting', minutes: 0.1, track: [] }),
  session({ name: 'Rename \u202Egpj.exe to photo', activity: 'reading', title: 'invoice\u202Efdp.exe\u200B', minutes: 5 }),
];
export const recent = [
  session({ name: 'Dark theme for receipts', status: 'finished', exit_code: 0, minutes: 300, ...ended(120) }),
  session({
    name: 'Nightly dependency update',
    agent: 'codex',
    status: 'failed',
    status_reason: 'The agent ended by itself with exit code 1.',
    exit_code: 1,
    minutes: 600,
    ...ended(260),
  }),
  session({
    name: 'Profile image resize queue',
    status: 'lost',
    status_reason: 'The home server was restarted and took its process along.',
    faces: ['terminal', 'chat'],
    agent_session_id: '7c1a',
    minutes: 700,
    ...ended(420),
  }),
  session({ name: 'Try Bun for the worker', status: 'cancelled', minutes: 5000, ...ended(1700) }),
];

const LONG = Array.from(
  { length: 40 },
  (_, index) => `[${String(index).padStart(2, '0')}] table public.part_${index} restored, ${index * 911} rows`,
).join('\n');

const lines: [number, LogEntry['type'], string, LogEntry['detail']?][] = [
  [0.7, 'probe', 'No new text for 6 min, but it works: pg_restore used the processor and wrote 11 MB to disk while it was watched.'],
  [8, 'state', 'busy → busy (running), by the window title'],
  [9, 'output', LONG, { lines_left_out: 212 }],
  [14, 'input', './scripts/rehearse.sh --from nightly.dump'],
  [14, 'state', 'waiting → busy, answered at the desk'],
  [19, 'probe', 'screen moved 4 s ago; no question on it'],
  [19, 'state', 'busy → waiting, the screen asks a question'],
  [33, 'output', 'restore into copy, 4 jobs\n  file\u202Efdp.exe\n\u001b[31mnot red\u001b[0m'],
  [
    54,
    'system',
    'The home server was away for 12 s. 420 kB that the program printed meanwhile were fetched.',
    { bytes: 420_000, away_ms: 12_000 },
  ],
  [54, 'state', 'starting opencode 1.4.2 in ~/src/ledger-api'],
];
export const logOf = (id: string): LogEntry[] =>
  lines
    .map(([minutes, type, text, detail], index) => ({
      seq: 900 - index,
      session_id: id,
      timestamp: ago(minutes),
      type,
      text,
      ...(detail === undefined ? {} : { detail }),
    }))
    .reverse();

/** What a search for "restore" finds in two of the sessions. */
export const hitsOf = (sessions: readonly Session[]): LogHit[] =>
  sessions.slice(3, 5).flatMap((one, index) =>
    logOf(one.id)
      .reverse()
      .filter(({ text }) => /restore/.test(text))
      .map((entry) => ({
        ...entry,
        seq: entry.seq - index * 100,
        session_name: one.name,
        agent: one.agent,
        machine: one.machine,
        marks: [...entry.text.matchAll(/restore\w*/g)].map((match): [number, number] => [match.index, match.index + match[0].length]),
      })),
  );
