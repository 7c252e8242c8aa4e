/** Rules that answer approvals: made, listed, tried against what persons answered before. `rule-match.ts` says what they mean. */
import type { RuleTrial } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { RuleInput, RuleService } from '../chat-service.ts';
import type { ApprovalRow, RuleRow } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { ApprovalDeps } from './deps.ts';
import { inOrder, ruleFits } from './rule-match.ts';
import { compilePattern, MAX_STARS } from './rule-pattern.ts';

const MAX_RULES = 500;
/** A trial looks at so many approvals, and reads so many bytes, at most. */
const TRIAL_APPROVALS = 1_000;
const TRIAL_BYTES = 32 * 1024 * 1024;
const STEP_ROWS = 50;
const EXAMPLES = 20;
const EXAMPLE_CHARACTERS = 500;

type Match = Pick<RuleRow, 'project_id' | 'agent' | 'tool_kind' | 'pattern' | 'action'>;

export function createRules({ clock, newId, store, recipes }: ApprovalDeps): RuleService {
  /** Errors: project_not_found, agent_unknown, bad_request. */
  const checked = ({ project_id = null, agent = null, tool_kind = null, pattern, action }: RuleInput): Match => {
    if (project_id !== null && store.projects.get(project_id) === null)
      throw new AfieldError('project_not_found', 'No project with this id. `afield project list` shows what there is.');
    if (agent !== null && recipes.get(agent) === null)
      throw new AfieldError('agent_unknown', `There is no agent ${JSON.stringify(agent)}. \`afield agents\` lists them.`);
    if (compilePattern(pattern).stars.length > MAX_STARS)
      throw new AfieldError('bad_request', `A pattern may hold ${MAX_STARS} stars. Make two rules of it.`);
    return { project_id, agent, tool_kind, pattern, action };
  };

  return {
    list: () => inOrder(store.rules.list()),

    create({ id = newId(), ...input }, by) {
      const match = checked(input);
      const before = store.rules.get(id);
      if (before !== null) {
        if (isSame(before, match)) return before;
        throw new AfieldError('conflict', 'There is another rule with this id.');
      }
      if (store.rules.list().length >= MAX_RULES)
        throw new AfieldError('too_many', `There are ${MAX_RULES} rules already. Delete some: nobody knows what so many do.`);
      const row: RuleRow = { id, ...match, created_by: by, created_at: timestamp(clock), used: 0, used_at: null };
      store.rules.insert(row);
      return row;
    },

    delete(id) {
      if (!store.rules.delete(id)) throw new AfieldError('rule_not_found', 'No rule with this id. `afield rules` lists them.');
    },

    try(input) {
      const match = checked(input);
      const trial: RuleTrial = { looked_at: 0, matched: 0, allowed: 0, denied: 0, examples: [] };
      const allowed: RuleTrial['examples'] = [];
      const productions = new Map<string, boolean>();
      const isProduction = (id: string): boolean => {
        const known = productions.get(id) ?? store.sessions.get(id)?.production ?? false;
        productions.set(id, known);
        return known;
      };
      for (const row of answeredByPersons(store.approvals)) {
        trial.looked_at++;
        if (!ruleFits(match, { ...row, production: isProduction(row.session_id) })) continue;
        trial.matched++;
        const isAllowed = row.outcome?.decision === 'allow';
        trial[isAllowed ? 'allowed' : 'denied']++;
        const examples = isAllowed ? allowed : trial.examples;
        if (examples.length < EXAMPLES) examples.push(exampleOf(row));
      }
      return { ...trial, examples: [...trial.examples, ...allowed].slice(0, EXAMPLES) };
    },
  };
}

const isSame = (a: Match, b: Match) => (Object.keys(b) as (keyof Match)[]).every((key) => a[key] === b[key]);

const exampleOf = ({ id, ask, outcome, created_at }: ApprovalRow): RuleTrial['examples'][number] => ({
  approval_id: id,
  subject: ask.subject.slice(0, EXAMPLE_CHARACTERS),
  decision: outcome?.decision ?? 'unknown',
  created_at,
});

/** Permissions that a person gave or refused, here or where the agent runs; newest first. */
function* answeredByPersons(approvals: ApprovalDeps['store']['approvals']): Iterable<ApprovalRow> {
  let before: string | undefined;
  let bytes = 0;
  for (let seen = 0; seen < TRIAL_APPROVALS && bytes < TRIAL_BYTES; ) {
    const rows = approvals.list({ before, limit: STEP_ROWS });
    for (const row of rows) {
      bytes +=
        row.ask.subject.length + row.ask.diffs.reduce((sum, { before, after }) => sum + (before?.length ?? 0) + (after?.length ?? 0), 0);
      if (!isPersons(row)) continue;
      yield row;
      if (++seen === TRIAL_APPROVALS) return;
    }
    before = rows.at(-1)?.id;
    if (rows.length < STEP_ROWS) return;
  }
}

function isPersons({ ask, outcome }: ApprovalRow): boolean {
  if (outcome === null || outcome.rule_id !== null || outcome.by === 'Afield' || ask.kind !== 'permission') return false;
  return outcome.decision === 'allow' || outcome.decision === 'deny' || outcome.decision === 'cancel';
}
