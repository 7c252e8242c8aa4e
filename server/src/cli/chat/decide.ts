/** From a line that a person types to an answer: what an approval offers by a letter, questions by number or words. */
import type { Approval, ApprovalAnswer, ApprovalAsk, Question } from '@afield/shared/api/approvals.ts';
import { canOnlyBeDenied } from '@afield/shared/approval-bytes.ts';

export type Given = Omit<ApprovalAnswer, 'hash'>;
/** `unclear`: what was expected instead. `more`: what is asked next. */
export type Read = { given: Given } | { unclear: string } | { more: true };

const SCOPES = { y: 'once', s: 'session', a: 'always' } as const;
type Letter = keyof typeof SCOPES;
const WORDS: Readonly<Record<string, Letter | 'n'>> = {
  y: 'y',
  yes: 'y',
  allow: 'y',
  s: 's',
  session: 's',
  a: 'a',
  always: 'a',
  n: 'n',
  no: 'n',
  deny: 'n',
};

/** The scopes that are offered. */
function offered(ask: ApprovalAsk): Letter[] {
  if (canOnlyBeDenied(ask)) return [];
  return (Object.keys(SCOPES) as Letter[]).filter((letter) =>
    ask.options.some((o) => o.decision === 'allow' && o.scope === SCOPES[letter]),
  );
}

const LABELS: Readonly<Record<Letter, string>> = { y: 'y allow', s: 's in this session', a: 'a always' };

/** Answers one approval, a line at a time. */
export class Deciding {
  readonly approval: Approval;
  readonly #answers: [id: string, values: string[]][] = [];

  constructor(approval: Approval) {
    this.approval = approval;
  }

  /** What is expected now. */
  get prompt(): string {
    const question = this.#question;
    if (question === null)
      return `${[...offered(this.approval.ask).map((letter) => LABELS[letter]), 'n deny', 'n … deny with words'].join(' · ')} > `;
    const number = this.approval.ask.questions.length > 1 ? `${this.#answers.length + 1}. ` : '';
    return `${number}${howTo(question)} · /deny > `;
  }

  read(line: string): Read {
    const typed = line.trim();
    if (typed === '/deny') return { given: { decision: 'deny' } };
    const question = this.#question;
    return question === null ? this.#permission(typed) : this.#answer(question, typed);
  }

  get #question(): Question | null {
    return this.approval.ask.questions[this.#answers.length] ?? null;
  }

  #permission(typed: string): Read {
    const [, word = '', rest = ''] = /^([a-z]+)[\s,.:;]*(.*)$/is.exec(typed) ?? [];
    const letter = WORDS[word.toLowerCase()];
    if (letter === 'n') return { given: { decision: 'deny', ...(rest === '' ? {} : { text: rest }) } };
    const known = offered(this.approval.ask);
    if (letter === undefined || rest !== '' || !known.includes(letter)) return { unclear: `Type one of: ${[...known, 'n'].join(', ')}.` };
    return { given: { decision: 'allow', scope: SCOPES[letter] } };
  }

  #answer(question: Question, typed: string): Read {
    const values = valuesOf(question, typed);
    if (values === null) return { unclear: `Type ${howTo(question)}.` };
    this.#answers.push([question.id, values]);
    if (this.#question !== null) return { more: true };
    return { given: { answers: Object.fromEntries(this.#answers.filter(([, given]) => given.length > 0)) } };
  }
}

function howTo({ type, choices, multiple, free, required }: Question): string {
  const what = {
    choice: `a number from 1 to ${choices.length}${multiple ? ', several with commas' : ''}${free ? ', or your own words' : ''}`,
    text: 'your answer',
    number: 'a number',
    flag: 'y or n',
  }[type];
  return required ? what : `${what}, or nothing`;
}

/** What a person means by words: numbers, ids or labels of choices, else words of their own. Null: it does not fit. */
export function valuesOf(question: Question, typed: string): string[] | null {
  const { type, choices, multiple, free, required } = question;
  if (typed === '') return required ? null : [];
  if (type === 'flag') return /^(y|yes|true)$/i.test(typed) ? ['true'] : /^(n|no|false)$/i.test(typed) ? ['false'] : null;
  if (type === 'number') return Number.isFinite(Number(typed)) ? [typed] : null;
  if (type === 'text') return [typed];
  const choiceOf = (word: string) =>
    choices.find(({ id, label }) => id === word || label.toLowerCase() === word.toLowerCase()) ??
    (/^\d{1,4}$/.test(word) ? choices[Number(word) - 1] : undefined);
  const whole = choiceOf(typed);
  if (whole !== undefined) return [whole.id];
  const parts = multiple ? typed.split(',').map((part) => choiceOf(part.trim())) : [];
  if (parts.length > 0 && parts.every((part) => part !== undefined)) return [...new Set(parts.map(({ id }) => id))];
  return free ? [typed] : null;
}
