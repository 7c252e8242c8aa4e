import type { Session } from '@afield/shared/api/sessions.ts';
import type { Operation } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState, TerminalHandlers } from '@afield/shared/link/link.ts';
import { Watched } from '@afield/shared/link/observable.ts';
import type { HomeLink } from '../src/models/home-link.ts';
import { adoptables, checks, machine, machines, probeOf } from './machines.ts';
import { hitsOf, logOf, NOW, recent } from './sessions.ts';

const seen = new Date(NOW - 3_600_000 * 20).toISOString();
const device = (name: string, fields: object = {}) => ({
  id: `01934b1e-1111-7000-8000-${String(name.length).padStart(12, '0')}`,
  name,
  user: 'owner',
  scopes: ['*'],
  app_version: '0.1.0',
  created_at: seen,
  last_seen_at: seen,
  online: false,
  current: false,
  revoked_at: null,
  push: null,
  ...fields,
});

export const agent = (name: string, installed: boolean, version: string | null, install: string | null) => ({
  name,
  title: name,
  installed,
  version,
  install,
  faces: name === 'shell' ? ['terminal'] : ['terminal', 'chat'],
  runtimes: [{ name: 'terminal', face: 'terminal', note: null }, ...(name === 'shell' ? [] : [{ name: 'acp', face: 'chat', note: null }])],
  models: [],
  source: 'builtin',
  capabilities: [],
  takes_model: name !== 'shell',
});
const archived = recent.map((one) => ({ ...one, archived: true }));

const FIXED: Partial<Record<Operation, unknown>> = {
  listAgents: {
    items: [
      agent('claude', true, '2.3.1', null),
      agent('codex', true, '0.61.0', null),
      agent('shell', true, null, null),
      agent('gemini', false, null, 'npm install -g @google/gemini-cli'),
    ],
    next_cursor: null,
  },
  listProjects: {
    items: [
      {
        id: '01934b1e-2222-7000-8000-000000000001',
        name: 'shop-web',
        machine: 'local',
        cwd: '/home/user/src/shop-web',
        default_agent: 'claude',
        default_model: 'opus',
        default_face: null,
        default_mode: null,
        default_environment: null,
        env: ['API_TOKEN', 'NODE_ENV'],
        created_at: seen,
        used_at: seen,
      },
      {
        id: '01934b1e-2222-7000-8000-000000000002',
        name: 'ledger\u202Eipa',
        machine: 'build-box',
        cwd: '/home/ci/src/a-rather-long-directory-name/with-parts/ledger-api',
        default_agent: null,
        default_model: null,
        default_face: null,
        default_mode: null,
        default_environment: null,
        env: [],
        created_at: seen,
        used_at: null,
      },
    ],
    next_cursor: null,
  },
  listDevices: {
    items: [
      device('Pixel phone', { current: true, online: true }),
      device('Firefox at the office'),
      device('Old tablet', { scopes: ['sessions:read'] }),
    ],
    next_cursor: null,
  },
  getInfo: {
    name: 'afield',
    version: '0.1.0',
    machine: 'attic',
    platform: 'linux',
    node: '24.21.0',
    link_protocol: 1,
    features: [],
    fingerprint: '',
    started_at: seen,
  },
  getStatus: {
    sessions: { busy: 3, idle: 1, finished: 9 },
    viewers: 1,
    connections: 2,
    devices: 3,
    relay: { state: 'up', url: null, spares: 3, channels: 1, detail: null, since: seen },
    storage: { writing: true, detail: null, free_bytes: 9e10, since: null },
    next_seq: 910,
    uptime_ms: 1,
    rss_bytes: 1,
  },
  listMachines: { items: [machine('local')], next_cursor: null },
  checkMachine: {
    machine: machines[1],
    checks,
    agents: [agent('claude', true, '2.3.1', null), agent('codex', false, null, 'npm install -g @openai/codex')],
  },
  listAdoptable: { items: adoptables, next_cursor: null },
  getHistory: {
    sessions: 214,
    entries: 1_204_332,
    recordings_bytes: 4_812_000_000,
    database_bytes: 912_000_000,
    oldest_at: seen,
    retention: { days: 90, bytes: 20_000_000_000 },
  },
  pruneHistory: {
    dry_run: true,
    sessions: 1,
    recordings: 1,
    entries: 40_112,
    freed_bytes: 812_000_000,
    items: recent.slice(0, 2).map((one, index) => ({
      session_id: one.id,
      name: one.name,
      ended_at: one.ended_at,
      what: index === 0 ? 'session' : 'recording',
      bytes: 406_000_000,
      entries: 20_056,
    })),
  },
  listEnvironments: { items: [], next_cursor: null },
  getPush: { vapid_public_key: 'BA', subscribed: false, last_confirmed_at: null, last_sent_at: null, last_error: null },
};

