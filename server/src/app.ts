/** The composition root: builds every part and hands each what it needs. Config in, `{ close }` out; as often in one process as one likes. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { encodePairingLink } from '@afield/shared/channel/pairing-link.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { PipeEnd } from '@afield/shared/link/pipe.ts';
import { uuidv7 } from 'uuidv7';
import { createDevices } from './auth/devices.ts';
import { isLoopback } from './auth/guard.ts';
import { createPairings, type PairingLink } from './auth/pairings.ts';
import { buildDoors, type Doors, ownAddress } from './compose/doors.ts';
import { type Foundation, layFoundation, type Overrides } from './compose/foundation.ts';
import { describeSystem } from './compose/system.ts';
import { setToWork } from './compose/work.ts';
import { type Config, dataFiles, supervision } from './config.ts';
import { systemClock, timestamp } from './core/clock.ts';
import { streamPrompt } from './core/prompts/prompt-stream.ts';
import type { DispatchRequest } from './core/request.ts';
import type { EventLog, SessionService } from './core/service.ts';
import { createDispatch, type Dispatcher, type Handlers } from './dispatch.ts';
import { fileOwner } from './doors/port-owner.ts';
import { openEventStream } from './doors/sse.ts';
import { agentHandlers } from './handlers/agents.ts';
import { approvalHandlers } from './handlers/approvals.ts';
import { changesHandlers } from './handlers/changes.ts';
import { chatHandlers } from './handlers/chat.ts';
import type { HandlerContext } from './handlers/context.ts';
import { deviceHandlers } from './handlers/devices.ts';
import { historyHandlers } from './handlers/history.ts';
import { machineHandlers } from './handlers/machines.ts';
import { createMetrics, type Metrics } from './handlers/metrics.ts';
import { projectHandlers } from './handlers/projects.ts';
import { pushHandlers } from './handlers/push.ts';
import { sessionHandlers } from './handlers/sessions.ts';
import { systemHandlers } from './handlers/system.ts';
import { environmentHandlers, usageHandlers } from './handlers/usage.ts';
import { createNotice, holderOf, type Notice } from './running.ts';
import { deviceStore } from './store/devices.ts';
import { type Store, upgradeStore } from './store/store.ts';
import { VERSION } from './version.ts';

export interface App {
  readonly config: Config;
  /** Bearer token of the local command line; also in the file `token` of the data folder. */
  readonly token: string;
  /** Fingerprint of the home server's key, as a phone shows it. */
  readonly fingerprint: string;
  /** Where the relay and devices meet this server, base64url. */
  readonly room: string;
  readonly dispatch: Dispatcher;
  readonly sessions: SessionService;
  readonly events: EventLog;
  /** Opens the doors. Errors: `unavailable` when the port is taken, saying by whom and how to choose another. */
  listen(): Promise<{ url: string; port: number; socket: string | null }>;
  /** Says goodbye to everybody, ends what cannot survive, flushes and lets go of the data folder. Twice is once. */
  close(): Promise<void>;
}

const STOPPING: PipeEnd = { kind: 'goodbye', detail: 'The home server stops.' };
const OFF = { state: 'off', url: null, spares: 0, channels: 0, detail: null, since: null } as const;

/**
 * Errors: `bad_request` for settings that would let anybody in, `unavailable` when the data folder cannot be used (another server, a
 * newer database, a key missing or readable by others).
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  refuseOpenBind(config);
  mkdirSync(config.data_dir, { recursive: true, mode: 0o700 });
  const files = dataFiles(config.data_dir);
  const started_at = timestamp(overrides.clock ?? systemClock());
  const notice = createNotice(files, { version: VERSION, started_at, service: supervision().service });
  try {
    // First, since it also keeps a second server away from everything else in the folder.
    const store = await upgradeStore(files.database, {
      version: VERSION,
      holder: () => holderOf(files.state) ?? holderOfFile(files.database),
      onHeld: () => notice.tell({}),
      onStep: (doing) => notice.tell({ doing }),
    });
    try {
      return build(layFoundation(config, overrides, store), store, notice);
    } catch (error) {
      store.close();
      throw error;
    }
  } catch (error) {
    notice.withdraw();
    throw error;
  }
}

/** Where nothing is written about it: somebody deleted the files, or it is no server at all but looks into the database. */
function holderOfFile(file: string): string | null {
  const owner = fileOwner(realpathSync(file));
  return owner === null ? null : `process ${owner.pid}, ${owner.name}`;
}

function refuseOpenBind({ host, insecure_bind }: Config): void {
  if (isLoopback(host) || insecure_bind) return;
  throw new AfieldError(
    'bad_request',
    `${host} can be reached by others, and this server speaks no TLS: whoever listens on the way could take the token. Use the relay, or ` +
      'a proxy with TLS in front of 127.0.0.1. If the network is yours alone: --insecure-bind, or insecure_bind: true.',
  );
}

