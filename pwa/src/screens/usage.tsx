import type { DayBudget } from '@afield/shared/api/usage.ts';
import { costWords, dollars, tokenWords, unpricedWords } from '@afield/shared/cost-words.ts';
import { useModel } from '@preact/signals';
import { type Breakdown, type Day, type Part, type Period, type Usage, UsageModel } from '../models/usage.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { CostBars } from '../ui/cost-bars.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Segments } from '../ui/forms.tsx';
import { Meter } from '../ui/meter.tsx';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { SETTINGS, sessionPath } from './paths.ts';

const PERIODS: { value: `${Period}`; label: string; words: string }[] = [
  { value: '1', label: 'Today', words: 'today' },
  { value: '7', label: '7 days', words: 'in these 7 days' },
  { value: '30', label: '30 days', words: 'in these 30 days' },
];
/** More than these are summed up in a line. */
const SHOWN = 12;

/** Tokens and cost of all sessions. */
export function UsageScreen() {
  const { home, link } = useHome();
  const usage = useModel(() => new UsageModel(link));
  const open = home.open.value;
  const days = usage.days.value;
  return (
    <Page title="Usage" back={{ href: SETTINGS, label: 'More' }} class="stack usage-main" after={<HomeTabs />}>
      <Segments
        legend="Period"
        name="period"
        value={`${usage.period.value}`}
        options={PERIODS}
        onChange={(period) => usage.choosePeriod(Number(period) as Period)}
      />
      <Trouble usage={usage} open={open} />
      {days !== null && (
        <>
          <Total usage={usage} days={days} />
          <Budgets today={usage.dayBudget.value} />
          {usage.any.value && <Parts usage={usage} />}
          <p class="meta">Days are UTC. Only agents with a chat face tell what they use.</p>
        </>
      )}
    </Page>
  );
}

function Trouble({ usage, open }: { usage: Usage; open: boolean }) {
  const known = usage.days.value !== null;
  if (!open && known)
    return (
      <p class="dim" role="status">
        There is no connection: these are the last known numbers.
      </p>
    );
  if (!open) return <AskingHome open={false} />;
  if (usage.error.value !== null) return <FaultLine text={usage.error.value} onAgain={() => usage.load()} />;
  return known ? null : <AskingHome open />;
}

