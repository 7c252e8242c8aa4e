import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatAgent, ChatSink, ChatStart, ChatUpdate, GivenFile, TurnStop } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { type ChatExit, type ChatProcess, startChatProcess, tellExit } from '../chat-process.ts';
import { brief, parsed } from '../loose.ts';
import type { Chosen, Dialect, Run } from './dialect.ts';

/** Its input is closed already: who is cancelled is ended soon. */
const LEAVE_MS = 300;

/** An agent between and during its runs. */
export class StreamAgent implements ChatAgent {
  readonly #start: ChatStart;
  readonly #sink: ChatSink;
  readonly #clock: Clock;
  readonly #dialect: Dialect;
  readonly #chosen: Chosen;
  #turn: Turn | null = null;
  #stopped = false;

  constructor(start: ChatStart, sink: ChatSink, clock: Clock, dialect: Dialect) {
    this.#start = start;
    this.#sink = sink;
    this.#clock = clock;
    this.#dialect = dialect;
    const { resume, model, mode } = start;
    this.#chosen = { resume, model, mode };
    if (resume !== null) sink.update({ type: 'agent_session', id: resume });
    sink.update({ type: 'abilities', can: { model: dialect.models, mode: dialect.modes.length > 0 } });
    if (dialect.modes.length > 0) sink.update({ type: 'mode', mode, modes: dialect.modes });
    if (model !== null) sink.update({ type: 'model', model });
  }

  get pid(): number | null {
    return this.#turn?.process?.pid ?? null;
  }

  async prompt({ id, content, files }: { id: string; content: string; files: GivenFile[] }): Promise<void> {
    if (this.#stopped) throw new AfieldError('unavailable', 'The agent has ended.');
    if (this.#turn !== null) throw new AfieldError('unavailable', 'The agent works on something else now.');
    if (files.length > 0) throw new AfieldError('not_supported', 'This agent takes no files.');
    const turn = new Turn(id, this.#sink, (session) => this.#session(session));
    this.#turn = turn;
    this.#sink.update({ type: 'running' });
    try {
      await this.#run(turn, content);
    } catch (error) {
      this.#over(turn, 'error');
      throw error;
    }
    await turn.taken.promise;
  }

  async cancel(): Promise<void> {
    const turn = this.#turn;
    if (turn === null) return;
    turn.cancelled = true;
    await turn.process?.stop();
  }

  async answer(): Promise<void> {
    throw new AfieldError('not_found', 'This agent asks nothing.');
  }

  async setModel(model: string): Promise<void> {
    if (!this.#dialect.models) throw new AfieldError('not_supported', 'The model of this agent cannot be chosen here.');
    this.#chosen.model = model;
    this.#sink.update({ type: 'model', model });
  }

  async setMode(mode: string): Promise<void> {
    if (!this.#dialect.modes.some(({ id }) => id === mode)) throw new AfieldError('not_supported', `This agent has no mode ${mode}.`);
    this.#chosen.mode = mode;
    this.#sink.update({ type: 'mode', mode });
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.cancel();
    this.#sink.exit({ code: 0, signal: null, detail: '' });
  }

  async #run(turn: Turn, content: string): Promise<void> {
    const { command, machine } = this.#start;
    const args = this.#dialect.args(command.args, this.#chosen);
    const process = await startChatProcess(machine, { ...command, args }, this.#clock, { leaveMs: LEAVE_MS });
    turn.process = process;
    process.onLine = (line) => this.#read(turn, line);
    process.onExit = (exit) => this.#ended(turn, exit);
    process.send(this.#dialect.input(content));
    process.close();
    if (turn.cancelled) await process.stop();
  }

  #read(turn: Turn, line: string): void {
    if (line.trim() === '') return;
    const message = parsed(line);
    if (message !== null) turn.taken.resolve();
    if (message === null || !this.#dialect.read(message, turn)) {
      const kind = message === null ? 'output' : String(message.type);
      this.#sink.update({ type: 'unknown', kind, text: brief(line) });
    }
  }

  #ended(turn: Turn, exit: ChatExit): void {
    const stop = turn.cancelled ? 'cancelled' : turn.stop;
    if (stop === null) this.#sink.update({ type: 'notice', level: 'error', text: tellExit('The agent', exit) });
    this.#over(turn, stop ?? 'error');
  }

  /** Its process is gone: the next prompt may come. */
  #over(turn: Turn, stop: TurnStop): void {
    turn.taken.resolve();
    if (this.#turn !== turn) return;
    this.#turn = null;
    turn.close();
    this.#sink.update({ type: 'idle', stop });
  }

  #session(id: string): void {
    if (this.#chosen.resume === id) return;
    this.#chosen.resume = id;
    this.#sink.update({ type: 'agent_session', id });
  }
}

class Turn implements Run {
  readonly prompt_id: string;
  readonly session: Run['session'];
  readonly #sink: ChatSink;
  /** Calls whose end was not told. */
  readonly #calls = new Set<string>();
  readonly taken = Promise.withResolvers<void>();
  process: ChatProcess | null = null;
  cancelled = false;
  stop: TurnStop | null = null;
  #said = 0;
  #open: { key: string; role: 'agent' | 'thought' } | null = null;

  constructor(prompt_id: string, sink: ChatSink, session: (id: string) => void) {
    this.prompt_id = prompt_id;
    this.session = session;
    this.#sink = sink;
  }

  tell(update: ChatUpdate): void {
    if (update.type === 'tool') {
      const { state } = update.patch;
      if (state === 'running') this.#calls.add(update.key);
      else if (state !== undefined) this.#calls.delete(update.key);
    }
    this.#sink.update(update);
  }

  next(): number {
    this.#said += 1;
    return this.#said;
  }

  say(role: 'agent' | 'thought', text: string): void {
    if (this.#open?.role !== role) {
      this.quiet();
      this.#open = { key: `${this.prompt_id}-${this.next()}`, role };
    }
    if (text !== '') this.tell({ type: 'text', key: this.#open?.key ?? '', role, text });
  }

  quiet(): void {
    if (this.#open !== null) this.tell({ type: 'text_done', ...this.#open });
    this.#open = null;
  }

  /** Nothing more comes of it. */
  close(): void {
    this.quiet();
    for (const key of this.#calls) this.#sink.update({ type: 'tool', key, patch: { state: 'failed' } });
  }

  end(stop: TurnStop): void {
    this.quiet();
    this.stop = stop;
  }
}
