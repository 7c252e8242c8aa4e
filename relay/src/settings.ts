/** Settings of the relay: environment in, checked values out. Every name and default stands in docs/guides/relay-on-a-vps.md. */
import { readFileSync } from 'node:fs';
import { MAX_FRAME_BYTES, ROOM_PATTERN } from '@afield/shared/rendezvous.ts';
import { isLoopback } from './address.ts';
import { LEVELS, type Level } from './log.ts';

/** Everything that can be set. Times in milliseconds, sizes in bytes. */
export interface RelaySettings extends Record<NumberName, number> {
  /** Address to listen on. The image sets 0.0.0.0; outside of it only this machine is let in. */
  host: string;
  /** Rooms whose home server may come in; undefined lets any in. */
  rooms: ReadonlySet<string> | undefined;
  /** Whether connections from this machine itself count against the limits per address. */
  limitLoopback: boolean;
  /** The least that is logged. Only `debug` lets addresses and rooms into the log. */
  log: Level;
}

type NumberName = keyof typeof NUMBERS;
interface NumberRule {
  env: string;
  /** What one unit of the environment's value is worth here: 1000 for seconds. */
  unit: number;
  fallback: number;
  min: number;
  max: number;
}
const count = (env: string, fallback: number, min: number, max: number): NumberRule => ({ env, unit: 1, fallback, min, max });
const seconds = (env: string, fallback: number, max: number): NumberRule => ({ env, unit: 1000, fallback, min: 0.001, max });

/** The numbers, in units of the environment. */
export const NUMBERS = {
  port: count('PORT', 4097, 0, 65_535),
  /** Proxies in front whose X-Forwarded-For is believed. */
  trustProxy: count('RELAY_TRUST_PROXY', 0, 0, 8),
  /** A Noise message is never larger, so neither is a frame. */
  frameBytes: count('RELAY_FRAME_BYTES', MAX_FRAME_BYTES, 1024, MAX_FRAME_BYTES),
  spares: count('RELAY_SPARES', 8, 1, 64),
  waiting: count('RELAY_WAITING', 16, 1, 1024),
  /** The first handshake message has 65 bytes. */
  firstFrameBytes: count('RELAY_FIRST_FRAME_BYTES', 512, 65, MAX_FRAME_BYTES),
  firstFrameMs: seconds('RELAY_FIRST_FRAME_SECONDS', 3, 60),
  waitMs: seconds('RELAY_WAIT_SECONDS', 8, 60),
  unpairedPerAddress: count('RELAY_UNPAIRED_PER_ADDRESS', 4, 1, 1_000_000),
  connectsPerMinute: count('RELAY_CONNECTS_PER_MINUTE', 30, 1, 1_000_000),
  /** Four home servers behind one address, each with all of its spares. */
  serverUnpairedPerAddress: count('RELAY_SERVER_UNPAIRED_PER_ADDRESS', 32, 1, 1_000_000),
  /** A home server dials once for every client it gets, so it needs more than a client. */
  serverConnectsPerMinute: count('RELAY_SERVER_CONNECTS_PER_MINUTE', 300, 1, 1_000_000),
  /** TCP connections of one address that are not WebSockets (yet). */
  pendingPerAddress: count('RELAY_PENDING_PER_ADDRESS', 32, 1, 1_000_000),
  /** 0 means: take 80 % of what the system allows. */
  maxSockets: count('RELAY_MAX_SOCKETS', 0, 0, 10_000_000),
  headerMs: seconds('RELAY_HEADER_SECONDS', 5, 60),
  pingMs: seconds('RELAY_PING_SECONDS', 25, 3600),
  deadMs: seconds('RELAY_DEAD_SECONDS', 60, 7200),
  pauseBytes: count('RELAY_PAUSE_BYTES', 1_048_576, 65_536, 1_073_741_824),
  resumeBytes: count('RELAY_RESUME_BYTES', 262_144, 0, 1_073_741_824),
  /** 0 means: no limit. */
  roomBytesPerSecond: count('RELAY_ROOM_BYTES_PER_SECOND', 0, 0, 10_000_000_000),
} as const satisfies Record<string, NumberRule>;

