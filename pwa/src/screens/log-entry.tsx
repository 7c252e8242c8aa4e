import type { LogEntry } from '@afield/shared/api/logs.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogLine } from '../models/session-log.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { LOG_ICONS, RAW_KINDS } from '../ui/log-kinds.ts';
import { Marked } from '../ui/marked.tsx';
import { printable, printableLines } from '../ui/printable.ts';
import { clockSeconds, when } from '../ui/time.ts';
import { useApp } from './app-context.ts';

/** A longer entry is folded to its beginning. */
const FOLD_LINES = 10;
const FOLD_CHARS = 900;

/** Where a long text is cut; null when it is shown whole. */
export function foldAt(text: string): number | null {
  let end = -1;
  for (let line = 0; line < FOLD_LINES; line += 1) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) break;
  }
  const at = Math.min(end === -1 ? text.length : end, FOLD_CHARS);
  // Folding away a line or two hides more than it saves.
  return text.length - at > 160 || text.slice(at).split('\n').length > 3 ? at : null;
}

function said(entry: LogEntry): string {
  return `${entry.timestamp} ${entry.type} ${printableLines(entry.text)}`;
}

/** What home knows of an entry beside its text. */
function note({ detail }: LogEntry): string | null {
  const left = detail?.lines_left_out;
  if (typeof left === 'number')
    return `${left} ${left === 1 ? 'line' : 'lines'} before these went by too fast for the log; the recording has them.`;
  return null;
}

const isRecovered = ({ type, detail }: LogEntry): boolean => type === 'system' && typeof detail?.away_ms === 'number';

export interface EntryProps {
  entry: LogLine;
  /** The one that was asked for. */
  current: boolean;
  onOpen(entry: LogLine): void;
}

/** A line of the log: time, kind, text. The button before the text opens it whole. */
export function Entry({ entry, current, onOpen }: EntryProps) {
  const row = useRef<HTMLLIElement>(null);
  const [whole, setWhole] = useState(false);
  const cut = foldAt(entry.text);
  const marks = entry.marks ?? [];
  // A mark behind the fold would be found and not seen.
  const folded = cut !== null && !whole && !marks.some(([, to]) => to > cut);
  useEffect(() => {
    if (current) row.current?.scrollIntoView({ block: 'center' });
  }, [current]);
  const day = when(entry.timestamp, Date.now());
  const today = /^\d\d:/.test(day);
  const about = note(entry);
  return (
    <li ref={row} class={RAW_KINDS.has(entry.type) ? '' : 'ours'} {...(current ? { 'aria-current': 'true' as const } : {})}>
      <button type="button" class="log-head" aria-haspopup="dialog" onClick={() => onOpen(entry)}>
        <time dateTime={entry.timestamp}>
          {today ? '' : `${day} `}
          {clockSeconds(entry.timestamp)}
        </time>
        <span class={`k k-${entry.type}`}>
          <Icon name={isRecovered(entry) ? 'linked' : LOG_ICONS[entry.type]} />
          {isRecovered(entry) ? 'fetched' : entry.type}
        </span>
        <span class="vh">, show the entry</span>
      </button>
      <span class="log-text">
        {about !== null && <span class="log-note">{about}</span>}
        <Marked text={folded ? entry.text.slice(0, cut) : entry.text} marks={marks} />
        {cut !== null && marks.every(([, to]) => to <= cut) && (
          <button type="button" class="act log-fold" aria-expanded={!folded} onClick={() => setWhole(!whole)}>
            {folded ? `Show all ${entry.text.split('\n').length} lines` : 'Show less'}
          </button>
        )}
      </span>
    </li>
  );
}

export interface EntrySheetProps {
  entry: LogLine;
  onClose(): void;
  /** Leads to its place in the log; left out where it is in its place already. */
  onShow?(): void;
}

/** One entry whole, to be read, selected and copied. */
export function EntrySheet({ entry, onClose, onShow }: EntrySheetProps) {
  const app = useApp();
  const detail = Object.entries(entry.detail ?? {}).map(
    ([name, value]) => [printable(name), printable(JSON.stringify(value) ?? '')] as const,
  );
  return (
    <Dialog
      title={`${entry.type} · ${when(entry.timestamp, Date.now()).replace(/^\d.*:.*/, '')} ${clockSeconds(entry.timestamp)}`}
      onClose={onClose}
    >
      <pre class="slab entry-text" tabindex={0}>
        <Marked text={entry.text} marks={entry.marks ?? []} />
      </pre>
      {detail.length > 0 && (
        <details class="more">
          <summary>What else is known of it</summary>
          <Facts items={[['Number', String(entry.seq)], ...detail]} />
        </details>
      )}
      <div class="acts sheet-acts acts-wrap">
        {onShow !== undefined && (
          <button type="button" class="btn btn-line grow" onClick={onShow}>
            Show around it
          </button>
        )}
        <CopyButton what="this entry" class="btn btn-line grow" onCopy={() => app.copy(said(entry))} />
        <button type="button" class="btn btn-main grow" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** All of them in the order in which they happened, as the text of a file. */
export function entriesAsText(entries: readonly LogEntry[]): string {
  return `${[...entries].reverse().map(said).join('\n')}\n`;
}
