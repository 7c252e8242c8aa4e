/** Holds what a chat's agent uses against its budgets: said when one is nearly used up, and the turn ends when it is. */
import type { UsageReport } from '../chat-ports.ts';
import type { UsageDesk, UsageVerdict } from '../chat-service.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { Transcript } from './transcript.ts';

export class Budget {
  readonly #desk: UsageDesk;
  readonly #record: SessionRecord;
  readonly #events: { transcript: Transcript; cancel(): void };
  #state: UsageVerdict['state'] = 'within';
  /** Why no prompt is given; null: they are. */
  reason: string | null = null;

  constructor(desk: UsageDesk, record: SessionRecord, events: { transcript: Transcript; cancel(): void }) {
    this.#desk = desk;
    this.#record = record;
    this.#events = events;
  }

  /** What it says now. */
  look(): UsageVerdict {
    return this.#take(this.#desk.verdict(this.#record.row));
  }
  reached(): boolean {
    return this.look().state === 'reached';
  }

  used(usage: UsageReport): void {
    const before = this.#state;
    const verdict = this.#take(this.#desk.report(this.#record.row, usage));
    if (verdict.cost_usd !== null && verdict.cost_usd !== this.#record.row.cost_usd) this.#record.save({ cost_usd: verdict.cost_usd });
    if (verdict.state === before) return;
    const { transcript, cancel } = this.#events;
    if (verdict.state === 'near') transcript.notice('warning', 'Most of the budget is used up.');
    if (verdict.state === 'reached') {
      transcript.notice('warning', verdict.reason);
      cancel();
    }
  }

  context({ used_tokens, size_tokens }: { used_tokens: number; size_tokens: number }): void {
    this.#desk.context(this.#record.row, { used_tokens, size_tokens });
  }

  #take(verdict: UsageVerdict): UsageVerdict {
    this.#state = verdict.state;
    this.reason = verdict.state === 'reached' ? verdict.reason : null;
    return verdict;
  }
}
