import { AfieldError } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';
import type { Line } from './line.ts';
import type { SubscribeOptions, Subscription } from './link.ts';
import type { EventMessage } from './messages.ts';
import { EventCursor } from './resume.ts';

/** As many as the server takes of one connection. */
const MAX_SUBSCRIPTIONS = 16;
/** What is counted of the events that were missed; beyond, "10,000" is said. */
const MAX_COUNTED = 10_000;

/** `options` and what became of them on the line of the moment. */
class Subscribed {
  readonly options: SubscribeOptions;
  readonly handler: (event: AfieldEvent) => void;
  readonly cursor: EventCursor;
  /** Id of the request on this line; null while there is none. */
  id: string | null = null;
  /** Events from here on are new, those before were missed. Null until the server answered. */
  nextSeq: number | null = null;
  caughtUp = false;

  constructor(options: SubscribeOptions, handler: (event: AfieldEvent) => void) {
    this.options = options;
    this.handler = handler;
    this.cursor = new EventCursor(options.since ?? null);
  }
}

export interface CatchUp {
  /** Distinct events that were missed and have been told now. */
  missed: number;
  gap: boolean;
}

/** The subscriptions of a link over all of its lines: each resumes where it was. */
export class Subscriptions {
  readonly #all = new Set<Subscribed>();
  readonly #byId = new Map<string, Subscribed>();
  #line: Line | null = null;
  #missed = new Set<number>();
  #gap = false;
  /** Null: nobody waits for the catching up any more. */
  #onCatchingUp: { progress(events: number): void; done(caught: CatchUp): void } | null = null;

  add(options: SubscribeOptions, handler: (event: AfieldEvent) => void): Subscription {
    if (this.#all.size >= MAX_SUBSCRIPTIONS) {
      throw new AfieldError('too_many', `${MAX_SUBSCRIPTIONS} subscriptions are open. Close one.`);
    }
    const subscribed = new Subscribed(options, handler);
    this.#all.add(subscribed);
    if (this.#line !== null) this.#ask(subscribed, this.#line);
    const close = () => this.#close(subscribed);
    return {
      get lastSeq() {
        return subscribed.cursor.last;
      },
      close,
    };
  }

  /** Subscribes everything anew. `progress` tells how many events may come, at most; `done` follows when they have come. */
  lineOpened(line: Line, listener: { progress(events: number): void; done(caught: CatchUp): void }): void {
    this.#line = line;
    this.#missed = new Set();
    this.#gap = false;
    this.#onCatchingUp = listener;
    for (const subscribed of [...this.#all]) this.#ask(subscribed, line);
    this.#look();
  }

  lineLost(): void {
    this.#line = null;
    this.#onCatchingUp = null;
    this.#byId.clear();
    for (const subscribed of this.#all) {
      subscribed.id = null;
      subscribed.nextSeq = null;
      subscribed.caughtUp = false;
    }
  }

  /** The link is closed. */
  clear(): void {
    this.lineLost();
    this.#all.clear();
  }

  deliver({ subscription, payload }: EventMessage): void {
    if (payload.type === 'stream.closed' || subscription === undefined) return;
    const subscribed = this.#byId.get(subscription);
    if (subscribed === undefined || !subscribed.cursor.accept(payload.seq)) return;
    const { nextSeq, caughtUp } = subscribed;
    if (!caughtUp && nextSeq !== null && payload.seq < nextSeq && this.#missed.size < MAX_COUNTED) this.#missed.add(payload.seq);
    subscribed.handler(payload);
  }

  #ask(subscribed: Subscribed, line: Line): void {
    const { topics, session_id } = subscribed.options;
    const since = subscribed.cursor.last;
    const fields = { topics, ...(session_id === undefined ? {} : { session_id }), ...(since === null ? {} : { since }) };
    const id = line.ask('subscribe', fields, (answer) => {
      if (!this.#all.has(subscribed)) return;
      if (answer instanceof AfieldError) this.#refused(subscribed, answer);
      else this.#answered(subscribed, line, answer);
      this.#look();
    });
    subscribed.id = id;
    this.#byId.set(id, subscribed);
  }

  #answered(subscribed: Subscribed, line: Line, answer: { resume: 'ok' | 'gap'; next_seq: number }): void {
    const behind = subscribed.cursor.last;
    const gap = subscribed.cursor.resumed(answer);
    subscribed.nextSeq = answer.next_seq;
    // Answered after the stored events: from then on the log may be forgotten up to there.
    line.ask('ping', {}, () => {
      subscribed.cursor.caughtUp();
      subscribed.caughtUp = true;
      this.#look();
    });
    if (gap) {
      this.#gap = true;
      subscribed.options.onGap?.(answer.next_seq);
    } else if (behind !== null) this.#onCatchingUp?.progress(answer.next_seq - 1 - behind);
  }

  #refused(subscribed: Subscribed, error: AfieldError): void {
    this.#forget(subscribed);
    subscribed.options.onError?.(error);
  }

  #close(subscribed: Subscribed): void {
    if (!this.#all.has(subscribed)) return;
    const { id } = subscribed;
    this.#forget(subscribed);
    if (id !== null && this.#line !== null) this.#line.ask('unsubscribe', { subscription: id }, () => {});
    this.#look();
  }

  #forget(subscribed: Subscribed): void {
    this.#all.delete(subscribed);
    if (subscribed.id !== null) this.#byId.delete(subscribed.id);
  }

  #look(): void {
    const listener = this.#onCatchingUp;
    if (listener === null) return;
    for (const { caughtUp } of this.#all) if (!caughtUp) return;
    this.#onCatchingUp = null;
    listener.done({ missed: this.#missed.size, gap: this.#gap });
  }
}
