/**
 * For tests: plays what a real agent wrote, as it was recorded, into a runtime, and checks that the runtime writes what was written
 * then. A recording is a file of lines `{"t": seconds, "dir": "out"|"in"|"err"|"mark", "msg": …}`; `out` is from the agent, `in` to it.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { HostProcess, Machine } from '../core/machine-ports.ts';
import type { RpcId } from './json-rpc.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads its own recordings
export type Recorded = any;
export interface ReplayLine {
  t: number;
  dir: 'out' | 'in' | 'err' | 'mark' | 'reply';
  msg: Recorded;
}

/** What the replay must know of a protocol: ids of our requests differ from run to run. */
export interface ReplayRules {
  /** Id of the request that a line of ours is; null: it is none. */
  asked(line: Recorded): RpcId | null;
  /** Id of our request that a line of the agent answers; null: none. */
  answered(line: Recorded): RpcId | null;
  /** The same answer to another id. */
  renamed(line: Recorded, id: RpcId): Recorded;
  /** What a line of ours does, in values that can be compared: without ids and what may differ. */
  gist(line: Recorded): unknown;
  /** Lines that the agent answers to one of ours that is not in the recording; null: it must be in it. */
  beside?(line: Recorded): Recorded[] | null;
}

export const RPC_RULES: Pick<ReplayRules, 'asked' | 'answered' | 'renamed'> = {
  asked: ({ id, method }) => (id !== undefined && method !== undefined ? id : null),
  answered: ({ id, method }) => (id !== undefined && method === undefined ? id : null),
  renamed: (line, id) => ({ ...line, id }),
};

export interface Player {
  /** A line to the agent: do what makes the runtime write it. Not called when it has written it by itself. Not waited for. */
  act(line: Recorded): unknown;
  /** After each line of the agent. */
  seen?(line: Recorded): void;
  mark?(mark: Recorded): void;
}

export function readRecording(file: string): ReplayLine[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ReplayLine);
}

/** How long the runtime may take to write what it must. */
const WRITES_MS = 5_000;

export class Replay {
  /** Give it to the runtime's start: its program is the recording. */
  readonly machine: Machine;
  /** All that the runtime wrote. */
  readonly written: Recorded[] = [];
  /** The command that the runtime started. */
  argv: readonly string[] = [];
  env: Readonly<Record<string, string>> = {};
  readonly #lines: readonly ReplayLine[];
  readonly #rules: ReplayRules;
  readonly #program: HostProcess;
  /** Ids in the recording, and those of this run. */
  readonly #ids = new Map<RpcId, RpcId>();
  #unread: Recorded[] = [];
  #over = false;
  #fault: Error | null = null;

  constructor(lines: readonly ReplayLine[], rules: ReplayRules) {
    this.#lines = lines;
    this.#rules = rules;
    this.#program = {
      pid: null,
      onOutput: () => {},
      onClose: () => {},
      write: (bytes) => this.#take(Buffer.from(bytes).toString()),
      end: () => this.end(0),
      kill: () => this.end(null),
      pause: () => {},
      resume: () => {},
    };
    this.machine = replayMachine(this.#program, (argv, env) => {
      this.argv = argv;
      this.env = env;
    });
  }

  /** A line of the agent beside the recording, or a piece of one. */
  give(message: Recorded): void {
    this.#program.onOutput(Buffer.from(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`));
  }

  /** The agent ends. */
  end(code: number | null, detail = ''): void {
    if (this.#over) return;
    this.#over = true;
    this.#program.onClose({ code, detail });
  }

  /** To the end of the recording, which is the end of the agent. Rejects when the runtime wrote something else, or nothing. */
  async play({ act, seen, mark }: Player): Promise<void> {
    for (const { dir, msg } of this.#lines) {
      if (dir === 'in') await this.#expect(msg, act);
      else if (dir === 'out') {
        this.give(this.#renamed(msg));
        await settled();
        seen?.(msg);
      } else if (dir === 'mark') {
        if (msg?.exit !== undefined) this.end(msg.exit);
        await settled();
        mark?.(msg);
      }
      if (this.#fault !== null) throw this.#fault;
    }
    this.end(0);
    await settled();
    if (this.#unread.length > 0) throw new Error(`It wrote more than was recorded: ${JSON.stringify(this.#unread)}`);
  }

  #take(text: string): boolean {
    if (this.#over) return false;
    for (const line of text.split('\n').filter((part) => part !== '')) {
      const message = JSON.parse(line);
      this.written.push(message);
      const answers = this.#rules.beside?.(message) ?? null;
      if (answers === null) this.#unread.push(message);
      else setImmediate(() => answers.forEach(this.give, this));
    }
    return true;
  }

  async #expect(recorded: Recorded, act: Player['act']): Promise<void> {
    if (this.#unread.length === 0) {
      Promise.resolve(act(recorded)).catch((cause: unknown) => {
        this.#fault ??= new Error(`${JSON.stringify(recorded)} was not done`, { cause });
      });
    }
    const end = performance.now() + WRITES_MS;
    while (this.#unread.length === 0 && this.#fault === null && performance.now() < end) await settled();
    if (this.#fault !== null) throw this.#fault;
    const written = this.#unread.shift();
    const { gist, asked } = this.#rules;
    if (written === undefined || !isDeepStrictEqual(gist(written), gist(recorded))) {
      throw new Error(`It wrote\n${JSON.stringify(written)}\nwhere this was recorded:\n${JSON.stringify(recorded)}`);
    }
    const [theirs, ours] = [asked(recorded), asked(written)];
    if (theirs !== null && ours !== null) this.#ids.set(theirs, ours);
  }

  #renamed(message: Recorded): Recorded {
    const answered = this.#rules.answered(message);
    const ours = answered === null ? undefined : this.#ids.get(answered);
    return ours === undefined ? message : this.#rules.renamed(message, ours);
  }
}

/** Whatever waits for its turn had it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
}

function replayMachine(program: HostProcess, opened: (argv: readonly string[], env: Record<string, string>) => void): Machine {
  const not = () => {
    throw new Error('not in a replay');
  };
  return {
    name: 'replay',
    kind: 'local',
    ssh: null,
    prefix: null,
    created_at: null,
    line: { state: 'up', detail: null, since: null },
    host: {
      name: 'replay',
      local: false,
      folder: not,
      run: not,
      async open(argv, { env = {} } = {}) {
        opened(argv, env);
        return program;
      },
      follow: not,
      up: async () => {},
    },
    wrap: (command) => command,
    processes: not,
    checks: not,
    close: async () => {},
    which: not,
    version: async () => null,
    directory: not,
    environment: not,
  };
}
