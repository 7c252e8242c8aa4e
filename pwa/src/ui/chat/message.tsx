import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { printableLines } from '../printable.ts';
import { useChatWays } from './context.ts';
import { GivenFiles } from './given.tsx';
import type { GivenFile } from './given-context.ts';
import type { MarkdownProps } from './markdown.tsx';

/** The reader of Markdown, once the first message of an agent has asked for it. */
let reader: ComponentType<MarkdownProps> | null = null;

function useReader(): ComponentType<MarkdownProps> | null {
  const [known, setKnown] = useState(() => reader);
  useEffect(() => {
    if (known !== null) return;
    let left = false;
    import('./markdown.tsx').then(
      (module) => {
        reader = module.Markdown;
        if (!left) setKnown(() => module.Markdown);
      },
      () => undefined, // not reached: the text stands there as it is
    );
    return () => {
      left = true;
    };
  }, [known]);
  return known;
}

/** What an agent says. `cut`: it ended in the middle. */
export function Theirs({ text, state }: { text: string; state: 'open' | 'done' | 'cut' }) {
  const { agent } = useChatWays();
  const Reader = useReader();
  return (
    <div class="theirs" aria-busy={state === 'open'}>
      <span class="vh">{agent}: </span>
      {Reader === null ? <p class="md-plain">{printableLines(text)}</p> : <Reader text={text} open={state === 'open'} />}
      {state === 'cut' && <p class="meta">It ended here, in the middle.</p>}
    </div>
  );
}

export interface TicksProps {
  state: 'device' | 'refused' | 'home' | 'accepted' | 'consumed' | 'stuck' | 'withdrawn';
  text: string;
}

const TICKS = {
  device: 'clock',
  refused: 'alert',
  home: 'check',
  accepted: 'ticks',
  consumed: 'ticks',
  stuck: 'alert',
  withdrawn: 'undo',
} as const;

/** How far a message is on its way. */
export function Ticks({ state, text }: TicksProps) {
  return (
    <p class="ticks" data-state={state === 'refused' ? 'stuck' : state}>
      <Icon name={TICKS[state]} small />
      {text}
    </p>
  );
}

export interface MineProps {
  text: string;
  files: readonly GivenFile[];
  ticks: TicksProps | null;
  /** It does not go on by itself. */
  faded?: boolean;
  /** What can be done about it; null: nothing. */
  onOpen?: (() => void) | undefined;
}

/** What a person wrote. */
export function Mine({ text, files, ticks, faded = false, onOpen }: MineProps) {
  return (
    <>
      <div class={faded ? 'mine mine-faded' : 'mine'}>
        <span class="vh">You: </span>
        <Folded text={text} />
        <GivenFiles files={files} />
      </div>
      {ticks !== null && (
        <div class="mine-state">
          <Ticks {...ticks} />
          {onOpen !== undefined && (
            <button type="button" class="act" aria-haspopup="dialog" onClick={onOpen}>
              Change<span class="vh"> this message</span>
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** Of a long message of one's own the beginning is enough, in UTF-16 units. */
const FOLD_AT = 1_200;

function Folded({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const long = text.length > FOLD_AT * 1.2;
  return (
    <>
      {printableLines(all || !long ? text : `${text.slice(0, FOLD_AT)}…`)}
      {long && (
        <button type="button" class="act mine-more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show less' : 'Show all of it'}
        </button>
      )}
    </>
  );
}

/** What an agent thinks: folded, for it is long and nobody's answer. */
export function Thought({ text, open }: { text: string; open: boolean }) {
  return (
    <details class="thought">
      <summary>
        <Icon name="thought" small />
        <span class="cut">{open ? 'Thinking' : 'Thought'}</span>
        <span class="push line">
          <Icon name="forward" small />
        </span>
      </summary>
      <p class="md-plain dim" aria-busy={open}>
        {printableLines(text)}
      </p>
    </details>
  );
}

const NOTICE_ICONS = { info: 'bell', warning: 'alert', error: 'alert' } as const;

/** Something that the agent or its runtime tells. */
export function Notice({ level, text }: { level: 'info' | 'warning' | 'error'; text: string }) {
  if (level === 'info') return <p class="notice md-plain">{printableLines(text)}</p>;
  return (
    <div class="banner" data-tone={level === 'error' ? 'fault' : 'lost'}>
      <Icon name={NOTICE_ICONS[level]} />
      <p>
        <span class="vh">{level === 'error' ? 'Error: ' : 'Warning: '}</span>
        <span class="md-plain">{printableLines(text)}</span>
      </p>
    </div>
  );
}
