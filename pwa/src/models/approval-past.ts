import type { Approval, RuleTrial } from '@afield/shared/api/approvals.ts';
import { exactPattern } from '@afield/shared/rule-pattern.ts';
import { createModel, signal } from '@preact/signals';
import { type HomeLink, isOpen } from './home-link.ts';

/** A rule's pattern holds no more. */
const MAX_PATTERN = 1_000;

/** How exactly this was answered before, in its project. A courtesy: without an answer nothing is said. */
export const ApprovalPastModel = createModel((link: HomeLink) => {
  const past = signal<RuleTrial | null>(null);
  return {
    past,
    async ask({ ask, project_id }: Approval): Promise<void> {
      const pattern = exactPattern(ask.subject);
      if (ask.kind !== 'permission' || pattern === '' || pattern.length > MAX_PATTERN || !isOpen(link)) return;
      try {
        past.value = await link.call('tryRule', { body: { pattern, project_id, tool_kind: ask.tool_kind, action: 'allow' } });
      } catch {
        // What was before changes nothing of what is asked now.
      }
    },
  };
});
