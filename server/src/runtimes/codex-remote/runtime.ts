/** Codex in a terminal, heard and answered by the app-server that its terminal attaches to. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { CompanionRuntime } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { count } from '../loose.ts';
import { CodexCompanion } from './companion.ts';
import { type Line, openLine } from './line.ts';
import { prepare, socketOf } from './prepare.ts';

/** A first start makes its database. */
const START_MS = 45_000;
const POLL_MS = 100;

/** `tuning`: for tests, how long is waited. */
export function createCodexRemote({ clock }: { clock: Clock }, tuning: { startMs?: number } = {}): CompanionRuntime {
  return {
    name: 'codex-remote',
    async prepare({ command, machine, folder }) {
      if (machine.kind !== 'local') return null;
      const prepared = await prepare(command, folder);
      return prepared === null ? null : { command: prepared, memory: { since: clock.now() } };
    },
    async join({ folder, memory }, sink) {
      const line = await opened(socketOf(folder), clock, tuning.startMs ?? START_MS);
      const companion = new CodexCompanion(line, sink, clock, count(memory.since) ?? 0);
      try {
        await companion.begin();
        return companion;
      } catch (error) {
        companion.leave();
        throw error;
      }
    },
  };
}

/** Its app-server may only begin to start now. Errors: unavailable. */
async function opened(socket: string, clock: Clock, patienceMs: number): Promise<Line> {
  const end = clock.monotonic() + patienceMs;
  for (;;) {
    try {
      return await openLine(socket);
    } catch (cause) {
      if (clock.monotonic() > end) {
        throw new AfieldError('unavailable', 'Codex runs without an app-server that could be heard.', { cause });
      }
    }
    await pause(clock, POLL_MS);
  }
}
