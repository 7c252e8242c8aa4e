import type { Project } from '@afield/shared/api/projects.ts';
import { useState } from 'preact/hooks';
import { fieldsOf, NEW_PROJECT, type ProjectFields, type Projects } from '../models/projects.ts';
import { environmentOf, MAX_VARIABLES, variableFault } from '../models/variables.ts';
import { Dialog, FormActs } from '../ui/dialog.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { SelectField, TextField } from '../ui/forms.tsx';
import { exact, printable } from '../ui/printable.ts';
import { VariablesField } from '../ui/variables-field.tsx';

/** Adds a project, or changes one. `project` null: a new one. */
export function ProjectSheet({ model, project, onClose }: { model: Projects; project: Project | null; onClose(): void }) {
  const [fields, setFields] = useState<ProjectFields>(project === null ? NEW_PROJECT : fieldsOf(project));
  const change = (next: Partial<ProjectFields>) => setFields({ ...fields, ...next });
  const fits = (fields.variables === null || environmentOf(fields.variables) !== null) && (project !== null || fields.cwd.trim() !== '');
  const failure = model.saving.failure.value;
  const agent = model.agents.value.find((one) => one.name === fields.agent);
  return (
    <Dialog title={project === null ? 'Add a project' : printable(project.name)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void (project === null ? model.add(fields) : model.change(project.id, fields)).then((done) => done && onClose());
        }}
      >
        {project === null ? (
          <Place model={model} fields={fields} onChange={change} />
        ) : (
          <p class="meta">
            {printable(project.machine)} · <code>{exact(project.cwd)}</code>
          </p>
        )}
        <TextField
          label="Name"
          value={fields.name}
          onInput={(name) => change({ name })}
          maxLength={100}
          placeholder={fields.cwd.split('/').filter(Boolean).at(-1) ?? 'Made from the directory'}
        />
        <SelectField
          label="Agent"
          value={fields.agent}
          onChange={(name) => change({ agent: name })}
          options={[
            { value: '', label: 'Asked each time' },
            ...model.agents.value.map((one) => ({
              value: one.name,
              label: `${printable(one.title)}${one.installed ? '' : ' (not installed)'}`,
            })),
          ]}
        />
        {(agent === undefined || agent.takes_model || fields.model !== '') && (
          <TextField
            label="Model"
            value={fields.model}
            onInput={(name) => change({ model: name })}
            exact
            maxLength={128}
            hint="Empty: what the agent chooses."
          />
        )}
        <How model={model} fields={fields} onChange={change} />
        <Variables project={project} fields={fields} onChange={change} />
        <FaultLine text={failure?.text ?? null} />
        <FormActs submit={project === null ? 'Add' : 'Save'} disabled={!fits || model.saving.busy.value} onLeave={onClose} />
      </form>
    </Dialog>
  );
}

interface PartProps {
  fields: ProjectFields;
  onChange(next: Partial<ProjectFields>): void;
}

function Place({ model, fields, onChange }: PartProps & { model: Projects }) {
  const machines = model.machines.value;
  return (
    <>
      {machines.length > 1 && (
        <SelectField
          label="Machine"
          value={fields.machine}
          onChange={(machine) => onChange({ machine })}
          options={machines.map(({ name }) => ({ value: name, label: name }))}
        />
      )}
      <TextField
        label="Directory"
        value={fields.cwd}
        onInput={(cwd) => onChange({ cwd })}
        placeholder="~/src/shop"
        exact
        maxLength={4096}
        required
        hint="Absolute, or from the home directory. It must be there already."
      />
    </>
  );
}

/** Face, mode and environment, where there is something to choose. */
function How({ model, fields, onChange }: PartProps & { model: Projects }) {
  const agent = model.agents.value.find((one) => one.name === fields.agent);
  const chats = agent === undefined || agent.faces.includes('chat');
  const environments = model.environments.value.filter((one) => one.agent === null || agent === undefined || one.agent === agent.name);
  const gone = fields.environment !== '' && !environments.some(({ name }) => name === fields.environment);
  return (
    <>
      {chats && (
        <SelectField
          label="Face"
          value={fields.face}
          onChange={(face) => onChange({ face: face as ProjectFields['face'] })}
          options={[
            { value: '', label: 'The usual one' },
            { value: 'chat', label: 'Chat' },
            { value: 'terminal', label: 'Terminal' },
          ]}
        />
      )}
      {chats && fields.agent !== '' && (
        <TextField
          label="Mode"
          value={fields.mode}
          onInput={(mode) => onChange({ mode })}
          exact
          maxLength={100}
          hint="How much a chat may do without asking, by the agent’s own name. Empty: the one that asks."
        />
      )}
      {(environments.length > 0 || gone) && (
        <SelectField
          label="Environment"
          value={fields.environment}
          onChange={(environment) => onChange({ environment })}
          options={[
            { value: '', label: 'None' },
            ...environments.map(({ name, production }) => ({ value: name, label: `${name}${production ? ' · production' : ''}` })),
            ...(gone ? [{ value: fields.environment, label: `${printable(fields.environment)} (not there)` }] : []),
          ]}
        />
      )}
    </>
  );
}

function Variables({ project, fields, onChange }: PartProps & { project: Project | null }) {
  const { variables } = fields;
  return (
    <fieldset>
      <legend class="lab">Environment variables</legend>
      {variables === null ? (
        <>
          <p class="small dim">
            {project === null || project.env.length === 0 ? 'None.' : <NameList names={project.env} />} Values stay at home and are never
            shown.
          </p>
          <button
            type="button"
            class="act"
            onClick={() => onChange({ variables: (project?.env ?? []).map((name) => ({ name, value: '' })) })}
          >
            Set them anew
          </button>
        </>
      ) : (
        <>
          {project !== null && project.env.length > 0 && <p class="small dim">These replace all of them: type each value again.</p>}
          <VariablesField
            rows={variables}
            onChange={(rows) => onChange({ variables: rows })}
            faultOf={(row) => variableFault(row, variables)}
            max={MAX_VARIABLES}
          />
        </>
      )}
    </fieldset>
  );
}

function NameList({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <code>{exact(name)}</code>
        </span>
      ))}
      .
    </>
  );
}
