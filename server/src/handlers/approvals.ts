import type { approvals as routes } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { given } from './given.ts';

export const approvalHandlers = ({ approvals, rules }: Pick<HandlerContext, 'approvals' | 'rules'>): HandlersOf<typeof routes> => ({
  listApprovals: ({ query }) => approvals.list(given(query)),
  getApproval: ({ params }) => approvals.get(params.id),
  answerApproval: ({ params, body, identity }) => approvals.answer(params.id, body, identity.device_name),
  answerApprovals: async ({ body, identity }) => ({
    items: await Promise.all(
      body.answers.map(async ({ id, ...answer }) => {
        try {
          return { id, approval: await approvals.answer(id, answer, identity.device_name), error: null };
        } catch (error) {
          if (!(error instanceof AfieldError)) throw error;
          return { id, approval: null, error: { code: error.code, detail: error.message } };
        }
      }),
    ),
  }),
  listRules: () => ({ items: rules.list(), next_cursor: null }),
  createRule: ({ body, identity }) => rules.create(given(body), identity.device_name),
  deleteRule: ({ params }) => {
    rules.delete(params.id);
  },
  tryRule: ({ body }) => rules.try(given(body)),
});
