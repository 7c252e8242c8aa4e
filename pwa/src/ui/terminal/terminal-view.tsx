import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { FindBar } from './find-bar.tsx';
import { type FindState, NOTHING_FOUND } from './finding.ts';
import { fittingFont, LEAST_PX, READABLE_PX } from './fit.ts';
import { drawMarks } from './marks.ts';
import { Overview } from './overview.tsx';
import type { ScreenEvents, TerminalScreen } from './screen.ts';
import { HEAD_PX, type ScrollState } from './scroller.ts';
import { Handles, SelectionBar } from './selection-bar.tsx';
import { OlderLines, TextView } from './text-view.tsx';
import { useFinding } from './use-finding.ts';
import { type Stage, useFrameSize, useSize, useStage } from './use-screen.ts';
import { type Touched, useTouch } from './use-touch.ts';
import type { View } from './view-bar.tsx';

/** The terminal as the one who feeds it knows it. */
export type ShownTerminal = TerminalScreen & { toNewest(): void; room(): number };

export interface TerminalViewProps extends Pick<ScreenEvents, 'onInput' | 'onPaste' | 'onLink'> {
  view: View;
  /** The line is cut: what is shown is old. */
  stale: boolean;
  older: 'unknown' | 'loading' | 'shown' | 'failed';
  /** Lines that are held back while somebody reads. */
  waiting: { lines: number; more: boolean };
  finding: boolean;
  onFinding(open: boolean): void;
  onView(view: View): void;
  /** False when the browser does not allow it. */
  onCopy(text: string): Promise<boolean>;
  onReading(how: 'newest' | 'above' | 'frozen'): void;
  onOlder(want: boolean): void;
  /** The terminal is loaded and ready for bytes; null when it goes. */
  onScreen(screen: ShownTerminal | null): void;
  /** Cells that would fill this place at a readable size; again whenever the place changes. */
  onNaturalSize(size: { cols: number; rows: number }): void;
}

const UNMOVED: ScrollState = { newest: true, lines: 0, sight: { left: 0, top: 0, width: 1, height: 1 } };
const touch = () => matchMedia('(pointer: coarse)').matches;

/** The terminal in the size that the lease gives it, never in one of its own: whole, in part, or as text. */
export function TerminalView(props: TerminalViewProps) {
  const refs = {
    box: useRef<HTMLElement>(null),
    space: useRef<HTMLDivElement>(null),
    mount: useRef<HTMLDivElement>(null),
    marks: useRef<HTMLDivElement>(null),
    frame: useRef<HTMLDivElement>(null),
  };
  const latest = useRef(props);
  latest.current = props;
  const [scroll, setScroll] = useState(UNMOVED);
  const [textNewest, setTextNewest] = useState(true);
  const [jump, setJump] = useState(0);
  const text = props.view === 'text';

  const events = (): ScreenEvents => ({
    onInput: latest.current.onInput,
    onPaste: latest.current.onPaste,
    onLink: latest.current.onLink,
    onCopy: () => void copy(),
    onFind: () => latest.current.onFinding(true),
    onPage: (pages) => stage?.scroller.page(pages),
  });
  const { stage, fault, again } = useStage(refs, events, setScroll);
  const frame = useFrameSize(refs.frame, stage?.cell ?? null, props.onNaturalSize);
  const { cols, rows } = useSize(stage);
  const fitting = stage === null ? READABLE_PX : fittingFont(frame, stage.cell, { cols, rows });
  const { selected, selecting, font } = useTouch({ ...props, stage, space: refs.space, fitting });
  const { copy, copied } = useCopy(stage, { selected, selecting, font }, props.onCopy);

  useEffect(() => {
    if (stage === null) return;
    stage.screen.fontSize(font);
    const drawn = requestAnimationFrame(() => stage.scroller.resized());
    return () => cancelAnimationFrame(drawn);
  }, [stage, font, frame]);

  const finding = useFinding(stage?.screen ?? null, props.finding, (place) => stage?.scroller.reveal(place));
  useMarks(stage, refs.marks, finding?.state ?? NOTHING_FOUND, scroll);

  const toNewest = () => {
    stage?.scroller.toNewest();
    setJump((count) => count + 1);
  };
  useEffect(() => {
    if (stage === null) return;
    const { screen, scroller } = stage;
    latest.current.onScreen({
      ...screen,
      toNewest,
      room: () => (latest.current.view === 'text' ? screen.free() : scroller.room()),
    });
    return () => latest.current.onScreen(null);
  }, [stage]);

  const newest = text ? textNewest : scroll.newest;
  const byTouch = selected !== null && !text && touch();
  const reading = byTouch ? 'frozen' : newest ? 'newest' : 'above';
  useEffect(() => latest.current.onReading(reading), [reading, stage]);
  const above = text || props.finding || !scroll.newest;
  useEffect(() => latest.current.onOlder(above), [above, stage]);

  return (
    <div ref={refs.frame} class="term-frame">
      {finding !== null && <FindBar finding={finding} loading={props.older === 'loading'} onClose={() => props.onFinding(false)} />}
      <div class="term-stage">
        <section
          ref={refs.box}
          class={`slab xterm-box${props.stale ? ' stale' : ''}${text ? ' behind' : ''}`}
          aria-label={`Terminal screen, ${cols} columns, ${rows} rows${font <= LEAST_PX * 2 ? ', drawn very small' : ''}`}
          aria-hidden={text}
          tabindex={text ? -1 : 0}
          onFocus={(event) => event.target === refs.box.current && !touch() && stage?.screen.focus()}
        >
          <div ref={refs.space} class="xterm-space">
            <Head stage={stage} older={props.older} onOlder={() => props.onOlder(true)} />
            <div ref={refs.mount} class="xterm-mount" />
            <div ref={refs.marks} aria-hidden="true" />
            {stage !== null && byTouch && (
              <Handles range={selected} scroller={stage.scroller} box={stage.box} onMove={(end, place) => selecting?.moveEnd(end, place)} />
            )}
          </div>
          {stage === null && <Loading fault={fault} onAgain={again} />}
        </section>
        {text && stage !== null && (
          <TextView
            screen={stage.screen}
            find={finding?.state ?? null}
            older={props.older}
            stale={props.stale}
            onOlder={() => props.onOlder(true)}
            onLink={props.onLink}
            onNewest={setTextNewest}
            jump={jump}
          />
        )}
        <Over {...props} stage={stage} scroll={scroll} newest={newest} onJump={toNewest}>
          {stage !== null && byTouch && (
            <Selected stage={stage} touched={{ selected, selecting, font }} copied={copied} onCopy={() => void copy()} />
          )}
        </Over>
      </div>
    </div>
  );
}

