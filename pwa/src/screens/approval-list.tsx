import { askWords } from '@afield/shared/approval-words.ts';
import { useState } from 'preact/hooks';
import { onlyDeny, type Shown } from '../models/approvals.ts';
import { AskedDiff, fitsCard } from '../ui/approval-card.tsx';
import { AnswerState, ExactSlab, isOpen, useSteadyPress } from '../ui/approval-parts.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { exact, printable, printableLines } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { approvalPath, HOME } from './paths.ts';

/** May be answered together with others: one allows or denies it, and all of it stands in the list. */
function togetherWays(shown: Shown): { deny: boolean; allow: boolean } {
  const { ask } = shown.approval;
  const plain = ask.kind === 'permission' && ask.questions.length === 0 && isOpen(shown.approval, shown.answering);
  const once = ask.options.length === 0 || ask.options.some(({ decision, scope }) => decision === 'allow' && scope === 'once');
  return { deny: plain, allow: plain && once && shown.hash != null && onlyDeny(shown) === null && fitsCard(ask) };
}

const titleOf = (count: number): string => (count === 0 ? 'Approvals' : count === 1 ? '1 approval' : `${count} approvals`);

/** All that wait, to be answered together. */
export function ApprovalListScreen() {
  const { home } = useHome();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const all = home.approvals.shown.value;
  const live = home.live.value;
  const picked = all.filter((shown) => chosen.has(shown.approval.id) && togetherWays(shown).deny);
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <Page
      title={titleOf(home.approvals.waiting.value)}
      back={{ href: HOME, label: 'Home' }}
      class="approval-list"
      after={all.length > 0 && <Foot picked={picked} live={live} onDone={() => setChosen(new Set())} />}
    >
      {all.length === 0 && (
        <section class="panel empty">
          <h2>Nothing waits for you</h2>
          <p>{live ? 'What an agent asks shows here and on Home.' : 'There is no connection: what waits shows when it is back.'}</p>
        </section>
      )}
      <ul class="stack">
        {all.map((shown) => (
          <li key={shown.approval.id}>
            <Item shown={shown} checked={chosen.has(shown.approval.id)} onToggle={(on) => toggle(shown.approval.id, on)} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function Item({ shown, checked, onToggle }: { shown: Shown; checked: boolean; onToggle(on: boolean): void }) {
  const { approval, answering } = shown;
  const { ask } = approval;
  const ways = togetherWays(shown);
  const id = `pick-${approval.id}`;
  const whole = fitsCard(ask);
  return (
    <article class="appr appr-pick">
      <div class="appr-top">
        {isOpen(approval, answering) && (
          <input
            type="checkbox"
            id={id}
            class="check"
            checked={checked && ways.deny}
            disabled={!ways.deny}
            onChange={(event) => onToggle(event.currentTarget.checked)}
          />
        )}
        <label for={id} class="appr-who">
          <b>{printable(approval.session_name)}</b>
          <span class="meta below">
            {printable(approval.agent)} {askWords(ask)} on {printable(approval.machine)}
          </span>
        </label>
        <a class="btn btn-icon push" href={approvalPath(approval.id)} aria-label={`Open what ${printable(approval.session_name)} asks`}>
          <Icon name="forward" />
        </a>
      </div>
      <div class="appr-body">
        {whole && ask.kind === 'permission' && ask.subject !== '' && <ExactSlab label="Exact command" text={ask.subject} />}
        {whole && ask.kind === 'permission' && (
          <p class="meta appr-where">
            <code>{exact(ask.tool_name)}</code> in <code>{exact(ask.cwd)}</code>
          </p>
        )}
        {whole && ask.detail !== null && <p class="ask">“{printableLines(ask.detail)}”</p>}
        {whole && ask.diffs.map((diff) => <AskedDiff key={diff.path} diff={diff} subject={ask.subject} />)}
        {!ways.allow && isOpen(approval, answering) && (
          <p class="risk">
            {ways.deny ? 'Open it to read all of it: with others it can only be denied.' : 'It takes an answer of its own: open it.'}
          </p>
        )}
        <AnswerState approval={approval} answering={answering} />
      </div>
    </article>
  );
}

function Foot({ picked, live, onDone }: { picked: readonly Shown[]; live: boolean; onDone(): void }) {
  const { home } = useHome();
  const steady = useSteadyPress(picked.length);
  const allowable = picked.every((shown) => togetherWays(shown).allow);
  const answer = (words: string, decision: 'allow' | 'deny') => {
    void home.approvals.answerAll(
      picked.map(({ approval }) => approval.id),
      words,
      decision,
    );
    onDone();
  };
  return (
    <section class="foot approval-foot" aria-label="Your answer">
      <div class="acts">
        <button
          type="button"
          class="btn btn-line grow btn-deny"
          disabled={!live || picked.length === 0}
          {...steady(() => answer('Deny', 'deny'))}
        >
          Deny {picked.length > 0 && picked.length}
        </button>
        <button
          type="button"
          class="btn btn-main grow"
          disabled={!live || picked.length === 0 || !allowable}
          {...steady(() => answer('Allow once', 'allow'))}
        >
          Allow {picked.length > 0 && picked.length} once
        </button>
      </div>
    </section>
  );
}
