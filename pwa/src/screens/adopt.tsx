import type { Adoptable } from '@afield/shared/api/machines.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { type Adopt, AdoptModel } from '../models/adopt.ts';
import { Dialog, FormActs } from '../ui/dialog.tsx';
import { Facts } from '../ui/facts.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { SelectField, TextField } from '../ui/forms.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { sessionPath } from './paths.ts';

/** Programs in a person's own tmux on a machine, which can become sessions. */
export function Adoption({ machine, open }: { machine: string; open: boolean }) {
  const { home, link } = useHome();
  const location = useLocation();
  const model = useModel(
    () =>
      new AdoptModel({
        link,
        machine,
        newId: uuidv7,
        onAdopted(session) {
          home.take(session);
          location.route(sessionPath(session.id));
        },
      }),
  );
  const [chosen, setChosen] = useState<Adoptable | null>(null);
  const found = model.found.value;
  const failure = model.looking.failure.value;
  return (
    <Section id="h-adopt" title="Already running there?">
      <div class="stack">
        <p class="small dim">A program in your own tmux can become a session without being restarted. It stays in your tmux.</p>
        <FaultLine text={failure?.text ?? null} />
        {found !== null && found.length === 0 && (
          <p class="dim" role="status">
            No tmux of yours runs anything there now. Start the agent inside of <code>tmux</code>, then look again.
          </p>
        )}
        {found !== null && found.length > 0 && (
          <ul class="rows">
            {found.map((one) => (
              <li key={`${one.socket} ${one.pane}`}>
                <AdoptableRow adoptable={one} onChoose={() => setChosen(one)} />
              </li>
            ))}
          </ul>
        )}
        <button type="button" class="btn btn-line" disabled={!open || model.looking.busy.value} onClick={() => void model.look()}>
          <Icon name="eye" small />
          {model.looking.busy.value ? 'Looking …' : found === null ? 'Look into tmux' : 'Look again'}
        </button>
      </div>
      {chosen !== null && (
        <AdoptSheet
          adoptable={chosen}
          model={model}
          onClose={() => {
            model.adopting.clear();
            setChosen(null);
          }}
        />
      )}
    </Section>
  );
}

function AdoptableRow({ adoptable, onChoose }: { adoptable: Adoptable; onChoose(): void }) {
  const { command, title, cwd, session_name, attached } = adoptable;
  return (
    <button type="button" class="setrow setrow-button" aria-haspopup="dialog" onClick={onChoose}>
      <Icon name="screen" />
      <span class="main">
        <code>{exact(command)}</code>
        {title.trim() !== '' && <span class="meta">{printable(title)}</span>}
        <span class="meta">
          {printable(session_name)} · {exact(cwd)}
          {attached && ' · somebody looks at it now'}
        </span>
      </span>
      <Icon name="forward" small />
    </button>
  );
}

function AdoptSheet({ adoptable, model, onClose }: { adoptable: Adoptable; model: Adopt; onClose(): void }) {
  const [name, setName] = useState('');
  const [agent, setAgent] = useState('');
  const failure = model.adopting.failure.value;
  const busy = model.adopting.busy.value;
  return (
    <Dialog title="Adopt as a session" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void model.adopt(adoptable, name, agent);
        }}
      >
        <Facts
          items={[
            ['Program', <code key="command">{exact(adoptable.command)}</code>],
            ['Directory', <code key="cwd">{exact(adoptable.cwd)}</code>],
            ['Process', String(adoptable.pid)],
            ['Terminal', `${adoptable.cols} × ${adoptable.rows}`],
          ]}
        />
        <TextField label="Name" value={name} onInput={setName} maxLength={100} placeholder={printable(adoptable.session_name)} />
        <SelectField
          label="Agent"
          value={agent}
          onChange={setAgent}
          options={[
            { value: '', label: 'Found by its command' },
            ...model.agents.value.map((one) => ({ value: one.name, label: printable(one.title) })),
          ]}
          hint="Whose rules read what it does."
        />
        <FaultLine text={failure?.text ?? null} />
        <FormActs submit={busy ? 'Adopting …' : 'Adopt'} disabled={busy} onLeave={onClose} />
      </form>
    </Dialog>
  );
}
