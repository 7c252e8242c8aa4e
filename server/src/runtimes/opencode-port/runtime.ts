/** opencode in a terminal, heard and answered over the HTTP server that its terminal has (`--port`), which is that of `opencode serve`. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { CompanionRuntime } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { record, text } from '../loose.ts';
import { type Api, createApi } from '../opencode-server/api.ts';
import { readCatalogue } from '../opencode-server/catalogue.ts';
import { type CompanionTuning, OpencodeCompanion } from './companion.ts';
import { prepare, readPassword, recalled } from './prepare.ts';

/** A first start unpacks and migrates; on a busy machine that takes ten seconds. */
const START_MS = 45_000;
/** What it is asked while it starts may never be answered. */
const HEALTH_MS = 3_000;
const POLL_MS = 200;

/** `tuning`: for tests, how long is waited, and how long a silence is believed. */
export function createOpencodePort({ clock }: { clock: Clock }, tuning: CompanionTuning & { startMs?: number } = {}): CompanionRuntime {
  return {
    name: 'opencode-port',
    async prepare({ command, machine, folder }) {
      if (machine.kind !== 'local') return null;
      const prepared = await prepare(command, folder, clock.now());
      return prepared === null ? null : { command: prepared.command, memory: { ...prepared.memory } };
    },
    async join({ folder, memory: kept }, sink) {
      const memory = recalled(kept);
      const password = await readPassword(folder).catch(() => null);
      if (memory === null || password === null) throw new AfieldError('unavailable', 'Nothing is known of the port of this opencode.');
      const api = createApi(`http://127.0.0.1:${memory.port}`, password, clock);
      const version = await answers(api, clock, tuning.startMs ?? START_MS);
      if (version === null) {
        throw new AfieldError('unavailable', 'opencode does not listen on its port, which may have been taken by another program.');
      }
      const { windows } = await readCatalogue(api);
      const companion = new OpencodeCompanion({ api, folder, memory, windows }, { sink, clock, tuning });
      sink.update({ type: 'version', version, note: null });
      companion.listen();
      return companion;
    },
  };
}

/** Its version, as soon as it takes our password. Another program on its port does not. */
async function answers(api: Api, clock: Clock, patienceMs: number): Promise<string | null> {
  for (const end = clock.monotonic() + patienceMs; clock.monotonic() < end; await pause(clock, POLL_MS)) {
    const answer = await api.call('GET', '/global/health', undefined, HEALTH_MS).catch(() => null);
    const version = answer?.status === 200 ? text(record(answer.body).version) : null;
    if (version !== null) return version;
  }
  return null;
}
