/** Text, thoughts and tool calls of Claude's messages: as they stream, and whole. */
import type { ChatUpdate } from '../../core/chat-ports.ts';
import { count, type Loose, parsed, record, text } from '../loose.ts';
import { diffsOf, inputOf, kindOf, locationsOf, titleOf } from './tools.ts';

type Tell = (update: ChatUpdate) => void;

interface Block {
  key: string;
  type: string;
  /** Of a tool call: id, name, and the input as far as it came. */
  tool: { id: string; name: string; json: string[]; length: number; shownAt: number } | null;
  whole: boolean;
}

/** Of an input that is still being written, this much is kept. */
const MAX_PARTIAL = 64 * 1024;
/** Blocks of one message that are remembered. */
const MAX_BLOCKS = 1_000;
/** Calls whose input is remembered until they end. */
const MAX_CALLS = 1_000;

export interface Call {
  name: string;
  input: Loose;
}

/** Of one speaker: Claude itself, or an agent that it asked. */
export class Blocks {
  readonly #tell: Tell;
  readonly #calls: Map<string, Call>;
  /** Whose text is told elsewhere (an agent's, in the call that asked it). */
  readonly #silent: boolean;
  #message = '';
  #blocks: Block[] = [];

  constructor(tell: Tell, calls: Map<string, Call>, silent: boolean) {
    this.#tell = tell;
    this.#calls = calls;
    this.#silent = silent;
  }

  /** An event of the stream. False: of a kind that we do not know. */
  streamed(event: Loose): boolean {
    switch (event.type) {
      case 'message_start':
        this.#begin(text(record(event.message).id) ?? '?');
        return true;
      case 'content_block_start':
        this.#start(count(event.index) ?? this.#blocks.length, record(event.content_block));
        return true;
      case 'content_block_delta':
        return this.#delta(count(event.index) ?? -1, record(event.delta));
      case 'content_block_stop':
        this.#end(count(event.index) ?? -1);
        return true;
      case 'message_delta':
      case 'message_stop':
      case 'ping':
        return true;
      default:
        return false;
    }
  }

  /** A block of a whole message, streamed before or not. False: of a kind that we do not know. */
  whole(message: string, content: Loose): boolean {
    if (message !== this.#message) this.#begin(message);
    const type = text(content.type) ?? '?';
    let block = this.#blocks.find((some) => !some.whole && some.type === type);
    if (block === undefined) {
      block = { key: `${message}:${this.#blocks.length}`, type, tool: null, whole: true };
      this.#add(block);
    }
    block.whole = true;
    if (type === 'text') this.#done(block, 'agent', content.text);
    else if (type === 'thinking') this.#done(block, 'thought', content.thinking);
    else if (type === 'tool_use' || type === 'server_tool_use' || type === 'mcp_tool_use') this.#call(content);
    else return type === 'redacted_thinking';
    return true;
  }

  #begin(message: string): void {
    this.#message = message;
    this.#blocks = [];
  }

  #add(block: Block): void {
    this.#blocks.push(block);
    if (this.#blocks.length > MAX_BLOCKS) this.#blocks.shift();
  }

  #at(index: number): Block | undefined {
    const key = `${this.#message}:${index}`;
    return this.#blocks.find((block) => block.key === key);
  }

  #start(index: number, content: Loose): void {
    const type = text(content.type) ?? '?';
    const block: Block = { key: `${this.#message}:${index}`, type, tool: null, whole: false };
    this.#add(block);
    const id = text(content.id);
    if (id === null || !type.endsWith('tool_use')) return;
    const name = text(content.name) ?? 'unknown';
    block.tool = { id, name, json: [], length: 0, shownAt: 0 };
    this.#tell({ type: 'tool', key: id, patch: { name, kind: kindOf(name), title: name, state: 'pending' } });
  }

  #delta(index: number, delta: Loose): boolean {
    const block = this.#at(index);
    const [role, piece] = delta.type === 'text_delta' ? (['agent', delta.text] as const) : (['thought', delta.thinking] as const);
    if (delta.type === 'text_delta' || delta.type === 'thinking_delta') {
      if (typeof piece === 'string' && piece !== '' && !this.#silent) {
        this.#tell({ type: 'text', key: block?.key ?? `${this.#message}:${index}`, role, text: piece });
      }
      return true;
    }
    if (delta.type === 'input_json_delta') {
      if (block !== undefined && typeof delta.partial_json === 'string') this.#partial(block, delta.partial_json);
      return true;
    }
    return delta.type === 'signature_delta' || delta.type === 'citations_delta';
  }

  /** Shown anew whenever it is twice as long, so that all of it together costs no more than twice its length. */
  #partial({ tool }: Block, piece: string): void {
    if (tool === null || tool.length > MAX_PARTIAL) return;
    tool.json.push(piece);
    tool.length += piece.length;
    if (tool.length < Math.max(32, tool.shownAt * 2)) return;
    tool.shownAt = tool.length;
    const json = tool.json.join('');
    tool.json = [json];
    this.#tell({ type: 'tool', key: tool.id, patch: { input: json } });
  }

  #end(index: number): void {
    const block = this.#at(index);
    if (block === undefined || block.whole || this.#silent) return;
    if (block.type === 'text') this.#tell({ type: 'text_done', key: block.key, role: 'agent' });
    else if (block.type === 'thinking') this.#tell({ type: 'text_done', key: block.key, role: 'thought' });
  }

  #done(block: Block, role: 'agent' | 'thought', whole: unknown): void {
    if (typeof whole === 'string' && whole !== '' && !this.#silent) this.#tell({ type: 'text_done', key: block.key, role, text: whole });
  }

  #call(content: Loose): void {
    const id = text(content.id) ?? `${this.#message}:${this.#blocks.length}`;
    const name = text(content.name) ?? 'unknown';
    const input = typeof content.input === 'string' ? (parsed(content.input) ?? {}) : record(content.input);
    remember(this.#calls, id, { name, input });
    const diffs = diffsOf(name, input);
    this.#tell({
      type: 'tool',
      key: id,
      patch: {
        name,
        kind: kindOf(name),
        title: titleOf(name, input),
        input: inputOf(name, input),
        state: 'running',
        locations: locationsOf(input),
        ...(diffs.length === 0 ? {} : { diffs }),
      },
    });
  }
}

function remember(calls: Map<string, Call>, id: string, call: Call): void {
  calls.set(id, call);
  if (calls.size <= MAX_CALLS) return;
  for (const oldest of calls.keys()) {
    calls.delete(oldest);
    return;
  }
}
