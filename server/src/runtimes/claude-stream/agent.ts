/** A running Claude Code that speaks stream-json both ways: what comes in becomes updates, what a person does goes out. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatAgent, ChatSink, ChatUpdate, GivenFile } from '../../core/chat-ports.ts';
import type { Machine } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { type ChatExit, type ChatProcess, tellExit } from '../chat-process.ts';
import { brief, type Loose, parsed, record, records, text } from '../loose.ts';
import { contentOf } from './content.ts';
import { Control } from './control.ts';
import { Conversation } from './conversation.ts';
import { fileNow } from './file-now.ts';
import { InOrder } from './in-order.ts';
import { commandsOf, knownAtStart, knownAtTurn, modeOf } from './known.ts';
import { Asks, isAsk } from './open-asks.ts';
import { Prompts } from './prompts.ts';
import { isQuiet, isQuietNews } from './quiet.ts';
import { Status } from './status.ts';

/** It answers these at once, unless it hangs. */
const CONTROL_MS = 10_000;
const INITIALIZE_MS = 60_000;

export interface ClaudeOptions {
  process: ChatProcess;
  machine: Machine;
  sink: ChatSink;
  clock: Clock;
  resumed: boolean;
}

export class ClaudeAgent implements ChatAgent {
  readonly #process: ChatProcess;
  readonly #machine: Machine;
  readonly #sink: ChatSink;
  readonly #control: Control;
  readonly #status: Status;
  readonly #conversation: Conversation;
  readonly #asks: Asks;
  readonly #prompts = new Prompts();
  #session: string | null = null;
  #commandsTold = false;
  #versionTold = false;
  #gone: AfieldError | null = null;
  /** A look at a file takes its time; what comes meanwhile waits. */
  readonly #inbox = new InOrder();

  constructor({ process, machine, sink, clock, resumed }: ClaudeOptions) {
    this.#process = process;
    this.#machine = machine;
    this.#sink = sink;
    const tell = (update: ChatUpdate) => sink.update(update);
    this.#control = new Control((message) => this.#send(message), clock);
    this.#status = new Status(tell);
    this.#conversation = new Conversation(tell, resumed);
    this.#asks = new Asks({ tell, send: (message) => this.#send(message), changed: (open) => this.#status.asks(open) });
    process.onLine = (line, whole) => this.#inbox.do(() => this.#take(line, whole));
    process.onExit = (exit) => this.#inbox.do(() => this.#end(exit));
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  /** Errors: unavailable when it ended, or says nothing in time. */
  async initialize(): Promise<void> {
    try {
      const answer = await this.#control.ask({ subtype: 'initialize', hooks: null }, INITIALIZE_MS);
      for (const update of knownAtStart(answer)) {
        this.#commandsTold ||= update.type === 'commands';
        this.#versionTold ||= update.type === 'version';
        this.#sink.update(update);
      }
    } catch (error) {
      // One that does not know the question takes prompts all the same.
      if (!(error instanceof AfieldError) || error.code !== 'not_supported') throw error;
    }
  }

  async prompt({ id, content, files }: { id: string; content: string; files: GivenFile[] }): Promise<void> {
    this.#mustRun();
    const blocks = contentOf(content, files);
    const taken = this.#prompts.given(id);
    try {
      this.#send({ type: 'user', message: { role: 'user', content: blocks }, uuid: id });
    } catch (error) {
      this.#prompts.failed(id, error as Error);
    }
    await taken;
  }

  async cancel(): Promise<void> {
    this.#mustRun();
    // A prompt that it has only just been given is meant too.
    await this.#prompts.taken();
    if (this.#status.state === 'idle') return;
    await this.#control.ask({ subtype: 'interrupt' }, CONTROL_MS);
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    this.#mustRun();
    await this.#asks.answer(key, answer);
  }

  async setModel(model: string): Promise<void> {
    this.#mustRun();
    await this.#control.ask({ subtype: 'set_model', model }, CONTROL_MS);
    this.#sink.update({ type: 'model', model });
  }

  async setMode(mode: string): Promise<void> {
    this.#mustRun();
    const answer = await this.#control.ask({ subtype: 'set_permission_mode', mode }, CONTROL_MS);
    this.#sink.update({ type: 'mode', mode: modeOf(answer.mode) ?? mode });
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await this.#inbox.settled();
  }

  #mustRun(): void {
    if (this.#gone !== null) throw this.#gone;
  }

  #send(message: object): void {
    this.#process.send(JSON.stringify(message));
  }

  #take(line: string, whole: boolean): undefined | Promise<void> {
    if (line.trim() === '') return;
    const message = parsed(line);
    if (message === null) {
      this.#sink.update({ type: 'unknown', kind: whole ? 'text' : 'half a message', text: brief(line) });
      return;
    }
    const session = text(message.session_id);
    if (session !== null && session !== this.#session) {
      this.#session = session;
      this.#sink.update({ type: 'agent_session', id: session });
    }
    if (message.type === 'control_request') return this.#asked(message);
    if (!this.#read(message)) {
      const kind = [message.type, message.subtype].filter((part) => typeof part === 'string').join('/');
      this.#sink.update({ type: 'unknown', kind: kind === '' ? 'message' : kind, text: brief(line) });
    }
  }

