import type { UsageSum } from '../api/usage.ts';
import type { Problem } from '../errors.ts';
import type { AfieldEvent } from '../events.ts';

/** Version of this link; in `/info` as `link_protocol`. */
export const LINK_PROTOCOL = 1;

/** Both ends beat this often, and call a line stale after `STALE_MS` without a byte. Told to the client in `welcome`. */
export const HEARTBEAT_MS = 25_000;
export const STALE_MS = 60_000;

/** Largest link message in bytes (protocol 2, reassembled body). */
export const MAX_LINK_MESSAGE_BYTES = 8 * 1024 * 1024;

export type HttpBody = unknown;

/** Requests of a client, by `action` (protocol 3.1). `auth` only on the local WebSocket, where it must come first. */
export interface Requests {
  auth: { token: string };
  http: { method: string; path: string; headers?: Record<string, string>; body?: HttpBody | { base64: string } };
  /**
   * Subscriptions add up; each is known by the id of its request. The answer comes first, then the stored events with
   * `since < seq < next_seq` in order, then live ones. A request sent after the answer is itself answered after those stored
   * events, so a `ping` tells the end of the catching up. The client drops a seq that it has seen.
   */
  subscribe: { topics: string[]; session_id?: string; since?: number };
  /** `subscription`: id of the request that made it. Left out: all of this connection. */
  unsubscribe: { subscription?: string };
  attach: { session_id: string; cols: number; rows: number; lease: 'take' | 'look' };
  detach: { stream: number };
  /** Takes the size lease, then resizes. */
  resize: { stream: number; cols: number; rows: number };
  /** Everything below `offset` is on the viewer's screen. No response. */
  ack: { stream: number; offset: number };
  /**
   * Answered by `ok` once it is stored. With `stream` more responses follow under the same id: `text` as the agent writes, a last one
   * with `done`, then `complete`; or an error.
   */
  prompt: { session_id: string; prompt_id: string; content: string; priority?: 'normal' | 'now'; stream?: boolean };
  cancel: { session_id: string };
  /** Keeps the line alive and measures it. */
  ping: Record<string, never>;
}
export type Action = keyof Requests;

export interface Welcome {
  /** Null for the token of the home server itself. */
  device_id: string | null;
  user: string;
  scopes: string[];
  server_version: string;
  heartbeat_ms: number;
  next_seq: number;
}

export interface Attached {
  stream: number;
  /** This viewer's id, as a session's `lease` names it. */
  viewer: string;
  cols: number;
  rows: number;
  /** `held`: this viewer decides the size. `look`: another does, or nobody. */
  lease: 'held' | 'look';
  /** Byte log position of the first snapshot. */
  offset: number;
}

/** Responses by `kind`. */
export interface Responses {
  welcome: Welcome;
  http: { status: number; headers: Record<string, string>; body: HttpBody | { base64: string } };
  subscribed: { resume: 'ok' | 'gap'; next_seq: number };
  attached: Attached;
  text: { content: string; done: boolean };
  complete: { usage: UsageSum | null };
  ok: Record<string, never>;
  pong: Record<string, never>;
}
export type ResponseKind = keyof Responses;

interface Base {
  /** A request's id; its response and error carry the same. Events have an id of their own. */
  id: string;
  timestamp: string;
}
export type RequestMessage = { [A in Action]: Base & { type: 'request'; payload: { action: A } & Requests[A] } }[Action];
export type ResponseMessage = { [K in ResponseKind]: Base & { type: 'response'; payload: { kind: K } & Responses[K] } }[ResponseKind];
/**
 * `subscription`: id of the request that asked for it; left out only with `stream.closed`. An event that fits several is sent once for
 * each, so that each of them is in order.
 */
export type EventMessage = Base & { type: 'event'; subscription?: string; payload: AfieldEvent | StreamClosed };
export type ErrorMessage = Base & { type: 'error'; payload: Problem };
export type LinkMessage = RequestMessage | ResponseMessage | EventMessage | ErrorMessage;

/** Told to one viewer, not in the event log: its stream is over (the session ended, or access was taken). */
export interface StreamClosed {
  type: 'stream.closed';
  stream: number;
  reason: 'ended' | 'detached' | 'forbidden';
}
