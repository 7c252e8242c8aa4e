/** What everything stands on: time, disk, log, and who this home server is. */
import { homedir } from 'node:os';
import { toBase64url } from '@afield/shared/channel/base64url.ts';
import { fingerprintOf } from '@afield/shared/channel/handshake.ts';
import { Connections } from '../auth/connections.ts';
import { loadHomeKeys } from '../auth/home-keys.ts';
import { loadToken } from '../auth/token.ts';
import { nodeKeyPair, nodePrimitives } from '../channel/node-primitives.ts';
import { type Config, dataFiles } from '../config.ts';
import { systemClock } from '../core/clock.ts';
import { createEventLog } from '../core/event-log.ts';
import { type DiskProbe, DiskWatch, diskOf } from '../core/history/storage.ts';
import type { Clock } from '../core/ports.ts';
import { patientSessions } from '../core/sessions/patient-sessions.ts';
import { createLog } from '../log.ts';
import type { Store } from '../store/store.ts';

/** What tests own instead of the real thing. */
export interface Overrides {
  clock?: Clock;
  /** Where log lines go, one JSON object each. Default: standard error. */
  log?: (line: string) => void;
  /** What takes the place of the disk when somebody asks how full it is. */
  disk?: DiskProbe;
  /** What sessions see of the server's environment. Default: the real one. */
  env?: Readonly<Record<string, string | undefined>>;
}

export type Foundation = ReturnType<typeof layFoundation>;

/** Errors: `unavailable` when a key is missing, damaged or readable by others. */
export function layFoundation(config: Config, overrides: Overrides, store: Store) {
  const { clock = systemClock(), env = process.env } = overrides;
  const files = dataFiles(config.data_dir);
  const log = createLog(config.log_level, overrides.log);
  const keys = loadHomeKeys(files.keys, store.meta);
  const staticKey = nodeKeyPair(keys.privateKey);
  const disk = new DiskWatch({
    clock,
    folder: config.data_dir,
    probe: overrides.disk ?? diskOf([config.data_dir, files.recordings]),
  });
  // First, so that what waits is written before anybody hears that there is room.
  const patient = patientSessions(store.sessions, disk);
  const events = createEventLog(store.events, clock, { disk });
  disk.onChange((writing) => {
    events.publish('machine.storage_changed', null, { storage: disk.state });
    if (writing) log.warn('The disk has room again');
    else log.error('Nothing new is kept', { detail: disk.state.detail, free_bytes: disk.state.free_bytes });
  });
  return {
    config,
    store: { ...store, sessions: patient },
    disk,
    clock,
    env,
    home: env.HOME ?? homedir(),
    files,
    log,
    keys,
    staticKey,
    room: toBase64url(keys.room),
    fingerprint: fingerprintOf(nodePrimitives, staticKey.publicKey),
    token: loadToken(files.token),
    connections: new Connections(),
    events,
    onFault: ({ id, operation, error }: { id?: string; operation?: string; error: unknown }) =>
      log.error('A fault', { id, operation, error }),
  };
}
