import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { openTerminal } from '../models/open-terminal.ts';
import { canFork, SessionActionsModel } from '../models/session-actions.ts';
import type { TerminalModel } from '../models/terminal.ts';
import { Dialog } from '../ui/dialog.tsx';
import { LinkSheet } from '../ui/link-sheet.tsx';
import { exact, printable } from '../ui/printable.ts';
import { Composer } from '../ui/terminal/composer.tsx';
import { KeyBar } from '../ui/terminal/key-bar.tsx';
import { TerminalView } from '../ui/terminal/terminal-view.tsx';
import { ViewBar } from '../ui/terminal/view-bar.tsx';
import { clock } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { sessionPath } from './paths.ts';
import { SessionScreen } from './session-screen.tsx';

/** As many lines above the screen as home has. */
const OLDER_LINES = 10_000;

/** The terminal face: what the session's program shows, and everything a thumb needs to answer it. */
export function SessionTerminalScreen() {
  const id = useRoute().params.id ?? '';
  const app = useApp();
  const terminal = useTerminal(id);
  const [link, setLink] = useState<string | null>(null);
  const [finding, setFinding] = useState(false);
  useFindKey(() => setFinding(true));
  return (
    <SessionScreen
      id={id}
      face="terminal"
      full
      mainClass="terminal-face"
      foot={(session, live) =>
        terminal !== null && (
          <Foot terminal={terminal} session={session} live={live} finding={finding} onFind={() => setFinding(!finding)} />
        )
      }
    >
      {(session, live) =>
        terminal !== null && (
          <>
            <Notice terminal={terminal} session={session} live={live} />
            <TerminalView
              view={terminal.view.value}
              stale={!live || terminal.phase.value === 'lost'}
              older={terminal.older.value}
              waiting={terminal.waiting.value}
              finding={finding}
              onFinding={setFinding}
              onView={terminal.show}
              onCopy={app.copy}
              onReading={terminal.read}
              onOlder={terminal.wantOlder}
              onInput={terminal.typed}
              onPaste={terminal.paste}
              onLink={setLink}
              onNaturalSize={terminal.naturalSize}
              onScreen={terminal.drawnOn}
            />
            {link !== null && (
              <LinkSheet url={link} note="A program in the session printed this link." onCopy={app.copy} onClose={() => setLink(null)} />
            )}
            {terminal.question.value !== null && <LinesSheet question={terminal.question.value} onAnswer={terminal.answer} />}
          </>
        )
      }
    </SessionScreen>
  );
}

/** Ctrl-F (⌘F) finds in the terminal, unless the keys go to a program: there it is Ctrl-Shift-F. */
function useFindKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const inTerminal = (event.target as Element).closest?.('.xterm') !== null;
      if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey || inTerminal) return;
      event.preventDefault();
      open();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** One model for as long as the screen shows this session; null until the session is known. */
function useTerminal(id: string): TerminalModel | null {
  const { home, link } = useHome();
  const session = home.sessions.value.get(id);
  const kept = useRef<{ id: string; model: TerminalModel } | null>(null);
  if (session !== undefined && kept.current?.id !== id) {
    kept.current?.model[Symbol.dispose]();
    const { cols, rows, lease, status } = session;
    const model = openTerminal({
      session: { id, cols, rows, lease, ended: ENDED.has(status), fresh: home.live.peek() },
      attach: link.attach,
      older: () => link.call('getOutput', { params: { id }, query: { format: 'ansi', scrollback: OLDER_LINES } }),
    });
    kept.current = { id, model };
  }
  useEffect(
    () => () => {
      kept.current?.model[Symbol.dispose]();
      kept.current = null;
    },
    [],
  );
  const model = kept.current?.model ?? null;
  const { cols, rows, lease } = session ?? { cols: 0, rows: 0, lease: null };
  const leaseKey = lease === null ? '' : `${lease.viewer} ${lease.device_name}`;
  const live = home.live.value;
  useEffect(() => {
    if (model !== null && cols > 0 && live) model.leaseChanged({ cols, rows, lease });
    // the lease is a new object in every event: its words are compared instead
  }, [model, cols, rows, leaseKey, live]);
  return model;
}

interface FootProps {
  terminal: TerminalModel;
  session: Session;
  live: boolean;
  finding: boolean;
  onFind(): void;
}

