/** A program that speaks a protocol over its pipes: started in its directory on its machine, read by lines, ended with all it started. */
import { StringDecoder } from 'node:string_decoder';
import { AfieldError } from '@afield/shared/errors.ts';
import { inTime } from '../core/in-time.ts';
import { type Command, type HostProcess, type Machine, type ProcessExit, SESSION_MARK } from '../core/machine-ports.ts';
import type { Clock } from '../core/ports.ts';
import { printable } from '../core/printable.ts';
import { endTree } from './process-tree.ts';

/** Constant; `$1` is the directory, then comes the command. The program takes the shell's place. */
const IN_DIRECTORY = 'cd -- "$1" || exit 126; shift; exec "$@"';
/** Constant; `$1` is the mark. What bears it is told to end, and a moment later made to. */
const END_MARKED = `
marked() { grep -lF -- "$1" /proc/[0-9]*/environ 2>/dev/null | sed 's,/proc/,,; s,/environ,,'; }
all=$(marked "$1"); [ -n "$all" ] || exit 0
kill -TERM $all 2>/dev/null; kill -CONT $all 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1 2>/dev/null || sleep 1; [ -n "$(marked "$1")" ] || exit 0; done
kill -KILL $(marked "$1") 2>/dev/null
exit 0`;
/** A line that is longer is no line of a protocol: a 50 MB tool output fits, an endless line does not. */
const MAX_LINE_CHARACTERS = 128 * 1024 * 1024;
/** After its input was closed it may take so long to end by itself. */
const LEAVE_MS = 2_000;
/** A program that was ended by force, and is not seen to be gone by then, is counted as gone: its machine may be out of reach. */
const GONE_MS = 5_000;

export type ChatExit = ProcessExit & { detail: string };

export interface ChatProcess {
  readonly pid: number | null;
  /** Each line of its output, without its end. The last one may lack an end: half a message of a program that died. */
  onLine: (line: string, whole: boolean) => void;
  /** Once, after the last line. `detail`: the end of what it said on stderr. */
  onExit: (exit: ChatExit) => void;
  /** One line. Errors: unavailable when it is gone or reads nothing. */
  send(line: string): void;
  /** Closes its input, and lets it go on: for programs that read all of it first. */
  close(): void;
  /** Closes its input, waits a moment, then ends the whole tree. Resolves when it is gone, and all that it started. */
  stop(): Promise<void>;
}

export interface ChatProcessLimits {
  lineCharacters?: number;
  leaveMs?: number;
}

/** Listen in the same turn in which it resolves: lines come from the next one on. Errors: machine_unreachable. */
export async function startChatProcess(
  machine: Machine,
  command: Command,
  clock: Clock,
  limits: ChatProcessLimits = {},
): Promise<ChatProcess> {
  const { file, args, cwd, env } = await machine.wrap(command, { terminal: false });
  const program = await machine.host.open(['sh', '-c', IN_DIRECTORY, 'afield', cwd, file, ...args], { env });
  return new LineProcess(program, machine, command, clock, limits);
}

/** How a program ended, as a sentence for a person; `who` begins it. */
export function tellExit(who: string, { code, signal, lost, detail }: ChatExit): string {
  const how = lost ?? (code === null ? (signal === null ? 'was ended' : `was ended by ${signal}`) : `ended with code ${code}`);
  return `${who} ${how}${detail === '' ? '.' : `: ${printable(detail)}`}`;
}

class LineProcess implements ChatProcess {
  onLine: ChatProcess['onLine'] = () => {};
  onExit: ChatProcess['onExit'] = () => {};
  readonly #program: HostProcess;
  readonly #machine: Machine;
  readonly #command: Command;
  readonly #clock: Clock;
  readonly #limits: Required<ChatProcessLimits>;
  readonly #ended = Promise.withResolvers<true>();
  readonly #decoder = new StringDecoder('utf8');
  /** Pieces of the line that has not ended; joined once, so that a long one costs no more than its length. */
  #rest: string[] = [];
  #restLength = 0;
  /** Why nothing more of it is read. */
  #refused: string | null = null;
  #stopping: Promise<void> | null = null;
  #over = false;

  constructor(program: HostProcess, machine: Machine, command: Command, clock: Clock, limits: ChatProcessLimits) {
    this.#program = program;
    this.#machine = machine;
    this.#command = command;
    this.#clock = clock;
    this.#limits = { lineCharacters: MAX_LINE_CHARACTERS, leaveMs: LEAVE_MS, ...limits };
    program.onOutput = (bytes) => this.#read(this.#decoder.write(bytes));
    program.onClose = ({ code, detail }) => this.#end({ code, signal: null, detail });
  }

  get pid(): number | null {
    return this.#program.pid;
  }

  send(line: string): void {
    if (!this.#over && this.#program.write(Buffer.from(`${line}\n`))) return;
    throw new AfieldError('unavailable', this.#over ? 'The agent has ended.' : 'The agent reads nothing now. Try again in a moment.');
  }

  close(): void {
    if (!this.#over) this.#program.end();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (!this.#over) this.#program.end();
    await inTime(this.#clock, this.#limits.leaveMs, () => this.#ended.promise);
    // What it started may outlive it, in groups of their own.
    await this.#endMarked();
    if (this.#over) return;
    this.#program.kill();
    await inTime(this.#clock, GONE_MS, () => this.#ended.promise);
    this.#end({ code: null, signal: null, detail: '', lost: 'was ended, and was not seen to be gone' });
  }

  /** Never rejects: an unreachable machine is no reason to keep a session. */
  async #endMarked(): Promise<void> {
    const { host, kind } = this.#machine;
    const mark = `${SESSION_MARK}=${this.#command.session_id}`;
    try {
      if (kind !== 'local') {
        // Not under the session's own mark, or it would end itself.
        const given = {
          session_id: `end-${this.#command.session_id}`,
          file: 'sh',
          args: ['-c', END_MARKED, 'afield', mark],
          cwd: '/',
          env: {},
        };
        const { file, args, env } = await this.#machine.wrap(given, { terminal: false });
        await host.run([file, ...args], { env });
      }
      if (host.local) await endTree({ root: this.#over ? null : this.#program.pid, mark: [mark] }, this.#clock);
    } catch {
      // It ends by the end of its input, or with its machine.
    }
  }

  #end(exit: ChatExit): void {
    if (this.#over) return;
    this.#read(this.#decoder.end());
    if (this.#restLength > 0) this.onLine(this.#rest.join(''), false);
    this.#rest = [];
    this.#over = true;
    this.onExit(this.#refused === null ? exit : { ...exit, detail: this.#refused });
    this.#ended.resolve(true);
  }

  #read(text: string): void {
    if (this.#refused !== null || this.#over) return;
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#rest.push(text.slice(from, end));
      from = end + 1;
      const line = this.#rest.join('');
      this.#rest = [];
      this.#restLength = 0;
      this.onLine(line.endsWith('\r') ? line.slice(0, -1) : line, true);
    }
    if (from < text.length) {
      this.#rest.push(text.slice(from));
      this.#restLength += text.length - from;
    }
    if (this.#restLength > this.#limits.lineCharacters) this.#refuse('It printed a line without an end.');
  }

  #refuse(why: string): void {
    this.#refused = why;
    this.#rest = [];
    this.#restLength = 0;
    this.#program.kill();
  }
}