const SCREEN =
  '\x1b[2m~/src/ledger-api\x1b[0m \x1b[34mpg17-rehearsal\x1b[0m\r\n\x1b[32m❯\x1b[0m ./scripts/rehearse.sh --from nightly.dump\r\n[14:02:11] cluster 16 stopped        \x1b[32mok\x1b[0m\r\n[14:03:40] pg_upgrade --link         \x1b[32mok\x1b[0m  1m21s\r\n\x1b[33mWARNING:\x1b[0m 212 rows have no region\r\n\x1b[32m❯\x1b[0m ';

type Asked = { params?: { id?: string }; query?: { type?: string; limit?: number; archived?: boolean; q?: string } };
/** Answers instead of the usual ones; an error is thrown, a function is given what was asked. */
export type Answers = Partial<Record<Operation, unknown>>;

function logs(asked: Asked) {
  const types = asked.query?.type?.split(',');
  const items = logOf(asked.params?.id ?? '').filter((entry) => types === undefined || types.includes(entry.type));
  return { items: items.slice(-(asked.query?.limit ?? 100)), next_cursor: types === undefined ? 'older' : null };
}

/** A home that answers from memory. */
export function fakeLink(sessions: Session[], state: ConnectionState, answers: Answers = {}): HomeLink {
  const connection = new Watched<ConnectionState>(state);
  const up = state.state === 'online' || state.state === 'catching_up';
  const answer = (operation: Operation, asked: Asked): unknown => {
    const given = answers[operation];
    if (operation in answers) return typeof given === 'function' ? given(asked) : given;
    if (operation === 'listSessions') return { items: asked.query?.archived ? archived : sessions, next_cursor: null };
    if (operation === 'getLogs') return logs(asked);
    if (operation === 'searchLogs') return { items: hitsOf(sessions), next_cursor: null };
    if (operation === 'probeSession') return probeOf(asked.params?.id ?? '');
    if (operation in FIXED) return FIXED[operation];
    return new AfieldError('conflict', 'This home is only drawn: nothing can be done here.');
  };
  const link = {
    connection,
    welcome: up ? { device_id: 'x', user: 'owner', scopes: ['*'], server_version: '0.1.0', heartbeat_ms: 25_000, next_seq: 910 } : null,
    start() {},
    close() {},
    checkNow: async () => {},
    setNetwork() {},
    subscribe: () => ({ lastSeq: null, close() {} }),
    attach(options: { session_id: string; cols: number; rows: number }, handlers: TerminalHandlers) {
      const attached = { stream: 1, viewer: 'phone', cols: options.cols, rows: options.rows, lease: 'look' as const, offset: 0 };
      setTimeout(() => {
        handlers.onAttached?.(attached);
        handlers.onSnapshot(new TextEncoder().encode(SCREEN), 100, null);
      }, 20);
      return {
        session_id: options.session_id,
        attached,
        sendable: true,
        input: () => true,
        resize: async () => {},
        look() {},
        consumed() {},
        detach() {},
      };
    },
    onReconnected: () => () => true,
    async call(operation: Operation, asked: Asked = {}) {
      if (!up) throw new AfieldError('unavailable', 'There is no connection to home.');
      const given = answer(operation, asked);
      if (given instanceof Error) throw given;
      return given;
    },
  };
  return link as unknown as HomeLink;
}
