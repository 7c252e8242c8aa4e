import * as z from 'zod/mini';
import { route } from '../route.ts';
import { id, idParams, listOf, page, time } from './base.ts';
import { fileDiff, toolKind } from './chat.ts';

/** What an answer covers is told in so many characters at most: what nobody reads is not offered. */
export const MAX_COVERS = 300;

/** One way to answer, as the agent offers it. `label` and `covers` are the agent's text and hostile; decision and scope are ours. */
export const approvalOption = z.object({
  id: z.string(),
  label: z.string(),
  decision: z.enum(['allow', 'deny', 'cancel']),
  scope: z.enum(['once', 'session', 'always']),
  /**
   * What it decides beyond this once: `Bash(npm run *), kept in .claude/settings.local.json`. At most 300 characters. Null: the agent does
   * not tell, and `label` is all that is known. Left out in what was stored before there was this: null.
   */
  covers: z._default(z.nullable(z.string()), null),
});
export type ApprovalOption = z.infer<typeof approvalOption>;

/** A question with choices, or a field of a form (elicitation). */
export const question = z.object({
  id: z.string(),
  text: z.string(),
  /** Default: text. */
  type: z.enum(['choice', 'text', 'number', 'flag']),
  choices: z.array(z.object({ id: z.string(), label: z.string(), description: z.nullable(z.string()) })),
  /** More than one choice may be taken. */
  multiple: z.boolean(),
  /** An answer in one's own words is taken too. */
  free: z.boolean(),
  required: z.boolean(),
});
export type Question = z.infer<typeof question>;

/** What is shown and agreed to, and nothing else: an answer is bound to its bytes (`approval-bytes.ts`). Text is the agent's and hostile. */
export const approvalAsk = z.object({
  kind: z.enum(['permission', 'question']),
  tool_kind: toolKind,
  /** As the agent calls the tool. */
  tool_name: z.string(),
  /** The exact command, path or input. Never cut: what is longer than 64 kB can only be denied here. */
  subject: z.string(),
  /** Why, in the agent's words. */
  detail: z.nullable(z.string()),
  cwd: z.string(),
  diffs: z.array(fileDiff),
  options: z.array(approvalOption),
  questions: z.array(question),
});
export type ApprovalAsk = z.infer<typeof approvalAsk>;

/**
 * `pending`: nobody has answered. `answered`: by somebody, on its way to the agent. `delivered`: the agent has the answer. `gone`: it
 * was answered where the agent runs, or the agent does not want to know any more.
 */
export const approvalState = z.enum(['pending', 'answered', 'delivered', 'gone']);
export type ApprovalState = z.infer<typeof approvalState>;

export const approvalOutcome = z.object({
  decision: z.enum(['allow', 'deny', 'cancel', 'answer', 'unknown']),
  scope: z.enum(['once', 'session', 'always']),
  /** The option of the agent that was taken; null or left out: none, or nobody knows which. */
  option_id: z.optional(z.nullable(z.string())),
  /** Words that went with it. */
  text: z.nullable(z.string()),
  answers: z.record(z.string(), z.array(z.string())),
  /** A device, `a rule`, `at the agent`, or `Afield` itself where nobody could be asked. */
  by: z.string(),
  /** The rule that decided; null: a person did. */
  rule_id: z.nullable(id),
  at: time,
  /** Why it could not be delivered, or is gone. */
  reason: z.nullable(z.string()),
});
export type ApprovalOutcome = z.infer<typeof approvalOutcome>;

/** A question that blocks the agent until somebody answers. */
export const approval = z.object({
  id,
  session_id: id,
  session_name: z.string(),
  agent: z.string(),
  machine: z.string(),
  project_id: z.nullable(id),
  /** The item of the tool call that asks; null: it was never announced. */
  item_id: z.nullable(id),
  ask: approvalAsk,
  /** SHA-256 of the bytes of `ask`, hex. */
  hash: z.string(),
  state: approvalState,
  outcome: z.nullable(approvalOutcome),
  created_at: time,
});
export type Approval = z.infer<typeof approval>;

/** Either an option of the agent, or a decision and scope, for which the fitting option is taken; questions are answered by `answers`. */
export const approvalAnswer = z.strictObject({
  /** Of what was shown: an answer to anything else is refused. */
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  option_id: z.optional(z.string().check(z.maxLength(200))),
  decision: z.optional(z.enum(['allow', 'deny', 'cancel'])),
  scope: z._default(z.enum(['once', 'session', 'always']), 'once'),
  /** Words for the agent: what to do instead. */
  text: z.optional(z.string().check(z.maxLength(10_000))),
  /** Choices, or words, by question. */
  answers: z.optional(z.record(z.string().check(z.maxLength(200)), z.array(z.string().check(z.maxLength(10_000))).check(z.maxLength(64)))),
});
export type ApprovalAnswer = z.input<typeof approvalAnswer>;

