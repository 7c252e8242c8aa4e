/** Tokens and cost, in the places where agents tell them. */
import type { UsageReport } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { count, record, records, text } from '../loose.ts';

export type Tokens = Pick<UsageReport, 'input_tokens' | 'cached_tokens' | 'output_tokens'> & { model: string | null };

/** `usage` of a prompt's result (unstable in ACP 1, sent by most), or Gemini's `_meta.quota`. Null: it tells nothing. */
export function tokensOf(result: Loose): Tokens | null {
  const quota = record(record(result._meta).quota);
  const model = text(records(quota.model_usage)[0]?.model);
  return counted(record(result.usage), model) ?? counted(record(quota.token_count), model);
}

/** One report, in the words of ACP, of Gemini (`input_tokens`) or of Qwen. */
export function counted(usage: Loose, model: string | null): Tokens | null {
  const input = count(usage.inputTokens ?? usage.input_tokens ?? usage.promptTokens);
  const output = count(usage.outputTokens ?? usage.output_tokens ?? usage.candidatesTokens);
  if (input === null && output === null) return null;
  const cached = count(usage.cachedReadTokens ?? usage.cachedInputTokens ?? usage.cached_tokens) ?? 0;
  const written = count(usage.cachedWriteTokens ?? usage.cacheWriteInputTokens) ?? 0;
  const total = count(usage.totalTokens ?? usage.total_tokens);
  // who counts cached tokens beside the input shows it in the total
  const beside = total !== null && total >= (input ?? 0) + (output ?? 0) + cached ? cached + written : 0;
  return { input_tokens: (input ?? 0) + beside, cached_tokens: cached, output_tokens: output ?? 0, model };
}

/** Of two calls of the model. */
export const added = (one: Tokens | null, two: Tokens): Tokens =>
  one === null
    ? two
    : {
        input_tokens: one.input_tokens + two.input_tokens,
        cached_tokens: one.cached_tokens + two.cached_tokens,
        output_tokens: one.output_tokens + two.output_tokens,
        model: two.model ?? one.model,
      };

/** Agents whose `usage` is of all turns of the process: the protocol says both, "for this turn" and "across all turns". */
const SUMS = /^copilot$/i;

/** From what an agent tells to what a turn used. */
export class TokenMeter {
  /** Told so far, where it tells sums; null: it tells turns. */
  #before: Tokens | null = null;

  /** Its name, as it said at the start. */
  agent(name: string): void {
    if (SUMS.test(name)) this.#before = { input_tokens: 0, cached_tokens: 0, output_tokens: 0, model: null };
  }

  /** Null: nothing. */
  turn(told: Tokens | null): Tokens | null {
    if (told === null) return null;
    const { model, ...now } = told;
    const before = this.#before ?? { input_tokens: 0, cached_tokens: 0, output_tokens: 0 };
    if (this.#before !== null) this.#before = told;
    const used = {
      input_tokens: Math.max(0, now.input_tokens - before.input_tokens),
      cached_tokens: Math.max(0, now.cached_tokens - before.cached_tokens),
      output_tokens: Math.max(0, now.output_tokens - before.output_tokens),
    };
    return used.input_tokens + used.output_tokens === 0 ? null : { ...used, model };
  }
}

/** Cost is told as the sum of the session, over all its processes; a turn's is the difference. */
export class CostMeter {
  #known: number | null;
  #turnStart: number | null;
  #told = false;

  /** `fresh`: nothing was spent before. */
  constructor(fresh: boolean) {
    this.#known = fresh ? 0 : null;
    this.#turnStart = this.#known;
  }

  /** Another currency than US dollars counts as untold. */
  read(cost: Loose): void {
    const amount = count(cost.amount);
    if (amount === null || text(cost.currency) !== 'USD') return;
    this.#known = amount;
    this.#told = true;
  }

  begin(): void {
    this.#turnStart = this.#known;
    this.#told = false;
  }

  /** Of the turn, in US dollars; null: it was not told, or what was spent before is not known. */
  spent(): number | null {
    if (!this.#told || this.#known === null || this.#turnStart === null || this.#known < this.#turnStart) return null;
    return this.#known - this.#turnStart;
  }
}
