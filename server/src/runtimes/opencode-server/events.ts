/** opencode's server-sent events, followed until it is closed: read again after every cut, and after a silence. */
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { type Loose, parsed } from '../loose.ts';
import type { Api } from './api.ts';

/** It sends a heartbeat every ten seconds: without a byte for so long the stream is dead, whatever the socket says. */
const SILENT_MS = 35_000;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;
/** A frame that is longer is no event: a tool's whole output fits. */
const MAX_FRAME_CHARACTERS = 128 * 1024 * 1024;
/** Kind of what is no event. */
export const NO_EVENT = 'no event';

export interface EventHandlers {
  /** Each event, in order. */
  event(event: Loose): void;
  /** The stream stands (again): what happened before is only in snapshots. `again`: not the first time. */
  open(again: boolean): void;
  /** It is cut, or could not be opened; it is tried again. */
  cut?(): void;
}

export interface EventStream {
  close(): void;
}

export function followEvents(api: Api, clock: Clock, handlers: EventHandlers, silentMs = SILENT_MS): EventStream {
  let closed = false;
  let opened = false;
  let current = new AbortController();

  async function once(): Promise<void> {
    current = new AbortController();
    const { signal } = current;
    const cut = () => current.abort();
    let late = clock.setTimeout(cut, silentMs);
    try {
      const body = await api.stream('/event', signal);
      if (closed) return cut();
      handlers.open(opened);
      opened = true;
      const frames = new Frames((text) => handlers.event(eventOf(text)));
      for await (const bytes of body) {
        late.cancel();
        late = clock.setTimeout(cut, silentMs);
        frames.take(bytes);
      }
    } finally {
      late.cancel();
      cut();
    }
  }

  async function follow(): Promise<void> {
    for (let wait = FIRST_WAIT_MS; !closed; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      const before = clock.monotonic();
      // A cut is no fault of anybody: read on.
      await once().catch(() => {});
      if (clock.monotonic() - before > MAX_WAIT_MS) wait = FIRST_WAIT_MS;
      if (closed) break;
      handlers.cut?.();
      await pause(clock, wait);
    }
  }
  follow().catch(() => {});
  return {
    close() {
      closed = true;
      current.abort();
    },
  };
}

/** Takes bytes, gives the data of each frame. */
export class Frames {
  readonly #give: (data: string) => void;
  readonly #decoder = new TextDecoder();
  /** Pieces of the frame that has not ended; joined once, so that a long one costs no more than its length. */
  #rest: string[] = [];
  #length = 0;

  constructor(give: (data: string) => void) {
    this.#give = give;
  }

  take(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    // The end of a frame may stand between two pieces.
    let from = 0;
    if (text.startsWith('\n') && this.#rest.at(-1)?.endsWith('\n') === true) {
      this.#end('');
      from = 1;
    }
    for (let end = text.indexOf('\n\n', from); end >= 0; end = text.indexOf('\n\n', from)) {
      this.#end(text.slice(from, end));
      from = end + 2;
    }
    if (from < text.length) this.#rest.push(text.slice(from));
    this.#length += text.length - from;
    if (this.#length > MAX_FRAME_CHARACTERS) throw new Error('an event without an end');
  }

  #end(last: string): void {
    const frame = [...this.#rest, last].join('');
    this.#rest = [];
    this.#length = 0;
    const data = frame.split('\n').filter((line) => line.startsWith('data:'));
    if (data.length > 0) this.#give(data.map((line) => line.slice(5).trimStart()).join('\n'));
  }
}

/** What is no event is kept as one of an unknown kind. */
function eventOf(text: string): Loose {
  const event = parsed(text);
  return typeof event?.type === 'string' ? event : { type: NO_EVENT, text };
}
