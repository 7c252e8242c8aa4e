import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { useRoute } from 'preact-iso';
import { everyQuarterMinute } from '../models/clock.ts';
import { Banner } from '../ui/banner.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { bytes, Facts } from '../ui/facts.tsx';
import { StatusWord } from '../ui/mark.tsx';
import { Slab } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { sessionLine, sinceOf, trackEnd, trackLabel, wordsAfter } from '../ui/session-words.ts';
import { clock, span, when } from '../ui/time.ts';
import { Track } from '../ui/track.tsx';
import { useApp } from './app-context.ts';
import { SessionActionList } from './session-actions.tsx';
import { QuietPanel } from './session-quiet.tsx';
import { SessionScreen } from './session-screen.tsx';
import { UsagePanel } from './session-usage.tsx';

/** A shorter time is not worth a word. */
const MINUTE_MS = 60_000;

export function SessionInfoScreen() {
  const { params } = useRoute();
  return (
    <SessionScreen id={params.id ?? ''} face="info" mainClass="stack info-main">
      {(session, live) => <Info session={session} live={live} />}
    </SessionScreen>
  );
}

function Info({ session, live }: { session: Session; live: boolean }) {
  const now = everyQuarterMinute.value;
  return (
    <>
      <WhatNow session={session} live={live} now={now} />
      {!ENDED.has(session.status) && <QuietPanel key={session.id} session={session} live={live} />}
      <section class="panel" aria-labelledby="h-track">
        <h2 id="h-track">The last hour</h2>
        <Track values={session.track} end={trackEnd(session)} label={trackLabel(session, now, live)} />
        <p class="meta">{trackLabel(session, now, live)}</p>
      </section>
      <UsagePanel key={session.id} session={session} live={live} />
      <section class="panel" aria-labelledby="h-about">
        <h2 id="h-about">About</h2>
        <Facts items={about(session, now)} />
      </section>
      <Attach session={session} />
      <section aria-labelledby="h-do">
        <div class="sec">
          <h2 id="h-do">What you can do</h2>
        </div>
        <SessionActionList session={session} live={live} onDone={() => undefined} />
      </section>
    </>
  );
}

/** The state in a sentence: what it does, or why it is over and what is safe. */
function WhatNow({ session, live, now }: { session: Session; live: boolean; now: number }) {
  const line = sessionLine(session, live);
  const reason = session.status_reason === null ? '' : printable(session.status_reason);
  switch (session.status) {
    case 'failed':
      return (
        <Banner tone="fault" icon="alert" title={reason === '' ? 'The agent stopped by itself.' : reason}>
          What it wrote to disk is there, its history is kept.
        </Banner>
      );
    case 'lost':
      return (
        <Banner tone="lost" icon="alert" title={reason === '' ? 'Its process is gone.' : reason}>
          History and files are kept. A new session in the same directory goes on from there.
        </Banner>
      );
    case 'waiting':
      return (
        <Banner tone="signal" icon="bell" title={`${printable(session.agent)} ${live ? 'waits' : 'waited'} for you.`}>
          {reason === '' ? 'It asks something on its screen.' : reason}
        </Banner>
      );
    default: {
      const word = live || session.ended_at !== null ? session.status : `was ${session.status}`;
      return (
        <p class="line">
          <StatusWord status={session.status} word={word} />
          <span class="small">
            {wordsAfter(word, line.words)} {line.code !== null && <code>{line.code}</code>}
            {live && session.ended_at === null && now - sinceOf(session) >= MINUTE_MS && ` · for ${span(now - sinceOf(session))}`}
          </span>
        </p>
      );
    }
  }
}

const at = (iso: string, now: number): string => {
  const day = when(iso, now);
  const hour = clock(iso);
  return day === hour ? hour : `${day}, ${hour}`;
};

/** No more than is known: tmux holds a session, a terminal of the home server does not. */
function survives({ survives_restart, runtime }: Session): string {
  return survives_restart ? `it goes on in ${printable(runtime)}` : 'it ends: there is no tmux where it runs';
}

/** The way to look at it without Afield. */
function Attach({ session }: { session: Session }) {
  const app = useApp();
  const command = session.attach_command;
  if (command === null) return null;
  const place = session.machine === LOCAL_MACHINE ? 'at home' : `on ${printable(session.machine)}`;
  return (
    <section class="panel stack" aria-labelledby="h-attach">
      <h2 id="h-attach">Without Afield</h2>
      <p class="small dim">The session lives in tmux. Type this {place} to see it there:</p>
      <Slab label="Command to look at the session" prompt>
        {exact(command)}
      </Slab>
      <CopyButton what="the command" onCopy={() => app.copy(command)} />
    </section>
  );
}

function about(session: Session, now: number): (readonly [string, ComponentChildren])[] {
  const rows: (readonly [string, ComponentChildren] | null)[] = [
    ['Agent', printable(session.agent)],
    session.model === null ? null : ['Model', printable(session.model)],
    session.mode === null ? null : ['Mode', printable(session.mode)],
    session.environment === null ? null : ['Environment', `${printable(session.environment)}${session.production ? ' · production' : ''}`],
    ['Machine', printable(session.machine)],
    ['Directory', <code key="cwd">{exact(session.cwd)}</code>],
    ['Started', at(session.created_at, now)],
    session.ended_at === null ? null : ['Ended', at(session.ended_at, now)],
    session.exit_code === null ? null : ['Exit code', String(session.exit_code)],
    session.last_output_at === null ? null : ['Last output', at(session.last_output_at, now)],
    ['Printed', bytes(session.output_bytes)],
    session.recovered_bytes === 0 ? null : ['Of it, fetched after an absence', bytes(session.recovered_bytes)],
    ['Terminal', `${session.cols} × ${session.rows}`],
    session.lease === null ? null : ['Size held by', printable(session.lease.device_name)],
    ['Watching now', String(session.viewers)],
    session.pid === null ? null : ['Process', String(session.pid)],
    ENDED.has(session.status) ? null : ['If the home server restarts', survives(session)],
    session.adopted ? ['Adopted', 'from your own tmux'] : null,
    session.archived ? ['Archived', 'yes'] : null,
  ];
  return rows.filter((row) => row !== null);
}
