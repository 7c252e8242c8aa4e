/**
 * Steps from an empty file to the tables of `schema.ts`. The number of steps done is SQLite's `user_version`.
 * A new table: write it in `schema.ts`, append one step here (never change an old one), add a repository file beside this one.
 * They are text, so that a bundle needs no files.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, agent TEXT NOT NULL, machine TEXT NOT NULL, project_id TEXT, cwd TEXT NOT NULL,
    faces TEXT NOT NULL, runtime TEXT NOT NULL, args TEXT NOT NULL, status TEXT NOT NULL, status_reason TEXT, activity TEXT, title TEXT,
    cols INTEGER NOT NULL, rows INTEGER NOT NULL, pid INTEGER, exit_code INTEGER, output_bytes INTEGER NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, ended_at TEXT, last_output_at TEXT, pinned INTEGER NOT NULL, archived INTEGER NOT NULL
  );
  CREATE INDEX sessions_created ON sessions (created_at, id);
  CREATE INDEX sessions_status ON sessions (status);

  CREATE TABLE prompts (
    id TEXT PRIMARY KEY NOT NULL, session_id TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, created_at TEXT NOT NULL
  );
  CREATE INDEX prompts_session ON prompts (session_id, created_at);

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, type TEXT NOT NULL, session_id TEXT, timestamp TEXT NOT NULL, log_type TEXT,
    payload TEXT NOT NULL
  );
  CREATE INDEX events_session ON events (session_id, seq);

  CREATE TABLE projects (
    id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, machine TEXT NOT NULL, cwd TEXT NOT NULL, default_agent TEXT, created_at TEXT NOT NULL,
    used_at TEXT
  );
  CREATE UNIQUE INDEX projects_place ON projects (machine, cwd);

  CREATE TABLE devices (
    id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, user TEXT NOT NULL, scopes TEXT NOT NULL, public_key BLOB NOT NULL UNIQUE,
    psk BLOB NOT NULL, epoch INTEGER NOT NULL, app_version TEXT NOT NULL, created_at TEXT NOT NULL, last_seen_at TEXT, revoked_at TEXT
  );

  CREATE TABLE push_subscriptions (
    device_id TEXT PRIMARY KEY NOT NULL, endpoint TEXT NOT NULL, p256dh TEXT NOT NULL, auth TEXT NOT NULL, expires_at TEXT,
    created_at TEXT NOT NULL, renewed_at TEXT NOT NULL, last_sent_at TEXT, last_confirmed_at TEXT, last_error TEXT
  );

  CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);`,

  `ALTER TABLE sessions ADD COLUMN model TEXT;
  ALTER TABLE sessions ADD COLUMN adopted TEXT;
  ALTER TABLE sessions ADD COLUMN recovered_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE projects ADD COLUMN default_model TEXT;
  ALTER TABLE projects ADD COLUMN env TEXT NOT NULL DEFAULT '{}';
  CREATE TABLE machines (name TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, ssh TEXT, prefix TEXT, created_at TEXT NOT NULL);`,

  // Log entries out of the events, into a table of their own with an index of their words (see `logs.ts`). An entry keeps its seq; the
  // event that tells of it keeps no copy.
  `CREATE TABLE logs (
    seq INTEGER PRIMARY KEY NOT NULL, session_id TEXT NOT NULL, timestamp TEXT NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL, detail TEXT
  );
  CREATE TABLE log_sums (session_id TEXT PRIMARY KEY NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL);
  CREATE TABLE log_spans (span INTEGER PRIMARY KEY NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL);
  CREATE TABLE purges (session_id TEXT PRIMARY KEY NOT NULL);
  CREATE VIRTUAL TABLE logs_text USING fts5(
    text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N*' tokenchars '\uE000\uE001'"
  );
  INSERT INTO logs_text (logs_text, rank) VALUES ('deletemerge', 0);
  INSERT INTO logs SELECT seq, session_id, coalesce(json_extract(payload, '$.entry.timestamp'), timestamp), log_type,
      json_extract(payload, '$.entry.text'), json_extract(payload, '$.entry.detail')
    FROM events WHERE type = 'log' AND session_id IS NOT NULL AND log_type IS NOT NULL AND json_extract(payload, '$.entry.text') IS NOT NULL;
  INSERT INTO logs_text (rowid, text) SELECT seq,
      '\uE000' || replace(session_id, '-', '') || ' \uE001' || type || ' ' || replace(replace(text, '\uE000', ' '), '\uE001', ' ') FROM logs;
  INSERT INTO log_sums SELECT session_id, count(*), sum(length(CAST(text AS BLOB)) + coalesce(length(CAST(detail AS BLOB)), 0))
    FROM logs GROUP BY session_id;
  INSERT INTO log_spans SELECT seq >> 10, min(timestamp), max(timestamp) FROM logs GROUP BY seq >> 10;
  UPDATE events SET payload = '' WHERE type = 'log';
  CREATE INDEX logs_session ON logs (session_id);
  CREATE INDEX logs_type ON logs (session_id, type);
  CREATE INDEX sessions_ended ON sessions (ended_at, id) WHERE pinned = 0 AND ended_at IS NOT NULL;`,

  // The chat face: its items in the order in which they began, approvals and the rules that answer them, usage.
  `ALTER TABLE sessions ADD COLUMN mode TEXT;
  ALTER TABLE sessions ADD COLUMN environment TEXT;
  ALTER TABLE sessions ADD COLUMN production INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN agent_session_id TEXT;
  ALTER TABLE sessions ADD COLUMN cost_usd REAL;
  ALTER TABLE sessions ADD COLUMN budget_usd REAL;
  ALTER TABLE sessions ADD COLUMN start_tree TEXT;
  ALTER TABLE prompts ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE prompts ADD COLUMN place REAL NOT NULL DEFAULT 0;
  ALTER TABLE prompts ADD COLUMN tree TEXT;
  UPDATE prompts SET place = rowid;
  CREATE TABLE chat_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
  );
  CREATE INDEX chat_items_session ON chat_items (session_id, seq);
  CREATE TABLE approvals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL, project_id TEXT, agent TEXT NOT NULL,
    item_id TEXT, ask TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT, created_at TEXT NOT NULL
  );
  CREATE INDEX approvals_session ON approvals (session_id, seq);
  CREATE INDEX approvals_open ON approvals (state, seq) WHERE state IN ('pending', 'answered');
  CREATE TABLE rules (
    id TEXT PRIMARY KEY NOT NULL, project_id TEXT, agent TEXT, tool_kind TEXT, pattern TEXT NOT NULL, action TEXT NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, used_at TEXT
  );
  CREATE TABLE usage (
    session_id TEXT NOT NULL, turn_id TEXT NOT NULL, project_id TEXT, agent TEXT NOT NULL, model TEXT, timestamp TEXT NOT NULL,
    input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_usd REAL,
    PRIMARY KEY (session_id, turn_id)
  ) WITHOUT ROWID;
  CREATE INDEX usage_time ON usage (timestamp);`,

  // Sums over days read the index alone: the key of a table without rowid is part of every index of it.
  `DROP INDEX usage_time;
  CREATE INDEX usage_time ON usage (timestamp, agent, model, project_id, input_tokens, cached_tokens, output_tokens, cost_usd);`,

  `ALTER TABLE projects ADD COLUMN default_face TEXT;
  ALTER TABLE projects ADD COLUMN default_mode TEXT;
  ALTER TABLE projects ADD COLUMN default_environment TEXT;`,

  // What an agent calls an item, where it may tell of it again.
  `ALTER TABLE chat_items ADD COLUMN key TEXT;
  CREATE INDEX chat_items_key ON chat_items (session_id, key) WHERE key IS NOT NULL;`,
];
