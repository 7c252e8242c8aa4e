/** Hears a Claude Code that a person uses in a terminal: what it asks by its hooks, what it says by its transcript. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatSink, ChatUpdate, Companion } from '../../core/chat-ports.ts';
import type { Machine } from '../../core/machine-ports.ts';
import { type OpenAsk, readAsk, responseTo } from '../claude-stream/asks.ts';
import { fileNow } from '../claude-stream/file-now.ts';
import { shownOver } from '../claude-stream/open-asks.ts';
import { type Loose, record, shown, text } from '../loose.ts';
import type { HookListener } from './hooks.ts';
import { type Listening, Transcript } from './transcript.ts';

interface Held {
  open: OpenAsk;
  /** Tool and input, to find it again: hooks name no call. */
  what: string;
  response: ServerResponse;
}

/** Where the transcript is, for whoever listens after a restart. */
export interface KeptPath {
  read(): string | null;
  write(path: string): void;
}

export interface ClaudeCompanionOptions {
  machine: Machine;
  listener: HookListener;
  kept: KeptPath;
  /** When the program was started, in ms. */
  since: number;
  sink: ChatSink;
}

/** More at one time are no questions to a person. */
const MAX_HELD = 50;
const MAX_CALLS = 200;

const whatOf = (tool: string, input: unknown): string => `${tool} ${shown(input)}`;

export class ClaudeCompanion implements Companion {
  readonly #machine: Machine;
  readonly #sink: ChatSink;
  readonly #listener: HookListener;
  readonly #transcript: Transcript;
  readonly #held = new Map<string, Held>();
  /** Calls that have not given anything back: what they are, by id. */
  readonly #calls = new Map<string, string>();
  readonly #kept: KeptPath;
  #session: string | null = null;
  #state: 'running' | 'waiting' | 'idle' = 'idle';

  constructor({ machine, listener, kept, since, sink }: ClaudeCompanionOptions) {
    this.#machine = machine;
    this.#sink = sink;
    this.#listener = listener;
    this.#kept = kept;
    const listening: Listening = {
      tell: (update) => sink.update(update),
      works: () => this.#become(this.#held.size > 0 ? 'waiting' : 'running'),
      idle: (stop) => {
        this.#allGone();
        this.#become('idle', { type: 'idle', stop });
      },
      called: ({ id, name, input }) => this.#called(id, whatOf(name, input)),
      resulted: (id) => this.#resulted(id),
    };
    this.#transcript = new Transcript(listening, since);
    const before = kept.read();
    if (before !== null) this.#transcript.follow(machine.host, before);
    listener.onHook = (hook, response) => {
      this.#hook(hook, response).catch(() => response.destroy());
    };
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) throw new AfieldError('not_found', 'Claude does not ask this any more.');
    this.#held.delete(key);
    const decision = responseTo(held.open, answer);
    const body = JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision } });
    await new Promise<void>((resolve) => held.response.end(body, () => resolve()));
    this.#become(this.#held.size > 0 ? 'waiting' : 'running');
  }

  leave(): void {
    this.#transcript.stop();
    this.#listener.close();
  }

  async #hook(hook: Loose, response: ServerResponse): Promise<void> {
    const session = text(hook.session_id);
    if (session !== null && session !== this.#session) {
      this.#session = session;
      this.#sink.update({ type: 'agent_session', id: session });
    }
    const path = text(hook.transcript_path);
    if (path !== null) {
      this.#kept.write(path);
      this.#transcript.follow(this.#machine.host, path);
    }
    const tool = text(hook.tool_name) ?? 'unknown';
    if (hook.hook_event_name === 'PermissionRequest') return this.#ask(tool, hook, response);
    response.end('{}');
    if (hook.hook_event_name === 'UserPromptSubmit') this.#become('running');
    else if (text(hook.hook_event_name)?.startsWith('PostToolUse') === true) this.#used(whatOf(tool, record(hook.tool_input)));
    else this.#allGone();
  }

  async #ask(tool: string, hook: Loose, response: ServerResponse): Promise<void> {
    const input = record(hook.tool_input);
    const what = whatOf(tool, input);
    const open = readAsk({ tool_name: tool, input, permission_suggestions: hook.permission_suggestions, tool_use_id: this.#callOf(what) });
    if (tool === 'Write') open.ask = shownOver(open.ask, await fileNow(this.#machine, text(input.file_path)));
    if (response.destroyed) return;
    if (this.#held.size >= MAX_HELD) return void response.end('{}');
    const key = randomUUID();
    this.#held.set(key, { open, what, response });
    response.on('close', () => this.#gone(key));
    this.#become('waiting');
    this.#sink.update({ type: 'ask', key, ask: open.ask });
  }

  #callOf(what: string): string | null {
    return [...this.#calls].findLast(([, call]) => call === what)?.[0] ?? null;
  }

  #called(id: string, what: string): void {
    this.#calls.set(id, what);
    if (this.#calls.size <= MAX_CALLS) return;
    for (const oldest of this.#calls.keys()) return void this.#calls.delete(oldest);
  }

  #resulted(id: string): void {
    const what = this.#calls.get(id);
    this.#calls.delete(id);
    if (what !== undefined) this.#used(what);
  }

  /** A tool was used, or refused: whoever asked for it has its answer. */
  #used(what: string): void {
    const key = [...this.#held].find(([, held]) => held.what === what)?.[0];
    if (key !== undefined) this.#gone(key);
  }

  #allGone(): void {
    for (const key of [...this.#held.keys()]) this.#gone(key);
  }

  #gone(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    if (!held.response.writableEnded) held.response.end('{}');
    this.#sink.update({ type: 'ask_gone', key, by: 'elsewhere', decision: 'unknown' });
    if (this.#state === 'waiting' && this.#held.size === 0) this.#become('running');
  }

  #become(state: 'running' | 'waiting' | 'idle', update: ChatUpdate = { type: state === 'waiting' ? 'waiting' : 'running' }): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sink.update(update);
  }
}
