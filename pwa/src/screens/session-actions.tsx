import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { canFork, type SessionActions, SessionActionsModel } from '../models/session-actions.ts';
import { Confirm, Dialog } from '../ui/dialog.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { printable } from '../ui/printable.ts';
import { RenameSheet } from '../ui/rename-sheet.tsx';
import { useHome } from './app-context.ts';
import { HOME, sessionPath } from './paths.ts';

type Asked = 'rename' | 'stop' | 'release' | 'delete' | null;

function ActionRow({
  icon,
  label,
  note,
  disabled,
  onClick,
}: {
  icon: IconName;
  label: string;
  note?: string;
  disabled: boolean;
  onClick(): void;
}) {
  return (
    <li>
      <button type="button" class="setrow setrow-button" disabled={disabled} onClick={onClick}>
        <Icon name={icon} />
        <span class="main">
          <b>{label}</b>
          {note !== undefined && <span class="meta">{note}</span>}
        </span>
      </button>
    </li>
  );
}

/** All that can be done to a session; the same list in its sheet and on its Info face. */
export function SessionActionList({ session, live, onDone }: { session: Session; live: boolean; onDone(): void }) {
  const { home, link } = useHome();
  const location = useLocation();
  const actions = useModel(() => new SessionActionsModel(link, home, session.id));
  const [asked, setAsked] = useState<Asked>(null);
  const ended = ENDED.has(session.status);
  const off = !live || actions.busy.value;
  const then = (after?: () => void) => (done: boolean) => {
    if (!done) return;
    onDone();
    after?.();
  };
  const leave = () => location.route(HOME);
  return (
    <>
      {!live && <p class="meta">There is no connection: nothing can be done to it now.</p>}
      <FaultLine text={asked === null ? actions.error.value : null} />
      <ul class="rows actions">
        {!ended && (
          <ActionRow
            icon="pulse"
            label="Interrupt"
            note="The agent leaves what it does now; the session goes on."
            disabled={off}
            onClick={() => void actions.interrupt().then(then())}
          />
        )}
        {!ended && session.adopted && (
          <ActionRow
            icon="release"
            label="Release"
            note="It goes on in its own tmux, without Afield."
            disabled={off}
            onClick={() => setAsked('release')}
          />
        )}
        {!ended && (
          <ActionRow
            icon="stop"
            label="Stop"
            note="Ends the agent and everything it started."
            disabled={off}
            onClick={() => setAsked('stop')}
          />
        )}
        {canFork(session) && (
          <ActionRow
            icon="branch"
            label="Fork"
            note="A new session that begins with all that this one knows."
            disabled={off}
            onClick={() =>
              void actions.fork().then((id) => {
                if (id === null) return;
                onDone();
                location.route(sessionPath(id));
              })
            }
          />
        )}
        <ActionRow icon="pen" label="Rename" disabled={off} onClick={() => setAsked('rename')} />
        <ActionRow
          icon="pin"
          label={session.pinned ? 'Unpin' : 'Pin'}
          disabled={off}
          onClick={() => void actions.pin(!session.pinned).then(then())}
        />
        {session.archived ? (
          <ActionRow
            icon="archive"
            label="Bring back"
            note="From the archive into the lists."
            disabled={off}
            onClick={() => void actions.archive(false).then(then())}
          />
        ) : (
          <ActionRow
            icon="archive"
            label="Archive"
            note={ended ? 'Leaves the lists; its history stays at home.' : 'Leaves the lists and goes on; its history stays at home.'}
            disabled={off}
            onClick={() => void actions.archive(true).then(then(leave))}
          />
        )}
        {ended && (
          <ActionRow icon="bin" label="Delete" note="With its history and recording." disabled={off} onClick={() => setAsked('delete')} />
        )}
      </ul>
      <AskedDialog asked={asked} session={session} actions={actions} onClose={() => setAsked(null)} onDone={onDone} onLeave={leave} />
    </>
  );
}

interface AskedProps {
  asked: Asked;
  session: Session;
  actions: Pick<SessionActions, 'busy' | 'error' | 'stop' | 'release' | 'rename' | 'remove' | 'clearError'>;
  onClose(): void;
  onDone(): void;
  onLeave(): void;
}

function AskedDialog({ asked, session, actions, onClose, onDone, onLeave }: AskedProps) {
  const name = printable(session.name);
  const close = () => {
    actions.clearError();
    onClose();
  };
  const finish = (work: Promise<boolean>, after?: () => void) =>
    void work.then((done) => {
      if (!done) return;
      close();
      onDone();
      after?.();
    });
  const shared = { danger: true, busy: actions.busy.value, error: actions.error.value, onClose: close };
  switch (asked) {
    case null:
      return null;
    case 'stop':
      return (
        <Confirm title={`Stop “${name}”?`} confirm="Stop it" {...shared} onConfirm={() => finish(actions.stop())}>
          The agent and every process it started end. What it wrote to disk stays, and so does the history.
        </Confirm>
      );
    case 'release':
      return (
        <Confirm title={`Release “${name}”?`} confirm="Release it" {...shared} danger={false} onConfirm={() => finish(actions.release())}>
          The program goes on in its own tmux and is no longer watched. What was noted so far stays here. It can be adopted again.
        </Confirm>
      );
    case 'delete':
      return (
        <Confirm title={`Delete “${name}”?`} confirm="Delete it" {...shared} onConfirm={() => finish(actions.remove(), onLeave)}>
          Its history and recording are deleted at home and cannot be brought back. Files of the project are not touched.
        </Confirm>
      );
    case 'rename':
      return (
        <RenameSheet
          title="Rename"
          name={session.name}
          busy={shared.busy}
          error={shared.error}
          onClose={close}
          onSave={(next) => finish(actions.rename(next))}
        />
      );
  }
}

/** The sheet behind "More for this session". */
export function SessionActionsSheet({ session, live, onClose }: { session: Session; live: boolean; onClose(): void }) {
  return (
    <Dialog title={printable(session.name)} onClose={onClose}>
      <SessionActionList session={session} live={live} onDone={onClose} />
      <button type="button" class="btn btn-line btn-wide sheet-close" onClick={onClose}>
        Close
      </button>
    </Dialog>
  );
}
