import type { Approval, ApprovalAsk, Question } from '@afield/shared/api/approvals.ts';
import { askWords } from '@afield/shared/approval-words.ts';
import type { ComponentChildren } from 'preact';
import {
  type AnswerOnItsWay,
  AnswerState,
  Covers,
  ExactSlab,
  givenOf,
  isOpen,
  type OnAnswer,
  type OnlyDeny,
  optionWords,
  useSteadyPress,
  WhyOnlyDeny,
  waysOf,
  yesWords,
} from './approval-parts.tsx';
import { FileDiffView } from './diff.tsx';
import { StatusWord } from './mark.tsx';
import { exact, printable, printableLines } from './printable.ts';
import { span } from './time.ts';

/** What a card shows whole; more is read on a screen of its own before it is allowed. */
const CARD_CHARACTERS = 600;
const CARD_LINES = 12;
const CARD_DIFF_CHARACTERS = 1_200;

export interface ApprovalCardProps {
  approval: Approval;
  answering: AnswerOnItsWay | null;
  onlyDeny: OnlyDeny;
  /** The hash of what is shown is there. */
  ready: boolean;
  now: number;
  /** Of its own screen. */
  href: string;
  /** Changes whenever the card stands elsewhere on the page. */
  place: string | number;
  onAnswer: OnAnswer;
  /** What became of it has been read. */
  onDismiss(): void;
  /** In its own session: without the name of it. */
  titled?: boolean;
}

const isShort = (text: string): boolean => text.length <= CARD_CHARACTERS && text.split('\n').length <= CARD_LINES;

/** The one question that is answered by one tap; null: it takes a form, or there is none. */
function tapQuestion({ questions }: ApprovalAsk): Question | null {
  const [one, ...others] = questions;
  if (one === undefined || others.length > 0 || one.type !== 'choice' || one.multiple || one.free) return null;
  return one.choices.length > 0 && one.choices.length <= 4 ? one : null;
}

/** Everything that an answer agrees to fits into a card. */
export function fitsCard(ask: ApprovalAsk): boolean {
  const diffs = ask.diffs.reduce((sum, diff) => sum + (diff.before?.length ?? 0) + (diff.after?.length ?? 0), 0);
  if (!isShort(ask.subject) || !isShort(ask.detail ?? '') || ask.diffs.length > 1 || diffs > CARD_DIFF_CHARACTERS) return false;
  return ask.questions.length === 0 || tapQuestion(ask) !== null;
}

/** An approval as large as it deserves on a phone: who asks, what exactly, and the answers under the thumb. */
export function ApprovalCard(props: ApprovalCardProps) {
  const { approval, answering, now, href, titled = true } = props;
  const heading = `appr-${approval.id}`;
  const open = isOpen(approval, answering);
  const who = `${printable(approval.agent)} ${askWords(approval.ask)}`;
  return (
    <article class="appr" aria-labelledby={heading} data-open={open ? 'true' : 'false'}>
      <div class="appr-top">
        {open ? <StatusWord status="waiting" word={who} /> : <span class="meta cut">{who}</span>}
        {titled && <span class="meta cut">{printable(approval.machine)}</span>}
        <span class="meta push">
          {now - Date.parse(approval.created_at) < 60_000 ? 'now' : span(now - Date.parse(approval.created_at))}
        </span>
      </div>
      <div class="appr-body">
        <h2 id={heading}>
          <a class="hit" href={href}>
            {titled ? printable(approval.session_name) : open ? 'Waits for your answer' : 'No longer waits'}
          </a>
        </h2>
        <Asked ask={approval.ask} />
        {open && <WhyOnlyDeny why={props.onlyDeny} />}
        <AnswerState
          approval={approval}
          answering={answering}
          {...(answering?.state === 'late'
            ? {
                actions: (
                  <button type="button" class="act" onClick={props.onDismiss}>
                    Close
                  </button>
                ),
              }
            : {})}
        />
      </div>
      {open && <Answers {...props} />}
    </article>
  );
}

