import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { findSession } from '../models/home.ts';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { SessionFrame } from '../ui/session-frame.tsx';
import { sessionWhen } from '../ui/session-words.ts';
import type { DockItem } from '../ui/tabs.tsx';
import { clock } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { ARCHIVE, HOME, machinePath, type SessionFace, sessionPath } from './paths.ts';
import { SessionActionsSheet } from './session-actions.tsx';
import { QuietLine } from './session-quiet.tsx';

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
  /** In the header, behind what every face says there. */
  more?: ComponentChildren;
}

/** The faces that this session has, in their order; a missing one is left out. */
function dockOf(session: Session, face: SessionFace): DockItem[] {
  const faces: { face: SessionFace; label: string; shown: boolean }[] = [
    { face: 'chat', label: 'Chat', shown: session.faces.includes('chat') },
    { face: 'terminal', label: 'Terminal', shown: session.faces.includes('terminal') },
    { face: 'changes', label: 'Changes', shown: true },
    { face: 'log', label: 'Log', shown: true },
    { face: 'info', label: 'Info', shown: true },
  ];
  return faces
    .filter((item) => item.shown)
    .map((item) => ({ href: sessionPath(session.id, item.face), label: item.label, current: item.face === face }));
}

/** What every face of a session shares: header, dock, the actions, and what is said when there is no such session. */
export function SessionScreen({ id, face, children, foot, full = false, mainClass, more }: SessionScreenProps) {
  const { home } = useHome();
  const [sheet, setSheet] = useState(false);
  const session = findSession(home, id);
  const live = home.live.value;
  if (session === undefined) return <MissingSession id={id} live={live} />;
  const place = `${printable(session.agent)} · ${printable(session.machine)}`;
  const age = sessionWhen(session, everyQuarterMinute.value, live);
  const unsure = !live && !ENDED.has(session.status);
  return (
    <>
      <SessionFrame
        name={printable(session.name)}
        status={session.status}
        {...(unsure ? { statusWord: `was ${session.status}` } : {})}
        facts={live ? (more === undefined ? [place, age] : [place]) : [place, age, home.pill.value.text]}
        more={
          <>
            {session.production && <ProductionMark environment={session.environment} />}
            {more}
          </>
        }
        back={session.archived ? ARCHIVE : HOME}
        dock={dockOf(session, face)}
        onMore={() => setSheet(true)}
        full={full}
        {...(mainClass === undefined ? {} : { mainClass })}
        foot={foot?.(session, live)}
        below={
          live && (
            <>
              <CutLine session={session} />
              {face !== 'info' && <QuietLine key={session.id} session={session} live={live} />}
            </>
          )
        }
      >
        {children(session, live)}
      </SessionFrame>
      {sheet && <SessionActionsSheet session={session} live={live} onClose={() => setSheet(false)} />}
    </>
  );
}

/** Never missed: what is done here may be real at once. */
function ProductionMark({ environment }: { environment: string | null }) {
  return (
    <span class="production">
      production{environment !== null && environment !== 'production' && <span class="cut"> · {printable(environment)}</span>}
    </span>
  );
}

/** Not in the list: it is asked for, for it may be an archived one. */
function MissingSession({ id, live }: { id: string; live: boolean }) {
  const { home } = useHome();
  const [fault, setFault] = useState<string | null>(null);
  const [unknown, setUnknown] = useState(false);
  useEffect(() => {
    if (!live) return;
    let left = false;
    setFault(null);
    home.look(id).then(
      (known) => !left && setUnknown(!known),
      (cause: unknown) => !left && setFault(cause instanceof Error ? cause.message : String(cause)),
    );
    return () => {
      left = true;
    };
  }, [id, live]);
  const gone = live && unknown;
  return (
    <Page title={gone ? 'No such session' : 'Not here yet'}>
      <section class="panel empty" role="status">
        <p>
          {gone && 'It was deleted, or belongs to another home.'}
          {!gone && fault !== null && printable(fault)}
          {!gone &&
            fault === null &&
            (live ? 'Asking home for it …' : 'This device has not seen this session before. It shows as soon as home answers.')}
        </p>
        <a class="btn btn-main btn-wide" href={HOME}>
          Back to Home
        </a>
      </section>
    </Page>
  );
}

/** The line to its machine is cut: what is shown is from before, and what can be done about it. */
function CutLine({ session }: { session: Session }) {
  const { home } = useHome();
  const machine = home.machines.value.find((one) => one.name === session.machine);
  if (machine === undefined || machine.line.state === 'up' || ENDED.has(session.status)) return null;
  const { state, since } = machine.line;
  return (
    <a class="quiet-line cut-line" href={machinePath(machine.name)}>
      <Icon name={state === 'down' ? 'cut' : 'clock'} small />
      <span class="two-lines">
        {state === 'down' ? `${machine.name} is not reached` : `Reaching ${machine.name} again`}
        {state === 'down' && since !== null && ` since ${clock(since)}`}.{' '}
        {session.survives_restart
          ? 'It may go on there; what it prints is fetched when it is reached.'
          : 'Whether it still runs shows when it is reached.'}
      </span>
    </a>
  );
}
