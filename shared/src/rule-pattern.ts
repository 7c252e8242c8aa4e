/**
 * The pattern of a rule (api/approvals.ts) that fits exactly one text. `\*` and `\\` stand for a star and a backslash; any other backslash
 * stands for itself.
 */
export function exactPattern(text: string): string {
  return text.replace(/[\\*]/g, '\\$&');
}
