/** Claude's own record of a conversation, as it grows: messages, tools, the ends of turns. */
import { StringDecoder } from 'node:string_decoder';
import type { ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import type { Follower, Host } from '../../core/machine-ports.ts';
import { Conversation } from '../claude-stream/conversation.ts';
import { type Loose, parsed, record, records, text } from '../loose.ts';
import { TurnUsage } from './turn-usage.ts';

const MAX_LINE_CHARACTERS = 64 * 1024 * 1024;
const INTERRUPTED = /^\[Request interrupted by user/;

export interface Listening {
  tell(update: ChatUpdate): void;
  /** It works. */
  works(): void;
  idle(stop: TurnStop): void;
  called(call: { id: string; name: string; input: unknown }): void;
  resulted(tool_id: string): void;
}

export class Transcript {
  readonly #listening: Listening;
  readonly #conversation: Conversation;
  readonly #usage: TurnUsage;
  #decoder = new StringDecoder('utf8');
  #path: string | null = null;
  #follower: Follower | null = null;
  #rest: string[] = [];
  #length = 0;
  #failed = false;

  /** `since`: what was used before is not told, in ms. */
  constructor(listening: Listening, since: number) {
    this.#listening = listening;
    this.#usage = new TurnUsage(since, (usage) => listening.tell({ type: 'usage', usage }));
    this.#conversation = new Conversation(listening.tell, true);
  }

  /** From its beginning; the same path again does nothing, another one is followed in its place. */
  follow(host: Host, path: string): void {
    if (path === this.#path) return;
    this.#follower?.stop();
    this.#path = path;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = [];
    this.#length = 0;
    this.#follower = host.follow(path, 0, { bytes: (bytes) => this.#read(this.#decoder.write(bytes)), cut: () => {} });
  }

  stop(): void {
    this.#follower?.stop();
  }

  #read(piece: string): void {
    const lines = piece.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#rest.push(line);
      const whole = this.#rest.join('');
      this.#rest = [];
      this.#length = 0;
      this.#line(whole);
    }
    this.#length += last.length;
    if (this.#length <= MAX_LINE_CHARACTERS) this.#rest.push(last);
  }

  #line(line: string): void {
    const entry = parsed(line);
    if (entry?.type === 'assistant') this.#usage.answered(entry);
    // What other agents say has its place in the call that asked them.
    if (entry === null || entry.isSidechain === true || entry.isMeta === true) return;
    if (entry.type === 'user') this.#user(entry);
    else if (entry.type === 'assistant') this.#assistant(entry);
    else if (entry.type === 'system' && entry.subtype === 'turn_duration') this.#end('done');
  }

  #user(entry: Loose): void {
    const { content } = record(entry.message);
    const said = typeof content === 'string' ? content : records(content).find(({ type }) => type === 'text')?.text;
    if (typeof said === 'string' && INTERRUPTED.test(said)) {
      this.#end('cancelled');
      return;
    }
    const results = records(content).flatMap(({ type, tool_use_id }) => (type === 'tool_result' ? [text(tool_use_id) ?? ''] : []));
    if (results.length > 0) {
      this.#conversation.user({ ...entry, tool_use_result: entry.toolUseResult, parent_tool_use_id: null });
      for (const id of results) this.#listening.resulted(id);
    } else if (typeof said === 'string') {
      const key = text(entry.uuid) ?? '?';
      this.#usage.begins(key);
      this.#listening.tell({ type: 'text_done', key, role: 'user', text: said });
    }
    this.#listening.works();
  }

  #assistant(entry: Loose): void {
    if (entry.isApiErrorMessage === true) this.#failed = true;
    this.#conversation.assistant({ ...entry, is_api_error_message: entry.isApiErrorMessage, parent_tool_use_id: null });
    for (const { type, id, name, input } of records(record(entry.message).content)) {
      if (type === 'tool_use') this.#listening.called({ id: text(id) ?? '', name: text(name) ?? '', input });
    }
    if (this.#failed) this.#end('error');
    else this.#listening.works();
  }

  #end(stop: TurnStop): void {
    this.#listening.idle(this.#failed && stop === 'done' ? 'error' : stop);
    this.#failed = false;
  }
}
