import type { ChangedFile } from '@afield/shared/api/changes.ts';
import { useModel } from '@preact/signals';
import { useId } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { BASES, ChangesModel, type ChangesOf, type Opened } from '../models/changes.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Banner } from '../ui/banner.tsx';
import { Diff, LineCounts } from '../ui/diff.tsx';
import { Icon } from '../ui/icons.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { SessionScreen } from './session-screen.tsx';

const BASE_WORDS: Record<(typeof BASES)[number], string> = { start: 'Since start', HEAD: 'Last commit', message: 'Last message' };
const LETTERS: Record<ChangedFile['change'], { letter: string; tone: string }> = {
  added: { letter: 'A', tone: 'plus' },
  modified: { letter: 'M', tone: 'is-busy' },
  deleted: { letter: 'D', tone: 'minus' },
  renamed: { letter: 'R', tone: 'is-busy' },
};

export function SessionChangesScreen() {
  const { params } = useRoute();
  const id = params.id ?? '';
  const { link } = useHome();
  const model = useModel(() => new ChangesModel(link, id));
  return (
    <SessionScreen id={id} face="changes" mainClass="changes-main stack">
      {(_session, live) => (
        <>
          <Bases model={model} live={live} />
          <Found model={model} live={live} />
        </>
      )}
    </SessionScreen>
  );
}

function Bases({ model, live }: { model: ChangesOf; live: boolean }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are buttons
    <div class="seg seg-wide" role="group" aria-label="Compare with">
      {BASES.map((base) => (
        <button
          key={base}
          type="button"
          aria-pressed={model.against.value === base}
          disabled={!live && model.against.value !== base}
          onClick={() => model.compare(base)}
        >
          {BASE_WORDS[base]}
        </button>
      ))}
    </div>
  );
}

function Found({ model, live }: { model: ChangesOf; live: boolean }) {
  const changes = model.changes.value;
  const seenAt = model.seenAt.value;
  return (
    <>
      <Fault model={model} live={live} />
      {changes === null && model.failure.value === null && (
        <AskingHome
          open={live}
          asking="Looking at the changes …"
          away="There is no connection: the changes come when it is back."
          class="changes-none"
        />
      )}
      {changes !== null && <Summary model={model} live={live} />}
      {!live && changes !== null && seenAt !== null && (
        <p class="meta">There is no connection: this is how it was at {lastSeen(seenAt, everyQuarterMinute.value)}.</p>
      )}
      {changes?.vcs === 'none' && (
        <section class="panel empty">
          <h2>No git repository</h2>
          <p>
            This directory is in no git repository, so its changes cannot be told. Run <code class="arg">git init</code> there and make a
            commit: what changes after it shows under “{BASE_WORDS.HEAD}”.
          </p>
          <LookAgain model={model} live={live} />
        </section>
      )}
      {changes?.vcs === 'git' && changes.files.length === 0 && <p class="dim changes-none">Nothing changed yet.</p>}
      {changes !== null && changes.files.length > 0 && <Files model={model} files={changes.files} live={live} />}
      {changes !== null && changes.more_files > 0 && (
        <p class="meta">
          {changes.more_files} more {changes.more_files === 1 ? 'file has' : 'files have'} changed. “afield diff” at home lists them.
        </p>
      )}
    </>
  );
}

function LookAgain({ model, live, push = false }: { model: ChangesOf; live: boolean; push?: boolean }) {
  return (
    <button type="button" class={push ? 'act push' : 'act'} disabled={!live || model.loading.value} onClick={() => void model.reload()}>
      {model.loading.value ? 'Looking …' : 'Look again'}
    </button>
  );
}

