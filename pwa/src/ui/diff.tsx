import type { Hunk } from '@afield/shared/api/changes.ts';
import type { FileDiff } from '@afield/shared/api/chat.ts';
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { countLines, type DiffLine, diffLines, hunksBetween } from './diff-lines.ts';
import { exact } from './printable.ts';

/** Shown of a piece at once; the others on demand. */
const MAX_LINES = 200;
const WORDS = { ' ': '', '+': 'added: ', '-': 'deleted: ' } as const;
const CLASSES = { ' ': '', '+': 'a', '-': 'd' } as const;

export interface DiffProps {
  hunks: readonly Hunk[];
  /** Says what it is a diff of, for those who listen: the path, made exact already. */
  label: string;
  /** Not all of it is here. */
  cut?: boolean;
  /** All lines at once: nothing of it may be left unread. */
  whole?: boolean;
  /** Stands at the right of a piece's heading. */
  corner?(hunk: Hunk, index: number): ComponentChildren;
}

/** Changes of one file for a narrow screen: lines wrap, each with its number and its sign. All text is hostile and shown as it is. */
export function Diff({ hunks, label, cut = false, whole = false, corner }: DiffProps) {
  if (hunks.length === 0 && !cut) return <p class="meta">No line of it differs.</p>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are lines of a file
    <div class="diff" role="group" aria-label={`Changes of ${label}`}>
      {hunks.map((hunk, index) => (
        <Piece key={`${hunk.old_start}-${hunk.new_start}`} hunk={hunk} whole={whole} corner={corner?.(hunk, index)} />
      ))}
      {cut && <p class="hunk">The file is larger than what is shown here.</p>}
    </div>
  );
}

function Piece({ hunk, whole, corner }: { hunk: Hunk; whole: boolean; corner: ComponentChildren }) {
  const lines = useMemo(() => diffLines(hunk), [hunk]);
  const [all, setAll] = useState(whole);
  const shown = all ? lines : lines.slice(0, MAX_LINES);
  const last = lines.at(-1)?.number ?? hunk.new_start;
  return (
    <>
      <div class="hunk">
        <span class="cut">
          {lines.length === 0 ? 'Empty' : `Lines ${Math.max(1, hunk.new_start)} to ${last}`}
          {hunk.heading !== '' && (
            <>
              {' · '}
              <code>{exact(hunk.heading)}</code>
            </>
          )}
        </span>
        {corner}
      </div>
      <ol>
        {shown.map((line, index) => (
          <Line key={index} line={line} />
        ))}
      </ol>
      {shown.length < lines.length && (
        <button type="button" class="act diff-all" onClick={() => setAll(true)}>
          Show {lines.length - shown.length} more lines
        </button>
      )}
    </>
  );
}

function Line({ line: { edit, number, text, marked } }: { line: DiffLine }) {
  return (
    <li class={CLASSES[edit]}>
      <span aria-hidden="true">{number}</span>
      <i aria-hidden="true">{edit === '-' ? '−' : edit}</i>
      <code>
        {edit !== ' ' && <span class="vh">{WORDS[edit]}</span>}
        {marked === null ? (
          shownText(text)
        ) : (
          <>
            {shownText(text.slice(0, marked[0]))}
            <b>{shownText(text.slice(...marked))}</b>
            {shownText(text.slice(marked[1]))}
          </>
        )}
      </code>
    </li>
  );
}

/** Tabs stay what they are. */
const shownText = (text: string): string => text.split('\t').map(exact).join('\t');

/** A file as an agent gives it: before and after. The pieces are found on this device. */
export function FileDiffView({ diff, label, whole = false }: { diff: FileDiff; label?: string; whole?: boolean }) {
  const hunks = useMemo(() => hunksBetween(diff.before, diff.after), [diff.before, diff.after]);
  return <Diff hunks={hunks} label={label ?? exact(diff.path)} cut={diff.cut} whole={whole} />;
}

/** `+18 −6`, with words for those who listen. */
export function LineCounts({ added, deleted }: { added: number; deleted: number }) {
  return (
    <span class="num counts">
      <span class="plus">
        +{added}
        <span class="vh"> {added === 1 ? 'line' : 'lines'} added,</span>
      </span>{' '}
      <span class="minus">
        −{deleted}
        <span class="vh"> deleted</span>
      </span>
    </span>
  );
}

export function FileDiffCounts({ diffs }: { diffs: readonly FileDiff[] }) {
  const counts = useMemo(() => countLines(diffs.flatMap((diff) => hunksBetween(diff.before, diff.after))), [diffs]);
  return <LineCounts {...counts} />;
}
