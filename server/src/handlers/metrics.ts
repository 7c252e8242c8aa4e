/** Figures for Prometheus. The library is loaded when somebody first asks: most homes have no Prometheus. */
import type { Gauge } from 'prom-client';

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

/** Counts by labels; the labels are ours, so there are few. */
function counts() {
  const known = new Map<string, { labels: Record<string, string>; count: number }>();
  return {
    add(labels: Record<string, string>): void {
      const key = JSON.stringify(labels);
      const entry = known.get(key) ?? { labels, count: 0 };
      entry.count++;
      known.set(key, entry);
    },
    all: () => known.values(),
  };
}

export function createMetrics(sources: MetricSources): Metrics {
  const failed = counts();
  const answers = counts();

  const build = async () => {
    const { Counter, Gauge, Registry } = (await import('./prometheus.ts')).prometheus;
    // A registry of its own, so that several servers in one process do not meet in it.
    const registry = new Registry();
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    const gaugeBy = (name: string, help: string, label: string, read: () => Record<string, number>) =>
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [registry],
        collect(this: Gauge) {
          this.reset();
          for (const [value, count] of Object.entries(read())) this.set({ [label]: value }, count);
        },
      });
    const counter = (name: string, help: string, labelNames: string[], from: ReturnType<typeof counts>) =>
      new Counter({
        name,
        help,
        labelNames,
        registers: [registry],
        collect() {
          this.reset();
          for (const { labels, count } of from.all()) this.inc(labels, count);
        },
      });
    gaugeBy('afield_sessions', 'Sessions by status', 'status', sources.sessions);
    gauge('afield_viewers', 'Open terminals', sources.viewers);
    gaugeBy('afield_connections', 'Live connections by door', 'door', () => {
      const byDoor: Record<string, number> = { websocket: 0, relay: 0, sse: 0 };
      for (const { door } of sources.connections()) byDoor[door] = (byDoor[door] ?? 0) + 1;
      return byDoor;
    });
    gauge('afield_devices', 'Paired devices that are not revoked', sources.devices);
    gauge('afield_relay_up', '1 while the relay is reached', () => (sources.relay().state === 'up' ? 1 : 0));
    gauge('afield_relay_spares', 'Idle sockets at the relay', () => sources.relay().spares);
    gauge('afield_events_next_seq', 'Number of the next event', sources.nextSeq);
    gauge('afield_resident_memory_bytes', 'Memory of the home server', () => process.memoryUsage.rss());
    counter('afield_handshakes_failed_total', 'Handshakes without a device, by fault', ['fault'], failed);
    counter('afield_api_answers_total', 'Answers of the API', ['operation', 'status'], answers);
    return registry;
  };

  let registry: ReturnType<typeof build> | null = null;
  return {
    async text() {
      registry ??= build();
      return (await registry).metrics();
    },
    handshakeFailed: (fault) => failed.add({ fault }),
    answered: (operation, status) => answers.add({ operation, status: String(status) }),
  };
}
