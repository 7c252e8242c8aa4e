/** How an agent in a terminal begins with what an earlier session of its own knows: by arguments that its recipe names. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Recipe } from '../ports.ts';

export interface GoOn {
  /** The agent's own id of the earlier session. */
  id: string;
  /** As a new one of the agent's, which leaves the earlier one as it is. */
  fork: boolean;
}

/** What an agent says of itself is no option of its. */
const OWN_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;

/** Errors: not_supported when the recipe knows no way, or the id is none. */
export function goOnArgs({ title, goesOn }: Recipe, { id, fork }: GoOn): string[] {
  if (goesOn === undefined)
    throw new AfieldError('not_supported', `${title} cannot begin in a terminal with what an earlier session knows. Start a new one.`);
  if (!OWN_ID.test(id))
    throw new AfieldError('not_supported', `${title} gave its session no id that it could be asked for. Start a new one.`);
  return goesOn[fork ? 'fork' : 'resume'].map((arg) => (arg === '{id}' ? id : arg));
}

/**
 * Arguments of an earlier start, once more. Only those that the recipe names: a prompt among them would be asked again, and to leave
 * one out could take a limit away. Errors: not_supported.
 */
export function argsOnceMore({ title, goesOn }: Recipe, args: readonly string[]): string[] {
  const { valued = [], plain = [] } = goesOn?.keeps ?? {};
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at]!;
    const [name = ''] = arg.split('=', 1);
    if (plain.includes(arg) || (name !== arg && valued.includes(name))) continue;
    if (valued.includes(arg) && at + 1 < args.length) at += 1;
    else {
      throw new AfieldError(
        'not_supported',
        `It was started with “${arg.slice(0, 60)}”, which a fork cannot be given again. Start ${title} anew, and choose there what it goes on with.`,
      );
    }
  }
  return [...args];
}
