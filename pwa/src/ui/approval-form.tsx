import type { Question } from '@afield/shared/api/approvals.ts';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { TextField } from './forms.tsx';
import { printable } from './printable.ts';

/** Answers by question; what a person writes in their own words stands apart until it is sent. */
export interface Filled {
  chosen: Record<string, string[]>;
  words: Record<string, string>;
}
export const NOTHING_FILLED: Filled = { chosen: {}, words: {} };

const MAX_WORDS = 10_000;

/** What is sent: choices by their id, words as they are. */
export function answersOf(questions: readonly Question[], { chosen, words }: Filled): Record<string, string[]> {
  const answers: Record<string, string[]> = {};
  for (const question of questions) {
    const own = words[question.id]?.trim() ?? '';
    const all = [...(chosen[question.id] ?? []), ...(own === '' ? [] : [own])];
    if (question.type === 'flag') answers[question.id] = [chosen[question.id]?.[0] ?? 'false'];
    else if (all.length > 0) answers[question.id] = all;
  }
  return answers;
}

/** Ids of the questions that still need an answer, or have one that will not do. */
export function unanswered(questions: readonly Question[], filled: Filled): string[] {
  const answers = answersOf(questions, filled);
  return questions
    .filter((question) => {
      const given = answers[question.id];
      if (given === undefined) return question.required;
      return question.type === 'number' && given.some((text) => !Number.isFinite(Number(text)));
    })
    .map((question) => question.id);
}

export interface QuestionsProps {
  questions: readonly Question[];
  filled: Filled;
  disabled: boolean;
  onChange(filled: Filled): void;
}

/** Questions with choices, and fields of a form. All of their text is the agent's. */
export function Questions({ questions, filled, disabled, onChange }: QuestionsProps) {
  return (
    <div class="stack">
      {questions.map((question) => (
        <Asked key={question.id} question={question} filled={filled} disabled={disabled} onChange={onChange} />
      ))}
    </div>
  );
}

function Asked({ question, filled, disabled, onChange }: Omit<QuestionsProps, 'questions'> & { question: Question }): ComponentChildren {
  const { id, type, multiple, free, required, choices } = question;
  const label = `${printable(question.text)}${required ? '' : ' (may be left out)'}`;
  const chosen = filled.chosen[id] ?? [];
  const setWords = (text: string) =>
    onChange({
      chosen: multiple ? filled.chosen : { ...filled.chosen, [id]: text.trim() === '' ? chosen : [] },
      words: { ...filled.words, [id]: text },
    });
  const choose = (next: string[]) =>
    onChange({ chosen: { ...filled.chosen, [id]: next }, words: multiple ? filled.words : { ...filled.words, [id]: '' } });
  if (type === 'text' || type === 'number') {
    return (
      <TextField
        label={label}
        value={filled.words[id] ?? ''}
        maxLength={MAX_WORDS}
        {...(type === 'number' ? { inputMode: 'decimal' as const } : { rows: 3 })}
        error={type === 'number' && !Number.isFinite(Number(filled.words[id] ?? '')) ? 'This takes a number.' : null}
        onInput={setWords}
      />
    );
  }
  const all = type === 'flag' ? FLAG : choices;
  return (
    <fieldset class="ask-choices" disabled={disabled}>
      <legend class="lab">{label}</legend>
      <div class="opts">
        {all.map((choice) => (
          <Choice
            key={choice.id}
            name={id}
            multiple={multiple && type === 'choice'}
            label={printable(choice.label)}
            description={choice.description === null ? null : printable(choice.description)}
            checked={chosen.includes(choice.id)}
            onChange={(on) => choose(multiple ? (on ? [...chosen, choice.id] : chosen.filter((one) => one !== choice.id)) : [choice.id])}
          />
        ))}
      </div>
      {free && type === 'choice' && (
        <TextField label="In your own words" value={filled.words[id] ?? ''} maxLength={MAX_WORDS} rows={2} onInput={setWords} />
      )}
    </fieldset>
  );
}

const FLAG = [
  { id: 'true', label: 'Yes', description: null },
  { id: 'false', label: 'No', description: null },
];

interface ChoiceProps {
  name: string;
  multiple: boolean;
  label: string;
  description: string | null;
  checked: boolean;
  onChange(on: boolean): void;
}

function Choice({ name, multiple, label, description, checked, onChange }: ChoiceProps) {
  const group = useId();
  return (
    <label class="opt opt-check">
      <input
        type={multiple ? 'checkbox' : 'radio'}
        name={multiple ? `${group}-${name}` : name}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        {description !== null && <span class="meta below">{description}</span>}
      </span>
    </label>
  );
}
