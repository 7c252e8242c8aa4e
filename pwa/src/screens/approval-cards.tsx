import { onlyDeny, type Shown } from '../models/approvals.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import { ApprovalCard } from '../ui/approval-card.tsx';
import { useHome } from './app-context.ts';
import { APPROVALS, approvalPath } from './paths.ts';

/** After an answer the next one is at hand, else what runs; a new approval never takes the focus. */
function focusNext(id: string): void {
  const main = document.getElementById('main');
  const cards = [...(main?.querySelectorAll<HTMLElement>('.appr') ?? [])];
  const isThis = (card: HTMLElement) => card.getAttribute('aria-labelledby') === `appr-${id}`;
  const at = cards.findIndex(isThis);
  const open = [...cards.slice(at + 1), ...cards.slice(0, Math.max(at, 0))].find((card) => card.dataset.open === 'true');
  const running = main?.querySelector<HTMLElement>('#h-running') ?? null;
  const target = open?.querySelector<HTMLElement>('.hit') ?? running ?? cards[at]?.querySelector<HTMLElement>('.hit');
  if (running !== null && target === running) running.tabIndex = -1;
  target?.focus({ preventScroll: true });
}

/** One approval, wherever it stands. */
export function ApprovalSlot({ shown, place, titled = true }: { shown: Shown; place: string | number; titled?: boolean }) {
  const { home } = useHome();
  const { approval, answering, hash } = shown;
  return (
    <ApprovalCard
      approval={approval}
      answering={answering}
      onlyDeny={onlyDeny(shown)}
      ready={hash != null}
      now={everyQuarterMinute.value}
      href={approvalPath(approval.id)}
      place={place}
      titled={titled}
      onAnswer={(words, given) => {
        void home.approvals.answer(approval.id, words, given);
        focusNext(approval.id);
      }}
      onDismiss={() => home.approvals.dismiss(approval.id)}
    />
  );
}

/** All that wait, oldest first: a new one never moves another. `session_id`: only those of one. */
export function ApprovalCards({ session_id }: { session_id?: string }) {
  const { home } = useHome();
  const all = home.approvals.shown.value.filter(({ approval }) => session_id === undefined || approval.session_id === session_id);
  const heights = all.map(({ approval, answering }) => `${approval.id} ${approval.state} ${answering?.state}`);
  return (
    <>
      {all.map((shown, index) => (
        // What stands above it decides where it stands.
        <ApprovalSlot key={shown.approval.id} shown={shown} place={heights.slice(0, index).join()} titled={session_id === undefined} />
      ))}
      {session_id === undefined && home.approvals.waiting.value > 1 && (
        <a class="act appr-many" href={APPROVALS}>
          Answer several at once
        </a>
      )}
    </>
  );
}
