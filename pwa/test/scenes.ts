import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import type { Answers } from './fake-link.ts';
import { machines } from './machines.ts';
import { approvalScenes } from './scenes-approvals.ts';
import { changesScenes } from './scenes-changes.ts';
import { chatScenes } from './scenes-chat.ts';
import { givenScenes } from './scenes-given.ts';
import { usageScenes } from './scenes-usage.ts';
import { NOW, recent, running, session, waiting } from './sessions.ts';

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
  /** Answers of home instead of the usual ones. */
  home?: Answers;
  /** What is chosen in fields of many, by their label and the value. */
  choose?: readonly (readonly [label: string, value: string])[];
  /** Words of radio buttons that are chosen, and of folds that are opened, before anything is pressed. */
  check?: string[];
  open?: string[];
  /** Typed into the first field with this label, after the buttons. */
  type?: readonly (readonly [label: string, text: string])[];
  /** Pressed after that. */
  after?: string[];
}

const online: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
const all = [...waiting, ...running, ...recent];
const of = (face: string, session = running[1]!) => `/sessions/${session.id}/${face}`;
const down = (cause: 'relay_down' | 'home_offline'): Extract<ConnectionState, { state: 'reconnecting' }> => ({
  state: 'reconnecting',
  attempt: 4,
  next_try_at: Date.now() + 8_000,
  since: NOW - 6 * 60_000,
  cause,
  detail: '',
});

const none = { items: [], next_cursor: null };
const several: Answers = { listMachines: { items: machines, next_cursor: null } };
const KEY = 'SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDkVEeqZrH2eVdDG0M';
const unknownKey: Answers = {
  createMachine: new AfieldError('host_key_unknown', `build-box.example.net showed the key ${KEY} (ED25519). Compare it, then confirm it.`),
};
const changedKey: Answers = {
  createMachine: new AfieldError('host_key_changed', `build-box shows the key ${KEY}, and had another one before.`),
};
const diskFull: Answers = {
  getStatus: {
    storage: {
      writing: false,
      detail: 'Only 4 MB are left on /home. Make room; it goes on by itself then.',
      free_bytes: 4_000_000,
      since: new Date(NOW - 900_000).toISOString(),
    },
    sessions: {},
    uptime_ms: 1,
  },
};
const inTmux = session({
  name: 'Rehearse the roll-back',
  agent: 'opencode',
  minutes: 48,
  machine: 'build-box',
  runtime: 'tmux',
  survives_restart: true,
  adopted: true,
  model: 'opus',
  attach_command: "tmux -S /home/ci/.local/share/afield/tmux.sock attach -t '=01934b1e'",
  recovered_bytes: 420_000,
});
const far = [{ ...inTmux, id: '01934b1e-0000-7000-8000-000000000900', machine: 'attic-nas' }, ...running.slice(0, 1)];
const old = { ...recent[0]!, id: '01934b1e-0000-7000-8000-000000000901', archived: true };