interface OverProps extends Pick<TerminalViewProps, 'view' | 'waiting'> {
  stage: Stage | null;
  scroll: ScrollState;
  newest: boolean;
  onJump(): void;
  /** What can be done with a selection: instead of the way to the newest line. */
  children: ComponentChildren;
}

/** What stands over the screen. */
function Over({ view, waiting, stage, scroll, newest, onJump, children }: OverProps) {
  const { cols, rows } = useSize(stage);
  const lines = (view === 'text' ? 0 : scroll.lines) + waiting.lines;
  return (
    <>
      {view !== 'text' && stage !== null && (
        <Overview sight={scroll.sight} cols={cols} rows={rows} cell={stage.cell.height / stage.cell.width} />
      )}
      {children || (!newest && <Jump lines={lines} more={waiting.more} onJump={onJump} />)}
    </>
  );
}

/** Copies what is selected. `copied`: how it went, until something else is selected. */
function useCopy(stage: Stage | null, { selected, selecting }: Touched, onCopy: TerminalViewProps['onCopy']) {
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => setCopied(null), [selected]);
  const copy = async () => {
    const range = stage?.screen.selection() ?? null;
    if (range === null || stage === null) return;
    const done = await onCopy(stage.screen.text(range));
    if (done && touch()) selecting?.clear();
    else setCopied(done);
  };
  return { copy, copied };
}

function useMarks(stage: Stage | null, host: RefObject<HTMLDivElement | null>, { places, at }: FindState, scroll: ScrollState): void {
  useEffect(() => {
    if (stage === null || host.current === null) return;
    drawMarks(host.current, stage.scroller, stage.screen.size().cols, places, places[at] ?? null);
  }, [stage, places, at, scroll]);
}

/** Above the first line. */
function Head({ stage, older, onOlder }: { stage: Stage | null; older: TerminalViewProps['older']; onOlder(): void }) {
  if (stage === null || stage.scroller.head === 0) return null;
  return (
    <div class="xterm-head" style={{ height: `${HEAD_PX}px` }}>
      <OlderLines older={older} onOlder={onOlder} />
    </div>
  );
}

function Jump({ lines, more, onJump }: { lines: number; more: boolean; onJump(): void }) {
  const count = `${lines}${more ? '+' : ''} new ${lines === 1 ? 'line' : 'lines'}`;
  return (
    <button type="button" class="jump" onClick={onJump}>
      <Icon name="down" small /> {lines > 0 ? count : more ? 'New output' : 'Newest'}
    </button>
  );
}

interface SelectedProps {
  stage: Stage;
  touched: Touched;
  copied: boolean | null;
  onCopy(): void;
}

function Selected({ stage, touched: { selected, selecting }, copied, onCopy }: SelectedProps) {
  if (selected === null) return null;
  return (
    <SelectionBar
      lines={selected.end.row - selected.start.row + 1}
      copied={copied}
      onCopy={onCopy}
      onAll={() => {
        const { first, last } = stage.scroller.rows();
        selecting?.all(first, last);
      }}
      onDone={() => selecting?.clear()}
    />
  );
}

function Loading({ fault, onAgain }: { fault: boolean; onAgain(): void }) {
  if (!fault) return <p class="xterm-note">Loading the terminal …</p>;
  return (
    <p class="xterm-note" role="alert">
      The terminal could not be loaded; this device seems to have no connection.{' '}
      <button type="button" class="btn btn-line" onClick={onAgain}>
        Try again
      </button>
    </p>
  );
}
