/** The messages of opencode's conversation: their parts as chunks and tool calls, what they used, and whose they are. */
import type { ChatUpdate, UsageReport } from '../../core/chat-ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { brief, count, type Loose, record, text } from '../loose.ts';
import { ToolParts } from './tools.ts';

/** Messages and parts of which more may come. */
const MAX_MESSAGES = 1_000;
const MAX_PARTS = 4_000;
/** Parts that show nothing: where a step begins and ends, what files were like, which agent was meant. */
const SILENT_PARTS = new Set(['step-start', 'step-finish', 'snapshot', 'patch', 'agent', 'subtask', 'file', 'compaction', 'retry']);

type Emit = (update: ChatUpdate) => void;
type Role = 'agent' | 'thought' | 'user';

export class Messages {
  readonly #emit: Emit;
  /** Of the window of a model, in tokens; null when unknown. */
  readonly #windowOf: (model: string) => number | null;
  readonly #roles = new BoundedMap<'user' | 'assistant'>(MAX_MESSAGES);
  /** Not shown: of ours, whose text is known, or from before this run. */
  readonly #hidden = new BoundedMap<true>(MAX_MESSAGES);
  readonly #parts = new BoundedMap<{ role: Role; length: number; done: boolean }>(MAX_PARTS);
  readonly #tools = new ToolParts();
  readonly #used = new BoundedMap<string>(MAX_MESSAGES);
  readonly #since: number;
  #model: string | null = null;
  #mode: string | null = null;

  /** `since`: what messages from before used is known (ms since 1970). */
  constructor(emit: Emit, windowOf: (model: string) => number | null, since = 0) {
    this.#emit = emit;
    this.#windowOf = windowOf;
    this.#since = since;
  }

  /** Whatever belongs to this message is not shown. */
  hide(message_id: string): void {
    this.#hidden.set(message_id, true);
  }

  /** What a message is, and what it used so far. */
  updated(info: Loose): void {
    const id = text(info.id);
    if (id === null) return;
    this.#roles.set(id, info.role === 'user' ? 'user' : 'assistant');
    if (info.role === 'user') {
      const model = record(info.model);
      this.chosen(modelId(model.providerID, model.modelID), text(info.agent));
    } else if (!this.#hidden.has(id)) this.#fills(this.spent(info));
  }

  /** Model and mode, where they are told. */
  chosen(model: string | null, mode: string | null): void {
    if (model !== null && model !== this.#model) {
      this.#model = model;
      this.#emit({ type: 'model', model });
    }
    if (mode !== null && mode !== this.#mode) {
      this.#mode = mode;
      this.#emit({ type: 'mode', mode });
    }
  }

  part(part: Loose): void {
    const message = text(part.messageID) ?? '';
    if (this.#hidden.has(message)) return;
    const type = String(part.type);
    if (type === 'text' || type === 'reasoning') this.#text(part, type === 'reasoning' ? 'thought' : this.#roleOf(message));
    else if (type === 'tool') this.#tools.take(part).forEach(this.#emit);
    else if (!SILENT_PARTS.has(type)) this.#emit({ type: 'unknown', kind: `part ${type}`, text: brief(part) });
  }

  delta({ messageID, partID, field, delta }: Loose): void {
    const message = text(messageID) ?? '';
    const key = text(partID);
    if (this.#hidden.has(message) || key === null || typeof delta !== 'string' || delta === '') return;
    if (field !== 'text') {
      this.#emit({ type: 'unknown', kind: `more of ${brief(field)}`, text: delta });
      return;
    }
    const known = this.#parts.get(key) ?? { role: this.#roleOf(message), length: 0, done: false };
    if (known.done) return;
    known.length += delta.length;
    this.#parts.set(key, known);
    this.#emit({ type: 'text', key, role: known.role, text: delta });
  }

  /** What a message of the agent, or of one below it, used so far; null when nothing is new. */
  spent(info: Loose): UsageReport | null {
    const usage = (count(record(info.time).created) ?? this.#since) < this.#since ? null : usageOf(info);
    if (usage === null || this.#used.get(usage.turn_id) === JSON.stringify(usage)) return null;
    this.#used.set(usage.turn_id, JSON.stringify(usage));
    this.#emit({ type: 'usage', usage });
    return usage;
  }

  /** Diffs that an ask tells of a call. */
  proposed(key: string, patch: Extract<ChatUpdate, { type: 'tool' }>['patch']): void {
    this.#emit({ type: 'tool', key, patch });
  }

  /** Another turn begins: what still ran in the one before will not end any more. */
  settle(): void {
    for (const key of this.#tools.open()) {
      this.#tools.close(key);
      this.#emit({ type: 'tool', key, patch: { state: 'failed' } });
    }
  }

  #roleOf(message: string): Role {
    return this.#roles.get(message) === 'user' ? 'user' : 'agent';
  }

  #text(part: Loose, role: Role): void {
    const key = text(part.id);
    const whole = typeof part.text === 'string' ? part.text : '';
    // What opencode adds to a prompt for the model alone.
    if (key === null || part.synthetic === true || part.ignored === true) return;
    const known = this.#parts.get(key) ?? { role, length: 0, done: false };
    if (known.done) return;
    const ended = role === 'user' || record(part.time).end !== undefined;
    if (ended && (whole !== '' || known.length > 0)) this.#emit({ type: 'text_done', key, role, text: whole });
    else if (whole.length > known.length) this.#emit({ type: 'text', key, role, text: whole.slice(known.length) });
    this.#parts.set(key, { role, length: Math.max(known.length, whole.length), done: ended });
  }

  /** How full the model's window is. */
  #fills(usage: UsageReport | null): void {
    const size = usage?.model == null ? null : this.#windowOf(usage.model);
    if (usage !== null && size !== null)
      this.#emit({ type: 'context', used_tokens: usage.input_tokens + usage.output_tokens, size_tokens: size });
  }
}

/** `provider/model`, as opencode writes it on its command line. */
export function modelId(provider: unknown, model: unknown): string | null {
  return typeof provider === 'string' && typeof model === 'string' ? `${provider}/${model}` : null;
}

function usageOf(info: Loose): UsageReport | null {
  const tokens = record(info.tokens);
  const cache = record(tokens.cache);
  const cached = count(cache.read) ?? 0;
  const input = (count(tokens.input) ?? 0) + (count(cache.write) ?? 0) + cached;
  const output = (count(tokens.output) ?? 0) + (count(tokens.reasoning) ?? 0);
  const id = text(info.id);
  if (id === null || input + output === 0) return null;
  // A model without prices costs 0 for opencode.
  const cost = count(info.cost) || null;
  const model = modelId(info.providerID, info.modelID);
  return { turn_id: id, model, input_tokens: input, cached_tokens: cached, output_tokens: output, cost_usd: cost };
}
