import { AfieldError } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';
import type { Clock } from './clock.ts';
import type { ConnectionCause, Door } from './door.ts';
import { CHECK_MS, Line, type LineEnd } from './line.ts';
import type {
  Answer,
  AttachOptions,
  ConnectionState,
  Link,
  Reconnected,
  RequestOptions,
  SubscribeOptions,
  Subscription,
  TerminalHandlers,
  TerminalStream,
} from './link.ts';
import type { Action, EventMessage, Requests as Fields, Welcome } from './messages.ts';
import { type Observable, Watched } from './observable.ts';
import { Requests } from './requests.ts';
import { Backoff } from './resume.ts';
import { type CatchUp, Subscriptions } from './subscriptions.ts';
import { Terminals } from './terminals.ts';

/** A line that lived so long was a good one: the next retry is at once again. A server that lets in and drops gets no storm. */
const STABLE_MS = 10_000;
/** After several failures the one farthest to the right is told: who has no network cannot know more, and a relay that restarts looks like each of the others for a while. */
const BLAME: readonly ConnectionCause[] = ['broken', 'home_offline', 'relay_down', 'offline'];
const OFFLINE = 'This device has no network.';

export interface LinkOptions {
  door: Door;
  clock: Clock;
}

/** The time without a good line. */
interface Away {
  since: number;
  cause: ConnectionCause;
  /** It began with a goodbye of the home server. */
  goodbye: boolean;
}

/** The lasting connection: one line after the other, and everything that must outlive them. */
export class LinkClient implements Link {
  readonly #door: Door;
  readonly #clock: Clock;
  readonly #state = new Watched<ConnectionState>({ state: 'connecting' });
  readonly #backoff: Backoff;
  readonly #requests: Requests;
  readonly #subscriptions = new Subscriptions();
  readonly #terminals: Terminals;
  readonly #reconnected = new Set<(summary: Reconnected) => void>();
  #started = false;
  #network = true;
  #line: Line | null = null;
  #openedAt: number | null = null;
  #retryTimer: unknown = null;
  #away: Away | null = null;
  #wasOnline = false;
  #welcome: Welcome | null = null;
  #rttMs: number | null = null;
  #checks: (() => void)[] = [];

  constructor({ door, clock }: LinkOptions) {
    this.#door = door;
    this.#clock = clock;
    this.#backoff = new Backoff(() => clock.random());
    this.#requests = new Requests(clock);
    this.#terminals = new Terminals(clock);
  }

  get connection(): Observable<ConnectionState> {
    return this.#state;
  }

  get welcome(): Welcome | null {
    return this.#welcome;
  }

