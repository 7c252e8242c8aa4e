import type { ApprovalAsk, ApprovalOutcome, ApprovalState } from '@afield/shared/api/approvals.ts';
import type { Attachment, ChatItem, ToolKind } from '@afield/shared/api/chat.ts';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import type { DeliveryState } from '@afield/shared/api/prompts.ts';
import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import type { EventType } from '@afield/shared/events.ts';
import { blob, index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { AdoptedPane } from '../core/machine-ports.ts';

/**
 * The tables as the repositories see them. `migrations.ts` makes them; a test holds the two together.
 * Times are ISO 8601 UTC, so that they sort as text.
 */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    agent: text('agent').notNull(),
    machine: text('machine').notNull(),
    project_id: text('project_id'),
    cwd: text('cwd').notNull(),
    faces: text('faces', { mode: 'json' }).$type<('terminal' | 'chat')[]>().notNull(),
    runtime: text('runtime').notNull(),
    args: text('args', { mode: 'json' }).$type<string[]>().notNull(),
    status: text('status').$type<SessionStatus>().notNull(),
    status_reason: text('status_reason'),
    activity: text('activity').$type<'thinking' | 'reading' | 'editing' | 'running' | 'searching' | 'planning'>(),
    title: text('title'),
    cols: integer('cols').notNull(),
    rows: integer('rows').notNull(),
    pid: integer('pid'),
    exit_code: integer('exit_code'),
    output_bytes: integer('output_bytes').notNull(),
    created_at: text('created_at').notNull(),
    updated_at: text('updated_at').notNull(),
    ended_at: text('ended_at'),
    last_output_at: text('last_output_at'),
    pinned: integer('pinned', { mode: 'boolean' }).notNull(),
    archived: integer('archived', { mode: 'boolean' }).notNull(),
    model: text('model'),
    adopted: text('adopted', { mode: 'json' }).$type<AdoptedPane>(),
    recovered_bytes: integer('recovered_bytes').notNull().default(0),
    mode: text('mode'),
    environment: text('environment'),
    production: integer('production', { mode: 'boolean' }).notNull().default(false),
    agent_session_id: text('agent_session_id'),
    cost_usd: real('cost_usd'),
    budget_usd: real('budget_usd'),
    start_tree: text('start_tree'),
  },
  (t) => [index('sessions_created').on(t.created_at, t.id), index('sessions_status').on(t.status)],
);

/** Text given to an agent, and how far it came (protocol 3.4). */
export const prompts = sqliteTable(
  'prompts',
  {
    id: text('id').primaryKey(),
    session_id: text('session_id').notNull(),
    content: text('content').notNull(),
    state: text('state').$type<DeliveryState>().notNull(),
    reason: text('reason'),
    created_at: text('created_at').notNull(),
    attachments: text('attachments', { mode: 'json' }).$type<Attachment[]>().notNull().default([]),
    place: real('place').notNull().default(0),
    tree: text('tree'),
  },
  (t) => [index('prompts_session').on(t.session_id, t.created_at)],
);

/**
 * `seq` is never given twice, not even after a row was deleted. A `log` event has no payload of its own: its entry stands in `logs` under
 * the same seq. `log_type` is no longer written.
 */
export const events = sqliteTable(
  'events',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    type: text('type').$type<EventType>().notNull(),
    session_id: text('session_id'),
    timestamp: text('timestamp').notNull(),
    log_type: text('log_type'),
    payload: text('payload').notNull(),
  },
  (t) => [index('events_session').on(t.session_id, t.seq)],
);

/** Log entries: kept beyond the events that told of them. `detail` is JSON. Beside it stands `logs_text`, the index of their words. */
export const logs = sqliteTable(
  'logs',
  {
    seq: integer('seq').primaryKey(),
    session_id: text('session_id').notNull(),
    timestamp: text('timestamp').notNull(),
    type: text('type').notNull(),
    text: text('text').notNull(),
    detail: text('detail'),
  },
  // With the seq at the end, as every index has it.
  (t) => [index('logs_session').on(t.session_id), index('logs_type').on(t.session_id, t.type)],
);

/** How many entries a session has, and bytes of text and detail. */
export const logSums = sqliteTable('log_sums', {
  session_id: text('session_id').primaryKey(),
  entries: integer('entries').notNull(),
  bytes: integer('bytes').notNull(),
});

/** Earliest and latest time of the entries whose seq divided by 1024 is `span`: times may jump, so they are not in the order of seq. */
export const logSpans = sqliteTable('log_spans', {
  span: integer('span').primaryKey(),
  first_at: text('first_at').notNull(),
  last_at: text('last_at').notNull(),
});

