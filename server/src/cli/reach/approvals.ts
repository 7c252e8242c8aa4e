import { setTimeout as sleep } from 'node:timers/promises';
import type { Approval, ApprovalAnswer } from '@afield/shared/api/approvals.ts';
import { ENDED } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { hashOf, titleOf } from '../print/approval-card.ts';
import { printable } from '../print/printable.ts';
import type { Home } from './home.ts';
import { isId, pick, shortIds } from './resolve.ts';
import { allSessions } from './sessions.ts';

const PAGE = 100;
/** Nobody reads more at a time. */
const MAX_ITEMS = 10_000;
/** An answer is on its way for so long, then we go on: it is stored. */
const DELIVERED_MS = 2_000;
const POLL_MS = 50;
const MIN_PREFIX_CHARACTERS = 8;
/** The time, to the millisecond: no session and no other approval begins like this. */
const MIN_SHOWN_CHARACTERS = 13;

/** Those that wait, oldest first; with `all` the past too, newest first, `count` at most. */
export async function listApprovals(home: Home, query: { session_id?: string; all?: boolean; count?: number } = {}): Promise<Approval[]> {
  const { count = MAX_ITEMS, ...rest } = query;
  const items: Approval[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE, count - items.length);
    const sent: { limit: number; session_id?: string; all?: boolean; cursor?: string } = { ...rest, limit };
    if (cursor !== null) sent.cursor = cursor;
    const page = await home.ask('Asking the home server', 'listApprovals', { query: sent });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < count);
  return items;
}

/** Beginnings of ids that tell them apart, also from ids of sessions that were made in the same minute. */
export function approvalIds(approvals: readonly Pick<Approval, 'id'>[]): Map<string, string> {
  const short = shortIds(approvals.map(({ id }) => id));
  return new Map([...short].map(([id, text]) => [id, id.slice(0, Math.max(text.length, MIN_SHOWN_CHARACTERS))]));
}

/** `  019a…  claude wants to run a command  web` */
export function briefly(approvals: readonly Approval[]): string[] {
  const short = approvalIds(approvals);
  return approvals.map((one) => `  ${short.get(one.id)}  ${titleOf(one)}  ${printable(one.session_name)}`);
}

/**
 * The approvals that a person means: by id or the beginning of one, all that wait in a session, or, without a word, all that wait.
 * `byId`: exactly this one was named. Errors: approval_not_found, conflict.
 */
export async function findApprovals(home: Home, text: string | undefined, now: number): Promise<{ found: Approval[]; byId: boolean }> {
  const waiting = await listApprovals(home);
  if (text === undefined) return { found: waiting, byId: false };
  const wanted = text.toLowerCase();
  if (isId(text)) {
    const exactly = waiting.find(({ id }) => id === wanted);
    if (exactly !== undefined) return { found: [exactly], byId: true };
  }
  const session = await sessionOf(home, text, now);
  const begins = wanted.length >= MIN_PREFIX_CHARACTERS ? waiting.filter(({ id }) => id.startsWith(wanted)) : [];
  const elsewhere = begins.filter(({ session_id }) => session_id !== session?.id);
  if (elsewhere.length === 1 && session === null) return { found: elsewhere, byId: true };
  if (elsewhere.length > 0)
    throw new AfieldError(
      'conflict',
      [
        `"${printable(text)}" fits ${session === null ? 'several approvals' : 'a session and an approval of another'}. Say more of the id:`,
        ...briefly(begins),
      ].join('\n'),
    );
  if (session !== null) return { found: waiting.filter(({ session_id }) => session_id === session.id), byId: false };
  // Perhaps one of the past: then the home server says how it was answered.
  if (isId(text)) return { found: [await home.ask('Asking the home server', 'getApproval', { params: { id: wanted } })], byId: true };
  throw new AfieldError(
    'approval_not_found',
    `There is no session and no approval that waits called "${printable(text)}". afield approvals lists them.`,
  );
}

async function sessionOf(home: Home, text: string, now: number) {
  const sessions = await allSessions(home);
  try {
    return pick(
      sessions.filter(({ status }) => !ENDED.has(status)),
      text,
      now,
    );
  } catch (error) {
    if (error instanceof AfieldError && error.code === 'session_not_found')
      return sessions.find(({ id }) => id === text.toLowerCase()) ?? null;
    throw error;
  }
}

/** Answers what was shown, and waits a moment until the agent has it. Errors: those of the API. */
export async function answer(home: Home, approval: Approval, given: Omit<ApprovalAnswer, 'hash'>): Promise<Approval> {
  const params = { id: approval.id };
  let now = await home.ask('Answering', 'answerApproval', { params, body: { ...given, hash: hashOf(approval) } });
  const until = performance.now() + DELIVERED_MS;
  while (now.state === 'answered' && performance.now() < until) {
    await sleep(POLL_MS);
    now = await home.ask('Waiting for the agent', 'getApproval', { params });
  }
  return now;
}

/** How it stands after an answer: never more than is known. */
export function delivery({ state, agent, outcome }: Pick<Approval, 'state' | 'agent' | 'outcome'>): string {
  const name = printable(agent);
  if (state === 'delivered') return `✓ ${name} has the answer.`;
  if (state === 'gone') return `△ ${name} did not get it. ${printable(outcome?.reason ?? '')}`.trimEnd();
  return `◷ Stored at home; ${name} gets it as soon as it can be reached.${outcome?.reason == null ? '' : ` ${printable(outcome.reason)}`}`;
}
