import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { type EnvironmentChoice, NO_ENVIRONMENT } from '../models/environment-choice.ts';
import type { NewSession } from '../models/new-session.ts';
import { Banner } from '../ui/banner.tsx';
import { SelectField, SwitchRow } from '../ui/forms.tsx';
import { Icon } from '../ui/icons.tsx';
import { exact, printable } from '../ui/printable.ts';

/** Which named environment of home it starts in: what that brings, whether it can be used, and a confirmation for production. */
export function EnvironmentField({ form }: { form: NewSession }) {
  const { environment } = form;
  const chosen = environment.chosen.value;
  const usual = environment.usual.value;
  const missing = environment.missing.value;
  const none = usual === null && missing === null ? '' : NO_ENVIRONMENT;
  if (environment.items.value.length === 0 && missing === null) return null;
  return (
    <>
      <SelectField
        label="Environment"
        value={chosen?.name ?? (missing !== null && form.draft.value.environment !== NO_ENVIRONMENT ? '' : none)}
        onChange={(name) => form.change({ environment: name })}
        options={[
          ...(missing === null ? [] : [{ value: '', label: `${printable(missing)} (not there any more)` }]),
          { value: none, label: 'None' },
          ...environment.items.value.map(({ name, production }) => ({
            value: name,
            label: `${name}${name === usual?.name ? ' (of the project)' : ''}${production ? ' · production' : ''}`,
          })),
        ]}
        {...(chosen === null ? {} : { hint: <Brings environment={chosen} /> })}
      />
      {chosen !== null && <Look environment={environment} />}
      {chosen?.production === true && (
        <Banner tone="signal" icon="alert" title={`“${chosen.name}” is called production.`}>
          What the agent does in it may be real at once.
        </Banner>
      )}
      {chosen?.production === true && (
        <div class="rows">
          <SwitchRow
            label={`Start in ${chosen.name}`}
            note="Asked anew for every session."
            checked={environment.confirmed.value}
            onChange={(yes) => environment.confirm(yes)}
          />
        </div>
      )}
    </>
  );
}

/** Names only: values are told to nobody. */
function Brings({ environment: { program, server_url, variables, secrets } }: { environment: NamedEnvironment }) {
  const parts = [program, server_url, ...variables, ...secrets.map(({ variable }) => variable)].filter((part) => part !== null);
  if (parts.length === 0) return <>Brings nothing of its own.</>;
  return (
    <>
      Brings{' '}
      {parts.map((part, index) => (
        <span key={part}>
          {index > 0 && ', '}
          <code>{exact(part)}</code>
        </span>
      ))}
    </>
  );
}

function Look({ environment }: { environment: EnvironmentChoice }) {
  const looked = environment.looked.value;
  if (looked === null) return null;
  const { name, checks, error } = looked;
  const faults = checks?.filter(({ ok }) => !ok) ?? [];
  return (
    <div class="env-look" role="status">
      {checks === null && error === null && <p class="meta">Looking whether it can be used …</p>}
      {error !== null && <p class="field-error">{printable(error)}</p>}
      {checks !== null && faults.length === 0 && (
        <p class="meta env-fine">
          <Icon name="check" small /> It can be used{checks.length > 0 && `: ${checks.map((one) => printable(one.name)).join(', ')}`}.
        </p>
      )}
      {faults.map((fault) => (
        <Fault key={fault.name} fault={fault} />
      ))}
      {(error !== null || faults.length > 0) && (
        <button type="button" class="act" onClick={() => void environment.look(name)}>
          Look again
        </button>
      )}
    </div>
  );
}

function Fault({ fault: { name, detail, fix } }: { fault: Check }) {
  return (
    <p class="field-error">
      {printable(name)}: {exact(detail)} {fix !== null && <span class="dim">{exact(fix)}</span>}
    </p>
  );
}
