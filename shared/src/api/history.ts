import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, listOf, page, queryInt, time } from './base.ts';
import { logEntry } from './logs.ts';

/** A log entry found, with what is needed to go to it. `marks`: where the words were found, as [from, to) in UTF-16 units of `text`. */
export const logHit = z.object({
  ...logEntry.shape,
  session_name: z.string(),
  agent: z.string(),
  machine: z.string(),
  marks: z.array(z.tuple([z.int(), z.int()])),
});
export type LogHit = z.infer<typeof logHit>;

/** What is kept, in days and bytes; 0 is without a bound. */
export const retention = z.object({ days: z.int(), bytes: z.int() });

export const historySize = z.object({
  sessions: z.int(),
  entries: z.int(),
  recordings_bytes: z.int(),
  database_bytes: z.int(),
  oldest_at: z.nullable(time),
  retention,
});
export type HistorySize = z.infer<typeof historySize>;

export const pruned = z.object({
  dry_run: z.boolean(),
  /** Sessions that go whole, and sessions of which only the recording goes. */
  sessions: z.int(),
  recordings: z.int(),
  entries: z.int(),
  /** Of recordings exactly, of the database as good as it can be told. */
  freed_bytes: z.int(),
  /** The first 100 that go, oldest first. */
  items: z.array(
    z.object({
      session_id: id,
      name: z.string(),
      ended_at: z.nullable(time),
      what: z.enum(['session', 'recording']),
      bytes: z.int(),
      entries: z.int(),
    }),
  ),
});
export type Pruned = z.infer<typeof pruned>;

export const history = {
  searchLogs: route({
    method: 'GET',
    path: '/logs',
    summary: 'Full-text search in the logs of all sessions, newest first',
    permission: 'sessions:read',
    query: z.object({
      ...page,
      /** Words that must all stand in an entry; the last may be the beginning of one. "Several words" in quotes stand together. */
      q: z.string().check(z.minLength(1), z.maxLength(200)),
      type: z.optional(z.string().check(z.maxLength(200))),
      session_id: z.optional(id),
      /** Not older than. */
      from: z.optional(time),
      /** Older than. */
      to: z.optional(time),
    }),
    response: listOf(logHit),
  }),
  getHistory: route({
    method: 'GET',
    path: '/history',
    summary: 'How much is kept, and for how long',
    permission: 'system:read',
    response: historySize,
  }),
  pruneHistory: route({
    method: 'POST',
    path: '/history/prune',
    summary: 'Delete what is older or larger than the retention; a dry run only tells',
    permission: 'sessions:write',
    body: z.strictObject({
      /** Default: the settings. */
      days: z.optional(queryInt(0, 36_500)),
      bytes: z.optional(queryInt(0, Number.MAX_SAFE_INTEGER)),
      dry_run: z._default(z.boolean(), true),
    }),
    response: pruned,
  }),
};
