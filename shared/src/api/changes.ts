import * as z from 'zod/mini';
import { route } from '../route.ts';
import { idParams } from './base.ts';

/** A line of a hunk: ' ' kept, '-' deleted, '+' added. Hostile text. */
export const hunk = z.object({
  /** First line before and after, from 1; 0 where there is none. */
  old_start: z.int(),
  new_start: z.int(),
  /** What git writes behind the line numbers: mostly the function. */
  heading: z.string(),
  lines: z.array(z.string()),
});
export type Hunk = z.infer<typeof hunk>;

export const changedFile = z.object({
  path: z.string(),
  /** Before a rename; else null. */
  old_path: z.nullable(z.string()),
  change: z.enum(['added', 'modified', 'deleted', 'renamed']),
  added: z.int(),
  deleted: z.int(),
  binary: z.boolean(),
  /** Null: not asked for, or too large (`cut`). */
  hunks: z.nullable(z.array(hunk)),
  cut: z.boolean(),
});
export type ChangedFile = z.infer<typeof changedFile>;

export const changes = {
  getDiff: route({
    method: 'GET',
    path: '/sessions/{id}/diff',
    summary: "Changes in the session's directory against its start, a message, or a ref of git",
    permission: 'sessions:read',
    params: idParams,
    query: z.object({
      /** `start`, `message` (before the last one that was given), or a branch, tag or commit. */
      against: z._default(z.string().check(z.minLength(1), z.maxLength(200)), 'start'),
      /** Only this file, with its hunks. Without: all files, with hunks while they are small. */
      path: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
    }),
    response: z.object({
      /** `none`: the directory is in no git repository, so nothing can be compared; said before anything about `against`. */
      vcs: z.enum(['git', 'none']),
      against: z.string(),
      /** Branch or commit that is checked out now; null without one. */
      branch: z.nullable(z.string()),
      files: z.array(changedFile),
      /** More files have changed than are listed (500). */
      more_files: z.int(),
    }),
    /** `not_found`: what it is to be compared with is not known, or gone; compare with HEAD. `no_commit`: nor is there a HEAD yet. */
    errors: ['session_not_found', 'not_found', 'no_commit', 'bad_request', 'machine_unreachable', 'unavailable'],
  }),
};
