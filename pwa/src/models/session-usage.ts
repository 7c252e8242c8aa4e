import type { Session } from '@afield/shared/api/sessions.ts';
import type { SessionUsage } from '@afield/shared/api/usage.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { whileOpen } from './while-open.ts';

const AMOUNT = /^\$?\s*(\d{1,6}(?:[.,]\d{1,4})?)$/;
export const MAX_BUDGET_USD = 100_000;

/** USD that somebody typed; null: it is none. Empty is no budget of its own: `none`. */
export function budgetOf(text: string): number | 'none' | null {
  const typed = text.trim();
  if (typed === '') return 'none';
  const usd = Number(AMOUNT.exec(typed)?.[1]?.replace(',', '.') ?? Number.NaN);
  return usd > 0 && usd <= MAX_BUDGET_USD ? usd : null;
}

/** What one session used, and its budget. */
export const SessionUsageModel = createModel((link: HomeLink, id: string, onChanged: (session: Session) => void) => {
  const usage = signal<SessionUsage | null>(null);
  const error = signal<string | null>(null);
  const saving = createAction();

  async function load(): Promise<void> {
    try {
      usage.value = await link.call('getSessionUsage', { params: { id } });
      error.value = null;
    } catch (cause) {
      error.value = failureOf(cause).text;
    }
  }

  const subscription = link.subscribe({ topics: ['usage.updated'], session_id: id, onGap: () => void load() }, (event) => {
    if (event.type === 'usage.updated' && event.session_id === id) usage.value = event.payload.usage;
  });
  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    stop();
    subscription.close();
  });

  return {
    usage,
    error,
    saving,
    load,
    /** True when home has it. Errors of what was typed are told like those of home. */
    setBudget: (text: string) =>
      saving.run(async () => {
        const budget = budgetOf(text);
        if (budget === null) throw new Error('A budget is an amount in dollars such as 2.50. Leave it empty for none.');
        onChanged(await link.call('updateSession', { params: { id }, body: { budget_usd: budget === 'none' ? null : budget } }));
        await load();
      }),
  };
});
export type SessionUsageLook = InstanceType<typeof SessionUsageModel>;
