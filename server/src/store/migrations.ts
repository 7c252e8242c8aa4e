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
];
