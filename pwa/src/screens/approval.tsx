import type { Approval } from '@afield/shared/api/approvals.ts';
import { askWords } from '@afield/shared/approval-words.ts';
import { useModel } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { ApprovalPastModel } from '../models/approval-past.ts';
import { findApproval, onlyDeny, type Shown } from '../models/approvals.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import { type Filled, NOTHING_FILLED, Questions } from '../ui/approval-form.tsx';
import { AnswerState, ExactSlab, isOpen, optionWords, WhyOnlyDeny } from '../ui/approval-parts.tsx';
import { FileDiffView } from '../ui/diff.tsx';
import { Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { StatusWord } from '../ui/mark.tsx';
import { Page, useTitle } from '../ui/page.tsx';
import { exact, printable, printableLines } from '../ui/printable.ts';
import { lastSeen, span } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { ApprovalFoot } from './approval-foot.tsx';
import { approvalPath, HOME, ruleFromPath, sessionPath } from './paths.ts';

/** One approval with everything that an answer agrees to. */
export function ApprovalScreen() {
  const { params } = useRoute();
  const id = params.id ?? '';
  const { home } = useHome();
  const shown = findApproval(home.approvals, id);
  // Another approval: nothing that was filled in or read goes over to it.
  return shown === null ? <Missing key={id} id={id} /> : <Known key={id} shown={shown} />;
}

/** Not among those that wait: it may be one of the past. */
function Missing({ id }: { id: string }) {
  const { home } = useHome();
  const live = home.live.value;
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    if (!live) return;
    let left = false;
    setFault(null);
    home.approvals.look(id).catch((cause: unknown) => !left && setFault(cause instanceof Error ? cause.message : String(cause)));
    return () => {
      left = true;
    };
  }, [id, live]);
  return (
    <Page title={fault === null ? 'Not here yet' : 'No such approval'}>
      <section class="panel empty" role="status">
        <p>
          {fault !== null && printable(fault)}
          {fault === null && (live ? 'Asking home for it …' : 'It shows as soon as home answers.')}
        </p>
        <a class="btn btn-main btn-wide" href={HOME}>
          Back to Home
        </a>
      </section>
    </Page>
  );
}

function Known({ shown }: { shown: Shown }) {
  const { home } = useHome();
  const { approval, answering } = shown;
  const { ask } = approval;
  const [filled, setFilled] = useState<Filled>(NOTHING_FILLED);
  const open = isOpen(approval, answering);
  useTitle('Approval');
  return (
    <div class="approval">
      <Head approval={approval} />
      <main id="main" class="approval-main stack">
        <div>
          {open && <StatusWord status="waiting" word={`waiting for you · ${ageOf(approval, everyQuarterMinute.value)}`} />}
          <h2 class="approval-ask">
            {printable(approval.agent)} {askWords(ask)} on {printable(approval.machine)}
          </h2>
        </div>
        <AnswerState approval={approval} answering={answering} />
        {ask.subject !== '' && ask.kind === 'permission' && <ExactSlab label="Exact command" text={ask.subject} whole />}
        {ask.subject !== '' && ask.kind === 'question' && ask.questions.every(({ text }) => text !== ask.subject) && (
          <p class="ask">{ask.questions.length === 0 ? exact(ask.subject) : printable(ask.subject)}</p>
        )}
        {ask.detail !== null && (
          <p class="small approval-why">
            <span class="meta">In its own words:</span> {printableLines(ask.detail)}
          </p>
        )}
        {ask.diffs.map((diff, index) => (
          <section key={`${index} ${diff.path}`} aria-label={exact(diff.path)}>
            <h3 class="approval-file">
              <code>{exact(diff.path)}</code>
              {diff.before === null && <span class="meta"> new</span>}
              {diff.after === null && <span class="meta"> goes</span>}
            </h3>
            <FileDiffView diff={diff} whole />
          </section>
        ))}
        {ask.questions.length > 0 && open && (
          <Questions questions={ask.questions} filled={filled} disabled={!home.live.value} onChange={setFilled} />
        )}
        {open && <WhyOnlyDeny why={onlyDeny(shown)} />}
        <Bound shown={shown} />
        <Past approval={approval} />
      </main>
      <ApprovalFoot shown={shown} filled={filled} />
    </div>
  );
}

