import type { ChatItem, ToolKind } from '@afield/shared/api/chat.ts';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { FileDiffCounts, FileDiffView } from '../diff.tsx';
import { bytes } from '../facts.tsx';
import { Icon, type IconName } from '../icons.tsx';
import { StatusWord } from '../mark.tsx';
import { exact, printable, printableLines } from '../printable.ts';
import { exactText, fromDirectory, lastLines, plainOutput } from './text.ts';

type Tool = Extract<ChatItem, { kind: 'tool' }>;

const KINDS: Record<ToolKind, { icon: IconName; done: string; now: string }> = {
  read: { icon: 'eye', done: 'Read', now: 'Reading' },
  edit: { icon: 'pen', done: 'Edited', now: 'Editing' },
  delete: { icon: 'bin', done: 'Deleted', now: 'Deleting' },
  move: { icon: 'right', done: 'Moved', now: 'Moving' },
  search: { icon: 'search', done: 'Searched', now: 'Searching' },
  execute: { icon: 'screen', done: 'Ran', now: 'Running' },
  think: { icon: 'thought', done: 'Considered', now: 'Considering' },
  fetch: { icon: 'globe', done: 'Fetched', now: 'Fetching' },
  plan: { icon: 'lines', done: 'Planned', now: 'Planning' },
  agent: { icon: 'message', done: 'Asked', now: 'Asking' },
  other: { icon: 'pulse', done: 'Used', now: 'Using' },
};
/** Some agents say what they do (`Write hello.txt`): a word of ours before it would be one too many. */
const SENTENCE = /^[A-Z][a-z]+ \S/;
/** Lines of output that are shown at once. */
const TAIL_LINES = 12;
const MAX_INPUT = 4_000;

const works = (tool: Tool): boolean => tool.state === 'pending' || tool.state === 'running';

/** A call of a tool: one line, and all that is known of it behind that. `cwd`: of the session. */
export function ToolCall({ tool, cwd }: { tool: Tool; cwd: string }) {
  const { icon, done, now } = KINDS[tool.tool_kind] ?? KINDS.other;
  const [open, setOpen] = useState(false);
  const title = tool.title.trim() === '' ? tool.name : tool.title;
  const tried = (tool.state === 'failed' || tool.state === 'cut') && tool.tool_kind !== 'execute';
  const short = tool.tool_kind === 'execute' ? title : fromDirectory(title, cwd);
  const word = SENTENCE.test(title) ? '' : works(tool) ? now : tried ? `${done}, or tried` : done;
  return (
    <details class="tool" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name={icon} small />
        <span class="cut">
          {word !== '' && `${word} `}
          <code>{exact(short)}</code>
        </span>
        <span class="push line">
          <Outcome tool={tool} />
          <Icon name="forward" small />
        </span>
      </summary>
      {open && <Body tool={tool} whole={short !== title || title.length > 40} />}
    </details>
  );
}

/** What came of it, in a word. */
function Outcome({ tool }: { tool: Tool }) {
  if (tool.state === 'failed') return <StatusWord status="failed" />;
  if (tool.state === 'cut') return <StatusWord status="cancelled" word="cut off" />;
  if (tool.state === 'pending') return <StatusWord status="starting" word="to come" />;
  if (tool.state === 'running') return <StatusWord status="busy" word="runs" />;
  if (tool.diffs.length > 0) return <FileDiffCounts diffs={tool.diffs} />;
  const lines = tool.output === '' ? 0 : tool.output.trimEnd().split('\n').length;
  if (tool.tool_kind === 'search' && lines > 0) return <span>{lines === 1 ? '1 line' : `${lines} lines`}</span>;
  return (
    <span class="is-finished line">
      <Icon name="check" small />
      <span class="vh">done</span>
    </span>
  );
}

/** `whole`: the line above shows its title in part. */
function Body({ tool, whole }: { tool: Tool; whole: boolean }) {
  const input = tool.input ?? '';
  const tells = input.trim() !== '' && input.trim() !== tool.title.trim() && tool.diffs.length === 0;
  const nothing = !tells && tool.diffs.length === 0 && tool.output === '' && tool.locations.length === 0;
  return (
    <div class="tool-body">
      {whole && <p class="tool-title">{<code>{exactText(tool.title)}</code>}</p>}
      {tool.locations.length > 0 && tool.diffs.length === 0 && <Places tool={tool} />}
      {tells && <Given text={input} />}
      {tool.diffs.map((diff, index) => (
        <section key={index} class="tool-diff" aria-label={exact(diff.path)}>
          <p class="meta">
            <code>{exact(diff.path)}</code> {diff.before === null ? '· new' : diff.after === null ? '· deleted' : ''}
          </p>
          <FileDiffView diff={diff} />
        </section>
      ))}
      {tool.output !== '' && <Output tool={tool} />}
      {nothing && <p class="meta">{works(tool) ? 'Nothing to see yet.' : `${printable(tool.name)} gave nothing back.`}</p>}
    </div>
  );
}

function Places({ tool }: { tool: Tool }) {
  return (
    <ul class="meta tool-places">
      {tool.locations.slice(0, 20).map(({ path, line }, index) => (
        <li key={index}>
          <code>
            {exact(path)}
            {line === null ? '' : `:${line}`}
          </code>
        </li>
      ))}
    </ul>
  );
}

function Given({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are bytes that scroll
    <pre class="slab" role="group" tabindex={0} aria-label="What it was given">
      {exactText(text.slice(0, MAX_INPUT))}
      {text.length > MAX_INPUT && <span class="c">{`\n… ${bytes(text.length - MAX_INPUT)} more`}</span>}
    </pre>
  );
}

/** The end of what it gave back; the whole of what is kept on demand. */
function Output({ tool }: { tool: Tool }) {
  const [all, setAll] = useState(false);
  const slab = useRef<HTMLPreElement>(null);
  // what came last says most
  useLayoutEffect(() => {
    if (slab.current !== null && !all) slab.current.scrollTop = slab.current.scrollHeight;
  }, [tool.output, all]);
  const { text, before } = lastLines(plainOutput(tool.output), all ? Number.POSITIVE_INFINITY : TAIL_LINES);
  const away = Math.max(0, tool.output_bytes - tool.output.length);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are bytes that scroll */}
      <pre ref={slab} class="slab" role="group" tabindex={0} aria-label="Output">
        {before > 0 && <span class="c">{`… ${before} lines folded\n`}</span>}
        {before === 0 && away > tool.output.length / 8 && <span class="c">{`… ${bytes(away)} before this are not kept\n`}</span>}
        {printableLines(text)}
      </pre>
      {(before > 0 || all) && (
        <button type="button" class="act" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fold the output' : `Show ${before} more lines`}
        </button>
      )}
    </>
  );
}