/** What a rule looks at and does. All that is given must fit. */
const ruleMatch = {
  /** Default: every project. */
  project_id: z.optional(z.nullable(id)),
  agent: z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(64)))),
  tool_kind: z.optional(z.nullable(toolKind)),
  /** The whole subject; `*` stands for any text without control operators of a shell, `**` for any text at all. */
  pattern: z.string().check(z.minLength(1), z.maxLength(1000)),
  action: z.enum(['allow', 'ask', 'deny']),
};
/** `deny` before `ask` before `allow`; without any that fits: ask. */
export const rule = z.object({
  id,
  project_id: z.nullable(id),
  agent: z.nullable(z.string()),
  tool_kind: z.nullable(toolKind),
  pattern: z.string(),
  action: z.enum(['allow', 'ask', 'deny']),
  created_by: z.string(),
  created_at: time,
  /** How often it decided, and when last. */
  used: z.int(),
  used_at: z.nullable(time),
});
export type Rule = z.infer<typeof rule>;

/** What a rule would have done with the approvals of the past. */
export const ruleTrial = z.object({
  looked_at: z.int(),
  matched: z.int(),
  /** Of those that matched: what a person had answered. */
  allowed: z.int(),
  denied: z.int(),
  /** Some that matched, newest first; those that were denied stand first. */
  examples: z.array(z.object({ approval_id: id, subject: z.string(), decision: z.string(), created_at: time })),
});
export type RuleTrial = z.infer<typeof ruleTrial>;

export const approvals = {
  listApprovals: route({
    method: 'GET',
    path: '/approvals',
    summary: 'Approvals that wait, oldest first; with all, those of the past too, newest first',
    permission: 'approvals:read',
    query: z.object({
      ...page,
      session_id: z.optional(id),
      all: z._default(
        z.pipe(
          z.union([z.boolean(), z.enum(['true', 'false', '1', '0'])]),
          z.transform((v) => v === true || v === 'true' || v === '1'),
        ),
        false,
      ),
    }),
    response: listOf(approval),
  }),
  getApproval: route({
    method: 'GET',
    path: '/approvals/{id}',
    summary: 'One approval',
    permission: 'approvals:read',
    params: idParams,
    response: approval,
    errors: ['approval_not_found'],
  }),
  answerApproval: route({
    method: 'POST',
    path: '/approvals/{id}',
    summary: 'Answer; the same answer again is answered from the record, another one gets 409 with the outcome',
    permission: 'approvals:answer',
    params: idParams,
    body: approvalAnswer,
    response: approval,
    errors: ['approval_not_found', 'approval_answered', 'approval_changed', 'not_supported'],
  }),
  answerApprovals: route({
    method: 'POST',
    path: '/approvals',
    summary: 'Answer many at once; each has its own result',
    permission: 'approvals:answer',
    body: z.strictObject({
      answers: z.array(z.extend(approvalAnswer, { id })).check(z.minLength(1), z.maxLength(100)),
    }),
    response: z.object({
      items: z.array(
        z.object({ id, approval: z.nullable(approval), error: z.nullable(z.object({ code: z.string(), detail: z.string() })) }),
      ),
    }),
  }),
  listRules: route({
    method: 'GET',
    path: '/rules',
    summary: 'Rules that answer approvals, in the order in which they are asked',
    permission: 'approvals:read',
    response: listOf(rule),
  }),
  createRule: route({
    method: 'POST',
    path: '/rules',
    summary: 'Make a rule',
    permission: 'approvals:write',
    status: 201,
    body: z.strictObject({ id: z.optional(id), ...ruleMatch }),
    response: rule,
    errors: ['project_not_found', 'agent_unknown', 'conflict', 'too_many'],
  }),
  deleteRule: route({
    method: 'DELETE',
    path: '/rules/{id}',
    summary: 'Delete a rule',
    permission: 'approvals:write',
    params: idParams,
    errors: ['rule_not_found'],
  }),
  tryRule: route({
    method: 'POST',
    path: '/rules/try',
    summary: 'What a rule would have done with the approvals of the past; nothing is changed',
    permission: 'approvals:read',
    body: z.strictObject(ruleMatch),
    response: ruleTrial,
    errors: ['project_not_found', 'agent_unknown'],
  }),
};
