/** Figures for Prometheus. A registry of its own, so that several servers in one process do not meet in it. */
import { Counter, Gauge, Registry } from 'prom-client';

export interface MetricSources {
  sessions(): Record<string, number>;
  viewers(): number;
  /** By door. */
  connections(): { door: string }[];
  devices(): number;
  relay(): { state: string; spares: number; channels: number };
  nextSeq(): number;
}

export interface Metrics {
  text(): Promise<string>;
  /** Handshakes that ended without a device, by fault. */
  handshakeFailed(fault: string): void;
  /** Answers of the API, by operation and status. */
  answered(operation: string, status: number): void;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const gauge = (name: string, help: string, collect: (this: Gauge) => void, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers, collect });
  const byLabel = (of: Gauge, label: string, counts: Record<string, number>) => {
    of.reset();
    for (const [value, count] of Object.entries(counts)) of.set({ [label]: value }, count);
  };

  gauge(
    'afield_sessions',
    'Sessions by status',
    function () {
      byLabel(this, 'status', sources.sessions());
    },
    ['status'],
  );
  gauge('afield_viewers', 'Open terminals', function () {
    this.set(sources.viewers());
  });
  gauge(
    'afield_connections',
    'Live connections by door',
    function () {
      const counts: Record<string, number> = { websocket: 0, relay: 0, sse: 0 };
      for (const { door } of sources.connections()) counts[door] = (counts[door] ?? 0) + 1;
      byLabel(this, 'door', counts);
    },
    ['door'],
  );
  gauge('afield_devices', 'Paired devices that are not revoked', function () {
    this.set(sources.devices());
  });
  gauge('afield_relay_up', '1 while the relay is reached', function () {
    this.set(sources.relay().state === 'up' ? 1 : 0);
  });
  gauge('afield_relay_spares', 'Idle sockets at the relay', function () {
    this.set(sources.relay().spares);
  });
  gauge('afield_events_next_seq', 'Number of the next event', function () {
    this.set(sources.nextSeq());
  });
  gauge('afield_resident_memory_bytes', 'Memory of the home server', function () {
    this.set(process.memoryUsage.rss());
  });
  const failed = new Counter({
    name: 'afield_handshakes_failed_total',
    help: 'Handshakes without a device, by fault',
    labelNames: ['fault'],
    registers,
  });
  const answers = new Counter({
    name: 'afield_api_answers_total',
    help: 'Answers of the API',
    labelNames: ['operation', 'status'],
    registers,
  });

  return {
    text: () => (registers[0] as Registry).metrics(),
    handshakeFailed: (fault) => failed.inc({ fault }),
    answered: (operation, status) => answers.inc({ operation, status: String(status) }),
  };
}
