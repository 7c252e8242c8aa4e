/** What `approve`, `deny` and `answer` share: which approvals are meant, what is shown, and what came of it. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Given } from './chat/decide.ts';
import type { Context } from './context.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { note, say, sayJson, styleOf } from './io.ts';
import { approvalCard, hashOf, outcomeLine, titleOf } from './print/approval-card.ts';
import { printable, printableLines } from './print/printable.ts';
import { answer, approvalIds, briefly, delivery, findApprovals } from './reach/approvals.ts';
import type { Home } from './reach/home.ts';
import { askLine } from './terminal/ask-line.ts';
import { isTerminal } from './terminal/desk.ts';

interface Asking {
  target: string | undefined;
  /** All that wait there. */
  all: boolean;
  json: boolean;
  /** `approve`, `deny`, `answer`: as it is typed. */
  verb: string;
}

/** Answers what is meant. Several are answered only when all are meant. */
export async function answerMeant(context: Context, asking: Asking, given: Given): Promise<void> {
  const { io } = context;
  const home = await context.home();
  const { found, byId } = await findApprovals(home, asking.target, io.now());
  if (found.length === 0) throw new AfieldError('approval_not_found', nothing(asking.target));
  if (asking.all) return answerAll(context, home, asking, found, given);
  if (found.length > 1) throw new AfieldError('conflict', several(found, asking.verb));
  const [approval] = found as [Approval];
  if ((!byId || isLonger(approval, given)) && !asking.json) await agreed(context, [approval], asking.verb);
  const after = await answer(home, approval, given);
  if (asking.json) sayJson(io, after);
  else
    say(io, ...(after.outcome === null ? [] : [`${titleOf(after)}: ${outcomeLine({ ...after.outcome, reason: null })}`]), delivery(after));
  if (after.state === 'gone') throw new Exit(EXIT.failed);
}

async function answerAll(context: Context, home: Home, { json, verb }: Asking, found: Approval[], given: Given): Promise<void> {
  const { io } = context;
  if (!json) await agreed(context, found, verb);
  const answers = found.map((approval) => ({ ...given, id: approval.id, hash: hashOf(approval) }));
  const items: { id: string; approval: Approval | null; error: { code: string; detail: string } | null }[] = [];
  // As many as the API takes at a time.
  for (let i = 0; i < answers.length; i += 100) {
    items.push(...(await home.ask('Answering', 'answerApprovals', { body: { answers: answers.slice(i, i + 100) } })).items);
  }
  if (json) sayJson(io, { items });
  const short = approvalIds(items);
  for (const { id, approval, error } of json ? [] : items) {
    const said =
      error === null ? (approval?.outcome == null ? '' : outcomeLine({ ...approval.outcome, reason: null })) : printableLines(error.detail);
    say(io, `${short.get(id)}  ${error === null ? '✓' : '■'} ${said}`);
  }
  if (items.some(({ error }) => error !== null)) throw new Exit(EXIT.failed);
}

/** What is meant holds longer than this once. */
const isLonger = ({ ask, state }: Approval, { option_id, scope }: Given): boolean =>
  state === 'pending' && ((option_id === undefined ? scope : ask.options.find(({ id }) => id === option_id)?.scope) ?? 'once') !== 'once';

/**
 * Whoever names a session, and not an approval, or says that it should hold longer than this once, sees what it is and what that covers
 * before it is answered; on a terminal they say yes to it.
 */
async function agreed({ io }: Context, approvals: readonly Approval[], verb: string): Promise<void> {
  for (const approval of approvals) note(io, ...approvalCard(approval, styleOf(io)));
  if (!isTerminal(io.stdin, io.stderr)) return;
  const which = approvals.length === 1 ? 'it' : `all ${approvals.length}`;
  const said = await askLine(io, `${verb} ${which}? [y/N] `);
  if (!/^y(es)?$/i.test(said?.trim() ?? '')) throw new UsageError('Nothing was answered.');
}

const nothing = (target: string | undefined) =>
  target === undefined ? 'Nothing waits for you.' : `Nothing waits in ${printable(target)}. afield approvals shows what waits elsewhere.`;

function several(found: readonly Approval[], verb: string): string {
  return [
    `${found.length} wait there. Say which, or --all:`,
    ...briefly(found),
    `For example: afield ${verb} ${approvalIds(found).get(found[0]?.id ?? '')}`,
  ].join('\n');
}
