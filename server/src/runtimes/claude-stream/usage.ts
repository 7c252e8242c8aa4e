/** Tokens and cost of a turn: the newest Claude tells them, an older one tells sums since its start, of which the difference is taken. */
import type { UsageReport } from '../../core/chat-ports.ts';
import { count, type Loose, record } from '../loose.ts';

/** `input` holds what was cached too. */
export interface Sum {
  input: number;
  cached: number;
  output: number;
  cost: number | null;
}

export class Usage {
  /** By model, since the process began. Null: it went on with a session and has not told yet what it counted before. */
  #before: Map<string, Sum> | null;
  /** Of the models' windows, the last told. */
  #window: number | null = null;
  #used: number | null = null;

  constructor(resumed: boolean) {
    this.#before = resumed ? null : new Map();
  }

  /** One call of the model that talks to the person. */
  called(usage: Loose): void {
    const { input, output } = sumOf(usage, 'input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'output_tokens');
    if (input + output > 0) this.#used = input + output;
  }

  /** The end of a turn: one report a model. `turn`: unique in the session. */
  ended(turn: string, result: Loose): UsageReport[] {
    const models = Object.entries(record(result.modelUsage));
    for (const [, usage] of models) this.#window = count(record(usage).contextWindow) ?? this.#window;
    const sums = new Map(models.map(([model, usage]) => [model, sumOfModel(record(usage))]));
    const before = this.#before;
    this.#before = sums;
    const told = result.model_usage_since_last_result;
    if (told !== undefined)
      return reports(
        turn,
        Object.entries(record(told)).map(([model, usage]) => [model, sumOfModel(record(usage))]),
      );
    if (before === null) return this.#ofTurn(turn, result, models[0]?.[0] ?? null);
    return reports(
      turn,
      [...sums].map(([model, sum]) => [model, minus(sum, before.get(model))]),
    );
  }

  /** How full the window is; null while not known. */
  context(): { used_tokens: number; size_tokens: number } | null {
    return this.#used === null || this.#window === null ? null : { used_tokens: this.#used, size_tokens: this.#window };
  }

  /** What it cost cannot be known: the sum holds what was before. */
  #ofTurn(turn: string, result: Loose, model: string | null): UsageReport[] {
    const usage = sumOf(record(result.usage), 'input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'output_tokens');
    return usage.input + usage.output === 0 ? [] : [reportOf(turn, model, { ...usage, cost: null })];
  }
}

/** By the names that the figures have in `usage`. */
export function sumOf(usage: Loose, input: string, read: string, created: string, output: string): Sum {
  const cached = count(usage[read]) ?? 0;
  return {
    input: (count(usage[input]) ?? 0) + cached + (count(usage[created]) ?? 0),
    cached,
    output: count(usage[output]) ?? 0,
    cost: count(usage.costUSD),
  };
}

const sumOfModel = (usage: Loose) => sumOf(usage, 'inputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens', 'outputTokens');

const less = (now: number, before: number) => Math.max(0, now - before);
function minus(now: Sum, before: Sum | undefined): Sum {
  if (before === undefined) return now;
  return {
    input: less(now.input, before.input),
    cached: less(now.cached, before.cached),
    output: less(now.output, before.output),
    cost: now.cost === null || before.cost === null ? null : less(now.cost, before.cost),
  };
}

const reports = (turn: string, sums: readonly (readonly [string, Sum])[]): UsageReport[] =>
  sums.filter(([, sum]) => sum.input + sum.output > 0 || (sum.cost ?? 0) > 0).map(([model, sum]) => reportOf(turn, model, sum));

export function reportOf(turn: string, model: string | null, sum: Sum): UsageReport {
  return {
    turn_id: model === null ? turn : `${turn}:${model}`,
    model,
    input_tokens: Math.round(sum.input),
    cached_tokens: Math.round(sum.cached),
    output_tokens: Math.round(sum.output),
    cost_usd: sum.cost,
  };
}
