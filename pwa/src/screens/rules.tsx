import type { Rule, RuleTrial } from '@afield/shared/api/approvals.ts';
import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { everyQuarterMinute } from '../models/clock.ts';
import { NEW_RULE, type RuleFields, type Rules, RulesModel, trialWords } from '../models/rules.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Banner } from '../ui/banner.tsx';
import { Confirm, FormActs } from '../ui/dialog.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Segments, SelectField, TextField } from '../ui/forms.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page, Section } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { SETTINGS } from './paths.ts';

const ACTIONS: Record<Rule['action'], string> = { allow: 'Allow', ask: 'Ask', deny: 'Deny' };
const KINDS: Record<Exclude<RuleFields['tool_kind'], ''>, string> = {
  execute: 'running commands',
  edit: 'changing files',
  read: 'reading files',
  delete: 'deleting files',
  move: 'moving files',
  search: 'searching',
  fetch: 'the network',
  think: 'thinking',
  plan: 'plans',
  agent: 'other agents',
  other: 'other tools',
};
const MAX_EXAMPLES = 5;

/** Rules that answer approvals by themselves, and a try-out before one is made. */
export function RulesScreen() {
  const { home, link } = useHome();
  const { query } = useLocation();
  const from = /^[0-9a-f-]{36}$/.test(query.from ?? '') ? (query.from as string) : null;
  const model = useModel(() => new RulesModel(link, from));
  const [removing, setRemoving] = useState<Rule | null>(null);
  const live = home.live.value;
  const rules = model.rules.value;
  const fields = model.fields.value;
  return (
    <Page title="Rules" back={{ href: SETTINGS, label: 'More' }} after={<HomeTabs />}>
      <div class="stack">
        <p class="dim">
          A rule answers what an agent asks, at home, without you. Without one you are asked. Deny goes before ask, ask before allow.
        </p>
        {model.error.value !== null && live && (
          <Banner
            tone="fault"
            icon="alert"
            title="The rules did not come."
            actions={
              <button type="button" class="act" onClick={() => void model.load()}>
                Try again
              </button>
            }
          >
            {printable(model.error.value)}
          </Banner>
        )}
        {rules === null && model.error.value === null && (
          <AskingHome open={live} asking="Fetching the rules …" away="There is no connection: the rules come when it is back." />
        )}
        {rules?.length === 0 && fields === null && (
          <section class="panel empty">
            <h2>No rules</h2>
            <p>Every approval waits for you. Make a rule for what you always answer the same.</p>
          </section>
        )}
        {rules !== null && rules.length > 0 && (
          <ul class="rows" aria-label="Rules, in the order in which they are asked">
            {rules.map((rule) => (
              <RuleRow key={rule.id} rule={rule} model={model} live={live} onRemove={() => setRemoving(rule)} />
            ))}
          </ul>
        )}
        {fields === null ? (
          <button type="button" class="btn btn-main btn-wide" disabled={!live || rules === null} onClick={() => model.change(NEW_RULE)}>
            <Icon name="plus" />
            Make a rule
          </button>
        ) : (
          <NewRule model={model} fields={fields} live={live} />
        )}
      </div>
      {removing !== null && <RemoveRule model={model} rule={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function whereOf(rule: Rule, model: Rules): string {
  const project = model.projects.value.find((one) => one.id === rule.project_id);
  const parts = [
    rule.tool_kind === null ? '' : KINDS[rule.tool_kind],
    rule.agent === null ? '' : printable(rule.agent),
    rule.project_id === null ? 'in every project' : `in ${project === undefined ? 'a project that is gone' : printable(project.name)}`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function RuleRow({ rule, model, live, onRemove }: { rule: Rule; model: Rules; live: boolean; onRemove(): void }) {
  const now = everyQuarterMinute.value;
  const used =
    rule.used_at === null
      ? 'never used'
      : `used ${rule.used} ${rule.used === 1 ? 'time' : 'times'}, last ${lastSeen(Date.parse(rule.used_at), now)}`;
  return (
    <li class="setrow device">
      <Icon name={rule.action === 'allow' ? 'check' : rule.action === 'deny' ? 'close' : 'bell'} />
      <span class="main">
        <b>
          {ACTIONS[rule.action]} <code>{exact(rule.pattern)}</code>
        </b>
        <span class="meta">{whereOf(rule, model)}</span>
        <span class="meta">
          {used} · made by {printable(rule.created_by)}
        </span>
        <span class="line device-acts">
          <button type="button" class="act act-danger" disabled={!live} onClick={onRemove}>
            Delete<span class="vh"> the rule {exact(rule.pattern)}</span>
          </button>
        </span>
      </span>
    </li>
  );
}

function NewRule({ model, fields, live }: { model: Rules; fields: RuleFields; live: boolean }) {
  const set = (change: Partial<RuleFields>) => model.change({ ...fields, ...change });
  const failure = model.saving.failure.value;
  return (
    <Section id="h-new-rule" title="A new rule">
      <form
        class="panel stack"
        onSubmit={(event) => {
          event.preventDefault();
          void model.add(fields);
        }}
      >
        <Segments
          legend="What it does"
          name="action"
          value={fields.action}
          options={(['allow', 'ask', 'deny'] as const).map((value) => ({ value, label: ACTIONS[value] }))}
          onChange={(action) => set({ action })}
        />
        <TextField
          label="Command, path or input"
          value={fields.pattern}
          exact
          required
          rows={2}
          maxLength={1000}
          onInput={(pattern) => set({ pattern })}
          hint={
            <>
              All of it must fit. <code>*</code> is any text without control signs of a shell (<code>; | &amp; $</code> and the like),{' '}
              <code>**</code> any text at all, <code>\*</code> a star.
            </>
          }
        />
        <SelectField
          label="For"
          value={fields.tool_kind}
          onChange={(value) => set({ tool_kind: value as RuleFields['tool_kind'] })}
          options={[{ value: '', label: 'every kind of tool' }, ...Object.entries(KINDS).map(([value, label]) => ({ value, label }))]}
        />
        <SelectField
          label="Project"
          value={fields.project}
          onChange={(project) => set({ project })}
          options={[
            { value: '', label: 'Every project' },
            ...model.projects.value.map(({ id, name }) => ({ value: id, label: printable(name) })),
          ]}
        />
        <SelectField
          label="Agent"
          value={fields.agent}
          onChange={(agent) => set({ agent })}
          options={[{ value: '', label: 'Every agent' }, ...agentsOf(model, fields)]}
        />
        <TrialOf model={model} fields={fields} />
        <FaultLine text={failure?.text ?? null} />
        <FormActs
          inPage
          submit="Make this rule"
          disabled={!live || fields.pattern === '' || model.saving.busy.value}
          onLeave={() => model.change(null)}
        />
      </form>
    </Section>
  );
}

function agentsOf(model: Rules, { agent }: RuleFields): { value: string; label: string }[] {
  const names = new Set(model.agents.value.map(({ name }) => name));
  if (agent !== '') names.add(agent);
  return [...names].map((name) => ({ value: name, label: printable(name) }));
}

/** What it would have done with the approvals of the past. */
function TrialOf({ model, fields }: { model: Rules; fields: RuleFields }) {
  const trial = model.trial.value;
  const failure = model.trialFailure.value;
  if (fields.pattern === '') return null;
  return (
    <div class="rule-trial">
      <p class="small" role="status">
        {trial === null && failure === null && (model.trying.value ? 'Trying it on the past …' : '')}
        {failure !== null && printable(failure.text)}
        {trial !== null && <b>{trialWords(trial, fields.action)}</b>}
      </p>
      {trial !== null && trial.examples.length > 0 && <Examples trial={trial} />}
    </div>
  );
}

function Examples({ trial }: { trial: RuleTrial }) {
  const now = everyQuarterMinute.value;
  return (
    <ul class="rule-examples" aria-label="Some that it fits">
      {trial.examples.slice(0, MAX_EXAMPLES).map((example) => (
        <li key={example.approval_id}>
          <code class="two-lines">{exact(example.subject)}</code>
          <span class="meta">
            {printable(example.decision)} · {lastSeen(Date.parse(example.created_at), now)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function RemoveRule({ model, rule, onClose }: { model: Rules; rule: Rule; onClose(): void }) {
  const failure = model.saving.failure.value;
  return (
    <Confirm
      title="Delete this rule?"
      confirm="Delete it"
      danger
      busy={model.saving.busy.value}
      error={failure === null ? null : printable(failure.text)}
      onClose={onClose}
      onConfirm={() => void model.remove(rule.id).then((done) => done && onClose())}
    >
      What it answered until now stays answered. From now on you are asked again.
    </Confirm>
  );
}
