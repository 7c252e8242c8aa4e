import type { Approval } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Context } from '../context.ts';
import { say, styleOf } from '../io.ts';
import { approvalCard, outcomeLine } from '../print/approval-card.ts';
import { printableLines } from '../print/printable.ts';
import { answer, delivery } from '../reach/approvals.ts';
import type { Home } from '../reach/home.ts';
import { askLine } from '../terminal/ask-line.ts';
import { Deciding } from './decide.ts';

/** Shows each and asks for it; an empty line leaves it, Ctrl-D all that are left. */
export async function answerOneByOne({ io }: Context, home: Home, approvals: readonly Approval[]): Promise<void> {
  if (approvals.length === 0) say(io, 'Nothing waits for you.');
  for (const approval of approvals) {
    say(io, ...approvalCard(approval, styleOf(io)));
    const deciding = new Deciding(approval);
    for (;;) {
      const line = await askLine(io, `${deciding.prompt}`);
      if (line === null) return;
      const read = deciding.read(line);
      if ('given' in read) {
        await tell(io, home, approval, read.given);
        break;
      }
      if (line.trim() === '' && approval.ask.questions.length === 0) {
        say(io, 'It waits on.');
        break;
      }
      if ('unclear' in read) say(io, read.unclear);
    }
  }
}

/** Somebody may have been first: that ends nothing. */
async function tell(io: Context['io'], home: Home, approval: Approval, given: Parameters<typeof answer>[2]): Promise<void> {
  try {
    const after = await answer(home, approval, given);
    say(io, ...(after.outcome === null ? [] : [outcomeLine({ ...after.outcome, reason: null })]), delivery(after));
  } catch (error) {
    if (!(error instanceof AfieldError)) throw error;
    say(io, `△ ${printableLines(error.message)}`);
  }
}
