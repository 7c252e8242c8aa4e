/** From what a person answers to what the agent is told: only what the agent offers, never more than was asked for. */
import type { ApprovalAnswer, ApprovalAsk, ApprovalOption, ApprovalOutcome, Question } from '@afield/shared/api/approvals.ts';
import { canOnlyBeDenied } from '@afield/shared/approval-bytes.ts';
import { decisionWords } from '@afield/shared/approval-words.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer } from '../chat-ports.ts';

export interface Chosen {
  toAgent: AgentAnswer;
  /** What is kept of it. */
  kept: Required<Pick<ApprovalOutcome, 'decision' | 'scope' | 'option_id' | 'text' | 'answers'>>;
}

type Decision = AgentAnswer['decision'];

/** Errors: not_supported for what the agent does not offer; bad_request for an answer that does not fit its questions. */
export function chooseAnswer(ask: ApprovalAsk, answer: ApprovalAnswer): Chosen {
  const option = optionOf(ask, answer);
  const decision = option?.decision ?? answer.decision ?? (ask.questions.length > 0 ? 'allow' : undefined);
  if (decision === undefined) throw new AfieldError('bad_request', 'Say allow or deny, or which option is taken.');
  if (decision !== 'allow') return chosen(option ?? refusalOf(ask, decision, answer.scope ?? 'once'), decision, answer);
  if (canOnlyBeDenied(ask))
    throw new AfieldError('not_supported', 'This is longer than 64 kB, so it can only be denied here. Answer it where the agent runs.');
  if (ask.questions.length > 0) return chosen(option, 'answer', { ...answer, answers: answersOf(ask.questions, answer) });
  if (Object.keys(answer.answers ?? {}).length > 0)
    throw new AfieldError('bad_request', 'There is no question to be answered here: it asks for a permission.');
  return chosen(option ?? permissionOf(ask, answer.scope ?? 'once'), 'allow', answer);
}

function chosen(option: ApprovalOption | null, decision: Decision, { scope, text, answers = {} }: ApprovalAnswer): Chosen {
  const told = { option_id: option?.id ?? null, text: text ?? null, answers };
  return {
    toAgent: { ...told, decision },
    kept: { ...told, decision, scope: option?.scope ?? (decision === 'allow' ? scope : undefined) ?? 'once' },
  };
}

/** The option that was named. */
function optionOf(ask: ApprovalAsk, { option_id, decision }: ApprovalAnswer): ApprovalOption | null {
  if (option_id === undefined) return null;
  const option = ask.options.find(({ id }) => id === option_id);
  if (option === undefined) throw new AfieldError('not_supported', `The agent does not offer this option. ${offers(ask)}`);
  if (decision !== undefined && decision !== option.decision)
    throw new AfieldError('bad_request', `The option is one to ${option.decision}, and the answer says ${decision}.`);
  return option;
}

/** Exactly what was asked for: neither more than that, nor less without a word. */
function permissionOf(ask: ApprovalAsk, scope: ApprovalOption['scope']): ApprovalOption {
  const option = ask.options.find((one) => one.decision === 'allow' && one.scope === scope);
  if (option !== undefined) return option;
  throw new AfieldError('not_supported', `The agent does not offer "${decisionWords({ decision: 'allow', scope })}" here. ${offers(ask)}`);
}

/** A no is always possible: the nearest that the agent offers, else none of its options. */
function refusalOf(ask: ApprovalAsk, decision: 'deny' | 'cancel', scope: ApprovalOption['scope']): ApprovalOption | null {
  const no = ask.options.filter((option) => option.decision === decision);
  const other = ask.options.filter((option) => option.decision !== decision && option.decision !== 'allow');
  const exact = no.find((option) => option.scope === scope);
  return exact ?? [...no, ...other].find((option) => option.scope === 'once') ?? no[0] ?? null;
}

function offers({ options }: ApprovalAsk): string {
  const all = [...new Set(options.map(decisionWords))];
  return all.length === 0 ? 'It offers nothing but to deny it.' : `It offers: ${all.join(', ')}.`;
}

/** Answers by question, all of them checked. A text alone answers the only question. */
function answersOf(questions: readonly Question[], { answers, text }: ApprovalAnswer): Record<string, string[]> {
  const [only, ...more] = questions as [Question, ...Question[]];
  const given = new Map(Object.entries(answers ?? (text !== undefined && more.length === 0 ? { [only.id]: [text] } : {})));
  const odd = [...given.keys()].find((id) => !questions.some((question) => question.id === id));
  if (odd !== undefined) throw new AfieldError('bad_request', `There is no question with the id ${JSON.stringify(odd.slice(0, 100))}.`);
  const checked = questions.map((question, i): [string, string[]] => [
    question.id,
    answerOf(question, given.get(question.id) ?? [], i + 1),
  ]);
  // `fromEntries` makes a member of its own even of `__proto__`.
  return Object.fromEntries(checked.filter(([, values]) => values.length > 0));
}

function answerOf(question: Question, values: readonly string[], number: number): string[] {
  const wrong = (what: string) => new AfieldError('bad_request', `Question ${number}: ${what}`);
  if (values.length === 0) {
    if (question.required) throw wrong('it must be answered.');
    return [];
  }
  if (values.length > 1 && !(question.type === 'choice' && question.multiple)) throw wrong('it takes one answer.');
  for (const value of values) {
    if (question.type === 'number' && !(value.trim() !== '' && Number.isFinite(Number(value)))) throw wrong('it takes a number.');
    if (question.type === 'flag' && value !== 'true' && value !== 'false') throw wrong('it takes true or false.');
    if (question.type !== 'choice' || question.choices.some(({ id }) => id === value)) continue;
    if (!question.free) throw wrong('it takes one of its choices.');
  }
  return [...values];
}