function build(foundation: Foundation, store: Store, notice: Notice): App {
  const { config, clock, log, events, connections, fingerprint, room, token } = foundation;
  for (const warning of config.warnings) log.warn(warning);
  const work = setToWork(foundation);
  const { sessions, notify } = work;

  const devices = createDevices({
    store: deviceStore(store),
    clock,
    newId: uuidv7,
    events,
    connections,
    push: { stateOf: work.pushStateOf, forget: notify.forgetDevice },
  });
  let port = config.port;
  const pairings = createPairings({ clock, random: randomBytes, devices, fingerprint, linkOf: (link) => linkOf(foundation, port, link) });
  let doors: Doors | null = null;
  const relay = () => doors?.relay()?.state ?? OFF;
  const metrics = createMetrics({
    sessions: () => sessions.counts(),
    viewers: () => sessions.viewers(),
    connections: () => connections.list(),
    devices: () => devices.count,
    relay,
    nextSeq: () => events.nextSeq(),
  });
  const prompts = {
    stream: (options: Parameters<typeof streamPrompt>[1]) => streamPrompt({ sessions, events, usage: work.usage.service }, options),
  };
  const dispatch = dispatcher(foundation, metrics, {
    sessions,
    prompts,
    events,
    agents: work.agents,
    projects: work.projects,
    machines: work.machineService,
    history: work.history,
    approvals: work.approvals.service,
    rules: work.rules,
    usage: work.usage.service,
    environments: work.environments,
    changes: work.changes,
    devices,
    pairings,
    push: notify.push,
    streams: { open: (request) => openEventStream(request, { clock, newId: uuidv7, events, connections }) },
    system: describeSystem({ foundation, work, metrics, devices, relay }),
  });
  const opened = buildDoors({ foundation, dispatch, sessions, prompts, devices, pairings, metrics });
  doors = opened;

  let ending: Promise<void> | null = null;
  const end = async () => {
    notice.tell({ phase: 'stopping' });
    opened.bar();
    // While sessions end, whoever watches still hears of it.
    await sessions.close();
    work.approvals.close();
    connections.endAll(STOPPING);
    await opened.close();
    await notify.close();
    await work.closeMachines();
    await work.history.close();
    await foundation.disk.close();
    notice.withdraw();
    store.close();
    log.info('Stopped');
  };

  return {
    config,
    token: token.token,
    fingerprint,
    room,
    dispatch,
    sessions,
    events,
    async listen() {
      const at = await opened.open();
      port = at.port;
      notice.tell({ phase: 'ready', doing: null, url: at.url, socket: at.socket });
      void foundation.disk.look();
      work.history.start();
      log.info('Listening', { url: at.url, socket: at.socket, data_dir: config.data_dir, version: VERSION });
      return at;
    },
    close() {
      ending ??= end();
      return ending;
    },
  };
}

function dispatcher({ onFault, disk }: Foundation, metrics: Metrics, context: HandlerContext): Dispatcher {
  const handlers: Handlers = {
    ...systemHandlers(context),
    ...agentHandlers(context),
    ...machineHandlers(context),
    ...projectHandlers(context),
    ...sessionHandlers(context),
    ...chatHandlers(context),
    ...approvalHandlers(context),
    ...changesHandlers(context),
    ...usageHandlers(context),
    ...environmentHandlers(context),
    ...historyHandlers(context),
    ...deviceHandlers(context),
    ...pushHandlers(context),
  };
  const dispatch = createDispatch(handlers, { onFault, newId: uuidv7, disk });
  const counted = async (request: DispatchRequest) => {
    const answer = await dispatch(request);
    if (answer.operation !== null) metrics.answered(answer.operation, answer.status);
    return answer;
  };
  return Object.assign(counted, { precheck: dispatch.precheck });
}

/** Errors: `bad_request` when the relay may not be dialled by a browser. */
function linkOf({ config, keys, staticKey }: Foundation, port: number, { ticketId, q, expiry }: PairingLink): string {
  const own = ownAddress(config, port);
  return encodePairingLink(pageUrl(config, own.page), {
    room: keys.room,
    serverKey: staticKey.publicKey,
    ticketId,
    secret: q,
    expiresAt: expiry,
    // Without a relay, a browser on this machine can still pair, by the door that this server has for it.
    relayUrl: config.relay ?? own.channel,
  });
}

/** Where a phone opens the page: as set; else beside a relay with TLS, whose host serves it too; else here. */
function pageUrl({ pwa_url, relay }: Config, own: string): string {
  if (pwa_url !== null) return pwa_url;
  const beside = relay === null ? null : new URL(relay);
  return beside?.protocol === 'wss:' ? `https://${beside.host}/` : own;
}
