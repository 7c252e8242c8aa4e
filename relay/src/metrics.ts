/** What the relay tells of itself: numbers, never a room or an address. GET /health for people and probes, GET /metrics for Prometheus. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Refusal, Role } from './offer.ts';

/** The state at this moment. */
export interface Present {
  sockets: number;
  rooms: number;
  spares: number;
  waiting: number;
  pairs: number;
  paused: number;
}
type Refused = Refusal['reason'] | 'pending' | 'sockets';

/** Counts since the start. Plain numbers on the way of a frame; Prometheus' own objects only when they are asked for. */
export class Tally {
  readonly legs: Record<Role, number> = { client: 0, server: 0 };
  readonly refused: Record<Refused, number> = {
    offer: 0,
    secret: 0,
    not_listed: 0,
    connects: 0,
    unpaired: 0,
    closing: 0,
    pending: 0,
    sockets: 0,
  };
  /** Sockets that broke a rule or waited too long before they were paired, by the code they were closed with. */
  readonly expelled = new Map<number, number>();
  /** Clients that ended unpaired, for whatever reason. */
  turnedAway = 0;
  pairings = 0;
  frames = 0;
  bytes = 0;
  faults = 0;
  deaths = 0;
  readonly pairSeconds = new Histogram({
    name: 'afield_relay_pair_seconds',
    help: 'How long pairs lasted',
    buckets: [1, 10, 60, 600, 3600, 21_600, 86_400],
    registers: [],
  });

  get refusals(): number {
    return Object.values(this.refused).reduce((sum, each) => sum + each, 0);
  }
}

type Answer = [status: number, body: string, headers?: Record<string, string>];

/** The handler of plain HTTP requests. Each relay has a registry of its own, so that several can live in one process. */
export function httpHandler(tally: Tally, present: () => Present, isClosing: () => boolean) {
  const registry = registryOf(tally, present);
  const started = performance.now();

  async function answerTo(method: string, path: string): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return [405, 'Only GET and HEAD are answered here.\n', { allow: 'GET, HEAD' }];
    if (path === '/metrics') return [200, await registry.metrics(), { 'content-type': registry.contentType }];
    if (path !== '/health') return [426, 'This is an Afield relay: it speaks WebSocket.\n', { upgrade: 'websocket' }];
    const status = isClosing() ? 'closing' : 'ok';
    const body = { status, uptime_seconds: Math.round((performance.now() - started) / 1000), ...present() };
    return [status === 'ok' ? 200 : 503, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json' }];
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''; // not `new URL`: it throws on what strangers send
    answerTo(request.method ?? '', path).then(
      (answer) => send(response, ...answer),
      () => send(response, 500, 'The numbers could not be collected.\n'),
    );
  };
}

function send(response: ServerResponse, ...[status, body, headers]: Answer): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

function registryOf(tally: Tally, present: () => Present): Registry {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const labelled = <L extends string>(name: string, help: string, label: L, read: () => Iterable<[string | number, number]>) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc({ [label]: value } as Record<L, string | number>, count);
      },
    });
  const helps: Record<keyof Present, string> = {
    sockets: 'WebSockets that are open',
    rooms: 'Rooms in which somebody waits for another',
    spares: 'Home server sockets that wait for a client',
    waiting: 'Clients that wait for a spare',
    pairs: 'Clients that are joined to their home server',
    paused: 'Sockets that are not read from because the other side is slower',
  };
  for (const [name, help] of Object.entries(helps)) gauge(`afield_relay_${name}`, help, () => present()[name as keyof Present]);
  counter('afield_relay_pairings_total', 'Pairs made', () => tally.pairings);
  counter('afield_relay_turned_away_total', 'Clients that ended unpaired', () => tally.turnedAway);
  counter('afield_relay_frames_total', 'Frames forwarded', () => tally.frames);
  counter('afield_relay_bytes_total', 'Bytes forwarded', () => tally.bytes);
  counter('afield_relay_faults_total', 'Sockets that ended by a broken frame or line', () => tally.faults);
  counter('afield_relay_dead_total', 'Sockets cut because nothing was heard from them', () => tally.deaths);
  labelled('afield_relay_sockets_total', 'WebSockets accepted', 'role', () => Object.entries(tally.legs));
  labelled('afield_relay_refused_total', 'Connections refused', 'reason', () => Object.entries(tally.refused));
  labelled('afield_relay_expelled_total', 'Sockets closed because they broke a rule or waited too long', 'code', () => tally.expelled);
  registry.registerMetric(tally.pairSeconds);
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  counter('process_cpu_seconds_total', 'Processor time used', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  return registry;
}