/** Sessions that were deleted and of which something may be left. */
export const purges = sqliteTable('purges', { session_id: text('session_id').primaryKey() });

export const projects = sqliteTable('projects', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  machine: text('machine').notNull(),
  cwd: text('cwd').notNull(),
  default_agent: text('default_agent'),
  created_at: text('created_at').notNull(),
  used_at: text('used_at'),
  default_model: text('default_model'),
  env: text('env', { mode: 'json' }).$type<Record<string, string>>().notNull().default({}),
  default_face: text('default_face').$type<'terminal' | 'chat'>(),
  default_mode: text('default_mode'),
  default_environment: text('default_environment'),
});

/** What the chat face of a session shows, in the order in which it began. */
export const chatItems = sqliteTable(
  'chat_items',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    session_id: text('session_id').notNull(),
    kind: text('kind').$type<ChatItem['kind']>().notNull(),
    body: text('body', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    created_at: text('created_at').notNull(),
    updated_at: text('updated_at').notNull(),
    key: text('key'),
  },
  (t) => [index('chat_items_session').on(t.session_id, t.seq)],
);

/** What agents asked, and what became of it. */
export const approvals = sqliteTable(
  'approvals',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    session_id: text('session_id').notNull(),
    project_id: text('project_id'),
    agent: text('agent').notNull(),
    item_id: text('item_id'),
    ask: text('ask', { mode: 'json' }).$type<ApprovalAsk>().notNull(),
    hash: text('hash').notNull(),
    state: text('state').$type<ApprovalState>().notNull(),
    outcome: text('outcome', { mode: 'json' }).$type<ApprovalOutcome>(),
    created_at: text('created_at').notNull(),
  },
  (t) => [index('approvals_session').on(t.session_id, t.seq)],
);

export const rules = sqliteTable('rules', {
  id: text('id').primaryKey(),
  project_id: text('project_id'),
  agent: text('agent'),
  tool_kind: text('tool_kind').$type<ToolKind>(),
  pattern: text('pattern').notNull(),
  action: text('action').$type<'allow' | 'ask' | 'deny'>().notNull(),
  created_by: text('created_by').notNull(),
  created_at: text('created_at').notNull(),
  used: integer('used').notNull().default(0),
  used_at: text('used_at'),
});

/** Tokens and cost of each turn. */
export const usage = sqliteTable(
  'usage',
  {
    session_id: text('session_id').notNull(),
    turn_id: text('turn_id').notNull(),
    project_id: text('project_id'),
    agent: text('agent').notNull(),
    model: text('model'),
    timestamp: text('timestamp').notNull(),
    input_tokens: integer('input_tokens').notNull(),
    cached_tokens: integer('cached_tokens').notNull(),
    output_tokens: integer('output_tokens').notNull(),
    cost_usd: real('cost_usd'),
  },
  (t) => [primaryKey({ columns: [t.session_id, t.turn_id] }), index('usage_time').on(t.timestamp)],
);

/** Machines other than the home server itself. */
export const machines = sqliteTable('machines', {
  name: text('name').primaryKey(),
  kind: text('kind').$type<'ssh' | 'prefix'>().notNull(),
  ssh: text('ssh', { mode: 'json' }).$type<SshTarget>(),
  prefix: text('prefix', { mode: 'json' }).$type<string[]>(),
  created_at: text('created_at').notNull(),
});

/** Paired devices. `public_key` 32 B X25519, `psk` 32 B; `epoch` goes up by one at each revoke of the device. */
export const devices = sqliteTable('devices', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  user: text('user').notNull(),
  scopes: text('scopes', { mode: 'json' }).$type<string[]>().notNull(),
  public_key: blob('public_key', { mode: 'buffer' }).notNull().unique(),
  psk: blob('psk', { mode: 'buffer' }).notNull(),
  epoch: integer('epoch').notNull(),
  app_version: text('app_version').notNull(),
  created_at: text('created_at').notNull(),
  last_seen_at: text('last_seen_at'),
  revoked_at: text('revoked_at'),
});

/** One Web Push subscription a device (RFC 8030, 8291). */
export const pushSubscriptions = sqliteTable('push_subscriptions', {
  device_id: text('device_id').primaryKey(),
  endpoint: text('endpoint').notNull(),
  p256dh: text('p256dh').notNull(),
  auth: text('auth').notNull(),
  expires_at: text('expires_at'),
  created_at: text('created_at').notNull(),
  renewed_at: text('renewed_at').notNull(),
  last_sent_at: text('last_sent_at'),
  last_confirmed_at: text('last_confirmed_at'),
  last_error: text('last_error'),
});

/** Small facts of the database itself. */
export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });
