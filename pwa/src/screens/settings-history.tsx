import type { HistorySize, Pruned } from '@afield/shared/api/history.ts';
import { useModel } from '@preact/signals';
import { useState } from 'preact/hooks';
import { everyQuarterMinute } from '../models/clock.ts';
import { type History, HistoryModel } from '../models/history.ts';
import { AskingHome } from '../ui/asking-home.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { bytes, Facts } from '../ui/facts.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { TextField } from '../ui/forms.tsx';
import { Section } from '../ui/page.tsx';
import { printable } from '../ui/printable.ts';
import { lastSeen, when } from '../ui/time.ts';
import { useHome } from './app-context.ts';

const counted = (count: number, one: string, many: string): string => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

type Retention = HistorySize['retention'];

export function retentionWords({ days, bytes: size }: Retention): string {
  const parts = [days === 0 ? '' : counted(days, 'day', 'days'), size === 0 ? '' : bytes(size)].filter(Boolean);
  return parts.length === 0 ? 'everything, without a bound' : parts.join(', at most ');
}

/** How much is kept at home, and the way to keep less. */
export function HistorySettings() {
  const { home, link } = useHome();
  const model = useModel(() => new HistoryModel(link));
  const size = model.size.value;
  const open = home.open.value;
  return (
    <Section id="h-history" title="Kept history">
      <div class="panel stack">
        {size === null && <AskingHome open={open} error={model.error.value} />}
        {size !== null && (
          <Facts
            items={[
              ['Sessions', size.sessions.toLocaleString('en')],
              ['Log entries', size.entries.toLocaleString('en')],
              ['Recordings', bytes(size.recordings_bytes)],
              ['Database', bytes(size.database_bytes)],
              ['Oldest', size.oldest_at === null ? 'nothing yet' : when(size.oldest_at, everyQuarterMinute.value)],
              ['Kept for', retentionWords(size.retention)],
            ]}
          />
        )}
        {size !== null && <Prune model={model} open={open} retention={size.retention} />}
      </div>
    </Section>
  );
}

function Prune({ model, open, retention }: { model: History; open: boolean; retention: Retention }) {
  const { days, gigabytes } = model.bounds.value;
  const [asking, setAsking] = useState(false);
  const failure = model.pruning.failure.value;
  const dry = model.dry.value;
  const busy = model.pruning.busy.value;
  return (
    <details class="more">
      <summary>Delete old history</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void model.tryOut();
        }}
      >
        <p class="small dim">
          Only sessions that are over, the oldest first. First it is only tried: nothing is deleted before you have seen what.
        </p>
        <div class="two">
          <TextField
            label="Keep days"
            value={days}
            onInput={(next) => model.change({ days: next })}
            inputMode="numeric"
            placeholder={retention.days === 0 ? 'no bound' : String(retention.days)}
            maxLength={5}
          />
          <TextField
            label="Keep GB"
            value={gigabytes}
            onInput={(next) => model.change({ gigabytes: next })}
            inputMode="decimal"
            placeholder={retention.bytes === 0 ? 'no bound' : String(Math.round(retention.bytes / 1e8) / 10)}
            maxLength={10}
          />
        </div>
        <FaultLine text={asking ? null : (failure?.text ?? null)} />
        <button type="submit" class="btn btn-line btn-wide" disabled={!open || busy}>
          {busy ? 'Counting …' : 'Try it without deleting'}
        </button>
        {dry !== null && <WouldGo pruned={dry} onDelete={() => setAsking(true)} />}
        {model.done.value !== null && (
          <p role="status">
            Deleted: {whatGoes(model.done.value)}. {bytes(model.done.value.freed_bytes)} are free again.
          </p>
        )}
      </form>
      {asking && dry !== null && (
        <Confirm
          title="Delete this history?"
          confirm="Delete it"
          danger
          busy={busy}
          error={failure === null ? null : printable(failure.text)}
          onClose={() => setAsking(false)}
          onConfirm={() => void model.prune().then((done) => done && setAsking(false))}
        >
          {whatGoes(dry)} are deleted at home and cannot be brought back. Files of projects are not touched.
        </Confirm>
      )}
    </details>
  );
}

function whatGoes({ sessions, recordings, entries }: Pruned): string {
  const parts = [
    sessions === 0 ? '' : counted(sessions, 'session', 'sessions'),
    recordings === 0 ? '' : counted(recordings, 'recording', 'recordings'),
    entries === 0 ? '' : counted(entries, 'log entry', 'log entries'),
  ];
  return parts.filter(Boolean).join(', ') || 'nothing';
}

function WouldGo({ pruned, onDelete }: { pruned: Pruned; onDelete(): void }) {
  const now = everyQuarterMinute.value;
  const count = pruned.sessions + pruned.recordings;
  if (count + pruned.entries === 0) {
    return (
      <p class="dim" role="status">
        Nothing would go: all that is kept is younger and smaller than that.
      </p>
    );
  }
  return (
    <div class="stack">
      <p role="status">
        This would go: {whatGoes(pruned)}. It frees {bytes(pruned.freed_bytes)}.
      </p>
      <ul class="rows prune-list">
        {pruned.items.map((item) => (
          <li key={`${item.session_id} ${item.what}`} class="setrow">
            <span class="main">
              <b>{printable(item.name)}</b>
              <span class="meta">
                {item.what === 'recording' ? 'its recording only; the log stays' : 'all of it'}
                {item.ended_at !== null && ` · ended ${lastSeen(Date.parse(item.ended_at), now)}`}
              </span>
            </span>
            <span class="meta">{bytes(item.bytes)}</span>
          </li>
        ))}
      </ul>
      {count > pruned.items.length && <p class="meta">And {counted(count - pruned.items.length, 'more', 'more')}.</p>}
      <button type="button" class="btn btn-danger btn-wide" onClick={onDelete}>
        Delete {bytes(pruned.freed_bytes)}
      </button>
    </div>
  );
}
