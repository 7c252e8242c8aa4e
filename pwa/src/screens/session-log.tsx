import type { LogEntry, LogType, Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import type { RefObject } from 'preact';
import { useCallback, useRef } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { LOG_TYPES, type SessionLog, SessionLogModel } from '../models/session-log.ts';
import { Icon, type IconName } from '../ui/icons.tsx';
import { printable, printableLines } from '../ui/printable.ts';
import { clockSeconds, when } from '../ui/time.ts';
import { TopSentinel } from '../ui/top-sentinel.tsx';
import { useApp, useHome } from './app-context.ts';
import { SessionScreen } from './session-screen.tsx';

const KINDS: Record<LogType, IconName> = {
  state: 'pulse',
  probe: 'eye',
  output: 'screen',
  input: 'pen',
  tool: 'machine',
  message: 'message',
  approval: 'shield',
  system: 'alert',
};

/** Bytes of a program, as opposed to words of ours. */
const RAW: ReadonlySet<LogType> = new Set(['output', 'input', 'tool']);

export function SessionLogScreen() {
  const { params } = useRoute();
  const id = params.id ?? '';
  const { link } = useHome();
  const log = useModel(() => new SessionLogModel(link, id));
  const top = useRef<HTMLDivElement>(null);
  // Scrolled away from the newest entry, nothing is put above what is being read.
  const onTop = useCallback((inSight: boolean) => log.hold(!inSight), [log]);
  return (
    <SessionScreen id={id} face="log" mainClass="log-main" foot={(session) => <Foot log={log} session={session} top={top} />}>
      {() => (
        <>
          <TopSentinel at={top} onChange={onTop} />
          <Entries log={log} />
        </>
      )}
    </SessionScreen>
  );
}

function Entries({ log }: { log: SessionLog }) {
  const entries = log.entries.value;
  return (
    <>
      <label class="inp">
        <Icon name="search" small />
        <span class="vh">Search the log</span>
        <input
          type="search"
          class="inp-bare"
          placeholder="Search the log"
          value={log.query.value}
          maxLength={200}
          onInput={(event) => log.search(event.currentTarget.value)}
        />
      </label>
      <Chips log={log} />
      {log.error.value !== null && (
        <p class="field-error" role="alert">
          {printable(log.error.value)}{' '}
          <button type="button" class="act" onClick={() => void log.reload()}>
            Try again
          </button>
        </p>
      )}
      {entries.length === 0 && (
        <p class="dim" role="status">
          {log.loading.value ? 'Fetching the log …' : 'No entries of this kind.'}
        </p>
      )}
      <ol class="log" aria-label="Log entries, newest first">
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} />
        ))}
      </ol>
      {log.more.value && (
        <button type="button" class="btn btn-line btn-wide" disabled={log.loading.value} onClick={() => void log.loadOlder()}>
          Older entries
        </button>
      )}
    </>
  );
}

function Chips({ log }: { log: SessionLog }) {
  const chosen = log.type.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot scroll sideways in all browsers
    <div class="chips" role="group" aria-label="Kinds of entries">
      <button type="button" class="chip" aria-pressed={chosen === null} onClick={() => log.choose(null)}>
        All
      </button>
      {LOG_TYPES.map((type) => (
        <button type="button" key={type} class="chip" aria-pressed={chosen === type} onClick={() => log.choose(type)}>
          <Icon name={KINDS[type]} small />
          {type}
        </button>
      ))}
    </div>
  );
}

function Entry({ entry }: { entry: LogEntry }) {
  const day = when(entry.timestamp, Date.now());
  const today = /^\d\d:/.test(day);
  return (
    <li class={RAW.has(entry.type) ? '' : 'ours'}>
      <time dateTime={entry.timestamp}>
        {today ? '' : `${day} `}
        {clockSeconds(entry.timestamp)}
      </time>
      <span class={`k k-${entry.type}`}>
        <Icon name={KINDS[entry.type]} />
        {entry.type}
      </span>
      <span class="log-text">{printableLines(entry.text)}</span>
    </li>
  );
}

function Foot({ log, session, top }: { log: SessionLog; session: Session; top: RefObject<HTMLDivElement | null> }) {
  const app = useApp();
  const held = log.heldCount.value;
  const share = () => {
    const lines = [...log.entries.value].reverse().map((entry) => `${entry.timestamp} ${entry.type} ${printableLines(entry.text)}`);
    void app.share(`afield-${session.id}.log.txt`, `${lines.join('\n')}\n`);
  };
  return (
    <div class="comp line">
      <button
        type="button"
        class="btn btn-line grow"
        onClick={() => {
          log.hold(false);
          top.current?.scrollIntoView({ block: 'end' });
        }}
      >
        <Icon name="up" />
        {held === 0 ? 'To the newest' : `${held} new`}
      </button>
      <button type="button" class="btn btn-line" disabled={log.entries.value.length === 0} onClick={share}>
        <Icon name="share" />
        Share<span class="vh"> the shown entries as a file</span>
      </button>
    </div>
  );
}