function Fault({ model, live }: { model: ChangesOf; live: boolean }) {
  const failure = model.failure.value;
  if (failure === null || (!live && failure.code === 'unavailable')) return null;
  const way = model.wayOut.value;
  return (
    <Banner
      tone={way === 'again' ? 'fault' : 'lost'}
      icon="alert"
      title={way === 'again' ? 'The changes did not come.' : 'Not to be compared.'}
      actions={
        way === 'HEAD' || way === 'start' ? (
          <button type="button" class="act" disabled={!live} onClick={() => model.compare(way)}>
            {way === 'HEAD' ? 'Compare with the last commit' : 'Compare with the start'}
          </button>
        ) : way === 'commit' ? (
          <LookAgain model={model} live={live} />
        ) : (
          <button type="button" class="act" disabled={!live} onClick={() => void model.reload()}>
            Try again
          </button>
        )
      }
    >
      {printable(failure.text)}
    </Banner>
  );
}

/** How much it is, where, and a look anew. */
function Summary({ model, live }: { model: ChangesOf; live: boolean }) {
  const changes = model.changes.value;
  if (changes === null || changes.vcs === 'none') return null;
  const count = changes.files.length + changes.more_files;
  return (
    <div class="changes-sum">
      <p class="meta" role="status">
        {count === 1 ? '1 file' : `${count} files`} {count > 0 && <LineCounts {...model.total.value} />}
      </p>
      {changes.branch !== null && (
        <p class="changes-branch">
          <span class="tag">
            <span class="vh">on </span>
            <code class="cut">{exact(changes.branch)}</code>
          </span>
        </p>
      )}
      <LookAgain model={model} live={live} push />
    </div>
  );
}

function Files({ model, files, live }: { model: ChangesOf; files: readonly ChangedFile[]; live: boolean }) {
  return (
    <ul class="rows changes-files" aria-label="Changed files">
      {files.map((file) => (
        <FileRow
          key={file.path}
          file={file}
          opened={model.opened.value.get(file.path) ?? null}
          live={live}
          onToggle={() => model.toggle(file)}
        />
      ))}
    </ul>
  );
}

/** Name first: of a long path the end tells most. */
function nameOf(path: string): { name: string; folder: string } {
  const at = path.lastIndexOf('/') + 1;
  return { name: exact(path.slice(at)), folder: exact(path.slice(0, at)) };
}

interface RowProps {
  file: ChangedFile;
  opened: Opened | null;
  live: boolean;
  onToggle(): void;
}

function FileRow({ file, opened, live, onToggle }: RowProps) {
  const id = useId();
  const { name, folder } = nameOf(file.path);
  const { letter, tone } = LETTERS[file.change];
  return (
    <li>
      <button type="button" class="file" aria-expanded={opened !== null} aria-controls={id} onClick={onToggle}>
        <span class={`let ${tone}`} aria-hidden="true">
          {letter}
        </span>
        <span class="file-name">
          <span class="vh">{file.change}: </span>
          <b>{name}</b>
          {folder !== '' && <span class="dir cut">{folder}</span>}
          {file.old_path !== null && <span class="dir">was {exact(file.old_path)}</span>}
        </span>
        <span class="small">
          {file.binary ? <span class="meta">binary</span> : <LineCounts added={file.added} deleted={file.deleted} />}
        </span>
        <Icon name={opened === null ? 'forward' : 'chevron'} small />
      </button>
      <div id={id} hidden={opened === null}>
        {opened !== null && <Inside file={file} opened={opened} live={live} />}
      </div>
    </li>
  );
}

function Inside({ file, opened, live }: { file: ChangedFile; opened: Opened; live: boolean }) {
  if (opened.failure !== null) return <p class="meta file-note">{printable(opened.failure.text)}</p>;
  if (file.binary) return <p class="meta file-note">Binary: its bytes are not shown.</p>;
  if (opened.file === null) {
    return <p class="meta file-note">{live ? 'Fetching its lines …' : 'There is no connection: its lines come when it is back.'}</p>;
  }
  const { hunks, cut } = opened.file;
  if (hunks === null || (hunks.length === 0 && cut)) return <p class="meta file-note">Too large to be shown here.</p>;
  if (hunks.length === 0)
    return (
      <p class="meta file-note">
        {file.change === 'renamed' ? 'Only its name changed.' : 'Not a line of it changed, only its mode or its kind.'}
      </p>
    );
  return <Diff hunks={hunks} label={exact(file.path)} cut={cut} />;
}
