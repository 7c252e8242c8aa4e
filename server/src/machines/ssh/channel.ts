/** A program on the other machine, over a connection that stands. */
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import type { HostProcess } from '../../core/machine-ports.ts';
import { launch, signalGroup } from '../launch.ts';
import { channelArgv } from './command.ts';
import { lastLine } from './faults.ts';
import type { SshMaster } from './master.ts';
import { GO } from './scripts.ts';

/** Why no program came to run. `full`: this connection carries as many as that sshd lets it. `cut`: it is down. */
export class NotOpened extends Error {
  readonly why: 'full' | 'cut' | 'failed';
  constructor(why: NotOpened['why'], detail: string) {
    super(detail);
    this.why = why;
  }
}

export interface Channel extends HostProcess {
  /** It ended because the line did. */
  readonly cut: boolean;
  /** Lets go of it without ending the program there, which sees the end of its input. */
  drop(): void;
}

/** A login shell may print a greeting first, and take its time. */
const GREETING_CHARACTERS = 64 * 1024;
const OPEN_MS = 20_000;
/** More is dropped, unless nothing else waits. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
const DETAIL_CHARACTERS = 500;
/** A cut connection ends its programs a moment before itself. */
const LAST_WORDS_MS = 300;
/** What ssh answers when it does not know how the program ended: cut, or by a signal. A program may answer so itself. */
const UNKNOWN_END = 255;

export interface ChannelOptions {
  master: SshMaster;
  env: Record<string, string>;
  /** As `launchLine` makes it. */
  command: string;
  /** Written before anything else. */
  first?: string | undefined;
  /** Ends what still runs there when nobody wants it any more. */
  endThere(pid: number): void;
  closed(): void;
}

/** Resolves once the program runs there; its output is given from the next turn on. Errors: `NotOpened`. */
export function openChannel({ master, env, command, first, endThere, closed }: ChannelOptions): Promise<Channel> {
  let child: ChildProcessWithoutNullStreams;
  try {
    child = launch('ssh', channelArgv(master.socket, command), env);
  } catch (error) {
    closed();
    return Promise.reject(new NotOpened('failed', (error as Error).message));
  }
  const { stdin, stdout, stderr } = child;
  for (const stream of child.stdio) stream?.on('error', () => {});
  let said = '';
  stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-DETAIL_CHARACTERS);
  });
  if (first !== undefined) stdin.write(first);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      said = error.message;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  ended.then(closed, closed);

  return new Promise((resolve, reject) => {
    let greeting = Buffer.alloc(0);
    const fail = (why: NotOpened['why'], detail: string) => {
      clearTimeout(late);
      end(child);
      reject(new NotOpened(why, detail));
    };
    const late = setTimeout(() => fail('failed', 'the program did not start in time.'), OPEN_MS);
    let opened = false;
    const early = ended.then(async () => {
      if (opened) return;
      if (/Session open refused|session request failed/i.test(said)) return fail('full', said);
      if (!(await stillStands(master))) return fail('cut', 'the line was cut.');
      fail('failed', lastLine(said) || lastLine(greeting.toString()) || 'it takes no commands.');
    });
    const look = (bytes: Buffer) => {
      greeting = Buffer.concat([greeting, bytes]);
      const text = greeting.toString('latin1');
      const found = GO.exec(text);
      if (found === null) {
        if (greeting.length > GREETING_CHARACTERS) fail('failed', 'its login shell prints without end.');
        return;
      }
      opened = true;
      clearTimeout(late);
      stdout.off('data', look);
      stdout.pause();
      resolve(
        running({
          child,
          master,
          ended,
          pid: Number(found[1]),
          rest: greeting.subarray(found.index + found[0].length),
          detail: () => said,
          endThere,
        }),
      );
    };
    early.catch(reject);
    stdout.on('data', look);
  });
}

interface Running {
  child: ChildProcess;
  master: SshMaster;
  ended: Promise<number | null>;
  pid: number;
  rest: Buffer;
  detail(): string;
  endThere(pid: number): void;
}

function running({ child, master, ended, pid, rest, detail, endThere }: Running): Channel {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('a program without pipes');
  let over = false;
  let killed = false;
  let held = false;
  let cut = false;
  const drop = () => {
    if (over || killed) return;
    killed = true;
    end(child);
    // Nobody wants the rest, and unread it would hold the end back.
    stdout.resume();
  };
  const channel: Channel = {
    pid,
    get cut() {
      return cut;
    },
    drop,
    onOutput: () => {},
    onClose: () => {},
    write(bytes) {
      if (over || stdin.destroyed || (stdin.writableLength > 0 && stdin.writableLength + bytes.length > MAX_QUEUED_BYTES)) return false;
      stdin.write(bytes);
      return true;
    },
    end: () => stdin.end(),
    kill() {
      if (!over && !killed) endThere(pid);
      drop();
    },
    pause() {
      held = true;
      stdout.pause();
    },
    resume() {
      held = false;
      stdout.resume();
    },
  };
  stdout.on('data', (bytes: Buffer) => {
    master.heard();
    if (!killed) channel.onOutput(bytes);
  });
  if (rest.length > 0) stdout.unshift(rest);
  // Whoever opened it listens from its next turn on.
  setImmediate(() => {
    if (!held) stdout.resume();
  });
  const closed = async () => {
    const code = await ended;
    over = true;
    cut = !killed && (code === null || code === UNKNOWN_END) && !(await stillStands(master));
    channel.onClose({ code: cut || killed ? null : code, detail: cut ? 'The line was cut.' : detail().trim() });
  };
  closed().catch(() => {});
  return channel;
}

async function stillStands(master: SshMaster): Promise<boolean> {
  if (!master.alive) return false;
  await Promise.race([master.ended, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
  return master.alive;
}

function end({ pid, exitCode, signalCode }: ChildProcess): void {
  if (exitCode === null && signalCode === null) signalGroup(pid, 'SIGKILL');
}
