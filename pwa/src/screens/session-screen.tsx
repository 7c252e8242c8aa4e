import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { SessionFrame } from '../ui/session-frame.tsx';
import { sessionWhen } from '../ui/session-words.ts';
import type { DockItem } from '../ui/tabs.tsx';
import { useHome } from './app-context.ts';
import { HOME, type SessionFace, sessionPath } from './paths.ts';
import { SessionActionsSheet } from './session-actions.tsx';

export interface SessionScreenProps {
  id: string;
  face: SessionFace;
  /** Drawn once the session is known. */
  children(session: Session, live: boolean): ComponentChildren;
  /** Above the dock. */
  foot?(session: Session, live: boolean): ComponentChildren;
  /** The content fills the screen and scrolls by itself. */
  full?: boolean;
  mainClass?: string;
}

/** The faces that this session has, in their order; a missing one is left out. */
function dockOf(session: Session, face: SessionFace): DockItem[] {
  const faces: { face: SessionFace; label: string; shown: boolean }[] = [
    { face: 'terminal', label: 'Terminal', shown: session.faces.includes('terminal') },
    { face: 'log', label: 'Log', shown: true },
    { face: 'info', label: 'Info', shown: true },
  ];
  return faces
    .filter((item) => item.shown)
    .map((item) => ({ href: sessionPath(session.id, item.face), label: item.label, current: item.face === face }));
}

/** What every face of a session shares: header, dock, the actions, and what is said when there is no such session. */
export function SessionScreen({ id, face, children, foot, full = false, mainClass }: SessionScreenProps) {
  const { home } = useHome();
  const [sheet, setSheet] = useState(false);
  const session = home.sessions.value.get(id);
  const live = home.live.value;
  if (session === undefined) return <MissingSession known={home.listed.value} live={live} />;
  const place = `${printable(session.agent)} · ${printable(session.machine)}`;
  const age = sessionWhen(session, everyQuarterMinute.value, live);
  const unsure = !live && !ENDED.has(session.status);
  return (
    <>
      <SessionFrame
        name={printable(session.name)}
        status={session.status}
        {...(unsure ? { statusWord: `was ${session.status}` } : {})}
        facts={live ? [place, age] : [place, age, home.pill.value.text]}
        back={HOME}
        dock={dockOf(session, face)}
        onMore={() => setSheet(true)}
        full={full}
        {...(mainClass === undefined ? {} : { mainClass })}
        foot={foot?.(session, live)}
      >
        {children(session, live)}
      </SessionFrame>
      {sheet && <SessionActionsSheet session={session} live={live} onClose={() => setSheet(false)} />}
    </>
  );
}

function MissingSession({ known, live }: { known: boolean; live: boolean }) {
  const title = known && live ? 'No such session' : 'Not here yet';
  return (
    <Page title={title}>
      <section class="panel empty" role="status">
        <p>
          {known && live
            ? 'It was deleted or archived, or belongs to another home.'
            : 'This device has not seen this session before. It shows as soon as home answers.'}
        </p>
        <a class="btn btn-main btn-wide" href={HOME}>
          Back to Home
        </a>
      </section>
    </Page>
  );
}
