import type { ApprovalAsk } from './api/approvals.ts';

/**
 * The exact bytes that an answer agrees to, as text: every field of what is shown, in one fixed order. Who shows an approval hashes what
 * it shows (SHA-256, hex, of the UTF-8 of this); home refuses an answer whose hash is not that of what the agent asked.
 */
export function approvalBytes(ask: ApprovalAsk): string {
  return JSON.stringify([
    'afield approval v1',
    ask.kind,
    ask.tool_kind,
    ask.tool_name,
    ask.subject,
    ask.detail,
    ask.cwd,
    ask.diffs.map(({ path, before, after, cut }) => [path, before, after, cut]),
    ask.options.map(({ id, label, decision, scope }) => [id, label, decision, scope]),
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
