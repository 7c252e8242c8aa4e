/** One control client of a tmux server: commands go in, replies and notices come out. No output of programs ever comes this way. */
import type { Host, HostProcess } from '../../core/machine-ports.ts';
import { ReplyReader } from './replies.ts';

/** A tmux that answers nothing for so long is taken for gone: the client ends, and with it everything that waits. */
const SILENT_MS = 15_000;

/** tmux refused a command; what it said. */
export class TmuxRefusal extends Error {}
/** The control client ended; what it said. */
export class ControlEnded extends Error {}

interface Waiting {
  /** Replies that still come: one for each command of the line. */
  left: number;
  lines: string[][];
  resolve(lines: string[][]): void;
  reject(error: Error): void;
}

export class Control {
  /** `%name rest`. */
  onNotice: (name: string, rest: string) => void = () => {};
  /** Called once, with what it said last. */
  onEnd: (detail: string) => void = () => {};
  readonly #process: HostProcess;
  readonly #waiting: Waiting[] = [];
  #attached: Waiting | null = null;
  #watch: NodeJS.Timeout | null = null;
  #ended: string | null = null;
  /** What tmux said outside of any reply to us. */
  #complaint = '';

  private constructor(process: HostProcess) {
    this.#process = process;
    const reader = new ReplyReader({
      reply: ({ ours, failed, lines }) => {
        if (ours) this.#answered(failed, lines);
        else if (failed) this.#complaint = lines.join(' ');
      },
      notice: (name, rest) => {
        // Commands before this one would be lost.
        if (name === 'session-changed') this.#attached?.resolve([]);
        this.onNotice(name, rest);
      },
      fault: (detail) => {
        this.#complaint = detail;
        process.kill();
      },
    });
    process.onOutput = (bytes) => reader.push(bytes);
    process.onClose = ({ detail }) => this.#end(this.#complaint || detail);
  }

  /** Errors: machine_unreachable; `ControlEnded` when there is no tmux server, or none that lets us in. */
  static async open(host: Host, argv: readonly string[]): Promise<Control> {
    const control = new Control(await host.open(argv));
    await new Promise<void>((resolve, reject) => {
      control.#attached = { left: 0, lines: [], resolve: () => resolve(), reject };
      control.#watchSilence();
      if (control.#ended !== null) reject(new ControlEnded(control.#ended));
    });
    control.#attached = null;
    control.#watchSilence();
    return control;
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Runs commands one after the other, with nothing between them. Errors: `TmuxRefusal` (the rest was not run), `ControlEnded`. */
  run(...commands: string[]): Promise<string[][]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) return reject(new ControlEnded(this.#ended));
      if (!this.#process.write(Buffer.from(`${commands.join(' ; ')}\n`))) return reject(new ControlEnded('tmux takes no commands.'));
      this.#waiting.push({ left: commands.length, lines: [], resolve, reject });
      this.#watchSilence();
    });
  }

  /** The same without waiting. False: it was not taken. */
  send(...commands: string[]): boolean {
    if (this.#ended !== null || !this.#process.write(Buffer.from(`${commands.join(' ; ')}\n`))) return false;
    const ignore = () => {};
    this.#waiting.push({ left: commands.length, lines: [], resolve: ignore, reject: ignore });
    this.#watchSilence();
    return true;
  }

  close(): void {
    // Closing its input lets it take its leave; tmux goes on.
    this.#process.end();
    const patience = setTimeout(() => this.#process.kill(), 1_000);
    this.onEnd = () => clearTimeout(patience);
    if (this.#ended !== null) clearTimeout(patience);
  }

  #answered(failed: boolean, lines: string[]): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    first.lines.push(lines);
    first.left--;
    if (!failed && first.left > 0) return;
    this.#waiting.shift();
    this.#watchSilence();
    if (failed) first.reject(new TmuxRefusal(lines.join(' ')));
    else first.resolve(first.lines);
  }

  #end(detail: string): void {
    this.#ended = detail;
    this.#watchSilence();
    const error = new ControlEnded(detail);
    this.#attached?.reject(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.onEnd(detail);
  }

  #watchSilence(): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = null;
    if (this.#ended !== null || (this.#waiting.length === 0 && this.#attached === null)) return;
    this.#watch = setTimeout(() => {
      this.#complaint = 'tmux does not answer.';
      this.#process.kill();
    }, SILENT_MS);
  }
}
