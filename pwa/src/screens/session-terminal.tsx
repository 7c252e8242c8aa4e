import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { openTerminal, type TerminalModel } from '../models/terminal.ts';
import { Dialog } from '../ui/dialog.tsx';
import { exact, printable, printableLines } from '../ui/printable.ts';
import { Composer } from '../ui/terminal/composer.tsx';
import { KeyBar } from '../ui/terminal/key-bar.tsx';
import { LeaseBar } from '../ui/terminal/lease-bar.tsx';
import type { TerminalScreen } from '../ui/terminal/screen.ts';
import { TerminalView } from '../ui/terminal/terminal-view.tsx';
import { clock } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { SessionScreen } from './session-screen.tsx';

/** The terminal face: what the session's program shows, and everything a thumb needs to answer it. */
export function SessionTerminalScreen() {
  const id = useRoute().params.id ?? '';
  const terminal = useTerminal(id);
  const screen = useRef<TerminalScreen | null>(null);
  const [sheet, setSheet] = useState<{ text: string } | { link: string } | null>(null);
  return (
    <SessionScreen
      id={id}
      face="terminal"
      full
      mainClass="terminal-face"
      foot={(session, live) => terminal !== null && <Foot terminal={terminal} live={live} ended={ENDED.has(session.status)} />}
    >
      {(session, live) =>
        terminal !== null && (
          <>
            <Lease terminal={terminal} session={session} live={live} onText={() => setSheet({ text: screen.current?.text() ?? '' })} />
            <Notice terminal={terminal} session={session} />
            <TerminalView
              cols={terminal.size.value.cols}
              rows={terminal.size.value.rows}
              view={terminal.lease.value === 'mine' ? 'pan' : terminal.view.value}
              stale={!live || terminal.phase.value === 'lost'}
              onInput={terminal.typed}
              onLink={(link) => setSheet({ link })}
              onNaturalSize={terminal.naturalSize}
              onScreen={(drawn) => {
                screen.current = drawn;
                terminal.drawnOn(drawn);
              }}
            />
            {sheet !== null && 'text' in sheet && <TextSheet text={sheet.text} onClose={() => setSheet(null)} />}
            {sheet !== null && 'link' in sheet && <LinkSheet url={sheet.link} onClose={() => setSheet(null)} />}
          </>
        )
      }
    </SessionScreen>
  );
}

/** One model for as long as the screen shows this session; null until the session is known. */
function useTerminal(id: string): TerminalModel | null {
  const { home, link } = useHome();
  const session = home.sessions.value.get(id);
  const kept = useRef<{ id: string; model: TerminalModel } | null>(null);
  if (session !== undefined && kept.current?.id !== id) {
    kept.current?.model[Symbol.dispose]();
    const { cols, rows, lease, status } = session;
    const model = openTerminal({ session: { id, cols, rows, lease, ended: ENDED.has(status) }, attach: link.attach });
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
  useEffect(() => {
    if (model !== null && cols > 0 && home.live.peek()) model.leaseChanged({ cols, rows, lease });
    // the lease is a new object in every event: its words are compared instead
  }, [model, cols, rows, leaseKey]);
  return model;
}

function Lease({ terminal, session, live, onText }: { terminal: TerminalModel; session: Session; live: boolean; onText(): void }) {
  const { cols, rows } = terminal.size.value;
  return (
    <LeaseBar
      lease={terminal.lease.value}
      holder={printable(terminal.holder.value)}
      cols={cols}
      rows={rows}
      view={terminal.view.value}
      ended={ENDED.has(session.status)}
      disabled={!live || terminal.phase.value !== 'live'}
      onView={terminal.show}
      onTake={terminal.takeOver}
      onGiveBack={terminal.giveBack}
      onText={onText}
    />
  );
}

/** What is not as it looks: an old screen, keys that may be lost, an end. */
function Notice({ terminal, session }: { terminal: TerminalModel; session: Session }) {
  const text = noticeText(terminal, session);
  return (
    <p class="term-notice" role="status" hidden={text === null}>
      {text}
    </p>
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

function Foot({ terminal, live, ended }: { terminal: TerminalModel; live: boolean; ended: boolean }) {
  if (ended || terminal.phase.value === 'ended') return null;
  const held = live ? terminal.held.value : 'Kept on this device until the line is back.';
  return (
    <section aria-label="Input">
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
    </section>
  );
}

/** The visible screen as plain text: to be read aloud, selected, copied. */
function TextSheet({ text, onClose }: { text: string; onClose(): void }) {
  const app = useApp();
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <Dialog title="Screen as text" onClose={onClose}>
      <pre class="slab screen-text" tabindex={0}>
        {printableLines(text) || 'The screen is empty.'}
      </pre>
      {copied !== null && <p role="status">{copied ? 'Copied.' : 'This browser does not allow copying. Select the text instead.'}</p>}
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Close
        </button>
        <button type="button" class="btn btn-main grow" onClick={() => void app.copy(text).then(setCopied)}>
          Copy
        </button>
      </div>
    </Dialog>
  );
}

/** A link that a program printed: its text may lie, so the true target is shown first. */
function LinkSheet({ url, onClose }: { url: string; onClose(): void }) {
  return (
    <Dialog title="Open this address?" onClose={onClose}>
      <p class="slab arg">{exact(url)}</p>
      <p class="dim">A program in the session printed this link.</p>
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Leave it
        </button>
        <a class="btn btn-main grow" href={url} target="_blank" rel="noopener noreferrer" onClick={onClose}>
          Open
        </a>
      </div>
    </Dialog>
  );
}
