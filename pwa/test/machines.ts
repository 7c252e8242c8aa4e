import type { Adoptable, Machine } from '@afield/shared/api/machines.ts';
import type { Probe } from '@afield/shared/api/probes.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { NOW } from './sessions.ts';

const since = new Date(NOW - 8 * 3_600_000).toISOString();

export function machine(name: string, fields: Partial<Machine> = {}): Machine {
  const local = name === 'local';
  return {
    name,
    kind: local ? 'local' : 'ssh',
    ssh: local ? null : { host: `${name}.example.net`, port: null, user: null, identity_file: null },
    prefix: null,
    runtime: 'tmux',
    survives_restart: true,
    line: { state: 'up', detail: null, since },
    created_at: local ? null : since,
    ...fields,
  };
}

export const machines: Machine[] = [
  machine('local'),
  machine('build-box', { ssh: { host: 'build-box.example.net', port: 2222, user: 'ci', identity_file: '~/.ssh/build' } }),
  machine('attic-nas', {
    line: { state: 'down', detail: 'attic-nas does not answer on port 22. Wake it, or look whether sshd runs there.', since },
  }),
  machine('sandbox', {
    kind: 'prefix',
    ssh: null,
    prefix: ['docker', 'exec', '-it', 'sand box'],
    runtime: 'pty',
    survives_restart: false,
  }),
  machine('new-box', { runtime: null, survives_restart: null, line: { state: 'connecting', detail: null, since: null } }),
];

export const checks: Check[] = [
  { name: 'ssh', ok: true, level: 'ok', detail: 'Reached in 38 ms; the key is the confirmed one.', fix: null },
  { name: 'tmux', ok: true, level: 'ok', detail: 'tmux 3.4: sessions survive.', fix: null },
  {
    name: 'disk',
    ok: false,
    level: 'warning',
    detail: 'Only 1.2 GB are free in the home directory.',
    fix: 'Make room, or set another folder.',
  },
  { name: 'codex', ok: false, level: 'hint', detail: 'codex is not installed.', fix: 'npm install -g @openai/codex' },
  { name: 'clock', ok: false, level: 'fault', detail: 'Its clock is 3 minutes behind.', fix: 'sudo timedatectl set-ntp true' },
];

export const adoptables: Adoptable[] = [
  {
    socket: '/tmp/tmux-1000/default',
    pane: '%3',
    session_name: 'work',
    command: 'claude',
    title: '\u2733 Fix the \u202Enigol form',
    cwd: '/home/user/src/shop-web',
    pid: 4711,
    cols: 212,
    rows: 54,
    attached: true,
  },
  {
    socket: '/tmp/tmux-1000/default',
    pane: '%7',
    session_name: 'logs',
    command: 'tail -f /var/log/nginx/access.log',
    title: '',
    cwd: '/var/log',
    pid: 812,
    cols: 80,
    rows: 24,
    attached: false,
  },
];

export const probeOf = (session_id: string): Probe => ({
  session_id,
  timestamp: new Date(NOW - 40_000).toISOString(),
  verdict: 'busy',
  reason: 'No new text for 6 min, but it works: pg_restore used the processor and wrote 11 MB to disk while it was watched.',
  quiet_ms: 360_000,
  facts: {
    title: 'pg_restore -j4 nightly.dump',
    reading: 'busy',
    sample_ms: 1_000,
    processes: 6,
    cpu_ms: 820,
    io_bytes: 11_400_000,
    sockets: 3,
    top: [
      { pid: 4392, command: 'pg_restore -j4 nightly.dump #1', cpu_ms: 880, running_ms: 2_400_000 },
      { pid: 4393, command: 'pg_restore -j4 nightly\u202Edump #2', cpu_ms: 740, running_ms: 2_400_000 },
    ],
  },
});
