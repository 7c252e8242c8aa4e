import type { Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import { type Archive, ArchiveEndedModel, ArchiveModel, archivable } from '../models/archive.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page, Section } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { SearchField } from '../ui/search-field.tsx';
import { SessionRow } from '../ui/session-row.tsx';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { SEARCH, SETTINGS, sessionPath } from './paths.ts';

/** Sessions that left the lists. Their history is kept. */
export function ArchiveScreen() {
  const { home, link } = useHome();
  const archive = useModel(() => new ArchiveModel(link));
  const open = home.open.value;
  const sessions = archive.sessions.value;
  const failure = archive.changing.failure.value;
  return (
    <Page title="Archive" back={{ href: SETTINGS, label: 'More' }} class="stack" after={<HomeTabs />}>
      <ArchiveEnded
        onDone={() => {
          void archive.reload();
          // There may be more than this device keeps in its list.
          void home.refresh();
        }}
      />
      <Section id="h-archived" title="Archived sessions">
        <div class="stack">
          <SearchField label="Name or directory" value={archive.query.value} onInput={archive.search} />
          <Agents archive={archive} />
          <FaultLine text={open ? (archive.error.value ?? failure?.text ?? null) : null} onAgain={() => archive.reload()} />
          {sessions === null && (archive.error.value === null || !open) && <AskingHome open={open} />}
          {sessions !== null && sessions.length === 0 && <Nothing archive={archive} />}
          {sessions !== null && sessions.length > 0 && (
            <ul class="rows">
              {sessions.map((session) => (
                <ArchivedRow key={session.id} session={session} archive={archive} usable={open} />
              ))}
            </ul>
          )}
          {archive.more.value && (
            <button type="button" class="btn btn-line btn-wide" disabled={archive.loading.value} onClick={() => void archive.loadMore()}>
              {archive.loading.value ? 'Fetching older ones …' : 'Older ones'}
            </button>
          )}
        </div>
      </Section>
    </Page>
  );
}

/** Agents of what is shown, to choose one of; nothing to choose where there is one only. */
function Agents({ archive }: { archive: Archive }) {
  const chosen = archive.agent.value;
  const known = [
    ...new Set([...(archive.sessions.value ?? []).map((session) => session.agent), ...(chosen === '' ? [] : [chosen])]),
  ].sort();
  if (known.length < 2 && chosen === '') return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot scroll sideways in all browsers
    <div class="chips" role="group" aria-label="Agents">
      <button type="button" class="chip" aria-pressed={chosen === ''} onClick={() => archive.choose('')}>
        All
      </button>
      {known.map((agent) => (
        <button type="button" key={agent} class="chip" aria-pressed={chosen === agent} onClick={() => archive.choose(agent)}>
          {printable(agent)}
        </button>
      ))}
    </div>
  );
}

function Nothing({ archive }: { archive: Archive }) {
  const filtered = archive.query.value.trim() !== '' || archive.agent.value !== '';
  return (
    <div class="nothing">
      <p class="dim" role="status">
        {filtered
          ? 'No archived session is called so.'
          : 'Nothing is archived. A session that is over stays in the list until you archive it.'}
      </p>
      <a class="act" href={SEARCH}>
        <Icon name="search" small />
        Search what sessions printed
      </a>
    </div>
  );
}

function ArchivedRow({ session, archive, usable }: { session: Session; archive: Archive; usable: boolean }) {
  const { home } = useHome();
  const name = printable(session.name);
  return (
    <li class="with-act">
      <SessionRow session={session} href={sessionPath(session.id, 'info')} now={everyQuarterMinute.value} live={usable} />
      <button
        type="button"
        class="act"
        disabled={!usable || archive.changing.busy.value}
        onClick={() => void archive.bringBack(session.id, home.take)}
      >
        Bring back<span class="vh"> {name}</span>
      </button>
    </li>
  );
}

/** All that is over leaves the list at once. */
function ArchiveEnded({ onDone }: { onDone(): void }) {
  const { home, link } = useHome();
  const model = useModel(() => new ArchiveEndedModel(link, home.drop));
  const ended = archivable([...home.sessions.value.values()]);
  const busy = model.archiving.busy.value;
  const failure = model.archiving.failure.value;
  if (ended.length === 0 && !busy && failure === null) return null;
  return (
    <section class="panel stack" aria-labelledby="h-ended">
      <h2 id="h-ended">{ended.length === 1 ? '1 session is over' : `${ended.length} sessions are over`}</h2>
      <p class="small dim">They stay in the list until they are archived. Their history is kept; pinned ones stay where they are.</p>
      <FaultLine text={failure?.text ?? null}>{model.left.value} are left.</FaultLine>
      <button
        type="button"
        class="btn btn-line btn-wide"
        disabled={busy || !home.open.value || ended.length === 0}
        onClick={() => void model.run(ended).then(onDone)}
      >
        <Icon name="archive" small />
        {busy ? `Archiving … ${model.left.value} left` : 'Archive all that ended'}
      </button>
    </section>
  );
}
