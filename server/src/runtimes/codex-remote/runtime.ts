/** Codex in a terminal, heard and answered by the app-server that its terminal attaches to. */

import type { ChatSink, Companion, CompanionRuntime } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { deafCompanion } from '../deaf-companion.ts';
import { count } from '../loose.ts';
import { CodexCompanion } from './companion.ts';
import { openLine } from './line.ts';
import { prepare, socketOf } from './prepare.ts';

/** A first start makes its database. */
const START_MS = 60_000;
/** Its line was cut and does not come back: it has ended, and its terminal tells so too. */
const GONE_MS = 10_000;
const POLL_MS = 100;

/** `tuning`: for tests, how long is waited. */
export function createCodexRemote({ clock }: { clock: Clock }, tuning: { startMs?: number; goneMs?: number } = {}): CompanionRuntime {
  return {
    name: 'codex-remote',
    async prepare({ command, machine, folder }) {
      if (machine.kind !== 'local') return null;
      const prepared = await prepare(command, folder);
      return prepared === null ? null : { command: prepared, memory: { since: clock.now() } };
    },
    async join({ folder, memory }, sink) {
      const { startMs = START_MS, goneMs = GONE_MS } = tuning;
      return new Joining(socketOf(folder), count(memory.since) ?? 0, { sink, clock, startMs, goneMs });
    },
  };
}

interface With {
  sink: ChatSink;
  clock: Clock;
  startMs: number;
  goneMs: number;
}

/** Its app-server may only begin to start now; and a line that is cut is opened again. */
class Joining implements Companion {
  readonly #socket: string;
  readonly #since: number;
  readonly #with: With;
  #joined: CodexCompanion | null = null;
  #left = false;

  constructor(socket: string, since: number, given: With) {
    this.#socket = socket;
    this.#since = since;
    this.#with = given;
    this.#join().catch((error: Error) => this.#giveUp(error.message));
  }

  async answer(...answer: Parameters<Companion['answer']>): Promise<void> {
    await (this.#joined ?? deafCompanion('Codex does not answer.')).answer(...answer);
  }

  leave(): void {
    this.#left = true;
    this.#joined?.leave();
  }

  async #join(): Promise<void> {
    const { clock, startMs, goneMs } = this.#with;
    let end = clock.monotonic() + startMs;
    let heard = false;
    while (!this.#left && clock.monotonic() < end) {
      if (await this.#once()) {
        heard = true;
        end = clock.monotonic() + goneMs;
      }
      await pause(clock, POLL_MS);
    }
    this.#giveUp(heard ? 'Codex does not answer any more.' : 'Codex runs without an app-server that could be heard.');
  }

  /** Resolves with the end of a line; false: there was none. */
  async #once(): Promise<boolean> {
    const { sink, clock } = this.#with;
    const line = await openLine(this.#socket).catch(() => null);
    if (line === null) return false;
    const companion = new CodexCompanion(line, sink, clock, this.#since);
    const cut = new Promise<void>((resolve) => {
      line.onCut = () => {
        companion.cut();
        resolve();
      };
    });
    if (this.#left) companion.leave();
    else {
      this.#joined = companion;
      // What it refuses is no reason to ask again and again: it is heard as far as it lets us.
      await companion.begin().catch(() => {});
      await cut;
      this.#joined = null;
    }
    return true;
  }

  #giveUp(detail: string): void {
    if (this.#left) return;
    this.leave();
    this.#with.sink.exit({ code: null, signal: null, detail });
  }
}