/** As much of it as a card holds. */
function Asked({ ask }: { ask: ApprovalAsk }): ComponentChildren {
  const question = ask.questions[0];
  const [diff] = ask.diffs;
  const whole = fitsCard(ask);
  const start = ask.subject.slice(0, CARD_CHARACTERS).split('\n').slice(0, CARD_LINES).join('\n');
  return (
    <>
      {ask.subject !== '' && ask.kind === 'permission' && <ExactSlab label="Exact command" text={whole ? ask.subject : start} />}
      {ask.kind === 'permission' && (
        <p class="meta appr-where">
          <code>{exact(ask.tool_name)}</code> in <code>{exact(ask.cwd)}</code>
        </p>
      )}
      {whole && ask.detail !== null && <p class="ask">“{printableLines(ask.detail)}”</p>}
      {whole && diff !== undefined && <AskedDiff diff={diff} subject={ask.subject} />}
      {ask.kind === 'question' && <p class="ask">{question === undefined ? exact(ask.subject) : printable(question.text)}</p>}
      {!whole && ask.questions.length === 0 && <p class="risk">{missing(ask)}</p>}
    </>
  );
}

/** One file that is to change, with all of its lines; its name too, unless that is what stands above. */
export function AskedDiff({ diff, subject }: { diff: ApprovalAsk['diffs'][number]; subject: string }) {
  return (
    <>
      {diff.path !== subject && (
        <p class="approval-file">
          <code>{exact(diff.path)}</code>
        </p>
      )}
      {diff.after === null && <p class="risk">This file goes.</p>}
      <FileDiffView diff={diff} whole />
    </>
  );
}

function missing({ subject, diffs }: ApprovalAsk): string {
  if (diffs.length > 0) return `${diffs.length === 1 ? '1 file' : `${diffs.length} files`} to change: open it to read what.`;
  const lines = subject.split('\n').length;
  return lines > CARD_LINES ? `${lines} lines, of which the first stand here.` : 'Longer than what stands here.';
}

function Answers({ approval, onlyDeny, ready, href, place, onAnswer }: ApprovalCardProps) {
  const steady = useSteadyPress(place);
  const { ask } = approval;
  const { deny, once, session } = waysOf(ask);
  const question = tapQuestion(ask);
  const denied = steady(() => onAnswer(deny === null ? 'Deny' : optionWords(deny), givenOf(deny, 'deny')));
  const mayAllow = onlyDeny === null && ready;
  if (question !== null && mayAllow && fitsCard(ask)) {
    return (
      <div class="opts appr-opts">
        {question.choices.map((choice, index) => (
          <button
            key={choice.id}
            type="button"
            class="opt"
            {...steady(() => onAnswer(printable(choice.label), { answers: { [question.id]: [choice.id] } }))}
          >
            <kbd>{index + 1}</kbd>
            <span>
              {printable(choice.label)}
              {choice.description !== null && <span class="meta below">{printable(choice.description)}</span>}
            </span>
          </button>
        ))}
      </div>
    );
  }
  const direct = fitsCard(ask) && ask.questions.length === 0;
  const longer = direct && onlyDeny === null ? session : null;
  const covers = `covers-${approval.id}`;
  return (
    <>
      <Covers id={covers} option={longer} />
      <div class="acts">
        <button type="button" class="btn btn-deny" {...denied}>
          {deny?.decision === 'cancel' ? 'Cancel' : 'Deny'}
        </button>
        {!direct && (
          <a class="btn btn-main" href={href}>
            {ask.kind === 'question' ? 'Open and answer' : 'Read and answer'}
          </a>
        )}
        {longer !== null && (
          <button
            type="button"
            class="btn btn-line"
            disabled={!ready}
            aria-describedby={covers}
            {...steady(() => onAnswer('Allow for session', givenOf(longer, 'allow')))}
          >
            Allow for session
          </button>
        )}
        {direct && onlyDeny === null && (once !== null || ask.options.length === 0) && (
          <button type="button" class="btn btn-main" disabled={!ready} {...steady(() => onAnswer(yesWords(ask), givenOf(once, 'allow')))}>
            {yesWords(ask)}
          </button>
        )}
      </div>
    </>
  );
}
