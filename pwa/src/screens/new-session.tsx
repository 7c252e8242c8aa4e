import type { Agent } from '@afield/shared/api/agents.ts';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { useModel } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { type NewSession, NewSessionModel } from '../models/new-session.ts';
import { Banner } from '../ui/banner.tsx';
import { TextField } from '../ui/forms.tsx';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { AgentFacts } from './agent-facts.tsx';
import { useApp, useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { EnvironmentField } from './new-session-environment.tsx';
import { FaceChoice, Limits, Model } from './new-session-how.tsx';
import { Variables, Where } from './new-session-where.tsx';
import { sessionPath } from './paths.ts';

export function NewSessionScreen() {
  const app = useApp();
  const { home, link } = useHome();
  const location = useLocation();
  const form = useModel(
    () =>
      new NewSessionModel({
        link,
        store: app.store,
        newId: uuidv7,
        onCreated(session) {
          home.take(session);
          location.route(sessionPath(session.id));
        },
      }),
  );
  useEffect(() => {
    addEventListener('pagehide', form.keepNow);
    return () => removeEventListener('pagehide', form.keepNow);
  }, [form]);
  const open = home.open.value;
  const agent = form.agent.value;
  return (
    <Page title="New session" class="stack form-main" after={<HomeTabs />}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void form.start();
        }}
      >
        <TextField
          label="What should it do?"
          rows={4}
          value={form.draft.value.prompt}
          onInput={(prompt) => form.change({ prompt })}
          maxLength={100_000}
          hint="Kept on this device until it is sent. May stay empty: then it only starts."
        />
        <Where form={form} />
        <AgentChoice form={form} />
        <FaceChoice form={form} />
        <Model form={form} />
        <EnvironmentField form={form} />
        <TextField
          label="Name"
          value={form.draft.value.name}
          onInput={(name) => form.change({ name })}
          maxLength={100}
          placeholder="Made from the first words"
        />
        <Limits form={form} />
        <Variables form={form} />
        <Problems form={form} open={open} />
        <div class="form-foot">
          <button type="submit" class="btn btn-main btn-wide btn-tall" disabled={!open || !form.ready.value}>
            {form.busy.value ? 'Starting …' : agent === null ? 'Start' : startWords(form, agent.name)}
          </button>
        </div>
      </form>
    </Page>
  );
}

/** Names the machine where there is more than one. */
function startWords(form: NewSession, agent: string): string {
  return `Start ${printable(agent)}${form.machines.value.length > 1 ? ` on ${printable(form.machine.value)}` : ''}`;
}

function Problems({ form, open }: { form: NewSession; open: boolean }) {
  if (!open) {
    return (
      <Banner tone="fault" icon="cut" title="There is no connection to home.">
        What you wrote stays on this device.
      </Banner>
    );
  }
  if (form.error.value === null) return null;
  return (
    <Banner tone="fault" icon="alert" title="It did not start." role="alert">
      {printable(form.error.value)}
    </Banner>
  );
}

function AgentChoice({ form }: { form: NewSession }) {
  const agents = form.agents.value;
  const chosen = form.agent.value;
  if (agents === null) {
    return (
      <p class="dim" role="status">
        {form.loadError.value === null ? 'Asking home for its agents …' : printable(form.loadError.value)}{' '}
        {form.loadError.value !== null && (
          <button type="button" class="act" onClick={() => void form.load()}>
            Try again
          </button>
        )}
      </p>
    );
  }
  const here = agents.filter((agent) => agent.installed);
  const missing = agents.filter((agent) => !agent.installed);
  return (
    <fieldset>
      <legend class="lab">Agent</legend>
      {here.length === 0 && (
        <p class="field-error">
          No agent is installed {form.machine.value === LOCAL_MACHINE ? 'at home' : `on ${form.machine.value}`} yet. Each line says what to
          type there.
        </p>
      )}
      <ul class="rows">
        {here.map((agent) => (
          <li key={agent.name}>
            <AgentOption agent={agent} checked={chosen?.name === agent.name} onChoose={() => form.change({ agent: agent.name })} />
          </li>
        ))}
      </ul>
      {missing.length > 0 && (
        <details class="more-agents" open={here.length === 0}>
          <summary>{missing.length} more, not installed</summary>
          <ul class="rows">
            {missing.map((agent) => (
              <li key={agent.name} class="setrow">
                <span class="main">
                  <b>{printable(agent.title)}</b>
                  <AgentFacts agent={agent} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </fieldset>
  );
}

function AgentOption({ agent, checked, onChoose }: { agent: Agent; checked: boolean; onChoose(): void }) {
  return (
    <label class="setrow choice">
      <input type="radio" name="agent" value={agent.name} checked={checked} onChange={onChoose} />
      <span class="main">
        <b>{printable(agent.title)}</b> {agent.version !== null && <span class="dim">{printable(agent.version)}</span>}
        <AgentFacts agent={agent} />
      </span>
    </label>
  );
}
