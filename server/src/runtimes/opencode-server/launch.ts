/** Starts `opencode serve` on a free port of the loopback interface, with a password that only we know. */
import { randomBytes } from 'node:crypto';
import { AfieldError } from '@afield/shared/errors.ts';
import { pause } from '../../core/clock.ts';
import { inTime } from '../../core/in-time.ts';
import type { Command, Machine } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { type ChatExit, type ChatProcess, startChatProcess, tellExit } from '../chat-process.ts';
import { type Api, createApi } from './api.ts';

/** A first start unpacks and migrates; on a busy machine that took ten seconds. */
const START_MS = 60_000;
const HEALTH_MS = 3_000;
const POLL_MS = 100;
const LISTENS = /listening on (http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5})\b/;

/**
 * Constant; the program and its arguments follow. opencode reads no input: so that it ends with us, however we end, a reader beside it
 * waits for the end of ours.
 */
const ENDS_WITH_INPUT = [
  'exec 3<&0; "$@" 3<&- </dev/null & child=$!',
  '{ cat <&3; kill -TERM "$child"; } >/dev/null 2>&1 &',
  'exec 3<&-; wait "$child"',
].join('\n');

export interface Started {
  process: ChatProcess;
  api: Api;
  version: string | null;
  /** How it ended, as soon as it has. */
  ended: Promise<ChatExit>;
}

/** Errors: start_failed with what it said, machine_unreachable. */
export async function launch(machine: Machine, command: Command, clock: Clock): Promise<Started> {
  const password = randomBytes(24).toString('base64url');
  const env = { ...command.env, OPENCODE_SERVER_PASSWORD: password, OPENCODE_SERVER_USERNAME: 'opencode' };
  const args = ['-c', ENDS_WITH_INPUT, 'afield', command.file, ...command.args, '--port', '0', '--hostname', '127.0.0.1'];
  const process = await startChatProcess(machine, { ...command, file: 'sh', args, env }, clock);
  const ended = Promise.withResolvers<ChatExit>();
  const listening = Promise.withResolvers<string>();
  let said = '';
  process.onExit = ended.resolve;
  process.onLine = (line) => {
    const origin = LISTENS.exec(line)?.[1];
    if (origin !== undefined) listening.resolve(origin);
    else said = `${said}\n${line}`.slice(-500);
  };
  try {
    const origin = await inTime(clock, START_MS, () => Promise.race([listening.promise, ended.promise.then(() => null)]));
    if (origin === null) throw new AfieldError('start_failed', await whyNot(ended.promise, said, clock));
    const api = createApi(origin, password, clock);
    return { process, api, version: await health(api, clock), ended: ended.promise };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

async function whyNot(ended: Promise<ChatExit>, said: string, clock: Clock): Promise<string> {
  const exit = await inTime(clock, 10, () => ended);
  if (exit === null) return `opencode did not begin to listen in ${START_MS / 1_000} s. ${said.trim()}`.trim();
  return tellExit('opencode', { ...exit, detail: exit.detail === '' ? said.trim() : exit.detail });
}

/** Its version, once it answers. What it is asked while it starts may never be answered. */
async function health(api: Api, clock: Clock): Promise<string | null> {
  const end = clock.monotonic() + START_MS;
  for (;;) {
    try {
      const { status, body } = await api.call('GET', '/global/health', undefined, HEALTH_MS);
      if (status === 200) return (body as { version?: string } | null)?.version ?? null;
      throw new AfieldError('start_failed', `opencode refuses its own password (${status}).`);
    } catch (error) {
      if (clock.monotonic() > end || (error instanceof AfieldError && error.code === 'start_failed')) throw error;
      await pause(clock, POLL_MS);
    }
  }
}
