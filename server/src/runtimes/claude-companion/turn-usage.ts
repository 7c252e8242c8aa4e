/**
 * Tokens by Claude's own record of a conversation. Each entry of an answer repeats what the whole answer used, so an answer counts once, by
 * its id; the record tells no cost before Claude ends.
 */
import type { UsageReport } from '../../core/chat-ports.ts';
import { reportOf, type Sum, sumOf } from '../claude-stream/usage.ts';
import { type Loose, record, text } from '../loose.ts';

const NOTHING: Sum = { input: 0, cached: 0, output: 0, cost: null };
/** Entries of one answer stand close together. */
const MAX_ANSWERS = 100;

export class TurnUsage {
  /** Entries from before this time (ms) belong to a conversation that was taken up again: they were paid for elsewhere. */
  readonly #since: number;
  readonly #tell: (usage: UsageReport) => void;
  #turn: string | null = null;
  /** Of the turn, by model. */
  readonly #totals = new Map<string | null, Sum>();
  /** What the newest answers of the turn used, by their ids. */
  readonly #answers = new Map<string, Sum>();

  constructor(since: number, tell: (usage: UsageReport) => void) {
    this.#since = since;
    this.#tell = tell;
  }

  /** `prompt`: id of the entry that holds it. */
  begins(prompt: string): void {
    this.#turn = prompt;
    this.#totals.clear();
    this.#answers.clear();
  }

  /** One entry of an answer. What a turn has used so far is told anew whenever it grows. */
  answered(entry: Loose): void {
    const message = record(entry.message);
    const [answer, model] = [text(message.id), text(message.model)];
    if (answer === null || !(Date.parse(text(entry.timestamp) ?? '') >= this.#since)) return;
    const used = sumOf(record(message.usage), 'input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'output_tokens');
    const known = this.#answers.get(answer) ?? NOTHING;
    if (used.input + used.output <= known.input + known.output) return;
    this.#answers.set(answer, used);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MAX_ANSWERS) break;
      this.#answers.delete(oldest);
    }
    const before = this.#totals.get(model) ?? NOTHING;
    const grown = (of: 'input' | 'cached' | 'output') => before[of] + used[of] - known[of];
    const total: Sum = { input: grown('input'), cached: grown('cached'), output: grown('output'), cost: null };
    this.#totals.set(model, total);
    // One without a prompt: the conversation was taken up in its midst.
    this.#turn ??= answer;
    this.#tell(reportOf(this.#turn, model, total));
  }
}
