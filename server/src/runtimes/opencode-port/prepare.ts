/** Lets the opencode of a terminal be heard: a port of the loopback interface, and a password that only its session knows. */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from '../../core/machine-ports.ts';
import { firstWord, hasOption, optionOf } from '../first-word.ts';
import { count, text } from '../loose.ts';

const VALUED = new Set(['-m', '--model', '-s', '--session', '--prompt', '--agent', '--log-level', '--replay-limit', '--cors']);
/** Its first word is a directory, or one of these, which are no terminal. */
const COMMANDS = new Set(
  'acp agent attach auth completion db debug export github import mcp models plug plugin pr providers run serve session stats uninstall upgrade web'.split(
    ' ',
  ),
);
/** The user has a server of their own in mind, or nothing that stays. */
const EXCLUDED = ['--port', '--hostname', '--mdns', '--mdns-domain', '-h', '--help', '-v', '--version', '--mini'];
const PASSWORD = 'password';
/** Which conversation was followed last: a file of the session's folder. */
export const FOLLOWED = 'conversation';
const PORTS = [18_000, 32_000] as const;
const TRIES = 50;

/** What `join` must know; no secret. */
export interface Memory {
  port: number;
  /** Conversation that it was told to open; null: none. */
  session: string | null;
  /** It goes on with its last one. */
  last: boolean;
  /** ms since 1970. What was used before belongs to other sessions. */
  since: number;
}

/** Null: its arguments exclude it. */
export async function prepare(command: Command, folder: string, now: number): Promise<{ command: Command; memory: Memory } | null> {
  const { args, env } = command;
  const word = firstWord(args, VALUED);
  if (hasOption(args, EXCLUDED) || (word !== null && COMMANDS.has(word))) return null;
  const port = await freePort();
  const password = randomBytes(24).toString('base64url');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Of an earlier start of the same session.
  await rm(path.join(folder, FOLLOWED), { force: true });
  await writeFile(path.join(folder, PASSWORD), password, { mode: 0o600 });
  const begun = !hasOption(args, ['--fork']);
  return {
    command: {
      ...command,
      args: [...args, '--port', String(port), '--hostname', '127.0.0.1'],
      env: { ...env, OPENCODE_SERVER_PASSWORD: password, OPENCODE_SERVER_USERNAME: 'opencode' },
    },
    memory: {
      port,
      session: begun ? optionOf(args, ['-s', '--session']) : null,
      last: begun && hasOption(args, ['-c', '--continue']),
      since: now,
    },
  };
}

/** Null: it was not prepared by us, or is damaged. */
export function recalled({ port, session, last, since }: Record<string, unknown>): Memory | null {
  const known = count(port);
  return known === null ? null : { port: known, session: text(session), last: last === true, since: count(since) ?? 0 };
}

/** Errors: what reading a file throws. */
export const readPassword = (folder: string): Promise<string> => readFile(path.join(folder, PASSWORD), 'utf8');

/**
 * opencode whose port is taken when it comes to it shows nothing at all. So by chance, and below the ports that connections of this
 * machine use for themselves: in the seconds until it listens nobody else comes upon it.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
  throw new AfieldError('unavailable', 'No free port was found.');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    // Another program has it.
    return false;
  } finally {
    server.close();
  }
}
