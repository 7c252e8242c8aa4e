import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { SessionUsage } from '@afield/shared/api/usage.ts';
import { costWords, dollars, tokenWords, unpricedWords } from '@afield/shared/cost-words.ts';
import { useModel } from '@preact/signals';
import { type ComponentChildren, Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { type SessionUsageLook, SessionUsageModel } from '../models/session-usage.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Dialog, FormActs } from '../ui/dialog.tsx';
import { TextField } from '../ui/forms.tsx';
import { Meter } from '../ui/meter.tsx';
import { printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { USAGE } from './paths.ts';

/** Tokens, cost, budget and how full the agent's window is. Nothing for a session that tells nothing of it. */
export function UsagePanel({ session, live }: { session: Session; live: boolean }) {
  const { home, link } = useHome();
  const look = useModel(() => new SessionUsageModel(link, session.id, (changed) => home.take(changed)));
  const usage = look.usage.value;
  const tells = session.faces.includes('chat') || (usage !== null && usage.sum.turns > 0);
  if (!tells) return null;
  return (
    <section class="panel" aria-labelledby="h-usage">
      <h2 id="h-usage">Tokens and cost</h2>
      {usage === null ? (
        <AskingHome open={live} error={look.error.value} small />
      ) : (
        <Known session={session} usage={usage} look={look} live={live} />
      )}
    </section>
  );
}

function Known({ session, usage, look, live }: { session: Session; usage: SessionUsage; look: SessionUsageLook; live: boolean }) {
  const { sum, models, context } = usage;
  const several = models.length > 1 ? models : [];
  const cost = sum.turns === 0 ? 'No cost yet' : costWords(sum);
  return (
    <>
      <div class="line usage-head">
        <a class="big cost-door" href={USAGE} aria-label={`${cost}: all usage`}>
          {cost}
        </a>
        <p class="meta push">
          {tokenWords(sum.input_tokens + sum.output_tokens)} tokens · {sum.turns.toLocaleString('en')} {sum.turns === 1 ? 'turn' : 'turns'}
        </p>
      </div>
      {sum.unpriced_turns > 0 && (
        <p class="small unpriced">
          {unpricedWords(sum)}: not in this sum, and not held against the budget. Prices stand in the config file at home.
        </p>
      )}
      <BudgetLine session={session} usage={usage} look={look} live={live} />
      <dl class="kv">
        <Fact name="Input, cached" value={sum.cached_tokens.toLocaleString('en')} />
        <Fact name="Input, new" value={(sum.input_tokens - sum.cached_tokens).toLocaleString('en')} />
        <Fact name="Output" value={sum.output_tokens.toLocaleString('en')} />
        {several.map((one) => (
          <Fact key={one.model} name={one.model === '' ? 'Model not told' : printable(one.model)} value={costWords(one.sum)} />
        ))}
      </dl>
      {context !== null && context.size_tokens > 0 && (
        <div class="context">
          <p class="line small">
            <span>Window of the agent</span>
            <span class="push num">
              {tokenWords(context.used_tokens)} of {tokenWords(context.size_tokens)}
            </span>
          </p>
          <Meter
            part={context.used_tokens / context.size_tokens}
            label={`${Math.round((100 * context.used_tokens) / context.size_tokens)} percent of the window is used`}
          />
        </div>
      )}
    </>
  );
}

function Fact({ name, value }: { name: string; value: ComponentChildren }) {
  return (
    <Fragment>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </Fragment>
  );
}

function BudgetLine({ session, usage: { budget, sum, day_budget }, look, live }: Parameters<typeof Known>[0]) {
  const [asking, setAsking] = useState(false);
  const spent = sum.cost_usd ?? 0;
  const reached = budget?.state === 'reached';
  return (
    <div class="budget">
      {budget !== null && (
        <>
          <Meter
            part={spent / budget.usd}
            label={`${Math.floor((100 * spent) / budget.usd)} percent of the budget${reached ? ', reached' : ''}`}
            over={reached}
          />
          {reached && (
            <p class="small over" role="status">
              Budget reached: {dollars(budget.usd)} for this session. No new message goes to the agent until you raise it.
            </p>
          )}
        </>
      )}
      {day_budget?.state === 'reached' && (
        <p class="small over" role="status">
          Budget reached: {dollars(day_budget.usd)} a day for all sessions. New messages wait for 00:00 UTC.
        </p>
      )}
      <p class="line meta">
        <span>
          {budget === null ? 'No budget' : `${dollars(budget.usd)} budget`}
          {budget !== null && session.budget_usd === null && ', as for every session'}
        </span>
        {!ENDED.has(session.status) && (
          <button type="button" class="act push" disabled={!live} onClick={() => setAsking(true)}>
            {budget === null ? 'Set a budget' : reached ? 'Raise' : 'Change'}
          </button>
        )}
      </p>
      {asking && <BudgetSheet session={session} look={look} onClose={() => setAsking(false)} />}
    </div>
  );
}

function BudgetSheet({ session, look, onClose }: { session: Session; look: SessionUsageLook; onClose(): void }) {
  const [text, setText] = useState(session.budget_usd === null ? '' : String(session.budget_usd));
  const failure = look.saving.failure.value;
  const close = () => {
    look.saving.clear();
    onClose();
  };
  return (
    <Dialog title="Budget of this session" onClose={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void look.setBudget(text).then((done) => done && close());
        }}
      >
        <TextField
          label="Dollars"
          value={text}
          onInput={setText}
          inputMode="decimal"
          maxLength={12}
          placeholder="none of its own"
          error={failure === null ? null : printable(failure.text)}
          hint="At 80 % you are told. At 100 % no new message goes to the agent. What waits goes on when you raise it."
        />
        <FormActs submit="Save" disabled={look.saving.busy.value} onLeave={close} />
      </form>
    </Dialog>
  );
}
