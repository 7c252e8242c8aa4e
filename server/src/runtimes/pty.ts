/** Runs a program behind a pseudo-terminal of our own. It ends with this server. */
import { chmodSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type { ReadStream } from 'node:tty';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Terminal } from 'node-pty';
import { type Command, SESSION_MARK, type TerminalProcess, type TerminalRuntime } from '../core/machine-ports.ts';
import type { Clock } from '../core/ports.ts';
import { InputQueue } from './input-queue.ts';
import { endTree } from './process-tree.ts';
import { lookAt } from './processes.ts';
import { checkStartable } from './startable.ts';
import { HOME_MARK, straysOf } from './strays.ts';

/** After the program ended its terminal counts as empty when nothing came for so long. */
const DRAINED_MS = 100;

/** `home`: what its children are marked with, to be told from those of other home servers. */
export function createPtyRuntime(clock: Clock, home = ''): TerminalRuntime {
  return {
    name: 'pty',
    survivesRestart: false,
    async start(command, { cols, rows }) {
      checkStartable(command);
      const pty = await load();
      let terminal: Terminal;
      try {
        const { file, args, cwd } = command;
        const env = home === '' ? command.env : { ...command.env, [HOME_MARK]: home };
        terminal = pty.spawn(file, args, { name: env.TERM ?? 'xterm-256color', cols, rows, cwd, env, encoding: null });
      } catch (cause) {
        throw new AfieldError('start_failed', `${command.file} could not be started: ${(cause as Error).message}`, { cause });
      }
      return new PtyProcess(terminal, command, clock);
    },
    resume: async () => ({ lost: 'It ended with the home server.' }),
    adoptable: async () => [],
    adopt: async () => {
      throw new AfieldError('unavailable', 'Sessions are adopted from tmux, which is not installed on this machine.');
    },
    release: async () => {
      throw new AfieldError('conflict', 'This session was not adopted: stop it instead.');
    },
    attachCommand: () => null,
    strays: (live) => straysOf(home, live),
    reap: (session_ids) => endTree({ root: null, mark: session_ids.map((id) => `${SESSION_MARK}=${id}`) }, clock),
  };
}

class PtyProcess implements TerminalProcess {
  readonly pid: number;
  onExit: TerminalProcess['onExit'] = () => {};
  onLine: TerminalProcess['onLine'] = () => {};
  onResync: TerminalProcess['onResync'] = () => {};
  readonly answered = false;
  readonly #terminal: Terminal;
  readonly #socket: ReadStream;
  readonly #input: InputQueue;
  readonly #mark: readonly string[];
  readonly #clock: Clock;
  #onOutput: TerminalProcess['onOutput'] = () => {};
  #paused = false;
  #lastOutput = 0;
  #over = false;

  constructor(terminal: Terminal, command: Command, clock: Clock) {
    const mark = command.env[SESSION_MARK];
    this.pid = terminal.pid;
    this.#terminal = terminal;
    this.#clock = clock;
    this.#mark = mark === undefined ? [] : [`${SESSION_MARK}=${mark}`];
    // The library hides both, but would write in a way that blocks, and close before everything was read.
    const { _socket: socket, _fd: fd } = terminal as unknown as { _socket: ReadStream; _fd: number };
    this.#socket = socket;
    this.#input = new InputQueue(fd, clock);
    this.#socket.on('error', () => {
      // Reading after the last program left ends with EIO; the library makes an exit of it. Unheard, others would end this server.
    });
    this.#keepUntilDrained();
    terminal.onData((bytes) => {
      this.#lastOutput = clock.monotonic();
      this.#onOutput(bytes, false);
    });
    terminal.onExit(({ exitCode, signal = 0 }) => {
      this.#over = true;
      this.onExit(signal === 0 ? { code: exitCode, signal: null } : { code: null, signal: signalName(signal) });
    });
  }

  set onOutput(hear: TerminalProcess['onOutput']) {
    this.#onOutput = hear;
  }

  write(bytes: Uint8Array): boolean {
    return !this.#socket.destroyed && this.#input.push(bytes);
  }

  resize(cols: number, rows: number): void {
    if (this.#over) return;
    try {
      this.#terminal.resize(cols, rows);
    } catch {
      // It ended just now; its exit is on the way.
    }
  }

  foreignForeground(): boolean | null {
    const info = this.#over ? null : lookAt(this.pid);
    return info === null || info.foreground <= 0 ? null : info.foreground !== info.group;
  }

  pause(): void {
    this.#paused = true;
    this.#terminal.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#terminal.resume();
  }

  async stop(): Promise<void> {
    // Held back, it could not print its last words, nor would its end be seen.
    this.resume();
    await endTree({ root: this.#over ? null : this.pid, mark: this.#mark }, this.#clock);
  }

  /**
   * The library destroys the socket 200 ms after the program ended, read or not: what we were holding back would be lost. So a destroy
   * without an error waits until nothing comes any more. (A socket that was read to its end is let go at once.)
   */
  #keepUntilDrained(): void {
    const socket = this.#socket;
    const destroy = socket.destroy.bind(socket);
    const whenDrained = () => {
      if (socket.destroyed) return;
      if (!this.#paused && this.#clock.monotonic() - this.#lastOutput >= DRAINED_MS) {
        this.#input.close();
        destroy();
      } else this.#clock.setTimeout(whenDrained, DRAINED_MS);
    };
    socket.destroy = (error?: Error) => {
      if (error !== undefined || socket.readableEnded) {
        this.#input.close();
        return destroy(error);
      }
      whenDrained();
      return socket;
    };
  }
}

/** Loaded with the first session: it is native, and a server without it still shows what there was. */
async function load(): Promise<typeof import('node-pty')> {
  try {
    repairHelper();
    return await import('node-pty');
  } catch (cause) {
    const what = `The terminal library has no binary for ${process.platform} ${process.arch}`;
    throw new AfieldError('start_failed', `${what}: ${(cause as Error).message.split('\n')[0]}. Run npm install on this machine.`, {
      cause,
    });
  }
}

/** On macOS the library starts programs through a helper that some installers leave without its run bit. */
function repairHelper(): void {
  if (process.platform !== 'darwin') return;
  const require = createRequire(import.meta.url);
  const helper = createRequire(require.resolve('node-pty')).resolve(`@lydell/node-pty-darwin-${process.arch}/spawn-helper`);
  if ((statSync(helper).mode & 0o111) === 0) chmodSync(helper, 0o755);
}

function signalName(signal: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal);
  return found?.[0] ?? `signal ${signal}`;
}
