/** Tokens as Codex tells them: those of the last call of the model, and the sum so far, which makes the call one of its kind. */
import { count, type Loose, record } from '../loose.ts';

export interface Tokens {
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  /** Of all calls of the thread. */
  sum: number;
  /** How full the model's window is; null: not told. */
  context: { used_tokens: number; size_tokens: number } | null;
}

export function tokensOf(params: Loose): Tokens {
  const { total, last, modelContextWindow } = record(params.tokenUsage);
  const now = record(last);
  const [input_tokens, cached_tokens, output_tokens] = [
    count(now.inputTokens) ?? 0,
    count(now.cachedInputTokens) ?? 0,
    count(now.outputTokens) ?? 0,
  ];
  const size_tokens = count(modelContextWindow) ?? 0;
  const used_tokens = count(now.totalTokens) ?? input_tokens + output_tokens;
  const context = size_tokens > 0 ? { used_tokens, size_tokens } : null;
  return { input_tokens, cached_tokens, output_tokens, sum: count(record(total).totalTokens) ?? 0, context };
}
