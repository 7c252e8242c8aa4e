/** What the link offers to screens, commands and tests. `LinkClient` implements it. */
import type { AfieldError } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';
import type { ConnectionCause } from './door.ts';
import type { Action, Attached, Requests, Responses, Welcome } from './messages.ts';
import type { Observable } from './observable.ts';
import type { SnapshotSize } from './snapshot-size.ts';

/** Times are ms since 1970. */
export type ConnectionState =
  /** The first attempt, or the first after `start`. */
  | { state: 'connecting' }
  /** Connected; what happened meanwhile is arriving. `events`: at most so many. */
  | { state: 'catching_up'; events: number }
  /** `rtt_ms`: round trip of the last ping; null until the first was answered. */
  | { state: 'online'; rtt_ms: number | null; via: 'relay' | 'local' }
  /**
   * `attempt` counts from 1; `next_try_at` is null while one is under way or the device is offline; `since`: when it began; `goodbye`:
   * the home server ended it on purpose (it is stopped or upgraded).
   */
  | {
      state: 'reconnecting';
      attempt: number;
      next_try_at: number | null;
      since: number;
      cause: ConnectionCause;
      detail: string;
      goodbye?: true;
    }
  /** Final: revoked, wrong key or token. Pair again. */
  | { state: 'refused'; detail: string }
  | { state: 'closed' };

/** Told once after each return, when everything that was missed has arrived. */
export interface Reconnected {
  away_ms: number;
  cause: ConnectionCause;
  /** Events that happened meanwhile and were delivered to subscriptions of this link. */
  missed_events: number;
  /** True when some could not be told any more and a subscription's `onGap` was called. */
  gap: boolean;
}

/** How long a caller waits for an answer when it does not say: longer than the worst reconnection after a restart of the relay. */
export const DEFAULT_TIMEOUT_MS = 30_000;

export interface RequestOptions {
  /** Default 30 s. Counts from the call, waiting for the connection included. */
  timeout_ms?: number;
  signal?: AbortSignal;
  /**
   * Doing it twice does no harm (a read, or it carries its own id): it waits for the connection and is sent again when the line
   * broke. Default false: it fails with `unavailable` and was perhaps executed.
   */
  idempotent?: boolean;
}

/** Kind of the response to each action. */
interface Kinds {
  auth: 'welcome';
  http: 'http';
  subscribe: 'subscribed';
  unsubscribe: 'ok';
  attach: 'attached';
  detach: 'ok';
  resize: 'ok';
  ack: 'ok';
  prompt: 'ok';
  cancel: 'ok';
  ping: 'pong';
}
export type Answer<A extends Action> = Responses[Kinds[A]];

export interface SubscribeOptions {
  /** Event types, `noun.*` or `*`. */
  topics: string[];
  session_id?: string;
  /** The last seq that is known already. Default: only what happens from now on. */
  since?: number;
  /** Some events can no longer be told: fetch anew. Called with the seq from which events go on. */
  onGap?: (nextSeq: number) => void;
  /** The home server would not have it (no such session, not allowed); the subscription is over. */
  onError?: (error: AfieldError) => void;
}
export interface Subscription {
  /** Highest seq told so far: what to store in order to resume after a restart of the app. */
  readonly lastSeq: number | null;
  close(): void;
}

export interface AttachOptions {
  session_id: string;
  cols: number;
  rows: number;
  /** `take`: this viewer decides the size. `look`: it adapts to the size that is. */
  lease: 'take' | 'look';
}

/** Called in order. Bytes may be kept. */
export interface TerminalHandlers {
  /** Empty the terminal, set its size, then write this. Comes first after every attach, and whenever output had to be skipped. */
  onSnapshot(bytes: Uint8Array, offset: number, size: SnapshotSize | null): void;
  /** `offset`: position of the first byte in the session's byte log. Gapless and never doubled after a snapshot. */
  onOutput(bytes: Uint8Array, offset: number): void;
  /** Before the first snapshot of each attach: the size that is, and whether this viewer decides it. */
  onAttached?(attached: Attached): void;
  /** Whether `input` would be taken just now. */
  onSendable?(sendable: boolean): void;
  /** The line broke. `uncertainInputBytes`: typed last, and perhaps never arrived: say so, do not repeat it. */
  onInterrupted?(interruption: { uncertainInputBytes: number }): void;
  /** Over for good. `error` only with `failed`: it could not be attached (no such session, not allowed). */
  onClosed(reason: 'ended' | 'detached' | 'forbidden' | 'failed', error: AfieldError | null): void;
}

export interface TerminalStream {
  readonly session_id: string;
  readonly attached: Attached | null;
  readonly sendable: boolean;
  /** Keys, as UTF-8 when text. False: not sent, not kept; say so. */
  input(data: Uint8Array | string): boolean;
  /** Takes the size lease and resizes; the newest size wins. Rejects when it may not. While not connected: applied at the next attach. */
  resize(cols: number, rows: number): Promise<void>;
  /** Another viewer decides the size now: from the next attach on this one only looks, so that a line that breaks takes nothing back. */
  look(): void;
  /** Everything below `offset` is on the screen. Call it when the terminal has really taken the bytes: it is what paces the server. */
  consumed(offset: number): void;
  detach(): void;
}

/** One lasting connection to a home server: it reconnects, resumes, and tells honestly how it is. */
export interface Link {
  readonly connection: Observable<ConnectionState>;
  /** The last one; null before the first. */
  readonly welcome: Welcome | null;
  /** Starts to connect; also the way out of `refused` and `closed` (after pairing again). Idempotent. */
  start(): void;
  /** Says goodbye. Open requests fail with `unavailable`; subscriptions and streams end. */
  close(): void;
  /**
   * Resolves when online. Rejects with `unauthenticated` when refused, and with `relay_unreachable` or `unavailable` when an attempt
   * failed, unless `patient`.
   */
  ready(options?: { signal?: AbortSignal; patient?: boolean }): Promise<void>;
  /** The app is in front again, or the network changed: find out within 3 s whether the line lives, else reconnect at once. */
  checkNow(): Promise<void>;
  /** What the device knows of its network (`navigator.onLine`). */
  setNetwork(online: boolean): void;
  request<A extends Exclude<Action, 'auth' | 'ack' | 'subscribe' | 'unsubscribe' | 'attach' | 'detach' | 'resize'>>(
    action: A,
    fields: Requests[A],
    options?: RequestOptions,
  ): Promise<Answer<A>>;
  subscribe(options: SubscribeOptions, handler: (event: AfieldEvent) => void): Subscription;
  attach(options: AttachOptions, handlers: TerminalHandlers): TerminalStream;
  onReconnected(listener: (summary: Reconnected) => void): () => void;
}
