import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** So near the end counts as at the end, in px. */
const NEAR_END_PX = 80;
/** Rows before the first that is seen, from which on older ones are fetched. */
const NEAR_START_ROWS = 6;
/** So many heights are remembered; far more than a list has rows. */
const MAX_GUESSES = 5_000;
/** Room above the first row, for what is said of older ones, in px. */
const HEAD_PX = 52;

/** What can be done to the list from outside. */
export interface RowsHandle {
  toEnd(): void;
}

export interface VirtualRowsProps {
  keys: readonly string[];
  /** A guess at the height of a row that was never drawn, in px. */
  estimate(index: number): number;
  draw(index: number): ComponentChildren;
  label: string;
  /** Stands above the first row. */
  head: ComponentChildren;
  /** The first rows come near. */
  onNearStart(): void;
  /** Whether the end is in sight. */
  onEnd(atEnd: boolean): void;
  handle: RefObject<RowsHandle | null>;
}

/**
 * A list of which only what is in sight is drawn. It opens at its end, stays there while somebody is there, and else holds what is
 * being read in its place, whatever comes above, below, or grows.
 */
export function VirtualRows({ keys, estimate, draw, label, head, onNearStart, onEnd, handle }: VirtualRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const atEnd = useRef(true);
  /** Where it stood when it was last drawn or scrolled: what the list moves by itself is drawn before it is heard of. */
  const top = useRef(0);
  // A guess stays what it was: a row that is as high as guessed is never measured again.
  const guesses = useRef(new Map<string, number>());
  const guess = (index: number): number => {
    const key = keys[index] ?? '';
    const known = guesses.current.get(key);
    if (known !== undefined) return known;
    if (guesses.current.size > MAX_GUESSES) guesses.current.clear();
    const next = estimate(index);
    guesses.current.set(key, next);
    return next;
  };
  const options = {
    count: keys.length,
    getScrollElement: () => scroller.current,
    estimateSize: guess,
    getItemKey: (index: number) => keys[index] ?? index,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    overscan: 8,
    anchorTo: 'end' as const,
    paddingStart: HEAD_PX,
    onChange: () => redraw(undefined),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  list.setOptions(options);
  /** To the very end, as far as it is known: rows that are drawn there are measured, and it is done again. */
  const pull = () => {
    const element = scroller.current;
    if (element === null || !atEnd.current) return;
    const end = element.scrollHeight - element.clientHeight;
    if (end - element.scrollTop > 1) element.scrollTop = end;
  };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      // only a person goes up: rows that come faster than they are scrolled to take nobody away from the end
      const up = scrollTop < top.current - 1;
      top.current = scrollTop;
      const now = scrollHeight - scrollTop - clientHeight <= NEAR_END_PX || (atEnd.current && !up);
      if (now === atEnd.current) return;
      atEnd.current = now;
      onEnd(now);
    };
    // a keyboard or a composer that grows takes room from below
    const observer = new ResizeObserver(pull);
    // before the list hears of it: what it draws then must know whether a person has left the end
    element.addEventListener('scroll', look, { passive: true, capture: true });
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look, { capture: true });
      observer.disconnect();
    };
  }, [onEnd]);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => list._willUpdate());

  useLayoutEffect(() => {
    pull();
    top.current = scroller.current?.scrollTop ?? 0;
  });

  useLayoutEffect(() => {
    handle.current = {
      toEnd() {
        atEnd.current = true;
        pull();
        onEnd(true);
      },
    };
    return () => {
      handle.current = null;
    };
  }, [onEnd]);

  const rows = list.getVirtualItems();
  const first = rows[0]?.index ?? 0;
  const settled = (list.scrollOffset ?? 0) > 0;
  useLayoutEffect(() => {
    if (settled && first <= NEAR_START_ROWS) onNearStart();
  }, [settled, first, keys[0]]);

  return (
    <div ref={scroller} class="chat" role="log" aria-label={label} aria-live={atEnd.current ? 'polite' : 'off'} tabindex={0}>
      <div class="chat-rows" style={{ height: `${list.getTotalSize()}px` }}>
        <div class="chat-head">{head}</div>
        {rows.map((row) => (
          <div
            key={row.key}
            ref={list.measureElement}
            data-index={row.index}
            class="chat-row"
            style={{ transform: `translateY(${row.start}px)` }}
          >
            {draw(row.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
