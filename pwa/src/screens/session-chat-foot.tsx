import type { ChatAbilities, ChatState } from '@afield/shared/api/chat.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Chat } from '../models/chat.ts';
import { everyQuarterMinute } from '../models/clock.ts';
import { canFork } from '../models/session-actions.ts';
import { Composer } from '../ui/chat/composer.tsx';
import { LiveLine } from '../ui/chat/live-line.tsx';
import { Plan, stepOf } from '../ui/chat/plan.tsx';
import { TuneSheet } from '../ui/chat/sheets.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { Mark } from '../ui/mark.tsx';
import { exact, printable } from '../ui/printable.ts';
import { clock, span } from '../ui/time.ts';
import { sessionPath } from './paths.ts';

const MINUTE_MS = 60_000;

export interface FootProps {
  chat: Chat;
  session: Session;
  live: boolean;
  onQueue(): void;
  /** A message was sent: its place is the end. */
  onSent(): void;
}

/** Everything below the messages: what the agent does, what can be said to it. */
export function ChatFoot(props: FootProps) {
  const { chat, session, live } = props;
  const [sheet, setSheet] = useState<'plan' | 'tune' | null>(null);
  const ended = ENDED.has(session.status);
  const steps = chat.state.value?.plan ?? null;
  const works = session.status === 'busy' || session.status === 'waiting';
  useEffect(() => {
    if (!works) chat.stopped();
  }, [works]);
  return (
    <section aria-label="Now, and your message">
      <FaultLine text={sheet === null ? (chat.failure.value?.text ?? null) : null} class="foot-fault">
        <button type="button" class="act" onClick={() => chat.clearFailure()}>
          Dismiss
        </button>
      </FaultLine>
      {chat.unheard.value && works && (
        <p class="meta foot-fault" role="status">
          It has not stopped. Ask again, or stop the session from its menu: what it wrote stays.
        </p>
      )}
      {ended ? <Ended {...props} /> : <Now {...props} onPlan={() => setSheet('plan')} />}
      {!ended && <Write {...props} onTune={() => setSheet('tune')} />}
      {sheet === 'plan' && steps !== null && (
        <Dialog title="Plan" onClose={() => setSheet(null)}>
          <Plan steps={steps} live={live && works} />
          <button type="button" class="btn btn-line btn-wide sheet-close" onClick={() => setSheet(null)}>
            Close
          </button>
        </Dialog>
      )}
      {sheet === 'tune' && <Tune chat={chat} session={session} onClose={() => setSheet(null)} />}
    </section>
  );
}

/** Nothing while the agent waits for a message: the composer says that. */
function Now({ chat, session, live, onPlan }: FootProps & { onPlan(): void }) {
  const now = everyQuarterMinute.value;
  const { status } = session;
  if (status === 'idle' || ENDED.has(status)) return null;
  const steps = chat.state.value?.plan ?? [];
  const tool = chat.tool.value;
  const since = chat.turnSince.value;
  const age = since === null ? 0 : now - since;
  return (
    <LiveLine
      status={status}
      words={liveWords(session, live)}
      code={status === 'busy' && tool?.kind === 'tool' ? exact(tool.title === '' ? tool.name : tool.title) : null}
      when={since === null || age < MINUTE_MS ? null : live ? span(age) : `since ${clock(since)}`}
      step={steps.length > 0 && steps.some((step) => step.state !== 'done') ? `${stepOf(steps)} of ${steps.length}` : null}
      onPlan={onPlan}
      stopping={chat.stopping.value}
      onStop={live && status !== 'starting' ? () => void chat.stop() : null}
    />
  );
}

function liveWords({ status, activity, agent, faces, pending_approvals }: Session, live: boolean): string {
  // Nobody here knows what it asks: the terminal shows it.
  if (live && status === 'waiting' && pending_approvals === 0 && faces.includes('terminal')) return 'waits in its terminal';
  const words =
    status === 'busy' ? (activity ?? 'working') : status === 'starting' ? `starting ${printable(agent)}` : 'waits for your answer';
  if (live) return words;
  return status === 'waiting' ? 'waited for your answer' : `was ${words}`;
}

/** The end of it, and the ways on. */
function Ended({ chat, session, live }: FootProps) {
  const location = useLocation();
  const can = chat.state.value?.can;
  const canResume = can?.resume === true && session.agent_session_id !== null;
  const draft = chat.composer.text.value.trim() !== '';
  const fork = () => void chat.fork().then((id) => id !== null && location.route(sessionPath(id)));
  const off = !live || chat.busy.value;
  return (
    <div
      class="chat-ended banner"
      data-tone={session.status === 'failed' ? 'fault' : session.status === 'lost' ? 'lost' : 'done'}
      role="status"
    >
      <Mark status={session.status} />
      <p>
        <b>{endTitle(session)}</b> {session.status_reason !== null && printable(session.status_reason)}{' '}
        {canResume
          ? 'It can go on with all that it knows.'
          : canFork(session)
            ? 'A fork goes on with all that it knew.'
            : 'Its history stays here.'}
        {draft && ' What you were writing is kept.'}
      </p>
      <div class="line">
        {canResume && (
          <button type="button" class="act" disabled={off} onClick={() => void chat.resume()}>
            Resume
          </button>
        )}
        {canFork(session, can) && (
          <button type="button" class="act" disabled={off} onClick={fork}>
            Fork
          </button>
        )}
        <a class="act" href={sessionPath(session.id, 'log')}>
          Open log
        </a>
      </div>
    </div>
  );
}

