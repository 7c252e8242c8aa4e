import { AfieldError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { decodeFrame } from './frames.ts';
import type { Line } from './line.ts';
import type { AttachOptions, TerminalHandlers, TerminalStream } from './link.ts';
import type { StreamClosed } from './messages.ts';
import { AttachedTerminal } from './terminal.ts';

/** As many as the server takes of one connection. */
const MAX_TERMINALS = 32;

/** The terminals of a link, over all of its lines: each attaches itself again. */
export class Terminals {
  readonly #clock: Clock;
  readonly #all = new Set<AttachedTerminal>();
  readonly #byStream = new Map<number, AttachedTerminal>();
  #line: Line | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  attach(options: AttachOptions, handlers: TerminalHandlers): TerminalStream {
    if (this.#all.size >= MAX_TERMINALS) throw new AfieldError('too_many', `${MAX_TERMINALS} terminals are open. Close one.`);
    const terminal: AttachedTerminal = new AttachedTerminal(options, handlers, this.#clock, {
      opened: (stream) => this.#byStream.set(stream, terminal),
      left: (stream) => this.#byStream.delete(stream),
      over: () => this.#all.delete(terminal),
    });
    this.#all.add(terminal);
    if (this.#line !== null) terminal.lineOpened(this.#line);
    return terminal;
  }

  lineOpened(line: Line): void {
    this.#line = line;
    for (const terminal of [...this.#all]) terminal.lineOpened(line);
  }

  lineLost(): void {
    this.#line = null;
    this.#byStream.clear();
    for (const terminal of [...this.#all]) terminal.lineLost();
  }

  /** The link is closed. */
  clear(): void {
    this.lineLost();
    for (const terminal of [...this.#all]) terminal.end('detached', null);
  }

  /** A frame of a stream that was left is ignored. */
  frame(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    this.#byStream.get(frame.stream)?.frame(frame);
  }

  closed({ stream, reason }: StreamClosed): void {
    this.#byStream.get(stream)?.end(reason, null);
  }
}
