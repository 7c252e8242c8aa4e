/**
 * Approvals: one durable store at home, the first answer wins. What an agent asks is stored and told before anybody is asked; the answer
 * is stored before it is delivered; an agent that does not take it is told again until it does, or does not ask any more.
 */
import { createHash } from 'node:crypto';
import type { ApprovalAsk, ApprovalOutcome } from '@afield/shared/api/approvals.ts';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import { askWords, byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalDesk, ApprovalService } from '../chat-service.ts';
import type { ApprovalRow } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { SessionRow } from '../ports.ts';
import { type Chosen, chooseAnswer } from './answer.ts';
import { ApprovalBook } from './book.ts';
import { ApprovalDelivery } from './delivery.ts';
import type { ApprovalDeps } from './deps.ts';
import { offersOf } from './offers.ts';
import { pastPage, waitingPage } from './page.ts';
import { decidingRule } from './rule-match.ts';
import { isSameAnswer, tooLate } from './too-late.ts';

/** Nobody reads more; an agent that asks for more is told no. */
const MAX_OPEN = 200;
/** Bytes of one ask, and of all that wait in one session. */
const MAX_ASK_BYTES = 4 * 1024 * 1024;
const MAX_OPEN_BYTES = 16 * 1024 * 1024;
/** Of an ask that is too large to be kept, this much is. */
const KEPT_CHARACTERS = 4 * 1024;

const RULE_WORDS = 'A rule of the user does not allow this.';
const RESTARTED = 'The home server was started anew. If the agent still waits, it asks again.';

type Who = Pick<ApprovalOutcome, 'by' | 'rule_id' | 'reason'>;

export interface Approvals {
  desk: ApprovalDesk;
  service: ApprovalService;
  /** After the sessions. */
  close(): void;
}

export function createApprovals(deps: ApprovalDeps): Approvals {
  const { clock, store } = deps;
  const book = new ApprovalBook(deps);
  const delivery = new ApprovalDelivery(book, clock);

  const known = (id: string): ApprovalRow => {
    const row = book.get(id);
    if (row === null) throw new AfieldError('approval_not_found', 'No approval with this id; its session may have been deleted.');
    return row;
  };

  /** Decided: stored, told, and on its way. `told`: how the world hears of it. */
  const decide = (row: ApprovalRow, { kept, toAgent }: Chosen, who: Who): ApprovalRow => {
    const outcome: ApprovalOutcome = { ...kept, ...who, at: timestamp(clock) };
    const answered = book.change(row, { state: 'answered', outcome });
    book.tell('approval.resolved', answered);
    book.log(answered, `${decisionWords(outcome)}, ${byWords(outcome)}: ${row.ask.subject}${who.reason === null ? '' : `\n${who.reason}`}`);
    delivery.begin(row.id, toAgent);
    return answered;
  };

  /** Nobody needs to be asked: a rule decides, or there is too much of it. Null: a person is asked. */
  const withoutPerson = (session: SessionRow, row: ApprovalRow, overflow: string | null): { chosen: Chosen; who: Who } | null => {
    const { ask } = row;
    if (overflow !== null)
      return { chosen: chooseAnswer(ask, { hash: row.hash, decision: 'deny' }), who: { by: 'Afield', rule_id: null, reason: overflow } };
    const rule = decidingRule(store.rules.list(), {
      project_id: session.project_id,
      agent: session.agent,
      production: session.production,
      ask,
    });
    if (rule === null || rule.action === 'ask') return null;
    const answer = rule.action === 'allow' ? ({ decision: 'allow' } as const) : ({ decision: 'deny', text: RULE_WORDS } as const);
    const at = timestamp(clock);
    book.guarded(() => store.rules.used(rule.id, at));
    return {
      chosen: chooseAnswer(ask, { hash: row.hash, ...answer }),
      who: { by: 'a rule', rule_id: rule.id, reason: `The rule: ${rule.action} ${JSON.stringify(rule.pattern)}.` },
    };
  };

  const desk: ApprovalDesk = {
    ask(session, { ask: asked, item_id, deliver }) {
      const { tool_id: _tool, ...shown } = asked;
      const whole: ApprovalAsk = { ...shown, options: offersOf(shown.options), cwd: session.cwd };
      const bytes = Buffer.byteLength(approvalBytes(whole));
      const overflow = overflowOf(bytes, delivery.of(session.id));
      const ask = bytes > MAX_ASK_BYTES ? cutDown(whole) : whole;
      const hash = createHash('sha256').update(approvalBytes(ask)).digest('hex');
      const { id: session_id, agent, project_id } = session;
      const base = { id: deps.newId(), session_id, agent, project_id, item_id, ask, hash, created_at: timestamp(clock) };
      const row: ApprovalRow = { ...base, state: 'pending', outcome: null };
      delivery.open(row, { bytes, deliver });
      book.add(row);
      book.tell('approval.requested', row);
      book.log(row, `It ${askWords(ask)}: ${ask.subject}`);
      const decided = withoutPerson(session, row, overflow);
      return book.view(decided === null ? row : decide(row, decided.chosen, decided.who));
    },
    gone: (id, how) => delivery.gone(id, how),
    abandon: (session_id, reason) => delivery.abandon(session_id, reason),
    pending: (session_id) => delivery.of(session_id).pending,
  };

  const service: ApprovalService = {
    list: ({ all, ...query }) =>
      all ? pastPage(book, store.approvals, query) : waitingPage(book, delivery.waiting(query.session_id), query),
    get: (id) => book.view(known(id)),
    // In one go from the look to the decision, so that of two answers at once exactly one is the first.
    async answer(id, answer, by) {
      const row = known(id);
      if (row.hash !== answer.hash)
        throw new AfieldError('approval_changed', 'What you saw is not what the agent asks. Look at it again, then answer.');
      if (row.state === 'pending') return book.view(decide(row, chooseAnswer(row.ask, answer), { by, rule_id: null, reason: null }));
      if (isSameAnswer(row, answer)) return book.view(row);
      throw tooLate(row, clock.now());
    },
  };

  // Whoever asked an earlier server cannot be answered by this one.
  for (const row of store.approvals.open()) delivery.lost(row, RESTARTED);
  return {
    desk,
    service,
    close() {
      delivery.close();
      book.close();
    },
  };
}

function overflowOf(bytes: number, open: { pending: number; bytes: number }): string | null {
  if (bytes > MAX_ASK_BYTES) return 'It was larger than 4 MB: nobody could have read it. It was denied without asking.';
  if (open.pending >= MAX_OPEN) return `${MAX_OPEN} approvals of this session wait already. It was denied without asking.`;
  if (open.bytes + bytes > MAX_OPEN_BYTES)
    return 'The approvals of this session that wait already hold 16 MB. It was denied without asking.';
  return null;
}

/** What is left of an ask that is denied for its size: enough to see what it was. */
function cutDown(ask: ApprovalAsk): ApprovalAsk {
  const cut = (text: string) => (text.length > KEPT_CHARACTERS ? `${text.slice(0, KEPT_CHARACTERS)}… (cut)` : text);
  const options = ask.options.slice(0, 16).map(({ id, label, ...option }) => ({ ...option, id: id.slice(0, 200), label: cut(label) }));
  const detail = ask.detail === null ? null : cut(ask.detail);
  return { ...ask, tool_name: cut(ask.tool_name), subject: cut(ask.subject), detail, options, diffs: [], questions: [] };
}