function endTitle({ status, ended_at, exit_code }: Session): string {
  const at = ended_at === null ? '' : ` at ${clock(ended_at)}`;
  const code = exit_code === null || exit_code === 0 ? '' : `, exit code ${exit_code}`;
  const word = { finished: 'Finished', failed: 'The agent stopped', lost: 'Its process is gone', cancelled: 'Stopped' }[
    status as 'finished'
  ];
  return `${word}${at}${code}.`;
}

const PLACEHOLDERS = {
  busy: 'Queued until the agent is free',
  waiting: 'Follow up',
  starting: 'Given as soon as it is ready',
  idle: 'Message',
};

/** There is something to choose, or a second session to be made. */
function tunes(state: ChatState | null): boolean {
  if (state === null) return false;
  const { can, models, modes } = state;
  return can.fork || (can.model && models.length > 0) || (can.mode && modes.length > 0);
}

const accepted = (can: ChatAbilities | undefined): string | null => (can?.files ? '*/*' : can?.images ? 'image/*' : null);

function Write({ chat, session, live, onQueue, onSent, onTune }: FootProps & { onTune(): void }) {
  const { composer } = chat;
  const state = chat.state.value;
  const works = session.status === 'busy' || session.status === 'waiting';
  const steers = works && state?.can.steer === true;
  const now = steers && composer.how.value === 'now';
  return (
    <Composer
      text={composer.text.value}
      placeholder={now ? 'Told to the agent at once' : (PLACEHOLDERS[session.status as 'idle'] ?? 'Message')}
      files={composer.files.value}
      accept={accepted(state?.can)}
      offered={composer.offered.value}
      problem={composer.problem.value}
      reading={composer.reading.value}
      above={<Above chat={chat} live={live} steers={steers} onQueue={onQueue} />}
      onTune={tunes(state) && live ? onTune : null}
      onText={composer.write}
      onFiles={(files) => void composer.attach(files)}
      onDetach={composer.detach}
      onTake={composer.take}
      onDismiss={composer.dismiss}
      onSend={() => {
        if (composer.send(now)) onSent();
      }}
    />
  );
}

/** When it shall be given, and what waits already. */
function Above({ chat, live, steers, onQueue }: { chat: Chat; live: boolean; steers: boolean; onQueue(): void }) {
  const { composer, queue } = chat;
  const waiting = queue.count.value;
  // asked only about something that is there to be sent
  const asks = steers && (composer.text.value.trim() !== '' || composer.how.value === 'now');
  if (!asks && waiting === 0 && live) return null;
  return (
    <div class="how">
      {asks && <How value={composer.how.value} onChoose={composer.choose} />}
      {!live && (
        <span class="meta line" role="status">
          <Icon name="clock" small /> Kept on this device until home is reached.
        </span>
      )}
      {waiting > 0 && (
        <button type="button" class="act push" aria-haspopup="dialog" onClick={onQueue}>
          {waiting} queued
        </button>
      )}
    </div>
  );
}

function How({ value, onChoose }: { value: 'queue' | 'now'; onChoose(how: 'queue' | 'now'): void }): ComponentChildren {
  return (
    <fieldset class="seg">
      <legend class="vh">When the agent is busy</legend>
      <label>
        <input type="radio" name="how" checked={value === 'queue'} onChange={() => onChoose('queue')} />
        Queue
      </label>
      <label>
        <input type="radio" name="how" checked={value === 'now'} onChange={() => onChoose('now')} />
        Steer now
      </label>
    </fieldset>
  );
}

function Tune({ chat, session, onClose }: { chat: Chat; session: Session; onClose(): void }) {
  const location = useLocation();
  const state = chat.state.value;
  if (state === null) return null;
  const version = state.version === null ? null : `${printable(session.agent)} ${state.version}.`;
  const close = () => {
    chat.clearFailure();
    onClose();
  };
  return (
    <TuneSheet
      models={state.can.model ? state.models : []}
      model={state.model}
      modes={state.can.mode ? state.modes : []}
      mode={state.mode}
      canFork={canFork(session, state.can)}
      note={[version, state.version_note].filter((part) => part !== null).join(' ') || null}
      busy={chat.busy.value}
      fault={chat.failure.value?.text ?? null}
      onModel={(id) => void chat.setModel(id)}
      onMode={(id) => void chat.setMode(id)}
      onFork={() => void chat.fork().then((id) => id !== null && location.route(sessionPath(id)))}
      onClose={close}
    />
  );
}
