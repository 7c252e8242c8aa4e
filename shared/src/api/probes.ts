import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, idParams, time } from './base.ts';

/** A process of a session. `command` is hostile text, cut to 100 characters. Over the sample: `cpu_ms` used. */
export const processFact = z.object({ pid: z.int(), command: z.string(), cpu_ms: z.int(), running_ms: z.int() });

/**
 * Why a session is quiet. `stuck`: it says that it works, but nothing of it does. `facts` hold what was looked at; null where it could
 * not be seen.
 */
export const probe = z.object({
  session_id: id,
  timestamp: time,
  verdict: z.enum(['busy', 'waiting', 'done', 'stuck', 'unknown']),
  /** One sentence for a person, made by the server. */
  reason: z.string(),
  quiet_ms: z.int(),
  facts: z.object({
    title: z.nullable(z.string()),
    /** What the rules of its agent read from title and screen. */
    reading: z.nullable(z.string()),
    /** How long processes were watched. */
    sample_ms: z.int(),
    processes: z.nullable(z.int()),
    cpu_ms: z.nullable(z.int()),
    io_bytes: z.nullable(z.int()),
    /** Open network connections. */
    sockets: z.nullable(z.int()),
    /** The busiest, at most 8. */
    top: z.array(processFact),
  }),
});
export type Probe = z.infer<typeof probe>;

export const probes = {
  probeSession: route({
    method: 'GET',
    path: '/sessions/{id}/probe',
    summary: 'Why it is quiet: looks at screen, title and processes now',
    permission: 'sessions:read',
    params: idParams,
    response: probe,
    errors: ['session_not_found', 'session_ended'],
  }),
};