function Views({ terminal, session, live, finding, onFind }: FootProps) {
  const { cols, rows } = terminal.size.value;
  return (
    <ViewBar
      lease={terminal.lease.value}
      holder={printable(terminal.holder.value)}
      cols={cols}
      rows={rows}
      view={terminal.view.value}
      ended={ENDED.has(session.status)}
      disabled={!live || terminal.phase.value !== 'live'}
      finding={finding}
      onView={terminal.show}
      onFind={onFind}
      onTake={terminal.takeOver}
      onGiveBack={terminal.giveBack}
    />
  );
}

/** What is not as it looks: an old screen, keys that may be lost, an end. */
function Notice({ terminal, session, live }: { terminal: TerminalModel; session: Session; live: boolean }) {
  const text = noticeText(terminal, session);
  return (
    <>
      <p class="term-notice" role="status" hidden={text === null}>
        {text}
      </p>
      {ENDED.has(session.status) && canFork(session) && <Onward session={session} live={live} />}
    </>
  );
}

/** The terminal is over, and what its agent knew is not. */
function Onward({ session, live }: { session: Session; live: boolean }) {
  const { home, link } = useHome();
  const location = useLocation();
  const { busy, error, fork } = useModel(() => new SessionActionsModel(link, home, session.id));
  return (
    <div class="term-notice line">
      <span>{error.value ?? 'A fork goes on with all that it knew.'}</span>
      <button
        type="button"
        class="act push"
        disabled={!live || busy.value}
        onClick={() => void fork().then((id) => id !== null && location.route(sessionPath(id)))}
      >
        Fork
      </button>
    </div>
  );
}

function noticeText({ phase, lastSeen, uncertain, fault }: TerminalModel, session: Session): string | null {
  switch (phase.value) {
    case 'lost':
      return `The line is cut. This is the screen of ${clock(lastSeen.value ?? 0)}; it comes back by itself.`;
    case 'ended':
      return `${session.status[0]?.toUpperCase()}${session.status.slice(1)}${session.exit_code === null ? '' : ` · exit code ${session.exit_code}`}. This is its last screen.`;
    case 'forbidden':
      return 'This device may no longer see this terminal.';
    case 'failed':
      return fault.value ?? 'The terminal is not there.';
    default:
      return uncertain.value ? 'The last keys may not have arrived. Look before you repeat them.' : null;
  }
}

function Foot(props: FootProps) {
  const { terminal, session, live } = props;
  const ended = ENDED.has(session.status) || terminal.phase.value === 'ended';
  const held = live ? terminal.held.value : 'Kept on this device until the line is back.';
  return (
    <section class="term-foot" aria-label="Input">
      <Views {...props} />
      {!ended && (
        <>
          <KeyBar
            ctrl={terminal.ctrl.value}
            alt={terminal.alt.value}
            disabled={held !== null}
            onKey={terminal.press}
            onLatch={terminal.latch}
          />
          <Composer
            text={terminal.composed.value}
            held={held}
            onText={terminal.compose}
            onSend={terminal.sendComposed}
            onKey={terminal.press}
          />
        </>
      )}
    </section>
  );
}

/** Shown of a paste; more is counted. */
const SHOWN_LINES = 12;

/** Several lines for a program that would run each as it comes. */
function LinesSheet({ question, onAnswer }: { question: { text: string; from: 'paste' | 'composer' }; onAnswer: TerminalModel['answer'] }) {
  const lines = question.text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const many = lines.length === 1 ? 'This line' : `${lines.length} lines`;
  return (
    <Dialog title={`Send ${lines.length === 1 ? 'it with Enter' : many}?`} onClose={() => onAnswer('drop')}>
      <p class="dim">The program takes each line as it comes, as if Enter were pressed after it.</p>
      <pre class="slab lines-asked" tabindex={0}>
        {lines.slice(0, SHOWN_LINES).map(exact).join('\n')}
        {lines.length > SHOWN_LINES ? `\n… and ${lines.length - SHOWN_LINES} more lines` : ''}
      </pre>
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={() => onAnswer(question.from === 'paste' ? 'compose' : 'drop')}>
          {question.from === 'paste' ? 'Look at it first' : 'Keep it'}
        </button>
        <button type="button" class="btn btn-main grow" onClick={() => onAnswer('send')}>
          Send {many}
        </button>
      </div>
    </Dialog>
  );
}
