import type { Question } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { answerMeant } from './answering.ts';
import { valuesOf } from './chat/decide.ts';
import { answerOneByOne } from './chat/one-by-one.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { findApprovals } from './reach/approvals.ts';
import { isTerminal } from './terminal/desk.ts';

export const examples: CommandModule['examples'] = [
  ['afield answer web', 'asks you what the agent asks'],
  ['afield answer web 2', 'the second choice'],
  ['afield answer web 1,3 "a name" yes', 'three questions: choices, words, yes or no'],
];

/** One word for each question, in order; "" leaves one out. Errors: UsageError. */
function answersOf(questions: readonly Question[], words: readonly string[]): Record<string, string[]> {
  if (words.length > questions.length)
    throw new UsageError(`There are ${questions.length} questions, and ${words.length} answers. Put words of one answer in quotes.`);
  const answers = questions.map((question, i): [string, string[]] => {
    const values = valuesOf(question, words[i]?.trim() ?? '');
    if (values === null) throw new UsageError(`Answer ${i + 1} does not fit its question. afield approvals shows what it takes.`);
    return [question.id, values];
  });
  return Object.fromEntries(answers.filter(([, values]) => values.length > 0));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<approval>', 'an approval (beginning of its id), or a session')
    .argument('[answers...]', 'one for each question: the number of a choice, several with commas, or words; left out: you are asked')
    .option('--json', 'machine readable; asks nothing')
    .action(async (target: string, words: string[], options: { json?: true }) => {
      const home = await context.home();
      const { found } = await findApprovals(home, target, io.now());
      const questions = found.filter(({ ask }) => ask.questions.length > 0);
      const [first] = questions;
      if (first === undefined) throw new AfieldError('approval_not_found', 'No question waits there. afield approvals shows what does.');
      if (words.length === 0) {
        if (options.json || !isTerminal(io.stdin, io.stderr))
          throw new UsageError('Give an answer for each question. afield approvals shows them.');
        return answerOneByOne(context, home, questions);
      }
      const answers = answersOf(first.ask.questions, words);
      // Of several the one that is meant is named by its id.
      const only = questions.length === 1 ? first.id : target;
      return answerMeant(context, { target: only, all: false, json: options.json === true, verb: 'answer' }, { answers });
    });
}
