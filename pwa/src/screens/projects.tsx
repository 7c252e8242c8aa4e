import type { Project } from '@afield/shared/api/projects.ts';
import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { type Projects, ProjectsModel } from '../models/projects.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { SETTINGS } from './paths.ts';
import { ProjectSheet } from './project-sheet.tsx';

type Asked = { what: 'add' } | { what: 'change' | 'remove'; project: Project } | null;

/** Directories with what their sessions start with. */
export function ProjectsScreen() {
  const { home, link } = useHome();
  const model = useModel(() => new ProjectsModel(link));
  const [asked, setAsked] = useState<Asked>(null);
  const open = home.open.value;
  const projects = model.projects.value;
  const close = () => {
    model.saving.clear();
    setAsked(null);
  };
  return (
    <Page title="Projects" back={{ href: SETTINGS, label: 'More' }} class="stack" after={<HomeTabs />}>
      <FaultLine text={open ? model.error.value : null} onAgain={() => model.load()} />
      {projects === null && (model.error.value === null || !open) && <AskingHome open={open} />}
      {projects !== null && projects.length === 0 && (
        <section class="panel empty" aria-label="No projects yet">
          <p>A project is a directory with an agent, a model and variables of its own. New sessions start there with one tap.</p>
        </section>
      )}
      {projects !== null && projects.length > 0 && (
        <ul class="rows">
          {projects.map((project) => (
            <ProjectRow key={project.id} project={project} model={model} usable={open} onAsk={(what) => setAsked({ what, project })} />
          ))}
        </ul>
      )}
      {projects !== null && (
        <button type="button" class="btn btn-line btn-wide" disabled={!open} onClick={() => setAsked({ what: 'add' })}>
          <Icon name="plus" small />
          Add a project
        </button>
      )}
      {asked?.what === 'add' && <ProjectSheet model={model} project={null} onClose={close} />}
      {asked?.what === 'change' && <ProjectSheet model={model} project={asked.project} onClose={close} />}
      {asked?.what === 'remove' && <RemoveProject model={model} project={asked.project} onClose={close} />}
    </Page>
  );
}

/** What sessions of a project start with, in one line. */
function startsWith({ default_agent, default_model, default_face, default_mode, default_environment, env }: Project): string {
  const variables = env.length === 0 ? '' : `${env.length} ${env.length === 1 ? 'variable' : 'variables'}`;
  return [default_agent, default_model, default_face, default_mode, default_environment, variables]
    .filter(Boolean)
    .map((part) => printable(part!))
    .join(' · ');
}

interface RowProps {
  project: Project;
  model: Projects;
  usable: boolean;
  onAsk(what: 'change' | 'remove'): void;
}

function ProjectRow({ project, model, usable, onAsk }: RowProps) {
  const name = printable(project.name);
  const elsewhere = model.machines.value.length > 1 || project.machine !== 'local';
  const used = project.used_at === null ? 'not used yet' : `used ${lastSeen(Date.parse(project.used_at), everyQuarterMinute.value)}`;
  const defaults = startsWith(project);
  return (
    <li class="setrow device">
      <Icon name="folder" />
      <span class="main">
        <b>{name}</b>
        <span class="meta">
          {elsewhere && `${printable(project.machine)} · `}
          <code>{exact(project.cwd)}</code>
        </span>
        <span class="meta">
          {defaults === '' ? '' : `${defaults} · `}
          {used}
        </span>
        <span class="line device-acts">
          <button type="button" class="act" disabled={!usable} onClick={() => onAsk('change')}>
            Change<span class="vh"> {name}</span>
          </button>
          <button type="button" class="act act-danger" disabled={!usable} onClick={() => onAsk('remove')}>
            Remove<span class="vh"> {name}</span>
          </button>
        </span>
      </span>
    </li>
  );
}

function RemoveProject({ model, project, onClose }: { model: Projects; project: Project; onClose(): void }) {
  const failure = model.saving.failure.value;
  return (
    <Confirm
      title={`Remove “${printable(project.name)}”?`}
      confirm="Remove it"
      danger
      busy={model.saving.busy.value}
      error={failure === null ? null : printable(failure.text)}
      onClose={onClose}
      onConfirm={() => void model.remove(project.id).then((done) => done && onClose())}
    >
      Home forgets its defaults and variables. Its files and its sessions stay as they are.
    </Confirm>
  );
}
