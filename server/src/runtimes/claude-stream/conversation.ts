/** What Claude says, as updates of a chat: its messages, tools and their results, plan, usage, retries and errors. Total: nothing throws. */
import type { ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import { brief, count, type Loose, record, records, shown, text } from '../loose.ts';
import { Blocks, type Call } from './blocks.ts';
import { Plan } from './plan.ts';
import { changedBy, outputOf } from './tools.ts';
import { Usage } from './usage.ts';

type Tell = (update: ChatUpdate) => void;

const INTERRUPTED = /^\[Request interrupted by user/;
/** Agents that were asked and speak at the same time. */
const MAX_SPEAKERS = 100;

export class Conversation {
  readonly #tell: Tell;
  readonly #calls = new Map<string, Call>();
  readonly #main: Blocks;
  /** Agents that it asked, by the call. */
  readonly #others = new Map<string, Blocks>();
  readonly #plan = new Plan();
  readonly #usage: Usage;
  /** An error that was told in this turn already. */
  #error: string | null = null;

  constructor(tell: Tell, resumed: boolean) {
    this.#tell = tell;
    this.#main = new Blocks(tell, this.#calls, false);
    this.#usage = new Usage(resumed);
  }

  streamed(line: Loose): boolean {
    const event = record(line.event);
    const by = text(line.parent_tool_use_id);
    if (by === null && event.type === 'message_delta') this.#usage.called(record(event.usage));
    return this.#speaker(by).streamed(event);
  }

  assistant(line: Loose): boolean {
    const message = record(line.message);
    const by = text(line.parent_tool_use_id);
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : records(message.content);
    if (line.is_api_error_message === true || (message.model === '<synthetic>' && line.error !== undefined)) {
      this.#fail(blocks.map((block) => text(block.text) ?? '').join('\n') || 'The model could not be reached.');
      return true;
    }
    const speaker = this.#speaker(by);
    const known = blocks.map((block) => speaker.whole(text(message.id) ?? text(line.uuid) ?? '?', block));
    // What another agent says is the output of the call that asked it.
    if (by !== null)
      for (const block of blocks) if (typeof block.text === 'string') this.#tell({ type: 'tool_output', key: by, text: `${block.text}\n` });
    return known.every(Boolean);
  }

  /** A message in the user's name that no person wrote just now: results of tools, and what Claude tells itself. */
  user(line: Loose): boolean {
    const { content } = record(line.message);
    if (typeof content === 'string') {
      this.#said(content, line);
      return true;
    }
    for (const block of records(content)) {
      if (block.type === 'tool_result') this.#result(block, line);
      else if (typeof block.text === 'string' && line.parent_tool_use_id == null) this.#said(block.text, line);
    }
    return true;
  }

  /** The end of a turn; how it ended. */
  ended(line: Loose): TurnStop {
    const stop = stopOf(line);
    if (stop === 'error' || stop === 'limit') {
      const errors = (Array.isArray(line.errors) ? line.errors : []).map(shown).join('\n');
      const why =
        text(line.result) ?? (errors || `It ended: ${text(line.terminal_reason) ?? text(line.subtype) ?? 'it does not say why'}.`);
      if (why !== this.#error) this.#tell({ type: 'notice', level: 'error', text: why });
    }
    this.#error = null;
    for (const usage of this.#usage.ended(
      text(line.uuid) ?? `${text(line.session_id) ?? ''}:${count(line.result_index) ?? line.duration_ms}`,
      line,
    )) {
      this.#tell({ type: 'usage', usage });
    }
    const context = this.#usage.context();
    if (context !== null) this.#tell({ type: 'context', ...context });
    this.#others.clear();
    return stop;
  }

  retry(line: Loose): void {
    const [attempt, most, delay] = [count(line.attempt), count(line.max_retries), count(line.retry_delay_ms)];
    const why = [count(line.error_status), text(line.error)].filter((part) => part !== null).join(' ');
    const when = delay === null ? '' : `, again in ${Math.ceil(delay / 1_000)} s`;
    this.#tell({
      type: 'notice',
      level: 'warning',
      text: `The model does not answer${why === '' ? '' : ` (${why})`}${when} (attempt ${attempt ?? '?'} of ${most ?? '?'}).`,
    });
  }

  #speaker(by: string | null): Blocks {
    if (by === null) return this.#main;
    let speaker = this.#others.get(by);
    if (speaker === undefined) {
      if (this.#others.size >= MAX_SPEAKERS) this.#others.clear();
      speaker = new Blocks(this.#tell, this.#calls, true);
      this.#others.set(by, speaker);
    }
    return speaker;
  }

  #fail(why: string): void {
    this.#error = why;
    this.#tell({ type: 'notice', level: 'error', text: why });
  }

  #said(words: string, line: Loose): void {
    const output = /^<local-command-std(?:out|err)>([\s\S]*)<\/local-command-std(?:out|err)>$/.exec(words)?.[1];
    if (output !== undefined) this.#tell({ type: 'notice', level: 'info', text: output });
    else if (!INTERRUPTED.test(words) && line.isSynthetic !== true && line.isReplay !== true) {
      this.#tell({ type: 'notice', level: 'info', text: brief(words) });
    }
  }

  #result(block: Loose, line: Loose): void {
    const id = text(block.tool_use_id);
    if (id === null) return;
    const failed = block.is_error === true;
    const output = outputOf(block.content);
    const call = this.#calls.get(id);
    const result = record(line.tool_use_result);
    const diffs = failed || call === undefined ? null : changedBy(call.name, result);
    // A refused edit changed nothing.
    const none = failed && call !== undefined ? { diffs: [] } : {};
    this.#tell({
      type: 'tool',
      key: id,
      patch: { state: failed ? 'failed' : 'done', output, ...none, ...(diffs === null ? {} : { diffs }) },
    });
    if (failed || call === undefined) return;
    const steps = this.#plan.after(call.name, call.input, { ...result, said: output });
    if (steps !== null) this.#tell({ type: 'plan', steps });
  }
}

function stopOf({ is_error, terminal_reason, subtype, stop_reason }: Loose): TurnStop {
  const reason = text(terminal_reason) ?? '';
  if (reason.startsWith('aborted')) return 'cancelled';
  const kind = text(subtype) ?? '';
  if (kind.startsWith('error_max_')) return 'limit';
  // An error of the provider is told as a success, and as an error beside it.
  if (is_error === true) return kind === 'error_during_execution' && reason === '' ? 'cancelled' : 'error';
  return stop_reason === 'refusal' ? 'refused' : 'done';
}