const OTHER_NAMES = ['HOST', 'RELAY_ROOMS', 'RELAY_LIMIT_LOOPBACK', 'RELAY_LOG'];

/** Every environment variable that the relay reads. */
export const ENVIRONMENT: readonly string[] = [...OTHER_NAMES, ...Object.values(NUMBERS).map((rule) => rule.env)];

/** One or more settings are wrong; the message names each, with what would be right. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment. Throws a SettingsError that lists all that is wrong at once. */
export function readSettings(env: Environment = {}): RelaySettings {
  const faults: string[] = [];
  const text = (name: string) => env[name]?.trim() || undefined;
  const number = (rule: NumberRule): number => {
    const given = text(rule.env);
    const value = given === undefined ? rule.fallback : Number(given);
    const whole = rule.unit !== 1 || Number.isInteger(value);
    if (!(value >= rule.min && value <= rule.max && whole))
      faults.push(
        `${rule.env}=${given} must be a ${rule.unit === 1 ? 'whole number' : 'number of seconds'} from ${rule.min} to ${rule.max}`,
      );
    return value * rule.unit;
  };
  const flag = (name: string, fallback: boolean): boolean => {
    const given = text(name)?.toLowerCase();
    if (given === undefined) return fallback;
    if (!['true', 'false', '1', '0'].includes(given)) faults.push(`${name}=${given} must be true or false`);
    return given === 'true' || given === '1';
  };
  const numbers = Object.fromEntries(Object.entries(NUMBERS).map(([name, rule]) => [name, number(rule)])) as Record<NumberName, number>;
  const log = LEVELS.find((level) => level === (text('RELAY_LOG') ?? 'info'));
  if (log === undefined) faults.push(`RELAY_LOG=${text('RELAY_LOG')} must be one of ${LEVELS.join(', ')}`);
  const host = text('HOST') ?? '127.0.0.1';
  const rooms = text('RELAY_ROOMS')
    ?.split(/[\s,]+/)
    .filter(Boolean);
  for (const [index, room] of rooms?.entries() ?? [])
    if (!ROOM_PATTERN.test(room))
      faults.push(`entry ${index + 1} of RELAY_ROOMS is not a room: 43 letters, digits, - or _, as \`afield status\` prints it`);
  if (numbers.resumeBytes >= numbers.pauseBytes) faults.push('RELAY_RESUME_BYTES must be smaller than RELAY_PAUSE_BYTES');
  if (numbers.deadMs < 2 * numbers.pingMs) faults.push('RELAY_DEAD_SECONDS must be at least twice RELAY_PING_SECONDS');
  const settings: RelaySettings = {
    ...numbers,
    host,
    rooms: rooms && new Set(rooms),
    limitLoopback: flag('RELAY_LIMIT_LOOPBACK', !isLoopback(host)),
    log: log ?? 'info',
  };
  if (faults.length > 0) throw new SettingsError(`The relay cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  return settings;
}

/** Names that look like ours but are not: a spelling mistake would otherwise leave a limit open without a word. */
export function unknownSettings(env: Environment): string[] {
  return Object.keys(env).filter((name) => name.startsWith('RELAY_') && !ENVIRONMENT.includes(name));
}

/** The most sockets to hold: 80 % of the descriptors that the system grants, and some left for the program's own files. */
export function socketsFor(descriptorLimit: number): number {
  const own = 40;
  return Math.max(8, Math.min(Math.floor(descriptorLimit * 0.8), descriptorLimit - own));
}

/** How many files and sockets this process may hold open (Node raises its soft limit to the hard one at start). */
export function descriptorLimit(limitsFile = '/proc/self/limits'): number {
  const fallback = 1024; // where it cannot be read: the smallest usual limit
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync(limitsFile, 'utf8'))?.[1];
    if (soft === 'unlimited') return 1_048_576;
    return Number(soft) || fallback;
  } catch {
    return fallback; // no /proc on this system
  }
}