const ageOf = ({ created_at }: Approval, now: number): string => {
  const age = now - Date.parse(created_at);
  return age < 60_000 ? 'just now' : span(age);
};

function Head({ approval }: { approval: Approval }) {
  const { home } = useHome();
  const open = home.approvals.shown.value.filter((one) => isOpen(one.approval, one.answering)).map((one) => one.approval.id);
  const at = open.indexOf(approval.id);
  const next = open[(at + 1) % open.length];
  return (
    <header class="top">
      <div class="line">
        <a class="btn btn-icon" href={HOME} aria-label="Close">
          <Icon name="close" />
        </a>
        <h1 tabindex={-1}>{printable(approval.session_name)}</h1>
        {next !== undefined && next !== approval.id && (
          <a class="act approval-next" href={approvalPath(next)}>
            {at >= 0 ? `${at + 1} of ${open.length}` : `${open.length} more`}
            <span class="vh">, to the next one</span>
            <Icon name="forward" small />
          </a>
        )}
      </div>
    </header>
  );
}

/** Sixteen digits tell it apart; all of them are there for who compares. */
function hashShown(hash: string | null | undefined): string {
  if (hash === undefined) return 'being made …';
  if (hash === null) return 'cannot be made in this browser';
  return (hash.slice(0, 16).match(/.{4}/g) ?? []).join(' ');
}

/** Everything else that an answer is bound to. */
function Bound({ shown: { approval, hash } }: { shown: Shown }) {
  const { ask } = approval;
  return (
    <>
      <Facts
        items={[
          ['In', <code key="cwd">{exact(ask.cwd)}</code>],
          ['Tool', <code key="tool">{exact(ask.tool_name)}</code>],
          [
            'Session',
            <a key="session" href={sessionPath(approval.session_id)}>
              open it
            </a>,
          ],
          [
            'Exact bytes',
            <code key="hash" title={hash ?? ''}>
              sha256 {hashShown(hash)}
            </code>,
          ],
        ]}
      />
      {ask.options.length > 0 && (
        <details class="more">
          <summary>What the agent offers</summary>
          <ul class="panel approval-offers">
            {ask.options.map((option) => (
              <li key={option.id}>
                <b>{optionWords(option)}</b>{' '}
                <span class="meta">
                  it says “{printable(option.label)}”
                  {option.covers != null && (
                    <>
                      , and that it covers <code>{exact(option.covers)}</code>
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** A rule's pattern holds no more. */
const MAX_RULE = 1_000;

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** "You allowed this 3 times in this project, last on Tuesday", and a rule for the next time. */
function Past({ approval }: { approval: Approval }) {
  const { home, link } = useHome();
  const model = useModel(() => new ApprovalPastModel(link));
  const live = home.live.value;
  useEffect(() => {
    if (live) void model.ask(approval);
  }, [live]);
  const past = model.past.value;
  if (approval.ask.kind !== 'permission' || (past === null && approval.ask.subject.length > MAX_RULE)) return null;
  const where = approval.project_id === null ? '' : ' in this project';
  const last = past?.examples.map((one) => Date.parse(one.created_at)).sort((a, b) => b - a)[0];
  const said = [past?.allowed ? `allowed this ${times(past.allowed)}` : '', past?.denied ? `denied it ${times(past.denied)}` : ''].filter(
    Boolean,
  );
  return (
    <section class="panel approval-past" aria-label="Before and from now on">
      {past !== null && (
        <p class="risk">
          <Icon name="clock" />
          <span>
            {said.length === 0
              ? `Exactly this was not asked before${where}.`
              : `You ${said.join(', ')}${where}${last === undefined ? '' : `, last ${lastSeen(last, Date.now())}`}.`}
          </span>
        </p>
      )}
      {approval.ask.subject.length <= MAX_RULE && (
        <a class="act" href={ruleFromPath(approval.id)}>
          <Icon name="shield" small />
          Make a rule of it
        </a>
      )}
    </section>
  );
}
