import * as z from 'zod/mini';
import { route } from '../route.ts';
import { displayName, id, idParams, listOf, time } from './base.ts';

export const device = z.object({
  id,
  name: z.string(),
  user: z.string(),
  scopes: z.array(z.string()),
  app_version: z.string(),
  created_at: time,
  last_seen_at: z.nullable(time),
  online: z.boolean(),
  /** The device that asks. */
  current: z.boolean(),
  revoked_at: z.nullable(time),
  push: z.nullable(z.object({ last_confirmed_at: z.nullable(time), last_error: z.nullable(z.string()) })),
});
export type Device = z.infer<typeof device>;

/** A pairing ticket: good once, for 120 s, held in memory only. */
export const pairing = z.object({
  id: z.string(),
  state: z.enum(['open', 'paired', 'expired', 'burnt']),
  expires_at: time,
  /** Only in the answer to the POST; the fragment holds the secret. */
  link: z.optional(z.string()),
  fingerprint: z.string(),
  /** Six digits that both sides show, once the device has answered. */
  check: z.nullable(z.string()),
  device: z.nullable(device),
});
export type Pairing = z.infer<typeof pairing>;

export const devices = {
  listDevices: route({ method: 'GET', path: '/devices', summary: 'Paired devices', permission: 'devices:read', response: listOf(device) }),
  updateDevice: route({
    method: 'PATCH',
    path: '/devices/{id}',
    summary: 'Rename a device',
    permission: 'devices:write',
    params: idParams,
    body: z.strictObject({ name: displayName }),
    response: device,
    errors: ['device_not_found'],
  }),
  revokeDevice: route({
    method: 'DELETE',
    path: '/devices/{id}',
    summary: 'Revoke a device: its channels end at once',
    permission: 'devices:write',
    params: idParams,
    errors: ['device_not_found'],
  }),
  createPairing: route({
    method: 'POST',
    path: '/pairings',
    summary: 'Make a pairing link; an open one is replaced',
    permission: 'devices:write',
    status: 201,
    body: z.strictObject({ scopes: z._default(z.array(z.string().check(z.maxLength(64))).check(z.minLength(1), z.maxLength(32)), ['*']) }),
    response: pairing,
    errors: ['relay_not_configured'],
  }),
  getPairing: route({
    method: 'GET',
    path: '/pairings/{id}',
    summary: 'What became of a pairing ticket',
    permission: 'devices:write',
    params: z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)) }),
    response: pairing,
    errors: ['not_found'],
  }),
};
