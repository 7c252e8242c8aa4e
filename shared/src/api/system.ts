import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, listOf, queryInt, time } from './base.ts';

/** `connecting` counts as down for a person; `off`: none is configured. */
export const relayState = z.object({
  state: z.enum(['off', 'connecting', 'up', 'down']),
  url: z.nullable(z.string()),
  spares: z.int(),
  channels: z.int(),
  /** Why it is down and what to do, in one sentence. */
  detail: z.nullable(z.string()),
  since: z.nullable(time),
  /** Where the relay and devices meet this server, base64url: for RELAY_ROOMS. Left out where it does not matter. */
  room: z.optional(z.string()),
});
export type RelayState = z.infer<typeof relayState>;

/** `writing: false`: the disk is full, so nothing new is kept; agents go on. */
export const storage = z.object({
  writing: z.boolean(),
  detail: z.nullable(z.string()),
  free_bytes: z.nullable(z.int()),
  since: z.nullable(time),
});
export type Storage = z.infer<typeof storage>;

export const info = z.object({
  name: z.literal('afield'),
  version: z.string(),
  machine: z.string(),
  platform: z.string(),
  node: z.string(),
  link_protocol: z.int(),
  features: z.array(z.string()),
  /** Fingerprint of the home server's key: what a phone shows when it pairs. */
  fingerprint: z.string(),
  started_at: time,
});
export type Info = z.infer<typeof info>;

export const status = z.object({
  sessions: z.record(z.string(), z.int()),
  viewers: z.int(),
  connections: z.int(),
  devices: z.int(),
  relay: relayState,
  storage,
  next_seq: z.int(),
  uptime_ms: z.int(),
  rss_bytes: z.int(),
});
export type Status = z.infer<typeof status>;

export const check = z.object({
  name: z.string(),
  ok: z.boolean(),
  level: z.enum(['ok', 'hint', 'warning', 'fault']),
  detail: z.string(),
  fix: z.nullable(z.string()),
});
export type Check = z.infer<typeof check>;

export const connection = z.object({
  id: z.string(),
  device_id: z.nullable(id),
  device_name: z.string(),
  door: z.enum(['websocket', 'relay', 'sse']),
  since: time,
  sessions: z.array(id),
  bytes_queued: z.int(),
});
export type Connection = z.infer<typeof connection>;

export const system = {
  getHealth: route({
    method: 'GET',
    path: '/health',
    summary: 'Liveness; the one route without a token',
    permission: 'public',
    response: z.object({ status: z.literal('ok') }),
  }),
  getInfo: route({ method: 'GET', path: '/info', summary: 'Version, machine and features', permission: 'system:read', response: info }),
  getStatus: route({
    method: 'GET',
    path: '/status',
    summary: 'Counts and the state of the relay',
    permission: 'system:read',
    response: status,
  }),
  getDoctor: route({
    method: 'GET',
    path: '/doctor',
    summary: 'Checks of the environment, each with a fix',
    permission: 'system:read',
    response: z.object({ checks: z.array(check) }),
  }),
  reapStrays: route({
    method: 'POST',
    path: '/doctor/reap',
    summary: 'End processes of sessions that are over; a dry run only tells',
    permission: 'system:write',
    body: z.strictObject({ dry_run: z._default(z.boolean(), true) }),
    response: z.object({
      dry_run: z.boolean(),
      items: z.array(z.object({ machine: z.string(), session_id: z.nullable(id), pid: z.int(), command: z.string() })),
    }),
  }),
  getConfig: route({
    method: 'GET',
    path: '/config',
    summary: 'Effective configuration, secrets redacted',
    permission: 'system:read',
    response: z.object({ config: z.record(z.string(), z.unknown()), sources: z.record(z.string(), z.string()) }),
  }),
  listConnections: route({
    method: 'GET',
    path: '/connections',
    summary: 'Who is connected, to which session',
    permission: 'system:read',
    response: listOf(connection),
  }),
  getMetrics: route({
    method: 'GET',
    path: '/metrics',
    summary: 'Figures for Prometheus',
    permission: 'system:read',
    produces: 'text/plain; version=0.0.4',
  }),
  getOpenapi: route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    permission: 'system:read',
    response: z.record(z.string(), z.unknown()),
  }),
  getDocs: route({
    method: 'GET',
    path: '/docs',
    summary: 'This API as a page; open it with a token header',
    permission: 'system:read',
    produces: 'text/html; charset=utf-8',
  }),
  getEvents: route({
    method: 'GET',
    path: '/events',
    summary: 'All events as server-sent events; resumes with Last-Event-ID',
    permission: 'sessions:read',
    query: z.object({ since: z.optional(queryInt(0, Number.MAX_SAFE_INTEGER)) }),
    produces: 'text/event-stream',
  }),
};