  start(): void {
    const { state } = this.#state.value;
    if (this.#started && state !== 'refused' && state !== 'closed') return;
    this.#started = true;
    this.#away = null;
    this.#wasOnline = false;
    this.#backoff.reset();
    this.#requests.lineExpected();
    if (state !== 'connecting') this.#state.value = { state: 'connecting' };
    this.#connect();
  }

  close(): void {
    this.#started = true;
    this.#dropLine();
    this.#state.value = { state: 'closed' };
    this.#requests.failAll(new AfieldError('unavailable', 'The connection was closed here.'));
    this.#subscriptions.clear();
    this.#terminals.clear();
  }

  ready({ signal, patient = false }: { signal?: AbortSignal; patient?: boolean } = {}): Promise<void> {
    this.#ensureStarted();
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const controller = new AbortController();
      const settle = (act: () => void) => {
        if (controller.signal.aborted) return;
        controller.abort();
        act();
      };
      signal?.addEventListener('abort', () => settle(() => reject(signal.reason)), { signal: controller.signal });
      const unsubscribe = this.#state.subscribe((state) => {
        const failure = failureOf(state);
        if (state.state === 'online') settle(resolve);
        else if (failure !== null && !(patient && state.state === 'reconnecting')) settle(() => reject(failure));
      });
      if (controller.signal.aborted) unsubscribe();
      else controller.signal.addEventListener('abort', unsubscribe);
    });
  }

  checkNow(): Promise<void> {
    const line = this.#line;
    if (line === null && this.#state.value.state === 'reconnecting') this.#connect();
    if (!line?.isOpen) return Promise.resolve();
    return new Promise((settled) => {
      this.#checks.push(settled);
      // After the line's own deadline, which counts whatever is heard, not the answer alone.
      this.#clock.setTimeout(settled, CHECK_MS);
      line.check();
    });
  }

  setNetwork(online: boolean): void {
    if (online === this.#network) return;
    this.#network = online;
    if (this.#line !== null || this.#state.value.state !== 'reconnecting') return;
    if (online) this.#connect();
    else this.#wait('offline', OFFLINE);
  }

  request<A extends Action>(action: A, fields: Fields[A], options: RequestOptions = {}): Promise<Answer<A>> {
    this.#ensureStarted();
    return this.#requests.add(action, fields, options);
  }

  subscribe(options: SubscribeOptions, handler: (event: AfieldEvent) => void): Subscription {
    this.#ensureStarted();
    return this.#subscriptions.add(options, handler);
  }

  attach(options: AttachOptions, handlers: TerminalHandlers): TerminalStream {
    this.#ensureStarted();
    return this.#terminals.attach(options, handlers);
  }

  onReconnected(listener: (summary: Reconnected) => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  #ensureStarted(): void {
    if (!this.#started) this.start();
  }

  #connect(): void {
    this.#clock.clearTimeout(this.#retryTimer);
    const state = this.#state.value;
    if (state.state === 'reconnecting') this.#state.value = { ...state, next_try_at: null };
    const line: Line = new Line(this.#door, this.#clock, {
      onOpen: (welcome) => this.#opened(line, welcome),
      onEvent: (message) => this.#event(message),
      onFrame: (frame) => this.#terminals.frame(frame),
      onRoundTrip: (ms) => this.#measured(ms),
      onEnd: (end) => this.#ended(end),
    });
    this.#line = line;
    line.dial();
  }

  #opened(line: Line, welcome: Welcome): void {
    this.#welcome = welcome;
    this.#openedAt = this.#clock.now();
    this.#rttMs = null;
    this.#state.value = { state: 'catching_up', events: 0 };
    this.#subscriptions.lineOpened(line, { progress: (events) => this.#catchingUp(events), done: (caught) => this.#caughtUp(caught) });
    this.#terminals.lineOpened(line);
    this.#requests.lineOpened(line);
  }

  #event({ payload, ...message }: EventMessage): void {
    if (payload.type === 'stream.closed') this.#terminals.closed(payload);
    else this.#subscriptions.deliver({ ...message, payload });
  }

  #catchingUp(events: number): void {
    const state = this.#state.value;
    if (state.state === 'catching_up' && events > state.events) this.#state.value = { state: 'catching_up', events };
  }

  #caughtUp({ missed, gap }: CatchUp): void {
    const away = this.#away;
    const returned = this.#wasOnline && away !== null;
    this.#away = null;
    this.#wasOnline = true;
    this.#state.value = { state: 'online', rtt_ms: this.#rttMs, via: this.#door.via };
    if (!returned) return;
    const summary = { away_ms: Math.max(0, this.#clock.now() - away.since), cause: away.cause, missed_events: missed, gap };
    for (const listener of [...this.#reconnected]) listener(summary);
  }

  #measured(ms: number): void {
    this.#rttMs = ms;
    this.#settleChecks();
    if (this.#state.value.state === 'online') this.#state.value = { state: 'online', rtt_ms: ms, via: this.#door.via };
  }

  #ended({ reason, detail, goodbye = false }: LineEnd): void {
    const lived = this.#openedAt === null ? 0 : this.#clock.now() - this.#openedAt;
    if (lived >= STABLE_MS) this.#backoff.reset();
    this.#dropLine();
    if (reason === 'refused') {
      this.#state.value = { state: 'refused', detail };
      this.#requests.failAll(new AfieldError('unauthenticated', detail));
    } else if (this.#network) this.#wait(reason, detail, goodbye);
    else this.#wait('offline', OFFLINE);
  }

  /** Until the next attempt; without a network, until there is one. */
  #wait(cause: ConnectionCause, detail: string, goodbye = false): void {
    this.#clock.clearTimeout(this.#retryTimer);
    const now = this.#clock.now();
    const delay = cause === 'offline' ? null : this.#backoff.next();
    const before = this.#away;
    const away = { since: before?.since ?? now, cause: worse(before?.cause ?? cause, cause), goodbye: goodbye || before?.goodbye === true };
    this.#away = away;
    const attempt = Math.max(1, this.#backoff.attempt);
    const next_try_at = delay === null ? null : now + delay;
    if (delay !== null) this.#retryTimer = this.#clock.setTimeout(() => this.#connect(), delay);
    const left = away.goodbye ? { goodbye: true as const } : {};
    const state = { state: 'reconnecting', attempt, next_try_at, since: away.since, cause, detail, ...left } as const;
    this.#state.value = state;
    this.#requests.lineLost(failureOf(state) as AfieldError);
  }

  /** Ends the line and the wait for the next; tells everything that lives longer. */
  #dropLine(): void {
    this.#clock.clearTimeout(this.#retryTimer);
    const line = this.#line;
    this.#line = null;
    this.#openedAt = null;
    line?.close({ kind: 'goodbye', detail: 'No longer needed.' });
    this.#settleChecks();
    this.#subscriptions.lineLost();
    this.#terminals.lineLost();
  }

  #settleChecks(): void {
    for (const settled of this.#checks.splice(0)) settled();
  }
}

function worse(a: ConnectionCause, b: ConnectionCause): ConnectionCause {
  return BLAME.indexOf(b) > BLAME.indexOf(a) ? b : a;
}

/** What a request is told while the link is in this state; null when it may hope. */
function failureOf(state: ConnectionState): AfieldError | null {
  switch (state.state) {
    case 'refused':
      return new AfieldError('unauthenticated', state.detail);
    case 'closed':
      return new AfieldError('unavailable', 'The connection was closed here.');
    case 'reconnecting':
      return new AfieldError(state.cause === 'relay_down' ? 'relay_unreachable' : 'unavailable', state.detail);
    default:
      return null;
  }
}
