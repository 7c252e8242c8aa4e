/** For tests: a companion that hears what a test tells it, and remembers what was answered. Its agents outlive a home server that is killed. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatSink, ChatUpdate, Companion, CompanionRuntime } from '../chat-ports.ts';

type Join = Parameters<CompanionRuntime['join']>[0];

/** One time that it joined. */
export class ScriptedLine implements Companion {
  readonly joined: Join;
  readonly answers: { key: string; answer: AgentAnswer }[] = [];
  left = false;
  /** What an answer comes to; default: the agent has it. */
  onAnswer: (key: string) => Promise<void> = async () => {};
  readonly #sink: ChatSink;

  constructor(joined: Join, sink: ChatSink) {
    this.joined = joined;
    this.#sink = sink;
  }

  say(...updates: ChatUpdate[]): void {
    for (const update of updates) this.#sink.update(update);
  }
  /** There is nothing to hear any more. */
  exit(detail = ''): void {
    this.#sink.exit({ code: null, signal: null, detail });
  }
  async answer(key: string, answer: AgentAnswer): Promise<void> {
    if (this.left) throw new AfieldError('unavailable', 'Nobody hears it any more.');
    await this.onAnswer(key);
    this.answers.push({ key, answer });
  }
  leave(): void {
    this.left = true;
  }
}

export class ScriptedCompanion implements CompanionRuntime {
  readonly name = 'scripted';
  readonly prepared: Parameters<CompanionRuntime['prepare']>[0][] = [];
  readonly lines: ScriptedLine[] = [];
  /** Whether, and with what, it can accompany. */
  prepares: CompanionRuntime['prepare'] = async ({ command }) => ({
    command: { ...command, args: [...command.args, '--heard'], env: { ...command.env, HEARD_WITH: 'a secret' } },
    memory: { port: 4711 },
  });
  /** What comes of it when it joins, before it has. Default: it has at once. */
  joins: (line: ScriptedLine) => void | Promise<void> = () => {};

  get line(): ScriptedLine {
    const last = this.lines.at(-1);
    if (last === undefined) throw new Error('it has not joined');
    return last;
  }

  prepare: CompanionRuntime['prepare'] = async (start) => {
    this.prepared.push(start);
    return this.prepares(start);
  };

  async join(start: Join, sink: ChatSink): Promise<Companion> {
    const line = new ScriptedLine(start, sink);
    this.lines.push(line);
    await this.joins(line);
    return line;
  }
}
