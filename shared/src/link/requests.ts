import { AfieldError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Line } from './line.ts';
import { type Answer, DEFAULT_TIMEOUT_MS, type RequestOptions } from './link.ts';
import type { Action, Requests as Fields } from './messages.ts';

/** Requests that wait for an answer or for the connection. More than a person or a page makes; a loop gone wild is stopped here. */
const MAX_REQUESTS = 256;
/** Sent at the same time; the others follow in order. The server takes 32 of one connection. */
const MAX_SENT = 16;

interface Pending {
  send(line: Line): string;
  fail(error: unknown): void;
  idempotent: boolean;
  /** Its id on the line; null while it waits. */
  sentAs: string | null;
}

/** Requests of the link's users: each is answered once, fails, or is sent again after a reconnection when that does no harm. */
export class Requests {
  readonly #clock: Clock;
  readonly #pending = new Set<Pending>();
  #line: Line | null = null;
  /** Why there is no line, for those who waited in vain. Null: a first connection is being made, worth waiting for. */
  #absence: AfieldError | null = null;
  /** There will be no line by itself: refused or closed. Nobody waits then. */
  #final = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add<A extends Action>(action: A, fields: Fields[A], options: RequestOptions): Promise<Answer<A>> {
    const { timeout_ms = DEFAULT_TIMEOUT_MS, signal, idempotent = false } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#pending.size >= MAX_REQUESTS) throw new AfieldError('too_many', 'Too many requests wait for an answer. Try again later.');
      if (this.#absence !== null && (this.#final || !idempotent)) throw this.#absence;
      const end = (act: () => void) => {
        this.#pending.delete(pending);
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        act();
      };
      const pending: Pending = {
        idempotent,
        sentAs: null,
        send: (line) =>
          line.ask(action, fields, (answer) => {
            end(() => (answer instanceof AfieldError ? reject(answer) : resolve(answer)));
            this.#flush();
          }),
        fail: (error) => end(() => reject(error)),
      };
      const drop = (error: unknown) => {
        if (pending.sentAs !== null) this.#line?.forget(pending.sentAs);
        pending.fail(error);
        this.#flush();
      };
      const abort = () => drop(signal?.reason);
      const timer = this.#clock.setTimeout(() => drop(this.#timedOut(pending, timeout_ms)), timeout_ms);
      signal?.addEventListener('abort', abort);
      this.#pending.add(pending);
      this.#flush();
    });
  }

  lineOpened(line: Line): void {
    this.#line = line;
    this.#absence = null;
    this.#final = false;
    this.#flush();
  }

  /** The line broke, or an attempt failed. `absence` is told to everybody who does not wait. */
  lineLost(absence: AfieldError): void {
    this.#line = null;
    this.#absence = absence;
    for (const pending of [...this.#pending]) {
      if (pending.idempotent) pending.sentAs = null;
      else if (pending.sentAs === null) pending.fail(absence);
      else
        pending.fail(
          new AfieldError('unavailable', 'The connection was lost before the answer came. Look whether it was done before you repeat it.'),
        );
    }
  }

  /** A first connection is being made. */
  lineExpected(): void {
    this.#absence = null;
    this.#final = false;
  }

  failAll(error: AfieldError): void {
    this.#line = null;
    this.#absence = error;
    this.#final = true;
    for (const pending of [...this.#pending]) pending.fail(error);
  }

  #flush(): void {
    if (this.#line === null) return;
    let sent = 0;
    for (const pending of this.#pending) if (pending.sentAs !== null) sent++;
    for (const pending of [...this.#pending]) {
      if (sent >= MAX_SENT) return;
      if (pending.sentAs !== null) continue;
      try {
        pending.sentAs = pending.send(this.#line);
        sent++;
      } catch (error) {
        pending.fail(error);
      }
    }
  }

  #timedOut({ sentAs }: Pending, timeoutMs: number): AfieldError {
    const seconds = Math.round(timeoutMs / 1000);
    if (sentAs !== null) return new AfieldError('unavailable', `The home server did not answer within ${seconds} s.`);
    return this.#absence ?? new AfieldError('unavailable', `There was no connection to the home server for ${seconds} s.`);
  }
}