function Total({ usage, days }: { usage: Usage; days: readonly Day[] }) {
  const total = usage.total.value;
  const words = PERIODS.find(({ value }) => value === `${days.length}`)?.words ?? '';
  if (!usage.any.value) {
    return (
      <section class="panel empty" aria-label="Cost">
        <p role="status">No cost {words}.</p>
      </section>
    );
  }
  return (
    <section class="panel" aria-labelledby="h-cost">
      <h2 id="h-cost" class="vh">
        Cost {words}
      </h2>
      <div class="line usage-head">
        <p class="big">{costWords(total)}</p>
        <p class="meta push">
          {tokenWords(total.input_tokens + total.output_tokens)} tokens · {total.turns.toLocaleString('en')}{' '}
          {total.turns === 1 ? 'turn' : 'turns'}
        </p>
      </div>
      {total.unpriced_turns > 0 && <p class="small unpriced">{unpricedWords(total)}: not in these sums.</p>}
      {days.length > 1 && <CostBars bars={days.map((day, index) => barOf(day, index, days.length))} label="Cost by day" />}
    </section>
  );
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

function barOf({ day, sum }: Day, index: number, count: number) {
  const date = new Date(`${day}T00:00:00Z`);
  const weekday = WEEKDAYS[date.getUTCDay()] ?? '';
  const month = MONTHS[date.getUTCMonth()] ?? '';
  const last = index === count - 1;
  const many = count > 10;
  const value = sum.turns === 0 ? 0 : sum.cost_usd;
  const short = value === null || value === 0 ? '' : value < 100 ? value.toFixed(value < 10 ? 2 : 1) : String(Math.round(value));
  const label = many ? ((count - 1 - index) % 7 === 0 ? `${date.getUTCDate()} ${month}` : '') : last ? 'Today' : weekday.slice(0, 3);
  return {
    key: day,
    label,
    name: last ? 'today' : `${weekday} ${date.getUTCDate()} ${month}`,
    value,
    amount: short,
  };
}

/** Of the day, and of sessions that have one of their own and are near it. */
function Budgets({ today }: { today: DayBudget | null }) {
  const { home } = useHome();
  const sessions = [...home.sessions.value.values()]
    .map((session) => ({ session, budget: session.budget_usd ?? 0, cost: session.cost_usd ?? 0 }))
    .filter(({ budget, cost }) => budget > 0 && cost >= 0.8 * budget);
  if (today === null && sessions.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="h-budgets">
      <h2 id="h-budgets">Budgets</h2>
      <ul class="budgets">
        {today !== null && (
          <li>
            <Budget name="Today, all sessions" spent={today.spent_usd} usd={today.usd} />
            {today.state === 'reached' && (
              <p class="meta">
                Budget reached: no new message goes to an agent before 00:00 UTC, or until it is raised in the config file at home.
              </p>
            )}
          </li>
        )}
        {sessions.map(({ session, budget, cost }) => (
          <li key={session.id}>
            <Budget name={printable(session.name)} spent={cost} usd={budget} />
            <p class="line meta">
              {cost >= budget && 'New messages are held.'}
              <a class="act push" href={`${sessionPath(session.id, 'info')}`}>
                {cost >= budget ? 'Raise' : 'Look'}
              </a>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Budget({ name, spent, usd }: { name: string; spent: number; usd: number }) {
  const over = spent >= usd;
  const percent = Math.floor((100 * spent) / usd);
  return (
    <>
      <p class="line small">
        <b class="cut">{name}</b>
        <span class={over ? 'push num over' : 'push num'}>
          {over && 'reached · '}
          {dollars(spent)} of {dollars(usd)}
        </span>
      </p>
      <Meter part={spent / usd} label={`${percent} percent${over ? ', reached' : ''}`} over={over} />
    </>
  );
}

const BREAKDOWNS: { value: Breakdown; label: string }[] = [
  { value: 'project', label: 'Project' },
  { value: 'model', label: 'Model' },
  { value: 'agent', label: 'Agent' },
  { value: 'session', label: 'Session' },
];

function Parts({ usage }: { usage: Usage }) {
  const by = usage.by.value;
  const parts = usage.parts.value;
  const most = Math.max(...parts.map(({ sum }) => sum.cost_usd ?? 0), 0);
  const rest = parts.length - SHOWN;
  return (
    <section class="panel stack" aria-labelledby="h-parts">
      <h2 id="h-parts">Where it went</h2>
      <Segments legend="By" name="by" value={by} options={BREAKDOWNS} onChange={(next) => usage.chooseBreakdown(next)} />
      <ul class="cost-list">
        {parts.slice(0, SHOWN).map((part) => (
          <li key={part.key}>
            <PartRow part={part} by={by} most={most} />
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <p class="meta">
          And {rest === 1 ? '1 other' : `${rest} others`}, each cheaper: afield usage --by {by} lists them.
        </p>
      )}
    </section>
  );
}

/** What has no name of its own. */
const NAMELESS: Record<Breakdown, (key: string) => string> = {
  project: (key) => (key === '' ? 'No project' : 'A project that was deleted'),
  model: (key) => (key === '' ? 'Model not told' : printable(key)),
  agent: printable,
  session: () => 'A session that was deleted',
};

function PartRow({ part: { key, name, sum }, by, most }: { part: Part; by: Breakdown; most: number }) {
  const words = name === null ? NAMELESS[by](key) : printable(name);
  const known = by === 'session' && name !== null;
  return (
    <>
      <p class="line small">
        {known ? (
          <a class="cut cost-door" href={sessionPath(key, 'info')}>
            {words}
          </a>
        ) : (
          <span class="cut">{words}</span>
        )}
        <span class="push num">{costWords(sum)}</span>
      </p>
      {sum.cost_usd !== null && most > 0 && (
        <Meter part={sum.cost_usd / most} label={`${Math.round((100 * sum.cost_usd) / most)} percent of the dearest`} />
      )}
      <p class="meta">
        {tokenWords(sum.input_tokens + sum.output_tokens)} tokens
        {sum.unpriced_turns > 0 && ` · ${unpricedWords(sum)}`}
      </p>
    </>
  );
}
