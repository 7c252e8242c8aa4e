/** Server-sent events (HTML standard, section 9.2): the event log for readers that only listen. */
import type { AfieldEvent } from '@afield/shared/events.ts';
import { HEARTBEAT_MS } from '@afield/shared/link/messages.ts';
import type { PipeEnd } from '@afield/shared/link/pipe.ts';
import { timestamp } from '../core/clock.ts';
import { audibleTypes, followEvents } from '../core/follow-events.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import type { EventLog } from '../core/service.ts';
import type { ConnectionList } from './ports.ts';

/** Chunks that wait for a slow reader; the rest waits on disk. */
const QUEUE = 64;
/** When a browser should come back after a broken stream. */
const RETRY_MS = 1_000;

export interface SseDeps {
  clock: Clock;
  newId(): string;
  events: EventLog;
  connections: ConnectionList;
}

export interface SseRequest {
  identity: Identity;
  since: number | null;
  session_id: string | null;
  signal: AbortSignal | undefined;
}

const format = (event: AfieldEvent) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** Chunks in, one reader out. */
class Queue implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: string[] = [];
  #wake: (() => void) | null = null;
  #over = false;
  readonly #onReturn: () => void;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  get length(): number {
    return this.#chunks.length;
  }
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  push(chunk: string): void {
    if (this.#over) return;
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** Nothing more comes out, not even what waits. */
  end(): void {
    this.#over = true;
    this.#chunks.length = 0;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (this.#chunks.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift();
    return chunk === undefined ? { done: true, value: undefined } : { done: false, value: Buffer.from(chunk) };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#onReturn();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * `gap` comes first when events after `since` cannot be told any more: fetch anew, then go on from its `next_seq`.
 * Errors: too_many.
 */
export function openEventStream({ identity, since, session_id, signal }: SseRequest, deps: SseDeps): AsyncIterable<Uint8Array> {
  const { clock, events, connections } = deps;
  let beat: { cancel(): void } | null = null;
  let forget = () => {};
  const end = () => {
    beat?.cancel();
    following.close();
    forget();
    queue.end();
    signal?.removeEventListener('abort', end);
  };
  const queue = new Queue(end);
  const following = followEvents(events, {
    since,
    session_id,
    types: audibleTypes(identity, ['*']),
    hasRoom: () => queue.length < QUEUE,
    deliver: (event) => (identity.valid() ? queue.push(format(event)) : end()),
    onLost: end,
  });
  const keepAlive = () => {
    if (queue.length < QUEUE) queue.push(': still here\n\n');
    beat = clock.setTimeout(keepAlive, HEARTBEAT_MS);
  };
  try {
    forget = connections.add({
      id: deps.newId(),
      identity,
      door: 'sse',
      since: timestamp(clock),
      sessions: () => (session_id === null ? [] : [session_id]),
      bytesQueued: () => queue.bytes,
      end: (_reason: PipeEnd) => end(),
    });
  } catch (error) {
    following.close();
    throw error;
  }
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();

  queue.push(`retry: ${RETRY_MS}\n\n`);
  if (following.resume === 'gap') {
    const next_seq = following.next_seq;
    queue.push(`id: ${next_seq - 1}\nevent: gap\ndata: ${JSON.stringify({ type: 'gap', next_seq })}\n\n`);
  }
  beat = clock.setTimeout(keepAlive, HEARTBEAT_MS);
  following.start();
  return queue;
}
