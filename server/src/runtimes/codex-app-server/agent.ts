/** A running `codex app-server` with one thread: JSON-RPC over its pipes, without the `jsonrpc` field. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatAgent, ChatSink, ChatStart, GivenFile } from '../../core/chat-ports.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import type { ChatProcess } from '../chat-process.ts';
import { createRpcPeer, METHOD_NOT_FOUND, RpcError, type RpcId, type RpcPeer } from '../json-rpc.ts';
import { brief, type Loose, record, records, text } from '../loose.ts';
import { isMode, turnMode } from './modes.ts';
import { inputOf } from './prompts.ts';
import { giveAnswer, openAsk } from './requests.ts';
import { Thread } from './thread.ts';

/** It shows a prompt at once, unless it starts servers of its own before. */
const TAKEN_MS = 30_000;
const COMPACT = '/compact';

export class CodexAgent implements ChatAgent {
  readonly peer: RpcPeer;
  readonly thread: Thread;
  /** For the next turn and those after it; null: as they are. */
  readonly #next: { model: string | null; mode: string | null } = { model: null, mode: null };
  readonly #process: ChatProcess;
  readonly #clock: Clock;
  readonly #cwd: string;
  /** A turn is asked for, and its id is not known yet. */
  #starting: Promise<unknown> | null = null;
  #over = false;

  constructor(process: ChatProcess, sink: ChatSink, clock: Clock, { command }: ChatStart) {
    this.#process = process;
    this.#clock = clock;
    this.#cwd = command.cwd;
    this.thread = new Thread((update) => sink.update(update), clock);
    this.peer = createRpcPeer({
      send: (line) => process.send(line),
      handlers: {
        request: (method, params, id) => this.#asked(method, record(params), id),
        notification: (method, params) => this.thread.take(method, record(params)),
        unknown: (line) => sink.update({ type: 'unknown', kind: 'a line', text: brief(line) }),
      },
      versioned: false,
    });
    process.onLine = (line) => {
      if (line.trim() !== '') this.peer.take(line);
    };
    process.onExit = (exit) => {
      this.#over = true;
      this.peer.close('Codex has ended.');
      this.thread.over(new AfieldError('unavailable', 'Codex has ended.'));
      sink.exit(exit);
    };
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  async prompt({ id, content, files }: { id: string; content: string; files: GivenFile[] }): Promise<void> {
    this.#check();
    const input = inputOf(content, files);
    if (content.trim() === COMPACT && files.length === 0) {
      await this.#call('thread/compact/start', {});
      return;
    }
    const shown = this.thread.give(id);
    try {
      // Before anything is waited for, so that an interruption finds it.
      const { turn } = this.thread;
      if (turn === null && this.#starting === null) await this.#start(id, input);
      else await this.#steer(id, input);
      const taken = await inTime(this.#clock, TAKEN_MS, () => shown.promise.then(() => true));
      if (taken === null)
        throw new AfieldError('unavailable', this.#over ? 'Codex has ended.' : 'Codex did not show that it took the prompt.');
    } finally {
      this.thread.takeBack(id);
    }
  }

  async cancel(): Promise<void> {
    await this.#starting?.catch(() => {});
    const { turn } = this.thread;
    if (turn === null || this.#over) return;
    try {
      await this.#call('turn/interrupt', { turnId: turn });
    } catch (error) {
      // It ended just now.
      if (this.thread.turn === turn) throw error;
    }
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    this.#check();
    await giveAnswer(this.thread, (method, params) => this.#call(method, params), key, answer);
  }

  async setModel(model: string): Promise<void> {
    this.#check();
    this.#next.model = model;
    this.thread.chosen(model, this.thread.mode);
  }

  async setMode(mode: string): Promise<void> {
    this.#check();
    if (!isMode(mode)) throw new AfieldError('not_supported', 'Codex has no such mode here.');
    this.#next.mode = mode;
    this.thread.chosen(null, mode);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  #check(): void {
    if (this.#over) throw new AfieldError('unavailable', 'Codex has ended. Go on with the session to start it again.');
  }

  async #start(id: string, input: object[]): Promise<void> {
    const { model, mode } = this.#next;
    const chosen = { ...(model === null ? {} : { model }), ...turnMode(mode) };
    const started = this.#call('turn/start', { clientUserMessageId: id, input, ...chosen });
    this.#starting = started;
    try {
      const { turn } = record(await started);
      // Its notifications may have come before, with its end.
      if (this.thread.turn === null && !this.thread.ended(text(record(turn).id))) this.thread.begin(text(record(turn).id));
      this.thread.tellState();
    } finally {
      this.#starting = null;
    }
  }

  /** Into the turn that goes on; when it has just ended, a turn of its own. */
  async #steer(id: string, input: object[]): Promise<void> {
    await this.#starting?.catch(() => {});
    const { turn } = this.thread;
    if (turn === null) await this.#start(id, input);
    else await this.#call('turn/steer', { expectedTurnId: turn, clientUserMessageId: id, input });
  }

  /** On our thread. Errors: unavailable with what it refused. */
  async #call(method: string, params: Loose): Promise<unknown> {
    try {
      return await this.peer.request(method, { threadId: this.thread.id, ...params });
    } catch (error) {
      if (error instanceof RpcError) throw new AfieldError('unavailable', `Codex refused: ${error.message}`);
      throw error;
    }
  }

  #asked(method: string, params: Loose, id: RpcId): Promise<Loose> {
    const answered = openAsk(this.thread, this.#cwd, { method, params, id });
    if (answered === null) throw new RpcError(METHOD_NOT_FOUND, `Afield does not know ${method}`);
    return answered;
  }
}

/** Models as it lists them. */
export function modelChoices(listed: unknown): { id: string; name: string; description: string | null }[] {
  return records(record(listed).data).flatMap(({ id, model, displayName, description, hidden }) => {
    const name = text(model) ?? text(id);
    return name === null || hidden === true ? [] : [{ id: name, name: text(displayName) ?? name, description: text(description) }];
  });
}
