import { useEffect, useRef } from 'preact/hooks';
import type { FindState } from './finding.ts';
import { lineAt, offsetOf } from './lines.ts';
import type { TerminalScreen } from './screen.ts';
import { TextList } from './text-list.ts';

/** Drawn anew at most so often, in ms: nobody reads faster. */
const DRAW_MS = 150;
/** Closer to the end than this counts as there, in CSS pixels. */
const NEAR_PX = 24;

export interface TextViewProps {
  screen: TerminalScreen;
  find: FindState | null;
  older: 'unknown' | 'loading' | 'shown' | 'failed';
  stale: boolean;
  onOlder(): void;
  onLink(url: string): void;
  /** Whether the newest line is in sight. */
  onNewest(newest: boolean): void;
  /** Raised to bring the newest line into sight. */
  jump: number;
}

/** The terminal's lines as text: older ones above, the newest at the bottom, live. */
export function TextView({ screen, find, older, stale, onOlder, onLink, onNewest, jump }: TextViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const list = useRef<TextList | null>(null);
  const newest = useRef(true);

  useEffect(() => {
    const scroll = box.current!;
    const lines = new TextList(host.current!, screen);
    list.current = lines;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      // what is read stays, also when lines come or go above it
      const below = scroll.scrollHeight - scroll.scrollTop;
      const first = firstInSight(host.current!, scroll);
      const at = first?.getBoundingClientRect().top ?? 0;
      lines.update();
      if (newest.current) scroll.scrollTop = scroll.scrollHeight;
      else if (first?.isConnected) scroll.scrollTop += first.getBoundingClientRect().top - at;
      else scroll.scrollTop = scroll.scrollHeight - below;
    };
    const stop = screen.onChange(() => {
      timer ??= setTimeout(draw, DRAW_MS);
    });
    const resized = new ResizeObserver(() => {
      if (newest.current) scroll.scrollTop = scroll.scrollHeight;
    });
    for (const element of [scroll, host.current!]) resized.observe(element);
    draw();
    return () => {
      clearTimeout(timer);
      resized.disconnect();
      stop();
      onNewest(true);
    };
  }, [screen]);

  useEffect(() => {
    newest.current = true;
    box.current!.scrollTop = box.current!.scrollHeight;
    onNewest(true);
  }, [jump]);

  useEffect(() => {
    const now = find?.places[find.at];
    showFound(list.current, screen, find);
    if (now !== undefined) list.current?.elementOf(now.start.row)?.element.scrollIntoView({ block: 'center' });
  }, [find]);

  const open = (event: Event) => {
    const url = (event.target as HTMLElement).dataset.url;
    if (url === undefined) return;
    event.preventDefault();
    onLink(url);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section inside of the terminal's own
    <div
      ref={box}
      class={stale ? 'slab text-view stale' : 'slab text-view'}
      role="region"
      aria-label="Terminal as text"
      tabindex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        const there = scrollTop + clientHeight >= scrollHeight - NEAR_PX;
        if (there === newest.current) return;
        newest.current = there;
        onNewest(there);
      }}
    >
      <OlderLines older={older} onOlder={onOlder} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside of it are the controls */}
      <div ref={host} class="text-lines" onClick={open} onKeyDown={(event) => event.key === 'Enter' && open(event)} />
    </div>
  );
}

function firstInSight(host: HTMLElement, box: HTMLElement): Element | null {
  const top = box.getBoundingClientRect().top;
  const { children } = host;
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle]!.getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return children[low] ?? null;
}

/** What is above the first line, and how to have more. */
export function OlderLines({ older, onOlder }: { older: TextViewProps['older']; onOlder(): void }) {
  if (older === 'shown') return <p class="older">Older output is in the log.</p>;
  return (
    <p class="older" role={older === 'failed' ? 'alert' : undefined}>
      {older === 'failed' && 'Home does not give older output now. '}
      <button type="button" class="btn" disabled={older === 'loading'} onClick={onOlder}>
        {older === 'loading' ? 'Fetching older output …' : older === 'failed' ? 'Try again' : 'Older output'}
      </button>
    </p>
  );
}

/** Marks what was found, without touching the lines (CSS Custom Highlight API); where a browser lacks it, the line is only scrolled to. */
function showFound(list: TextList | null, screen: TerminalScreen, find: FindState | null): void {
  if (typeof Highlight === 'undefined') return;
  CSS.highlights.delete('found');
  CSS.highlights.delete('found-now');
  if (list === null || find === null) return;
  const { active } = screen.terminal.buffer;
  const others: Range[] = [];
  for (const [index, place] of find.places.entries()) {
    const shown = list.elementOf(place.start.row);
    if (shown === null) continue;
    const line = lineAt(active, shown.row);
    const range = partOf(shown.element, offsetOf(active, line, place.start), offsetOf(active, line, place.end));
    if (range === null) continue;
    if (index === find.at) CSS.highlights.set('found-now', new Highlight(range));
    else others.push(range);
  }
  CSS.highlights.set('found', new Highlight(...others));
}

/** The part of an element's text between two offsets. */
function partOf(element: HTMLElement, from: number, to: number): Range | null {
  const range = document.createRange();
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let at = 0;
  let begun = false;
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const { length } = node as Text;
    if (!begun && from <= at + length) {
      range.setStart(node, from - at);
      begun = true;
    }
    if (begun && to <= at + length) {
      range.setEnd(node, to - at);
      return range;
    }
    at += length;
  }
  return null;
}