  /** False: of a kind that we do not know. */
  #read(message: Loose): boolean {
    switch (message.type) {
      case 'system':
        return this.#system(message);
      case 'stream_event':
        this.#works();
        return this.#conversation.streamed(message);
      case 'assistant':
        this.#works();
        return this.#conversation.assistant(message);
      case 'user':
        return this.#user(message);
      case 'result':
        this.#result(message);
        return true;
      case 'control_response':
        return this.#answered(record(message.response));
      case 'control_cancel_request':
        this.#asks.withdrawn(text(message.request_id) ?? '');
        return true;
      case 'command_lifecycle':
        this.#prompts.lifecycle(text(message.command_uuid), message.state);
        return true;
      case 'rate_limit_event':
        return this.#limited(record(message.rate_limit_info));
      default:
        return isQuiet(message.type);
    }
  }

  #system(line: Loose): boolean {
    switch (line.subtype) {
      case 'session_state_changed':
        return this.#told(line);
      case 'init':
        this.#status.begins();
        this.#turnBegins(line);
        return true;
      case 'status': {
        const mode = modeOf(line.permissionMode);
        if (mode !== undefined) this.#sink.update({ type: 'mode', mode });
        return true;
      }
      case 'api_retry':
        this.#conversation.retry(line);
        return true;
      case 'compact_boundary':
        this.#sink.update({ type: 'notice', level: 'info', text: 'The conversation was summed up to make room.' });
        return true;
      default:
        return isQuietNews(line.subtype);
    }
  }

  #told(line: Loose): boolean {
    const known = this.#status.told(line);
    if (this.#status.state === 'idle') this.#asks.movedOn(true);
    return known;
  }

  /** An older one shows no other sign that it has a prompt, or an answer. */
  #works(): void {
    if (this.#status.exact) return;
    this.#asks.movedOn(false);
    if (this.#prompts.echoed(null)) this.#status.begins();
  }

  #turnBegins(line: Loose): void {
    const version = text(line.claude_code_version);
    if (!this.#versionTold && version !== null) {
      this.#versionTold = true;
      this.#sink.update({ type: 'version', version, note: null });
    }
    for (const update of knownAtTurn(line)) this.#sink.update(update);
    if (this.#commandsTold) return;
    this.#commandsTold = true;
    const commands = commandsOf(line);
    if (commands.length > 0) this.#sink.update({ type: 'commands', commands });
  }

  #user(line: Loose): boolean {
    if (line.isReplay === true && this.#prompts.echoed(text(line.uuid))) {
      this.#status.begins();
      return true;
    }
    for (const block of records(record(line.message).content)) {
      const id = block.type === 'tool_result' ? text(block.tool_use_id) : null;
      if (id !== null) this.#asks.resulted(id);
    }
    return this.#conversation.user(line);
  }

  #result(line: Loose): void {
    const stop = this.#conversation.ended(line);
    if (!this.#status.exact) this.#asks.movedOn(true);
    this.#status.ended(stop);
  }

  /** To a request of ours, or the echo of our answer to one of its own. */
  #answered(response: Loose): boolean {
    return this.#control.answered(response) || this.#asks.echoed(text(response.request_id) ?? '');
  }

  #limited(info: Loose): boolean {
    if (info.status === 'allowed') return true;
    const when = typeof info.resetsAt === 'number' ? ` until ${new Date(info.resetsAt * 1_000).toISOString()}` : '';
    this.#sink.update({
      type: 'notice',
      level: 'warning',
      text: `The account is near or at its limit${when}: ${text(info.status) ?? 'unknown'}.`,
    });
    return true;
  }

  #asked(message: Loose): undefined | Promise<void> {
    const id = text(message.request_id);
    const request = record(message.request);
    if (id === null || !isAsk(request)) {
      const kind = text(request.subtype) ?? 'unknown';
      this.#sink.update({ type: 'unknown', kind: `control_request/${kind}`, text: brief(message) });
      if (id !== null) this.#reply({ subtype: 'error', request_id: id, error: `Unsupported control request subtype: ${kind}` });
      return;
    }
    // Who agrees to a file that is written must see what it replaces.
    if (request.tool_name === 'Write')
      return fileNow(this.#machine, text(record(request.input).file_path)).then((now) => this.#asks.open(id, request, now));
    this.#asks.open(id, request, null);
  }

  #reply(response: object): void {
    try {
      this.#send({ type: 'control_response', response });
    } catch {
      // Its end is heard otherwise.
    }
  }

  #end(exit: ChatExit): undefined {
    this.#gone = new AfieldError('unavailable', tellExit('Claude', exit));
    this.#control.close(this.#gone);
    this.#prompts.close(this.#gone);
    this.#asks.close(this.#gone);
    this.#sink.exit(exit);
  }
}
