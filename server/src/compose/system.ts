/** What the server says about itself. */
import type { RelayState } from '@afield/shared/api/system.ts';
import { LINK_PROTOCOL } from '@afield/shared/link/messages.ts';
import { publicConfig } from '../config.ts';
import { timestamp } from '../core/clock.ts';
import type { MachineBook } from '../core/machine-ports.ts';
import type { SystemService } from '../handlers/context.ts';
import { runChecks } from '../handlers/doctor.ts';
import type { Metrics } from '../handlers/metrics.ts';
import { VERSION } from '../version.ts';
import type { Foundation } from './foundation.ts';
import type { Work } from './work.ts';

export interface SystemParts {
  foundation: Foundation;
  work: Work;
  metrics: Metrics;
  devices: { readonly count: number };
  relay(): RelayState;
}

export function describeSystem({ foundation, work, metrics, devices, relay }: SystemParts): SystemService {
  const { config, clock, events, connections, fingerprint, room, files, store, disk } = foundation;
  const { sessions, agents, machines, notify, history } = work;
  const started = clock.monotonic();
  const started_at = timestamp(clock);
  return {
    info: () => ({
      name: 'afield',
      version: VERSION,
      machine: config.machine_name,
      platform: `${process.platform} ${process.arch}`,
      node: process.versions.node,
      link_protocol: LINK_PROTOCOL,
      features: ['sessions', 'relay', 'push'],
      fingerprint,
      started_at,
    }),
    status: () => ({
      sessions: sessions.counts(),
      viewers: sessions.viewers(),
      connections: connections.size,
      devices: devices.count,
      relay: { ...relay(), room },
      storage: disk.state,
      next_seq: events.nextSeq(),
      uptime_ms: Math.round(clock.monotonic() - started),
      rss_bytes: process.memoryUsage.rss(),
    }),
    checks: () =>
      runChecks({
        node: process.versions.node,
        dataDir: config.data_dir,
        secrets: [
          { path: config.data_dir, mode: 0o700 },
          { path: files.keys, mode: 0o700 },
          { path: files.recordings, mode: 0o700 },
          { path: files.database, mode: 0o600 },
          { path: files.token, mode: 0o600 },
        ],
        warnings: config.warnings,
        relay,
        room,
        agents: () => agents.list(),
        tmux: () => lookForTmux(machines, config.runtime),
        database: store.check,
        push: notify.checks,
        storage: () => disk.state,
        history: () => history.checks(),
        strays: () => sessions.strays(),
      }),
    config: () => publicConfig(config),
    reap: (dry_run) => (dry_run ? sessions.strays() : sessions.reap()),
    connections: () => connections.list(),
    metrics: metrics.text,
  };
}

/** What sessions of the home server itself run in. */
async function lookForTmux(machines: MachineBook, setting: string) {
  const local = machines.list()[0]!;
  const file = await local.which('tmux');
  const version = file === null ? null : await local.version(file, ['-V']);
  const found = await machines.runtime(local.name).then(
    ({ name }) => ({ runtime: name, fault: null }),
    (error: Error) => ({ runtime: null, fault: error.message }),
  );
  return { setting, version, ...found };
}
