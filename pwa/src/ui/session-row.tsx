import type { Session } from '@afield/shared/api/sessions.ts';
import { Icon } from './icons.tsx';
import { Mark } from './mark.tsx';
import { printable } from './printable.ts';
import { sessionLine, sessionWhen, trackEnd, trackLabel } from './session-words.ts';
import { Track } from './track.tsx';

export interface SessionRowProps {
  session: Session;
  href: string;
  now: number;
  /** False: shown from memory, without a link. */
  live: boolean;
  /** The session that stands open beside the list. */
  current?: boolean;
}

/** A session in a list: name, what it does, then track and place. 60 to 84 px high. */
export function SessionRow({ session, href, now, live, current = false }: SessionRowProps) {
  const line = sessionLine(session, live);
  const running = session.ended_at === null;
  return (
    <a class="row" href={href} {...(current ? { 'aria-current': 'true' as const } : {})}>
      <Mark status={session.status} />
      <span class="name cut">
        {session.pinned && <Icon name="pin" small />}
        {session.production && <span class="production">production</span>}
        {printable(session.name)}
      </span>
      <span class="when">{sessionWhen(session, now, live)}</span>
      <span class="sub">
        <span class="vh">{session.status}: </span>
        <span class="cut">
          {line.words}
          {line.code !== null && (
            <>
              {' '}
              <code>{line.code}</code>
            </>
          )}
        </span>
      </span>
      {running && live && (
        <span class="sub">
          <Track values={session.track} end={trackEnd(session)} label={trackLabel(session, now, live)} />
          <span class="where cut">
            {printable(session.agent)} · {printable(session.machine)}
          </span>
        </span>
      )}
    </a>
  );
}
