import type { ApprovalAsk } from './api/approvals.ts';

/** What is asked may be this long, in bytes of UTF-8; nobody reads more, so what is longer can only be denied. */
export const MAX_SUBJECT_BYTES = 64 * 1024;

/**
 * The exact bytes that an answer agrees to, as text: every field of what is shown, in one fixed order. Who shows an approval hashes what
 * it shows (SHA-256, hex, of the UTF-8 of this); home refuses an answer whose hash is not that of what the agent asked.
 */
export function approvalBytes(ask: ApprovalAsk): string {
  return JSON.stringify([
    'afield approval v2',
    ask.kind,
    ask.tool_kind,
    ask.tool_name,
    ask.subject,
    ask.detail,
    ask.cwd,
    ask.diffs.map(({ path, before, after, cut }) => [path, before, after, cut]),
    ask.options.map(({ id, label, decision, scope, covers }) => [id, label, decision, scope, covers]),
    ask.questions.map((q) => [
      q.id,
      q.text,
      q.type,
      q.choices.map(({ id, label, description }) => [id, label, description]),
      q.multiple,
      q.free,
      q.required,
    ]),
  ]);
}

/** True for an ask that is too long to be read, so that nothing but a denial is taken. */
export function canOnlyBeDenied(ask: Pick<ApprovalAsk, 'subject'>): boolean {
  const { length } = ask.subject;
  return length > MAX_SUBJECT_BYTES || (length * 3 > MAX_SUBJECT_BYTES && new TextEncoder().encode(ask.subject).length > MAX_SUBJECT_BYTES);
}
