import type { Session } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { everyQuarterMinute, everySecond } from '../models/clock.ts';
import type { Home } from '../models/home.ts';
import type { SessionGroups } from '../models/session-list.ts';
import { Band, type BandState } from '../ui/band.tsx';
import { Banner } from '../ui/banner.tsx';
import { Conn } from '../ui/conn.tsx';
import { Icon } from '../ui/icons.tsx';
import { late } from '../ui/late.tsx';
import { StatusWord } from '../ui/mark.tsx';
import { Section } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { SessionRow } from '../ui/session-row.tsx';
import { sessionWhen } from '../ui/session-words.ts';
import { clock, countdown, lastSeen, span } from '../ui/time.ts';
import { cutMachines } from './alarms.tsx';
import { useHome } from './app-context.ts';
import { ARCHIVE, NEW, SEARCH, SETTINGS, sessionPath } from './paths.ts';

/** Loaded once the list stands there: the first load is only what every look needs. */
export const ApprovalCards = late<{ session_id?: string }>(() => import('./approval-cards.tsx').then((module) => module.ApprovalCards));

/** What the band answers to "does anything need me?". Without a link: since when nothing is known. */
export function bandWords(home: Home, now: number): { state: BandState; headline: string; line: string } {
  const groups = home.groups.value;
  if (!home.live.value) {
    const seen = home.seenAt.value;
    if (seen === null)
      return {
        state: 'offline',
        headline: home.open.value ? 'Looking …' : 'Not seen yet',
        line: 'Home has not answered since this device was paired.',
      };
    return { state: 'offline', headline: `Last seen ${lastSeen(seen, now)}`, line: `What you see is ${span(now - seen)} old` };
  }
  const count = needCount(home);
  const line = lineOf(groups, now);
  if (count > 0) return { state: 'needs', headline: count === 1 ? '1 needs you' : `${count} need you`, line };
  return { state: 'calm', headline: 'All quiet', line };
}

/** Approvals that wait, and sessions that wait for something else. */
export function needCount(home: Home): number {
  return home.live.value ? home.approvals.waiting.value + home.waiting.value.length : home.groups.value.needs.length;
}

function lineOf({ needs, running, recent }: SessionGroups, now: number): string {
  if (needs.length + running.length + recent.length === 0) return 'No sessions yet';
  const today = new Date(now).toDateString();
  const endedToday = (session: Session) => session.ended_at !== null && new Date(session.ended_at).toDateString() === today;
  const finished = recent.filter((session) => session.status === 'finished' && endedToday(session)).length;
  const parts = [running.length === 0 ? '' : `${running.length} running`, finished === 0 ? '' : `${finished} finished today`];
  const line = parts.filter((part) => part !== '').join(' · ');
  return line === '' && needs.length === 0 ? 'Nothing runs now' : line;
}

/** Does a card or a banner stand first below the band? */
export function overlapsBand(home: Home): boolean {
  if (cutMachines(home).length > 0) return true;
  if (home.fault.value !== null || home.notice.value !== null || (home.listError.value !== null && home.open.value)) return true;
  return home.live.value && (home.approvals.shown.value.length > 0 || home.waiting.value.length > 0);
}

/** The band with the pill. `heading: false` beside a session. */
export function HomeBand({ heading, overlapped }: { heading: boolean; overlapped: boolean }) {
  const { home } = useHome();
  const words = bandWords(home, everyQuarterMinute.value);
  const pill = home.pill.value;
  return (
    <Band
      state={words.state}
      headline={words.headline}
      heading={heading}
      overlapped={overlapped}
      corner={<Conn state={pill.state} text={pill.text} href={SETTINGS} />}
    >
      {words.line}
    </Band>
  );
}

/** What stands right below the band: a fault, or what happened while nobody was connected. */
export function HomeBanner() {
  const { home } = useHome();
  const fault = home.fault.value;
  const notice = home.notice.value;
  if (fault !== null) {
    const retryAt = home.retryAt.value;
    return (
      <Banner
        tone="fault"
        icon="cut"
        float
        title={fault.title}
        actions={
          <>
            <button type="button" class="act" onClick={() => home.retry()}>
              Try now
            </button>
            <a class="act" href={SETTINGS}>
              What is wrong?
            </a>
          </>
        }
      >
        {fault.text}
        {retryAt !== null && <NextTry at={retryAt} />}
      </Banner>
    );
  }
  if (home.listError.value !== null && home.open.value) {
    return (
      <Banner
        tone="fault"
        icon="alert"
        float
        title="The list did not come."
        actions={
          <button type="button" class="act" onClick={() => void home.refresh()}>
            Try again
          </button>
        }
      >
        {printable(home.listError.value)}
      </Banner>
    );
  }
  if (notice === null) return null;
  return (
    <Banner
      tone="run"
      icon="linked"
      float
      title={notice.split(' ', 1)[0]!}
      actions={
        <button type="button" class="act" onClick={() => home.dismissNotice()}>
          Close
        </button>
      }
    >
      {notice.slice(notice.indexOf(' ') + 1)}
    </Banner>
  );
}

