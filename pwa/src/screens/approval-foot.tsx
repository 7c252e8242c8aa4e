import type { ApprovalOption } from '@afield/shared/api/approvals.ts';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { onlyDeny, type Shown } from '../models/approvals.ts';
import { answersOf, type Filled, unanswered } from '../ui/approval-form.tsx';
import {
  Covers,
  CoversWords,
  type GivenAnswer,
  givenOf,
  isOpen,
  optionWords,
  useSteadyPress,
  type Ways,
  waysOf,
  yesWords,
} from '../ui/approval-parts.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/forms.tsx';
import { Icon } from '../ui/icons.tsx';
import { printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { approvalPath, HOME, sessionPath } from './paths.ts';

type Answer = (words: string, given: GivenAnswer) => void;

/** True once the end of what stands above has been in sight: nothing below the fold is allowed unread. */
function useReadToEnd(end: { current: HTMLElement | null }): boolean {
  const [read, setRead] = useState(false);
  useEffect(() => {
    if (end.current === null) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setRead(true));
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return read;
}

/** The answers, under the thumb; after one, what is next. */
export function ApprovalFoot({ shown, filled }: { shown: Shown; filled: Filled }) {
  const { home } = useHome();
  const { approval, answering, hash } = shown;
  const end = useRef<HTMLDivElement>(null);
  const read = useReadToEnd(end);
  const [sheet, setSheet] = useState<'deny' | 'more' | null>(null);
  const open = isOpen(approval, answering);
  const answer: Answer = (words, given) => {
    setSheet(null);
    void home.approvals.answer(approval.id, words, given);
  };
  const ways = waysOf(approval.ask);
  const mayAllow = onlyDeny(shown) === null && hash != null && home.live.value;
  return (
    <>
      <div ref={end} class="sentinel" aria-hidden="true" />
      <section class="foot approval-foot" aria-label="Your answer">
        {open ? (
          <Answers
            shown={shown}
            ways={ways}
            filled={filled}
            mayAllow={mayAllow}
            live={home.live.value}
            read={read}
            onRead={() => end.current?.scrollIntoView({ block: 'end' })}
            onAnswer={answer}
            onSheet={setSheet}
          />
        ) : (
          <Next shown={shown} />
        )}
      </section>
      {sheet === 'deny' && <DenySheet option={ways.deny} onAnswer={answer} onClose={() => setSheet(null)} />}
      {sheet === 'more' && <MoreSheet options={ways.more} mayAllow={mayAllow && read} onAnswer={answer} onClose={() => setSheet(null)} />}
    </>
  );
}

interface AnswersProps {
  shown: Shown;
  ways: Ways;
  filled: Filled;
  mayAllow: boolean;
  live: boolean;
  read: boolean;
  onRead(): void;
  onAnswer: Answer;
  onSheet(sheet: 'deny' | 'more'): void;
}

const COVERS = 'covers-session';

function Answers({ shown, ways, filled, mayAllow, live, read, onRead, onAnswer, onSheet }: AnswersProps) {
  const { ask } = shown.approval;
  // The main button is another one once everything was read.
  const steady = useSteadyPress(`${read} ${shown.approval.id}`);
  const { deny, once, session, more } = ways;
  const questions = ask.questions;
  const missing = unanswered(questions, filled);
  const answers = questions.length === 0 ? {} : { answers: answersOf(questions, filled) };
  const allowOnce = once !== null || ask.options.length === 0;
  const longer = onlyDeny(shown) === null ? session : null;
  const form = ask.kind === 'question' && questions.length > 0;
  const given = form ? answers : { ...givenOf(once, 'allow'), ...answers };
  return (
    <>
      {onlyDeny(shown) === null && !read && (
        <button type="button" class="btn btn-main btn-wide btn-tall" onClick={onRead}>
          <Icon name="down" />
          Read to the end
        </button>
      )}
      {onlyDeny(shown) === null && read && (allowOnce || form) && (
        <button
          type="button"
          class="btn btn-main btn-wide btn-tall"
          disabled={!mayAllow || missing.length > 0}
          {...steady(() => onAnswer(form ? 'Answer' : yesWords(ask), given))}
        >
          {form ? 'Send the answer' : yesWords(ask)}
        </button>
      )}
      <Covers id={COVERS} option={longer} />
      <div class="acts">
        <button
          type="button"
          class="btn btn-line grow btn-deny"
          disabled={!live}
          {...steady(() => onAnswer(deny === null ? 'Deny' : optionWords(deny), givenOf(deny, 'deny')))}
        >
          {deny?.decision === 'cancel' ? 'Cancel' : 'Deny'}
        </button>
        {longer !== null && (
          <button
            type="button"
            class="btn btn-line grow"
            disabled={!mayAllow || !read || missing.length > 0}
            aria-describedby={COVERS}
            {...steady(() => onAnswer('Allow for session', { ...givenOf(longer, 'allow'), ...answers }))}
          >
            Allow for session
          </button>
        )}
      </div>
      <div class="acts approval-quiet">
        {ask.kind === 'permission' && (
          <button type="button" class="btn btn-quiet grow" disabled={!live} aria-haspopup="dialog" onClick={() => onSheet('deny')}>
            <Icon name="pen" small />
            Deny and say what to do instead
          </button>
        )}
        {more.length > 0 && (
          <button type="button" class="btn btn-quiet" disabled={!live} aria-haspopup="dialog" onClick={() => onSheet('more')}>
            <Icon name="more" small />
            More<span class="vh"> ways to answer</span>
          </button>
        )}
      </div>
      {!live && <p class="meta">There is no connection: it can be answered when it is back.</p>}
    </>
  );
}

function DenySheet({ option, onAnswer, onClose }: { option: ApprovalOption | null; onAnswer: Answer; onClose(): void }) {
  const [text, setText] = useState('');
  const steady = useSteadyPress('');
  return (
    <Dialog title="Deny, and say what to do instead" onClose={onClose}>
      <TextField label="For the agent" value={text} rows={4} maxLength={10_000} onInput={setText} />
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Leave it
        </button>
        <button
          type="button"
          class="btn btn-main grow"
          disabled={text.trim() === ''}
          {...steady(() => onAnswer('Deny', { ...givenOf(option, 'deny'), text: text.trim() }))}
        >
          Deny and send
        </button>
      </div>
    </Dialog>
  );
}

/** What an option does beyond this once. */
function scopeNote({ decision, scope }: ApprovalOption): string {
  if (scope === 'once') return 'Only this once';
  const until = scope === 'session' ? 'until this session ends' : 'from now on, until you take it back in the agent’s own settings';
  return `${decision === 'allow' ? 'Not asked again' : 'Refused'} ${until}`;
}

function MoreSheet({
  options,
  mayAllow,
  onAnswer,
  onClose,
}: {
  options: ApprovalOption[];
  mayAllow: boolean;
  onAnswer: Answer;
  onClose(): void;
}) {
  const steady = useSteadyPress('');
  return (
    <Dialog title="More ways to answer" onClose={onClose}>
      <div class="opts">
        {options.map((option) => (
          <button
            key={option.id}
            type="button"
            class="opt"
            disabled={option.decision === 'allow' && !mayAllow}
            {...steady(() => onAnswer(optionWords(option), givenOf(option, option.decision === 'allow' ? 'allow' : 'deny')))}
          >
            <span>
              {optionWords(option)}
              <span class="meta below">
                {scopeNote(option)}.{' '}
                {option.scope === 'once' || option.covers != null ? <>The agent calls it “{printable(option.label)}”.</> : null}{' '}
                {option.scope !== 'once' && (
                  <>
                    It <CoversWords option={option} />.
                  </>
                )}
              </span>
            </span>
          </button>
        ))}
      </div>
      {!mayAllow && <p class="meta">Read it to the end before you allow it.</p>}
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Leave it
        </button>
      </div>
    </Dialog>
  );
}

/** It is answered: the next one, or back. */
function Next({ shown: { approval } }: { shown: Shown }): ComponentChildren {
  const { home } = useHome();
  const open = home.approvals.shown.value.filter((one) => isOpen(one.approval, one.answering));
  const next = open[0];
  return (
    <div class="acts">
      <a class="btn btn-line grow" href={sessionPath(approval.session_id)}>
        Open its session
      </a>
      <a class="btn btn-main grow" href={next === undefined ? HOME : approvalPath(next.approval.id)}>
        {next === undefined ? 'Back to Home' : `${open.length} more ${open.length === 1 ? 'needs' : 'need'} you`}
      </a>
    </div>
  );
}
