import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import type { NewSession } from '../models/new-session.ts';
import { MAX_VARIABLES, variableFault } from '../models/variables.ts';
import { SelectField, TextField } from '../ui/forms.tsx';
import { downSince, machineState, survival } from '../ui/machine-words.ts';
import { Mark } from '../ui/mark.tsx';
import { exact, printable } from '../ui/printable.ts';
import { VariablesField } from '../ui/variables-field.tsx';
import { PROJECTS } from './paths.ts';

/** Where it starts: a project, last used first, or a machine and a directory. */
export function Where({ form }: { form: NewSession }) {
  const projects = form.projects.value;
  const chosen = form.project.value;
  const several = form.machines.value.length > 1;
  return (
    <>
      {projects.length > 0 && (
        <SelectField
          label="Project"
          value={chosen?.id ?? ''}
          onChange={(project) => form.change({ project, agent: '', model: '', face: '', runtime: '', mode: '', environment: '' })}
          options={[
            { value: '', label: 'A directory …' },
            ...projects.map((one) => ({
              value: one.id,
              label: `${printable(one.name)} · ${exact(one.cwd)}${several ? ` · ${one.machine}` : ''}`,
            })),
          ]}
          {...(chosen === null ? {} : { hint: <StartsWith form={form} /> })}
        />
      )}
      {chosen === null && several && <Machines form={form} />}
      {chosen === null && <Directory form={form} />}
    </>
  );
}

/** What a chosen project brings along. */
function StartsWith({ form }: { form: NewSession }) {
  const project = form.project.value;
  if (project === null) return null;
  const parts = [
    project.default_agent === null ? '' : printable(project.default_agent),
    project.default_model === null ? '' : printable(project.default_model),
    project.default_environment === null ? '' : printable(project.default_environment),
  ].filter(Boolean);
  return (
    <>
      {parts.length === 0 ? 'No defaults' : `Starts with ${parts.join(' · ')}`}
      {project.env.length > 0 && (
        <>
          {' · variables '}
          <code>{project.env.map(exact).join(', ')}</code>
        </>
      )}
      {' · '}
      <a class="inline" href={PROJECTS}>
        Change
      </a>
    </>
  );
}

function Directory({ form }: { form: NewSession }) {
  const machine = form.machine.value;
  return (
    <TextField
      label={machine === LOCAL_MACHINE ? 'Directory at home' : `Directory on ${machine}`}
      value={form.draft.value.cwd}
      onInput={(cwd) => form.change({ cwd })}
      placeholder="~"
      exact
      maxLength={4096}
      hint="Absolute, or from the home directory: ~/src/shop. Empty: the home directory."
    />
  );
}

function Machines({ form }: { form: NewSession }) {
  return (
    <fieldset>
      <legend class="lab">Machine</legend>
      <ul class="rows">
        {form.machines.value.map((machine) => (
          <li key={machine.name}>
            <MachineOption
              machine={machine}
              checked={machine.name === form.machine.value}
              onChoose={() => form.change({ machine: machine.name })}
            />
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function MachineOption({ machine, checked, onChoose }: { machine: Machine; checked: boolean; onChoose(): void }) {
  const { word, mark } = machineState(machine);
  return (
    <label class="setrow choice">
      <input type="radio" name="machine" value={machine.name} checked={checked} onChange={onChoose} />
      <span class="main">
        <b>{machine.name}</b>
        <span class="meta">
          {word} {downSince(machine, everyQuarterMinute.value)} · {survival(machine)}
        </span>
      </span>
      <Mark status={mark} />
    </label>
  );
}

export function Variables({ form }: { form: NewSession }) {
  const rows = form.variables.value;
  return (
    <details class="more">
      <summary>Environment variables{rows.length > 0 && `: ${rows.length}`}</summary>
      <p class="small dim">For this session only. They are not kept on this device; those of a project are kept at home.</p>
      <VariablesField
        rows={rows}
        onChange={(next) => {
          form.variables.value = next;
        }}
        faultOf={(row) => variableFault(row, rows)}
        max={MAX_VARIABLES}
      />
    </details>
  );
}
