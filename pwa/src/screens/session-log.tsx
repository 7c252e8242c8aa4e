import type { Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { LOG_TYPES, type LogLine, type SessionLog, SessionLogModel } from '../models/session-log.ts';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { KindChips } from '../ui/kind-chips.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { EndSentinel } from '../ui/sentinel.tsx';
import { clock, when } from '../ui/time.ts';
import { TopSentinel } from '../ui/top-sentinel.tsx';
import { useApp, useHome } from './app-context.ts';
import { Entry, EntrySheet, entriesAsText } from './log-entry.tsx';
import { SessionScreen } from './session-screen.tsx';

/** The entry that the address asks for (`?at=48211`); null: the newest. */
function placeIn(query: Record<string, string>): number | null {
  return /^\d{1,15}$/.test(query.at ?? '') ? Number(query.at) : null;
}

export function SessionLogScreen() {
  const { params } = useRoute();
  const { query } = useLocation();
  const id = params.id ?? '';
  const place = placeIn(query);
  const { link } = useHome();
  const log = useModel(() => new SessionLogModel(link, id, place));
  const top = useRef<HTMLDivElement>(null);
  // Scrolled away from the newest entry, nothing is put above what is being read.
  const onTop = useCallback((inSight: boolean) => log.hold(!inSight), [log]);
  // Another place of the same session was asked for: the screen stays, its log does not.
  useEffect(() => {
    if (place !== log.at.peek()) void log.goTo(place);
  }, [place]);
  return (
    <SessionScreen id={id} face="log" mainClass="log-main" foot={(session) => <Foot log={log} session={session} top={top} />}>
      {(_session, live) => (
        <>
          <TopSentinel at={top} onChange={onTop} />
          <SearchField label="Search the log" value={log.query.value} onInput={log.search} />
          <KindChips kinds={LOG_TYPES} chosen={log.types.value} onChoose={log.choose} />
          <Entries log={log} live={live} />
        </>
      )}
    </SessionScreen>
  );
}

function Entries({ log, live }: { log: SessionLog; live: boolean }) {
  const [opened, setOpened] = useState<LogLine | null>(null);
  const entries = log.entries.value;
  const searching = log.query.value.trim() !== '';
  return (
    <>
      <FaultLine text={log.error.value} onAgain={() => log.reload()} />
      {!live && entries.length > 0 && <p class="meta">There is no connection: newer entries come when it is back.</p>}
      {entries.length === 0 && log.error.value === null && <Nothing log={log} live={live} />}
      {log.behind.value && (
        <button type="button" class="btn btn-line btn-wide" disabled={log.loadingNewer.value} onClick={() => void log.loadNewer()}>
          Newer entries
        </button>
      )}
      <ol class="log" aria-label={searching ? 'Entries found, newest first' : 'Log entries, newest first'}>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} current={entry.seq === log.at.value} onOpen={setOpened} />
        ))}
      </ol>
      <Older log={log} />
      {opened !== null && (
        <EntrySheet
          entry={opened}
          onClose={() => setOpened(null)}
          {...(searching
            ? {
                onShow: () => {
                  setOpened(null);
                  void log.goTo(opened.seq);
                },
              }
            : {})}
        />
      )}
    </>
  );
}

function Nothing({ log, live }: { log: SessionLog; live: boolean }) {
  const words = log.query.value.trim();
  const filtered = log.types.value.size > 0;
  return (
    <div class="nothing">
      <p class="dim" role="status">
        {!live && 'There is no connection: the log comes when it is back.'}
        {live && log.loading.value && 'Fetching the log …'}
        {live &&
          !log.loading.value &&
          words !== '' &&
          `Nothing in this log has “${words}”. Whole words are found, and the beginning of the last one.`}
        {live && !log.loading.value && words === '' && (filtered ? 'No entries of this kind.' : 'Nothing happened yet.')}
      </p>
      {live && !log.loading.value && filtered && (
        <button type="button" class="act" onClick={() => log.choose(null)}>
          Show all kinds
        </button>
      )}
    </div>
  );
}

/** The way back in time: by itself near the end of the list, and as a button for those who do not scroll. */
function Older({ log }: { log: SessionLog }) {
  const entries = log.entries.value;
  const oldest = entries.at(-1);
  const onNear = useCallback(() => {
    if (log.error.peek() === null) void log.loadOlder();
  }, [log]);
  if (oldest === undefined) return null;
  if (log.full.value) {
    const day = when(oldest.timestamp, Date.now());
    return (
      <button type="button" class="btn btn-line btn-wide" onClick={() => void log.goTo(oldest.seq)}>
        Go on from {day === clock(oldest.timestamp) ? day : `${day} ${clock(oldest.timestamp)}`}
      </button>
    );
  }
  if (!log.more.value) return null;
  return (
    <>
      {/* A new one with each page: an observer tells of a change only. */}
      <EndSentinel key={oldest.seq} onNear={onNear} />
      <button type="button" class="btn btn-line btn-wide" disabled={log.loading.value} onClick={() => void log.loadOlder()}>
        {log.loading.value ? 'Fetching older entries …' : 'Older entries'}
      </button>
    </>
  );
}

function newestWords({ heldCount, behind }: SessionLog): string {
  const count = heldCount.value;
  if (count === 0) return behind.value ? 'Jump to the newest' : 'To the newest';
  return `${count} new`;
}

function Foot({ log, session, top }: { log: SessionLog; session: Session; top: RefObject<HTMLDivElement | null> }) {
  const app = useApp();
  const { route, path } = useLocation();
  const toNewest = () => {
    if (log.behind.peek()) {
      void log.goTo(null);
      route(path, true);
    }
    log.hold(false);
    top.current?.scrollIntoView({ block: 'end' });
  };
  const share = () => void app.share(`afield-${session.id}.log.txt`, entriesAsText(log.entries.value));
  return (
    <div class="comp line">
      <button type="button" class="btn btn-line grow" onClick={toNewest}>
        <Icon name="up" />
        {newestWords(log)}
      </button>
      <button type="button" class="btn btn-line" disabled={log.entries.value.length === 0} onClick={share}>
        <Icon name="share" />
        Share<span class="vh"> the shown entries as a file</span>
      </button>
    </div>
  );
}
