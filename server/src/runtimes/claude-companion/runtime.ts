/** The chat face of a Claude Code in a terminal. Only from the version on that it was tried with, and only on this machine. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { CompanionRuntime } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { ClaudeCompanion, type KeptPath } from './companion.ts';
import { type HookListener, listenToHooks } from './hooks.ts';
import { hookSettings, KEY_VARIABLE } from './settings.ts';

const FROM = [2, 1, 329] as const;
const FILE = 'transcript-path';
/** Starts that are under way at the same time. */
const MOST_PREPARED = 20;

export function createClaudeCompanion({ clock }: { clock: Pick<Clock, 'now'> }): CompanionRuntime {
  /** Listened to since `prepare`, by session; of those that were never joined the last few. */
  const prepared = new Map<string, HookListener>();

  return {
    name: 'claude-companion',
    async prepare({ command, machine }) {
      const { args, env, session_id } = command;
      // It takes settings once: those of its user count.
      const own = args.some((arg) => arg === '--settings' || arg.startsWith('--settings='));
      if (machine.kind !== 'local' || own || !isNewEnough(await machine.version(command.file, ['--version']))) return null;
      const key = randomBytes(32).toString('base64url');
      const listener = await listenToHooks(key, 0);
      prepared.get(session_id)?.close();
      prepared.delete(session_id);
      prepared.set(session_id, listener);
      for (const [id, oldest] of [...prepared].slice(0, -MOST_PREPARED)) {
        oldest.close();
        prepared.delete(id);
      }
      const { port } = listener;
      const heard = { ...command, args: [...args, '--settings', hookSettings(port)], env: { ...env, [KEY_VARIABLE]: key } };
      return { command: heard, memory: { port, key, since: clock.now() } };
    },
    async join({ session_id, machine, folder, memory: { port, key, since } }, sink) {
      if (typeof port !== 'number' || typeof key !== 'string') throw new AfieldError('unavailable', 'It is not known where it asks.');
      const listener = prepared.get(session_id) ?? (await listenToHooks(key, port).catch(taken));
      prepared.delete(session_id);
      // One that was started by an earlier version of ours: what it used so far was not counted then, and is not now.
      const from = typeof since === 'number' ? since : clock.now();
      return new ClaudeCompanion({ machine, listener, kept: keptIn(join(folder, FILE)), since: from, sink });
    },
  };
}

/** Written once for each path; a fault costs what was said before the next restart. */
function keptIn(file: string): KeptPath {
  let known: string | null = null;
  try {
    known = readFileSync(file, 'utf8');
  } catch {
    // It has not told yet.
  }
  return {
    read: () => known,
    write(path) {
      if (path === known) return;
      known = path;
      writeFile(file, path, { mode: 0o600 }).catch(() => {});
    },
  };
}

function taken(cause: unknown): never {
  throw new AfieldError('unavailable', 'Another program listens where this Claude asks. Its questions stand on its own screen.', { cause });
}

function isNewEnough(version: string | null): boolean {
  // A program around Claude would take our arguments for its own.
  const parts = /^(\d+)\.(\d+)\.(\d+) \(Claude Code\)$/
    .exec(version ?? '')
    ?.slice(1)
    .map(Number);
  if (parts === undefined) return false;
  const at = FROM.findIndex((part, index) => part !== parts[index]);
  return at < 0 || (parts[at] ?? 0) > (FROM[at] ?? 0);
}