/** Not part of the live region: a countdown read aloud every second helps nobody. */
function NextTry({ at }: { at: number }) {
  return <span aria-hidden="true"> Next try in {countdown(at - everySecond.value)}.</span>;
}

function Rows({ sessions, current }: { sessions: readonly Session[]; current: string | null }) {
  const { home } = useHome();
  const live = home.live.value;
  const now = everyQuarterMinute.value;
  return (
    <ul class="rows">
      {sessions.map((session) => (
        <li key={session.id}>
          <SessionRow session={session} href={sessionPath(session.id)} now={now} live={live} current={session.id === current} />
        </li>
      ))}
    </ul>
  );
}

/** A session that waits for its person, as large as it deserves on a phone. */
function NeedsCard({ session, now }: { session: Session; now: number }) {
  const heading = `needs-${session.id}`;
  return (
    <article class="appr" aria-labelledby={heading}>
      <div class="appr-top">
        <StatusWord status="waiting" word={`${printable(session.agent)} waits for you`} />
        <span class="meta cut">{printable(session.machine)}</span>
        <span class="meta push">{sessionWhen(session, now, true)}</span>
      </div>
      <div class="appr-body">
        <h2 id={heading}>
          <a class="hit" href={sessionPath(session.id)}>
            {printable(session.name)}
          </a>
        </h2>
        <p class="ask">{session.status_reason === null ? 'It asks something on its screen.' : printable(session.status_reason)}</p>
      </div>
      <div class="acts">
        <a class="btn btn-main" href={sessionPath(session.id)}>
          Open and answer
        </a>
      </div>
    </article>
  );
}

/** As many that ended as are shown at once; they stay in the list until they are archived. */
const RECENT = 30;

interface ListProps {
  /** The session that stands open beside the list. */
  current: string | null;
  /** Rows instead of cards for what waits. */
  dense: boolean;
}

function Needs({ current, dense }: ListProps) {
  const { home } = useHome();
  const { needs } = home.groups.value;
  const now = everyQuarterMinute.value;
  if (!home.live.value) {
    if (needs.length === 0) return null;
    return (
      <Section id="h-waited" title={`Waited at ${clock(home.seenAt.value ?? now)}`} note={<span class="meta">may be answered by now</span>}>
        <Rows sessions={needs} current={current} />
      </Section>
    );
  }
  if (dense) {
    if (needs.length === 0) return null;
    return (
      <section aria-label="Needs you" class="float-rows">
        <Rows sessions={needs} current={current} />
      </section>
    );
  }
  if (home.approvals.shown.value.length + home.waiting.value.length === 0) return null;
  return (
    <section aria-label="Needs you">
      <ApprovalCards />
      {home.waiting.value.map((session) => (
        <NeedsCard key={session.id} session={session} now={now} />
      ))}
    </section>
  );
}

/** The list itself: needs you, running, recent. */
export function HomeLists({ current, dense }: ListProps) {
  const { home } = useHome();
  const { running, recent } = home.groups.value;
  const live = home.live.value;
  const seen = clock(home.seenAt.value ?? 0);
  const [whole, setWhole] = useState(false);
  return (
    <>
      <Needs current={current} dense={dense} />
      {!dense && <SearchLink />}
      {running.length > 0 && (
        <Section
          id="h-running"
          title={live ? 'Running' : `Ran at ${seen}`}
          note={dense ? <NewLink /> : live && <span class="meta">last hour</span>}
        >
          <Rows sessions={running} current={current} />
        </Section>
      )}
      {recent.length > 0 && (
        <Section id="h-recent" title="Recent" note={dense && running.length === 0 ? <NewLink /> : <a href={ARCHIVE}>Archive</a>}>
          <Rows sessions={whole ? recent : recent.slice(0, RECENT)} current={current} />
          {recent.length > RECENT && !whole && (
            <button type="button" class="btn btn-line btn-wide more-recent" onClick={() => setWhole(true)}>
              {recent.length - RECENT} more that ended
            </button>
          )}
        </Section>
      )}
    </>
  );
}

function NewLink(): ComponentChildren {
  return (
    <a href={NEW}>
      <Icon name="plus" small />
      New
    </a>
  );
}

/** Looks like the field that it leads to. */
function SearchLink(): ComponentChildren {
  return (
    <a class="inp search-link" href={SEARCH}>
      <Icon name="search" small />
      Search all sessions
    </a>
  );
}
