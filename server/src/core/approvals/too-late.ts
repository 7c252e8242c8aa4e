/** What somebody is told whose answer was not the first. */
import type { ApprovalAnswer, ApprovalOutcome } from '@afield/shared/api/approvals.ts';
import { byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalRow } from '../chat-stores.ts';
import { chooseAnswer } from './answer.ts';

/** True when it says what the first one said: then the record answers it. */
export function isSameAnswer({ ask, outcome, state }: ApprovalRow, answer: ApprovalAnswer): boolean {
  if (outcome === null || state === 'gone') return false;
  try {
    const { kept } = chooseAnswer(ask, answer);
    return (['decision', 'scope', 'option_id', 'text'] as const).every((key) => kept[key] === outcome[key]) && sameAnswers(kept, outcome);
  } catch (error) {
    // What does not fit the ask was not the first answer either.
    if (error instanceof AfieldError) return false;
    throw error;
  }
}

function sameAnswers(a: Pick<ApprovalOutcome, 'answers'>, b: Pick<ApprovalOutcome, 'answers'>): boolean {
  const sorted = ({ answers }: Pick<ApprovalOutcome, 'answers'>) =>
    JSON.stringify(Object.entries(answers).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

/** `now`: in ms. */
export function tooLate({ state, outcome }: ApprovalRow, now: number): AfieldError {
  const unused = (words: string) => new AfieldError('approval_answered', words, { extension: { state, outcome } });
  if (outcome === null || (state === 'gone' && outcome.decision === 'unknown'))
    return unused(`The agent does not ask this any more. ${outcome?.reason ?? ''} Your answer was not used.`.replaceAll('  ', ' '));
  const seconds = Math.max(0, Math.round((now - Date.parse(outcome.at)) / 1_000));
  return unused(
    `Already answered ${byWords(outcome)}: ${decisionWords(outcome)}. Your answer came ${later(seconds)} later and was not used.`,
  );
}

function later(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
