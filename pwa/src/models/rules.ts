import type { Agent } from '@afield/shared/api/agents.ts';
import type { Approval, Rule, RuleTrial } from '@afield/shared/api/approvals.ts';
import type { ToolKind } from '@afield/shared/api/chat.ts';
import type { Project } from '@afield/shared/api/projects.ts';
import { exactPattern } from '@afield/shared/rule-pattern.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction, type Failure, failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** A form for a new rule; an empty field fits everything. */
export interface RuleFields {
  pattern: string;
  action: Rule['action'];
  project: string;
  agent: string;
  tool_kind: ToolKind | '';
}
export const NEW_RULE: RuleFields = { pattern: '', action: 'allow', project: '', agent: '', tool_kind: '' };

/** What would fit exactly this approval again. */
export function fieldsFrom({ ask, project_id, agent }: Approval): RuleFields {
  return { pattern: exactPattern(ask.subject), action: 'allow', project: project_id ?? '', agent, tool_kind: ask.tool_kind };
}

function bodyOf({ pattern, action, project, agent, tool_kind }: RuleFields) {
  return { pattern, action, project_id: project || null, agent: agent || null, tool_kind: tool_kind || null };
}

/** A trial follows the form after a pause in typing. */
const TRY_AFTER_MS = 500;

/** Rules that answer approvals: which there are, what a new one would have done, adding and deleting. */
export const RulesModel = createModel((link: HomeLink, from: string | null) => {
  /** In the order in which they are asked; null until the first answer. */
  const rules = signal<readonly Rule[] | null>(null);
  const projects = signal<readonly Project[]>([]);
  const agents = signal<readonly Agent[]>([]);
  const error = signal<string | null>(null);
  /** Null: the form is closed. */
  const fields = signal<RuleFields | null>(null);
  const trial = signal<RuleTrial | null>(null);
  const trialFailure = signal<Failure | null>(null);
  const trying = signal(false);
  const saving = createAction();
  let round = 0;
  let made = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    try {
      const [listed, known, found] = await Promise.all([link.call('listRules'), link.call('listProjects'), link.call('listAgents')]);
      rules.value = listed.items;
      projects.value = known.items;
      agents.value = found.items;
      error.value = null;
      if (from !== null && !made) await makeFrom(from);
    } catch (cause) {
      error.value = failureOf(cause).text;
    }
  }

  async function makeFrom(id: string): Promise<void> {
    const approval = await link.call('getApproval', { params: { id } });
    made = true;
    change(fieldsFrom(approval));
  }

  function change(next: RuleFields | null): void {
    clearTimeout(timer);
    round += 1;
    fields.value = next;
    trial.value = null;
    trialFailure.value = null;
    saving.clear();
    if (next !== null && next.pattern !== '' && isOpen(link)) timer = setTimeout(() => void tryOut(next), TRY_AFTER_MS);
  }

  async function tryOut(given: RuleFields): Promise<void> {
    const mine = round;
    trying.value = true;
    try {
      const found = await link.call('tryRule', { body: bodyOf(given) });
      if (mine === round) trial.value = found;
    } catch (cause) {
      if (mine === round) trialFailure.value = failureOf(cause);
    } finally {
      if (mine === round) trying.value = false;
    }
  }

  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    clearTimeout(timer);
    round += 1;
    stop();
  });

  return {
    rules,
    projects,
    agents,
    error,
    fields,
    trial,
    trialFailure,
    trying,
    saving,
    load,
    change,
    add: (given: RuleFields) =>
      saving.run(async () => {
        await link.call('createRule', { body: bodyOf(given) });
        change(null);
        await load();
      }),
    remove: (id: string) =>
      saving.run(async () => {
        await link.call('deleteRule', { params: { id } });
        rules.value = rules.peek()?.filter((rule) => rule.id !== id) ?? null;
      }),
  };
});
export type Rules = InstanceType<typeof RulesModel>;

/** "Would have approved 37 of your last 41, 0 of them you denied." */
export function trialWords({ looked_at, matched, allowed, denied }: RuleTrial, action: Rule['action']): string {
  if (looked_at === 0) return 'There are no approvals of the past to try it on.';
  const last = looked_at === 1 ? 'your last one' : `your last ${looked_at}`;
  if (matched === 0) return `It would have fitted none of ${last}.`;
  if (action === 'allow') return `It would have approved ${matched} of ${last}, ${denied} of them you denied.`;
  if (action === 'deny') return `It would have denied ${matched} of ${last}, ${allowed} of them you allowed.`;
  return `It would have asked you for ${matched} of ${last}.`;
}
