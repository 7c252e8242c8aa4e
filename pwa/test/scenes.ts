import type { Session } from '@afield/shared/api/sessions.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import { NOW, recent, running, waiting } from './sessions.ts';

export interface Scene {
  path: string;
  /** Null: this device is not paired. */
  sessions: Session[] | null;
  link: ConnectionState;
  /** A pairing link to be offered. */
  pair?: 'server' | 'check';
  notice?: boolean;
  /** Names of buttons that are pressed first, in order. */
  press?: string[];
  update?: boolean;
}

const online: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
const all = [...waiting, ...running, ...recent];
const of = (face: string, session = running[1]!) => `/sessions/${session.id}/${face}`;
const down = (cause: 'relay_down' | 'home_offline'): ConnectionState => ({
  state: 'reconnecting',
  attempt: 4,
  next_try_at: Date.now() + 8_000,
  since: NOW - 6 * 60_000,
  cause,
  detail: '',
});

/** Every state of every screen that is worth a look; the name is the file's. */
export const scenes: Record<string, Scene> = {
  home: { path: '/', sessions: all, link: online },
  'home-calm': { path: '/', sessions: [...running, ...recent], link: { state: 'catching_up', events: 214 }, update: true },
  'home-empty': { path: '/', sessions: [], link: online },
  'home-offline': { path: '/', sessions: all, link: down('relay_down') },
  'home-asleep': { path: '/', sessions: all, link: down('home_offline') },
  'home-notice': { path: '/', sessions: all, link: online, notice: true },
  'new-session': { path: '/new', sessions: all, link: online },
  settings: { path: '/settings', sessions: all, link: online },
  'settings-offline': { path: '/settings', sessions: all, link: down('relay_down') },
  'settings-revoke': { path: '/settings', sessions: all, link: online, press: ['Revoke Old tablet'] },
  'session-sheet': { path: of('log'), sessions: all, link: online, press: ['More for this session'] },
  'session-stop': { path: of('log'), sessions: all, link: online, press: ['More for this session', 'Stop'] },
  'session-rename': { path: of('log'), sessions: all, link: online, press: ['More for this session', 'Rename'] },
  'pair-paste': { path: '/pair', sessions: null, link: online, press: ['Paste a link instead'] },
  'terminal-keys': { path: of('terminal', running[0]!), sessions: all, link: online, press: ['More keys'] },
  terminal: { path: of('terminal'), sessions: all, link: online },
  log: { path: of('log'), sessions: all, link: online },
  info: { path: of('info'), sessions: all, link: online },
  'info-failed': { path: of('info', recent[1]!), sessions: all, link: online },
  'session-missing': { path: '/sessions/01934b1e-0000-7000-8000-999999999999', sessions: all, link: online },
  pair: { path: '/pair', sessions: null, link: online },
  'pair-check': { path: '/pair', sessions: null, link: online, pair: 'server' },
  'pair-code': { path: '/pair', sessions: null, link: online, pair: 'check' },
  're-pair': { path: '/', sessions: all, link: { state: 'refused', detail: '' } },
  'not-found': { path: '/nowhere', sessions: all, link: online },
};
