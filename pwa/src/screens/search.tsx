import type { LogHit } from '@afield/shared/api/history.ts';
import { useModel } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { type FoundSession, type LogSearch, LogSearchModel } from '../models/log-search.ts';
import { LOG_TYPES } from '../models/session-log.ts';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { KindChips } from '../ui/kind-chips.tsx';
import { LOG_ICONS, RAW_KINDS } from '../ui/log-kinds.ts';
import { excerpt, Marked } from '../ui/marked.tsx';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { SearchField } from '../ui/search-field.tsx';
import { lastSeen } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { ARCHIVE, entryPath, HOME } from './paths.ts';

/** As many hits of one session as are shown at once; the others are in its own log. */
const HITS_A_SESSION = 5;

/** Words in the logs of all sessions, archived ones too. What was searched for is still there when one comes back from a hit. */
export function SearchScreen() {
  const app = useApp();
  const { home, link } = useHome();
  const search = useModel(() => new LogSearchModel(link, app.searched.peek().words, app.searched.peek().types));
  const open = home.open.value;
  const keep = useCallback(() => app.keepSearch(search.query.peek(), [...search.types.peek()]), [app, search]);
  return (
    <Page title="Search" back={{ href: HOME, label: 'Home' }} class="search-main" after={<HomeTabs />}>
      <SearchField
        label="Search all sessions"
        value={search.query.value}
        focus={search.query.peek() === ''}
        onInput={(text) => {
          search.search(text);
          keep();
        }}
      />
      <KindChips
        kinds={LOG_TYPES}
        chosen={search.types.value}
        onChoose={(kind) => {
          search.choose(kind);
          keep();
        }}
      />
      <Problem search={search} open={open} />
      <Told search={search} open={open} />
      {search.found.value.map((group) => (
        <Found key={group.session_id} group={group} />
      ))}
      {search.more.value && (
        <button type="button" class="btn btn-line btn-wide" disabled={search.loading.value} onClick={() => void search.loadMore()}>
          {search.loading.value ? 'Fetching more …' : 'Older ones'}
        </button>
      )}
      {search.full.value && <p class="meta">The newest {search.count.value} are shown. More words find fewer.</p>}
    </Page>
  );
}

function Problem({ search, open }: { search: LogSearch; open: boolean }) {
  if (!open) return <p class="dim">There is no connection: home searches when it is back.</p>;
  return <FaultLine text={search.error.value} onAgain={() => search.now()} />;
}

/** How many there are, or what to do when there are none. */
function Told({ search, open }: { search: LogSearch; open: boolean }) {
  const answered = search.answered.value;
  const count = search.count.value;
  const sessions = search.found.value.length;
  if (!open && answered === null) return null;
  return (
    <div class="nothing">
      <p class={count > 0 ? 'meta' : 'dim'} role="status">
        {answered === null && (search.loading.value ? 'Searching …' : 'Words that an agent printed, that you typed, or that Afield noted.')}
        {answered !== null &&
          count > 0 &&
          `${count}${search.more.value ? ' and more' : ''} in ${sessions} ${sessions === 1 ? 'session' : 'sessions'}, newest first`}
        {answered !== null && count === 0 && `Nothing has “${answered}”.`}
      </p>
      {answered !== null && count === 0 && (
        <>
          <p class="small dim">
            Every word must stand in the same entry. Whole words are found, and the beginning of the last one: try fewer words, or another
            form.
          </p>
          {search.types.value.size > 0 && (
            <button type="button" class="act" onClick={() => search.choose(null)}>
              Search all kinds of entries
            </button>
          )}
        </>
      )}
      {answered === null && !search.loading.value && (
        <a class="act" href={ARCHIVE}>
          <Icon name="archive" small />
          Archived sessions
        </a>
      )}
    </div>
  );
}

function Found({ group }: { group: FoundSession }) {
  const heading = `found-${group.session_id}`;
  const more = group.hits.length - HITS_A_SESSION;
  return (
    <section class="found" aria-labelledby={heading}>
      <div class="found-head">
        <h2 id={heading} class="cut">
          {printable(group.name)}
        </h2>
        <span class="meta push">
          {printable(group.agent)} · {printable(group.machine)}
        </span>
      </div>
      <ul class="rows">
        {group.hits.slice(0, HITS_A_SESSION).map((hit) => (
          <li key={hit.seq}>
            <Hit hit={hit} />
          </li>
        ))}
        {more > 0 && (
          <li>
            <a class="setrow" href={entryPath(group.session_id, group.hits[HITS_A_SESSION]!.seq)}>
              <span class="main">{more} more in this session</span>
              <Icon name="forward" small />
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

function Hit({ hit }: { hit: LogHit }) {
  const shown = excerpt(hit.text, hit.marks);
  return (
    <a class={RAW_KINDS.has(hit.type) ? 'hit-row' : 'hit-row ours'} href={entryPath(hit.session_id, hit.seq)}>
      <Icon name={LOG_ICONS[hit.type]} small />
      <span class="hit-about">
        {hit.type}
        <time class="push" dateTime={hit.timestamp}>
          {lastSeen(Date.parse(hit.timestamp), everyQuarterMinute.value)}
        </time>
      </span>
      <span class="hit-text">
        <Marked text={shown.text} marks={shown.marks} />
      </span>
    </a>
  );
}
