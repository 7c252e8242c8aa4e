/** The ways in: opened together, closed together. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { toBase64url } from '@afield/shared/channel/base64url.ts';
import { uuidv7 } from 'uuidv7';
import { createGate } from '../auth/gate.ts';
import { type GuardRules, guardRules, isLoopback } from '../auth/guard.ts';
import { nodePrimitives } from '../channel/node-primitives.ts';
import type { Config } from '../config.ts';
import type { SessionService } from '../core/service.ts';
import type { Dispatcher } from '../dispatch.ts';
import { type AdmissionDeps, createAdmission } from '../doors/admission.ts';
import { createHttpDoor } from '../doors/http.ts';
import { listenFault } from '../doors/port-owner.ts';
import type { ServeLink } from '../doors/ports.ts';
import { RelayDoor } from '../doors/relay.ts';
import { listenPrivately, type SocketPlace } from '../doors/unix-socket.ts';
import { createWebSocketDoor } from '../doors/websocket.ts';
import type { Metrics } from '../handlers/metrics.ts';
import { serveLink } from '../link/serve-link.ts';
import type { LinkDeps } from '../link/served-link.ts';
import { VERSION } from '../version.ts';
import type { Foundation } from './foundation.ts';

/** How long connections may take to end by themselves when the server stops. */
const LINGER_MS = 500;
/** Beside this file when it runs from the sources and from the bundle alike: `server/src/compose` and `server/dist`. */
const PAGE_FOLDERS = ['../../../pwa/dist', '../../pwa/dist'] as const;

export interface Doors {
  /** `socket`: path of the one for this machine's command line; null when there can be none. */
  open(): Promise<{ url: string; port: number; socket: string | null }>;
  /** Takes nobody new in. */
  bar(): void;
  close(): Promise<void>;
  relay(): RelayDoor | null;
}

export interface DoorParts {
  foundation: Foundation;
  dispatch: Dispatcher;
  sessions: SessionService;
  prompts: LinkDeps['prompts'];
  devices: AdmissionDeps['devices'];
  pairings: AdmissionDeps['pairings'];
  metrics: Metrics;
}

export function buildDoors({ foundation, dispatch, sessions, prompts, devices, pairings, metrics }: DoorParts): Doors {
  const { config, clock, env, log, events, connections, files, keys, staticKey, room, token, onFault } = foundation;
  // Known once the port is; nothing comes in before.
  let rules: GuardRules = { hosts: new Set(), origins: new Set() };
  let relay: RelayDoor | null = null;
  const gate = createGate({ rules: () => rules, token, clock });
  const link = {
    clock,
    newId: uuidv7,
    version: VERSION,
    dispatch,
    sessions,
    prompts,
    events,
    connections,
    take: gate.take,
    onFault: (error: unknown) => onFault({ error }),
  };
  const serve: ServeLink = (options) => serveLink(options, link);
  const admit = createAdmission({
    primitives: nodePrimitives,
    staticKey,
    room: keys.room,
    clock,
    devices,
    pairings,
    serveLink: serve,
    log,
    onFault: metrics.handshakeFailed,
  });
  const doorBehind = (own: typeof gate) => {
    const sockets = createWebSocketDoor({ gate: own, serveLink: serve, admit, room });
    const server = createHttpDoor({
      dispatch,
      gate: own,
      bodyLimitBytes: config.body_limit_bytes,
      log,
      pageFolder: config.pwa_dir ?? pageFolder(),
    });
    server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket as Socket, head));
    return { server, sockets };
  };
  const tcp = doorBehind(gate);
  const local = doorBehind(createGate({ rules: () => SOCKET_RULES, token, clock }));
  const both = [tcp, local];
  let leaveShortFolder = () => {};

  return {
    relay: () => relay,
    async open() {
      await listen(tcp.server, config);
      const { port } = tcp.server.address() as AddressInfo;
      rules = guardRules({ ...config, port, own: ownAddresses() });
      const { path: socket, faults } = await listenPrivately(
        local.server,
        socketPlaces(config.data_dir, files.socket, env.XDG_RUNTIME_DIR),
      );
      if (socket !== null && socket !== files.socket) leaveShortFolder = () => removeEmpty(path.dirname(socket));
      if (socket === null) log.warn('There is no socket for the command line, which comes by the port instead', { faults });
      if (config.relay !== null) {
        relay = new RelayDoor({
          url: config.relay,
          room,
          roomSecret: toBase64url(keys.roomSecret),
          spares: config.spares,
          clock,
          random: Math.random,
          admit,
          onState: (state) => events.publish('machine.relay_changed', null, { relay: state }),
          log,
        });
        relay.start();
      }
      return { url: `http://${isIP(config.host) === 6 ? `[${config.host}]` : config.host}:${port}`, port, socket };
    },
    bar() {
      for (const { server } of both) if (server.listening) server.close();
    },
    async close() {
      relay?.close();
      for (const { sockets } of both) sockets.close();
      this.bar();
      for (const { server } of both) server.closeIdleConnections();
      const late = setTimeout(() => both.map(({ server }) => server.closeAllConnections()), LINGER_MS);
      await Promise.all(both.map(({ server }) => drained(server)));
      clearTimeout(late);
      leaveShortFolder();
    },
  };
}

/** No page can come this way, so no Origin may either; the token is asked for all the same. */
const SOCKET_RULES: GuardRules = { hosts: new Set(['localhost']), origins: new Set() };

/** In the data folder; where its path is too long for a socket, in a short folder of ours with a name that is the same every time. */
function socketPlaces(data_dir: string, file: string, runtime: string | undefined): SocketPlace[] {
  const mark = createHash('sha256').update(data_dir).digest('hex').slice(0, 12);
  const short = [...(runtime === undefined ? [] : [`${runtime}/afield-${mark}`]), `/tmp/afield-${process.getuid?.() ?? 0}-${mark}`];
  return [{ path: file, secret: false }, ...short.map((folder) => ({ path: `${folder}/server.sock`, secret: true }))];
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else is in it, or it is gone.
  }
}

const pageFolder = () => fileURLToPath(new URL(import.meta.url.includes('/src/') ? PAGE_FOLDERS[0] : PAGE_FOLDERS[1], import.meta.url));

const ownAddresses = () =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address.replace(/%.*$/, '')));

/** Errors: `unavailable` with what to do. */
async function listen(server: Server, { host, port }: Config): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenFault(error as NodeJS.ErrnoException, host, port);
  }
}

/** Resolves when the last connection is gone; at once for a server that never listened. */
function drained(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      if (!count) resolve();
      else server.once('close', () => resolve());
    });
  });
}

/** Where this server answers the page and channels of this very machine. */
export function ownAddress({ host }: Config, port: number): { page: string; channel: string } {
  const name = isLoopback(host) ? (isIP(host) === 6 ? `[${host}]` : host) : '127.0.0.1';
  return { page: `http://${name}:${port}/`, channel: `ws://${name}:${port}/channel` };
}
