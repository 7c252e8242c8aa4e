import { dollars } from '@afield/shared/cost-words.ts';
import { useState } from 'preact/hooks';
import type { Face, NewSession } from '../models/new-session.ts';
import { budgetOf } from '../models/session-usage.ts';
import { Segments, SelectField, TextField } from '../ui/forms.tsx';
import { printable } from '../ui/printable.ts';

const FACES: Record<Face, string> = { chat: 'Chat', terminal: 'Terminal' };

/** Face and what it runs in, where there is a choice. */
export function FaceChoice({ form }: { form: NewSession }) {
  const agent = form.agent.value;
  const faces = agent?.faces ?? [];
  const runtimes = form.runtimes.value;
  const runtime = form.runtime.value;
  return (
    <>
      {faces.length > 1 && (
        <Segments
          legend="Face"
          name="face"
          value={form.face.value}
          options={(['chat', 'terminal'] as const).filter((face) => faces.includes(face)).map((value) => ({ value, label: FACES[value] }))}
          onChange={(face) => form.change({ face, runtime: '' })}
        />
      )}
      {runtimes.length > 1 && (
        <SelectField
          label="Runs by"
          value={runtime?.name ?? ''}
          onChange={(name) => form.change({ runtime: name })}
          options={runtimes.map(({ name }, index) => ({ value: name, label: `${printable(name)}${index === 0 ? ' (usual)' : ''}` }))}
          {...(runtime?.note == null ? {} : { hint: printable(runtime.note) })}
        />
      )}
      {runtimes.length <= 1 && runtime?.note != null && <p class="meta">{printable(runtime.note)}</p>}
    </>
  );
}

/** Stands for a name that is in no list. */
const OTHER = ' other';

/** Only for an agent that takes one. Those of the config file can be chosen, any other one typed. */
export function Model({ form }: { form: NewSession }) {
  const agent = form.agent.value;
  const [typing, setTyping] = useState(false);
  if (agent === null || !form.takesModel.value) return null;
  const { model } = form.draft.value;
  const own = form.project.value?.default_model ?? null;
  const usual = own === null ? `What ${printable(agent.title)} chooses` : `${printable(own)} (of the project)`;
  const listed = agent.models;
  const other = typing || (model !== '' && !listed.includes(model));
  return (
    <>
      {listed.length > 0 && (
        <SelectField
          label="Model"
          value={other ? OTHER : model}
          onChange={(value) => {
            setTyping(value === OTHER);
            form.change({ model: value === OTHER ? '' : value });
          }}
          options={[
            { value: '', label: usual },
            ...listed.map((name) => ({ value: name, label: printable(name) })),
            { value: OTHER, label: 'Another one …' },
          ]}
        />
      )}
      {(listed.length === 0 || other) && (
        <TextField
          label={listed.length === 0 ? 'Model' : 'Name of the model'}
          value={model}
          onInput={(name) => form.change({ model: name })}
          exact
          maxLength={128}
          placeholder={own === null ? usual : printable(own)}
        />
      )}
    </>
  );
}

/** What few sessions need. */
export function Limits({ form }: { form: NewSession }) {
  const { mode, budget } = form.draft.value;
  const usd = budgetOf(budget);
  const chat = form.face.value === 'chat';
  if (!chat) return null;
  const project = form.project.value;
  const usual = project?.default_agent === form.agent.value?.name ? (project?.default_mode ?? null) : null;
  const chosen = [mode.trim() === '' ? '' : printable(mode.trim()), typeof usd === 'number' ? dollars(usd) : ''].filter(Boolean);
  return (
    <details class="more" open={usd === null}>
      <summary>Mode and budget{chosen.length > 0 && `: ${chosen.join(' · ')}`}</summary>
      <div class="stack">
        <TextField
          label="Mode"
          value={mode}
          onInput={(next) => form.change({ mode: next })}
          exact
          maxLength={100}
          placeholder={usual === null ? 'the one that asks' : printable(usual)}
          hint="How much it may do without asking, by the agent’s own name for it. Many agents let you change it while the session runs."
        />
        <TextField
          label="Budget in dollars"
          value={budget}
          onInput={(next) => form.change({ budget: next })}
          inputMode="decimal"
          maxLength={12}
          placeholder="as for every session"
          error={usd === null ? 'An amount such as 2.50, or nothing.' : null}
          hint="Once it is used up, no new message goes to the agent until you raise it."
        />
      </div>
    </details>
  );
}
