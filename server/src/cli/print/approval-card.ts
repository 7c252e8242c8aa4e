/** An approval as it is shown before somebody answers: what it is, exactly, and what can be answered. */
import { createHash } from 'node:crypto';
import type { Approval, ApprovalOption, ApprovalOutcome, Question } from '@afield/shared/api/approvals.ts';
import { approvalBytes, canOnlyBeDenied } from '@afield/shared/approval-bytes.ts';
import { askWords, byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { diffLines } from './diff-lines.ts';
import { exact, exactLines } from './exact.ts';
import { printable, printableLines } from './printable.ts';
import type { Style } from './style.ts';

/** Lines of a subject that can only be denied: nobody reads 64 kB. */
const DENIED_LINES = 20;
const DENIED_CHARACTERS = 2_000;

/** Of what is shown here, not of what the home server says it is. */
export const hashOf = ({ ask }: Pick<Approval, 'ask'>): string => createHash('sha256').update(approvalBytes(ask)).digest('hex');

/** `claude wants to run a command` */
export const titleOf = ({ agent, ask }: Pick<Approval, 'agent' | 'ask'>): string => `${printable(agent)} ${askWords(ask)}`;

/** `Allow, by Pixel 9`; with the reason, where there is one. */
export function outcomeLine(outcome: ApprovalOutcome): string {
  const reason = outcome.reason === null ? '' : ` ${printable(outcome.reason)}`;
  const words = outcome.text === null ? '' : ` “${printable(outcome.text)}”`;
  return `${decisionWords(outcome)}, ${printable(byWords(outcome))}.${words}${reason}`;
}

function questionLines(question: Question, number: number): string[] {
  const how = [question.multiple ? 'several' : '', question.required ? '' : 'may be left out', question.free ? 'or your own words' : '']
    .filter((word) => word !== '')
    .join(', ');
  return [
    `${number}. ${printableLines(question.text).replaceAll('\n', '\n   ')}${how === '' ? '' : ` (${how})`}`,
    ...question.choices.map(({ label, description }, i) => {
      return `   ${i + 1}) ${printable(label)}${description === null ? '' : `: ${printable(description)}`}`;
    }),
  ];
}

function subjectLines({ subject }: Approval['ask'], deniedOnly: boolean): string[] {
  if (!deniedOnly) return exactLines(subject);
  const shown = exactLines(subject.slice(0, DENIED_CHARACTERS)).slice(0, DENIED_LINES);
  return [...shown, `… of ${subject.length} characters. Too long to be read, so it can only be denied here.`];
}

/** What each answer that holds longer than this once covers; of several with one reach the first is taken, the others by their id. */
function reachLines({ options }: Approval['ask'], deniedOnly: boolean): string[] {
  const longer = options.filter(({ decision, scope }) => scope !== 'once' && !(deniedOnly && decision === 'allow'));
  const first = (option: ApprovalOption) =>
    option.decision === 'allow' && longer.find(({ decision, scope }) => decision === 'allow' && scope === option.scope) === option;
  return longer.map((option) => {
    const how = first(option) ? '' : ` (--option ${exact(option.id)})`;
    const covers =
      option.covers === null ? `nobody tells what that covers; it is called “${printable(option.label)}”` : exact(option.covers);
    return `${decisionWords(option)}${how}: ${covers}`;
  });
}

/** Everything that an answer agrees to. */
export function approvalCard(approval: Approval, style: Style): string[] {
  const { ask } = approval;
  const deniedOnly = canOnlyBeDenied(ask);
  const indented = (lines: string[]) => lines.map((line) => `  ${line}`);
  return [
    `${style('signal', `◆ ${titleOf(approval)}`)}  ${printable(approval.session_name)}${approval.machine === 'local' ? '' : ` on ${printable(approval.machine)}`}`,
    ...indented(subjectLines(ask, deniedOnly)),
    ...ask.diffs.flatMap((diff) => indented(diffLines(diff, style))),
    ...indented(ask.questions.flatMap((question, i) => questionLines(question, i + 1))),
    // Never at the place of what will be executed.
    ...(ask.detail === null
      ? []
      : printableLines(ask.detail)
          .split('\n')
          .map((line, i) => `  ${i === 0 ? 'It says: ' : '         '}${line}`)),
    style('quiet', `  in ${exact(ask.cwd)}`),
    ...indented(reachLines(ask, deniedOnly)),
  ];
}
