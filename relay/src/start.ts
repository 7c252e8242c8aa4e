/** A whole relay from its settings. Nothing lives outside of it, so that several fit into one process. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { isLoopback } from './address.ts';
import { Legs } from './legs.ts';
import { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { httpHandler, type Present, Tally } from './metrics.ts';
import { createRelay } from './relay.ts';
import { descriptorLimit, type RelaySettings, readSettings, socketsFor } from './settings.ts';
import { openDoor } from './upgrade.ts';

/** Headers of a request: ours come to about 400 bytes, and a proxy may add as much again. More is answered with 431. */
const MAX_HEADER_BYTES = 8192;
/** Node looks for late headers only this often, so that a slow one is closed within its time and this. */
const HEADER_CHECK_MS = 1000;
/** Sockets get this long to answer our close, so that all of `close` stays under 2 s. */
const CLOSE_LINGER_MS = 1000;
const MINUTE_MS = 60_000;
/** So many refused or turned away within a minute is no accident. */
const ALARM_A_MINUTE = 100;

export interface RunningRelay {
  port: number;
  /** `ws://…`, as seen from this machine. */
  url: string;
  /** The state at this moment, as /health tells it. */
  present(): Present;
  /** Stops accepting and closes every socket with 1001. Resolves within 2 s; more calls get the same promise. */
  close(): Promise<void>;
}

/** Starts a relay. What is not given is as in an empty environment; port 0 takes a free one. Rejects if it cannot listen there, and says what to do. */
export async function startRelay(given: Partial<RelaySettings> = {}, log: Log = () => {}): Promise<RunningRelay> {
  const settings: RelaySettings = { ...readSettings(given.host === undefined ? {} : { HOST: given.host }), ...given };
  const now = () => performance.now();
  const tally = new Tally();
  const limits = new Limits(settings, tally, now);
  const legs = new Legs(settings, tally, now);
  const relay = createRelay(
    settings,
    (room) => limits.meterOf(room),
    (client, server) => legs.paired(client, server),
  );
  const present = (): Present => {
    const rooms = [...relay.rooms.values()];
    const sum = (key: 'spares' | 'waiting') => rooms.reduce((total, room) => total + room[key].size, 0);
    return { sockets: legs.size, rooms: rooms.length, spares: sum('spares'), waiting: sum('waiting'), ...legs.counts() };
  };
  let closed: Promise<void> | undefined;
  const isClosing = () => closed !== undefined;
  const http = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: settings.headerMs,
      requestTimeout: settings.headerMs,
      keepAliveTimeout: settings.headerMs,
      connectionsCheckingInterval: Math.min(HEADER_CHECK_MS, settings.headerMs),
    },
    httpHandler(tally, present, isClosing),
  );
  http.maxConnections = settings.maxSockets || socketsFor(descriptorLimit());
  openDoor(http, {
    settings,
    tally,
    limits,
    log,
    isClosing,
    enter(ws, socket, { room, role }, address) {
      if (settings.log === 'debug') {
        log('debug', 'socket_opened', { role, room, address });
        ws.once('close', (code) => log('debug', 'socket_closed', { role, room, address, code }));
      }
      legs.add(ws, socket, role, limits.holdUnpaired(role, address));
      if (role === 'client') return legs.awaitFirstFrame(ws, (first) => relay.addClient(room, ws, first));
      legs.forbidFrames(ws); // a home server speaks second
      relay.addServer(room, ws);
    },
  });
  try {
    await listen(http, settings);
  } catch (error) {
    await legs.close(0);
    throw error;
  }
  http.on('error', (error) => log('error', 'accept_failed', { message: error.message }));
  const summarise = minuteSummary(tally, present, log);
  const minute = setInterval(() => {
    limits.sweep();
    summarise();
  }, MINUTE_MS);

  async function close(): Promise<void> {
    clearInterval(minute);
    const stopped = new Promise<void>((resolve) => http.close(() => resolve()));
    await legs.close(CLOSE_LINGER_MS);
    http.closeAllConnections();
    limits.close();
    await stopped;
    summarise();
  }

  const { port } = http.address() as AddressInfo;
  log('info', 'listening', { host: settings.host, port, max_sockets: http.maxConnections, listed_rooms: settings.rooms?.size ?? 'any' });
  // On loopback with no proxy in front, only this machine itself can come in.
  if (settings.rooms === undefined && !(isLoopback(settings.host) && settings.trustProxy === 0))
    log('warn', 'open_to_any_home_server', OPEN);
  return {
    port,
    url: `ws://${reachable(settings.host)}:${port}`,
    present,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

const OPEN = {
  advice: 'Whoever finds this relay may use it. Set RELAY_ROOMS to the rooms of your home servers; `afield status` prints them.',
};

/** Logs what the last minute brought, if anything; louder when much of it was refused or turned away. */
function minuteSummary(tally: Tally, present: () => Present, log: Log): () => void {
  const counts = () => ({
    clients: tally.legs.client,
    servers: tally.legs.server,
    pairings: tally.pairings,
    frames: tally.frames,
    bytes: tally.bytes,
    refused: tally.refusals,
    turned_away: tally.turnedAway,
    dead: tally.deaths,
  });
  let before: Record<string, number> = counts();
  return () => {
    const after: Record<string, number> = counts();
    const changes = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
    before = after;
    if (changes.every(([, change]) => change === 0)) return;
    const fields: Record<string, number> = Object.fromEntries(changes);
    const alarm = (fields.refused ?? 0) + (fields.turned_away ?? 0) >= ALARM_A_MINUTE;
    log(alarm ? 'warn' : 'info', alarm ? 'under_pressure' : 'minute', { ...fields, ...present() });
  };
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}

function listen(http: Server, { host, port }: RelaySettings): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => reject(new Error(whyNot(cause, host, port), { cause })));
    http.listen(port, host, () => {
      http.removeAllListeners('error');
      resolve();
    });
  });
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): string {
  const next = port < 65_535 ? port + 1 : port - 1;
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken. See by whom: ss -ltnp 'sport = :${port}' (or lsof -i :${port}). Or choose another: PORT=${next}`;
    case 'EACCES':
      return `Port ${port} needs more rights than this user has. Choose one above 1023, such as PORT=4097, and let a proxy have ${port}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address ${host}. HOST=127.0.0.1 serves this machine alone, HOST=0.0.0.0 everyone.`;
    default:
      return `The relay cannot listen on ${host}:${port} (${error.message}).`;
  }
}