/** Every state of every screen that is worth a look; the name is the file's. */
export const scenes: Record<string, Scene> = {
  ...approvalScenes,
  ...changesScenes,
  ...usageScenes,
  ...chatScenes,
  ...givenScenes,
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
  search: { path: '/search', sessions: all, link: online, type: [['Search all sessions', 'restore']] },
  'search-nothing': {
    path: '/search',
    sessions: all,
    link: online,
    home: { searchLogs: none },
    press: ['output'],
    type: [['Search all sessions', 'hen’s tooth']],
  },
  'search-empty': { path: '/search', sessions: all, link: online },
  'search-offline': { path: '/search', sessions: all, link: down('relay_down') },
  'search-fault': {
    path: '/search',
    sessions: all,
    link: online,
    home: { searchLogs: new AfieldError('unavailable', 'The search is being prepared. Try again in a minute.') },
    type: [['Search all sessions', 'restore']],
  },
  machines: { path: '/machines', sessions: all, link: online, home: several },
  'machines-offline': { path: '/machines', sessions: all, link: down('relay_down') },
  machine: { path: '/machines/build-box', sessions: all, link: online, home: several, press: ['Look into tmux'] },
  'machine-down': {
    path: '/machines/attic-nas',
    sessions: all,
    link: online,
    home: {
      ...several,
      checkMachine: new AfieldError('machine_unreachable', 'attic-nas does not answer on port 22. Wake it, then look again.'),
    },
  },
  'machine-adopt': { path: '/machines/build-box', sessions: all, link: online, home: several, press: ['Look into tmux', 'claude'] },
  'machine-remove': { path: '/machines/build-box', sessions: all, link: online, home: several, press: ['Remove this machine'] },
  'machine-conflict': {
    path: '/machines/build-box',
    sessions: all,
    link: online,
    home: { ...several, deleteMachine: new AfieldError('conflict', '2 sessions run on build-box. Stop or archive them first.') },
    press: ['Remove this machine', 'Remove it'],
  },
  'add-machine': {
    path: '/add-machine',
    sessions: all,
    link: online,
    type: [
      ['Host', 'build-box.example.net'],
      ['Port', '70000'],
    ],
  },
  'add-machine-prefix': {
    path: '/add-machine',
    sessions: all,
    link: online,
    check: ['By a command'],
    type: [['Command before', "docker exec -it 'sand box'"]],
  },
  'add-machine-key': {
    path: '/add-machine',
    sessions: all,
    link: online,
    home: unknownKey,
    type: [['Host', 'build-box.example.net']],
    after: ['Add it'],
  },
  'add-machine-changed': {
    path: '/add-machine',
    sessions: all,
    link: online,
    home: changedKey,
    type: [['Host', 'build-box']],
    after: ['Add it'],
  },
  projects: { path: '/projects', sessions: all, link: online, home: several },
  'projects-empty': { path: '/projects', sessions: all, link: online, home: { listProjects: none } },
  'project-add': {
    path: '/projects',
    sessions: all,
    link: online,
    home: several,
    press: ['Add a project', 'Add a variable'],
    type: [['Value of', 'hunter2']],
  },
  'project-change': { path: '/projects', sessions: all, link: online, home: several, press: ['Change shop-web'] },
  archive: { path: '/archive', sessions: all, link: online },
  'archive-empty': { path: '/archive', sessions: running, link: online, home: { listSessions: none } },
  'new-session-machines': { path: '/new', sessions: all, link: online, home: several, press: [], type: [['Model', 'opus']] },
  'settings-prune': { path: '/settings', sessions: all, link: online, open: ['Delete old history'], press: ['Try it without deleting'] },
  'info-quiet': { path: of('info'), sessions: all, link: online, press: ['Look now'], open: ['What was looked at'] },
  'info-tmux': { path: of('info', inTmux), sessions: [inTmux, ...all], link: online },
  'info-archived': { path: of('info', old), sessions: running, link: online, home: { getSession: old } },
  'log-entry': { path: of('log'), sessions: all, link: online, press: ['14:29:00'] },
  'log-search': { path: of('log'), sessions: all, link: online, type: [['Search the log', 'restore']] },
  'log-at': { path: `${of('log')}?at=893`, sessions: all, link: online },
  'log-empty': { path: of('log'), sessions: all, link: online, home: { getLogs: none } },
  'log-fault': {
    path: of('log'),
    sessions: all,
    link: online,
    home: { getLogs: new AfieldError('internal', 'The log cannot be read. Look at the doctor.') },
  },
  'log-offline': { path: of('log'), sessions: all, link: down('home_offline') },
  'home-disk-full': { path: '/', sessions: all, link: online, home: diskFull },
  'terminal-disk-full': { path: of('terminal', running[0]!), sessions: all, link: online, home: diskFull },
  'home-machine-cut': { path: '/', sessions: far, link: online, home: several },
  'session-machine-cut': { path: of('log', far[0]!), sessions: far, link: online, home: several },
  'home-stopped': { path: '/', sessions: all, link: { ...down('home_offline'), goodbye: true } },
  'terminal-keys': { path: of('terminal', running[0]!), sessions: all, link: online, press: ['More keys'] },
  'terminal-lost': { path: of('terminal', recent[2]!), sessions: all, link: online },
  'terminal-lost-more': { path: of('terminal', recent[2]!), sessions: all, link: online, press: ['More for this session'] },
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
