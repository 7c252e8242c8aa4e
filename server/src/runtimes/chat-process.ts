/** A program that speaks a protocol over its pipes: started in its directory on its machine, read by lines, ended with all it started. */
import { StringDecoder } from 'node:string_decoder';
import { AfieldError } from '@afield/shared/errors.ts';
import { inTime } from '../core/in-time.ts';
import { type Command, type HostProcess, type Machine, type ProcessExit, SESSION_MARK } from '../core/machine-ports.ts';
import type { Clock } from '../core/ports.ts';
import { endTree } from './process-tree.ts';

/** Constant; `$1` is the directory, then comes the command. The program takes the shell's place. */
const IN_DIRECTORY = 'cd -- "$1" || exit 126; shift; exec "$@"';
/** A line that is longer is no line of a protocol: a 50 MB tool output fits, an endless line does not. */
const MAX_LINE_CHARACTERS = 128 * 1024 * 1024;
/** After its input was closed it may take so long to end by itself. */
const LEAVE_MS = 2_000;

export interface ChatProcess {
  readonly pid: number | null;
  /** Each line of its output, without its end. The last one may lack an end: half a message of a program that died. */
  onLine: (line: string, whole: boolean) => void;
  /** Once, after the last line. `detail`: the end of what it said on stderr. */
  onExit: (exit: ProcessExit & { detail: string }) => void;
  /** One line. Errors: unavailable when it is gone or reads nothing. */
  send(line: string): void;
  /** Closes its input, waits a moment, then ends the whole tree. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Errors: machine_unreachable, start_failed. */
export async function startChatProcess(machine: Machine, command: Command, clock: Clock): Promise<ChatProcess> {
  const { file, args, cwd, env } = await machine.wrap(command, { terminal: false });
  const program = await machine.host.open(['sh', '-c', IN_DIRECTORY, 'afield', cwd, file, ...args], { env });
  return new LineProcess(program, machine, command, clock);
}

class LineProcess implements ChatProcess {
  onLine: ChatProcess['onLine'] = () => {};
  onExit: ChatProcess['onExit'] = () => {};
  readonly #program: HostProcess;
  readonly #machine: Machine;
  readonly #command: Command;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<void>();
  readonly #decoder = new StringDecoder('utf8');
  /** Pieces of the line that has not ended; joined once, so that a long one costs no more than its length. */
  #rest: string[] = [];
  #restLength = 0;
  #over = false;

  constructor(program: HostProcess, machine: Machine, command: Command, clock: Clock) {
    this.#program = program;
    this.#machine = machine;
    this.#command = command;
    this.#clock = clock;
    program.onOutput = (bytes) => this.#read(this.#decoder.write(bytes));
    program.onClose = ({ code, detail }) => {
      this.#read(this.#decoder.end());
      if (this.#restLength > 0) this.onLine(this.#rest.join(''), false);
      this.#over = true;
      this.onExit({ code, signal: null, detail });
      this.#ended.resolve();
    };
  }

  get pid(): number | null {
    return this.#program.pid;
  }

  send(line: string): void {
    if (!this.#over && this.#program.write(Buffer.from(`${line}\n`))) return;
    throw new AfieldError('unavailable', this.#over ? 'The agent has ended.' : 'The agent reads nothing now. Try again in a moment.');
  }

  async stop(): Promise<void> {
    if (this.#over) return;
    this.#program.end();
    if (await inTime(this.#clock, LEAVE_MS, () => this.#ended.promise.then(() => true))) return;
    const { pid } = this.#program;
    if (this.#machine.host.local) await endTree({ root: pid, mark: [`${SESSION_MARK}=${this.#command.session_id}`] }, this.#clock);
    this.#program.kill();
    await this.#ended.promise;
  }

  #read(text: string): void {
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
    if (this.#restLength > MAX_LINE_CHARACTERS) this.#program.kill();
  }
}
