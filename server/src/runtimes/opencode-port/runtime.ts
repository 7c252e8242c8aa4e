/** opencode in a terminal, heard and answered over the HTTP server that its terminal has (`--port`), which is that of `opencode serve`. */

import type { ChatSink, Companion, CompanionRuntime } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { deafCompanion } from '../deaf-companion.ts';
import { record, text } from '../loose.ts';
import { type Api, createApi } from '../opencode-server/api.ts';
import { readCatalogue } from '../opencode-server/catalogue.ts';
import { type CompanionTuning, OpencodeCompanion } from './companion.ts';
import { type Memory, prepare, readPassword, recalled } from './prepare.ts';

/** A first start unpacks and migrates; on a busy machine that takes ten seconds. */
const START_MS = 90_000;
/** What it is asked while it starts may never be answered. */
const HEALTH_MS = 3_000;
const POLL_MS = 200;

/** `tuning`: for tests, how long a silence is believed. */
export function createOpencodePort({ clock }: { clock: Clock }, tuning: CompanionTuning & { startMs?: number } = {}): CompanionRuntime {
  return {
    name: 'opencode-port',
    async prepare({ command, machine, folder }) {
      if (machine.kind !== 'local') return null;
      const prepared = await prepare(command, folder, clock.now());
      return prepared === null ? null : { command: prepared.command, memory: { ...prepared.memory } };
    },
    async join({ folder, memory }, sink) {
      const known = recalled(memory);
      const password = await readPassword(folder).catch(() => null);
      if (known === null || password === null) return deafCompanion('Nothing is known of the port of this opencode.', sink);
      return new Joining(createApi(`http://127.0.0.1:${known.port}`, password, clock), known, { folder, sink, clock, tuning });
    },
  };
}

interface With {
  folder: string;
  sink: ChatSink;
  clock: Clock;
  tuning: CompanionTuning & { startMs?: number };
}

/** Its terminal may only begin to start now: what is asked until it answers is refused. */
class Joining implements Companion {
  readonly #api: Api;
  readonly #memory: Memory;
  readonly #with: With;
  #joined: OpencodeCompanion | null = null;
  #left = false;

  constructor(api: Api, memory: Memory, given: With) {
    this.#api = api;
    this.#memory = memory;
    this.#with = given;
    this.#join().catch((error: Error) => this.#giveUp(error.message));
  }

  async answer(...answer: Parameters<Companion['answer']>): Promise<void> {
    await (this.#joined ?? deafCompanion('opencode does not answer.')).answer(...answer);
  }

  leave(): void {
    this.#left = true;
    this.#joined?.leave();
  }

  async #join(): Promise<void> {
    const { sink, clock, tuning, folder } = this.#with;
    const version = await this.#answers(clock.monotonic() + (tuning.startMs ?? START_MS));
    if (this.#left) return;
    if (version === null) {
      this.#giveUp('opencode does not listen on its port. It may have been taken by another program.');
      return;
    }
    sink.update({ type: 'version', version, note: null });
    const { windows } = await readCatalogue(this.#api);
    if (this.#left) return;
    this.#joined = new OpencodeCompanion({ api: this.#api, folder, memory: this.#memory, windows }, { sink, clock, tuning });
    this.#joined.listen();
  }

  /** Its version, as soon as it takes our password. Another program on its port does not. */
  async #answers(end: number): Promise<string | null> {
    const { clock } = this.#with;
    while (!this.#left && clock.monotonic() < end) {
      const answer = await this.#api.call('GET', '/global/health', undefined, HEALTH_MS).catch(() => null);
      const version = answer?.status === 200 ? text(record(answer.body).version) : null;
      if (version !== null) return version;
      await pause(clock, POLL_MS);
    }
    return null;
  }

  #giveUp(detail: string): void {
    if (this.#left) return;
    this.leave();
    this.#with.sink.exit({ code: null, signal: null, detail });
  }
}
