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
  const opened = useRef(false);
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
    followOnAppend: true,
    scrollEndThreshold: NEAR_END_PX,
    paddingStart: HEAD_PX,
    onChange: () => redraw(undefined),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => list._willUpdate());

  useLayoutEffect(() => {
    if (opened.current || keys.length === 0) return;
    opened.current = true;
    list.scrollToEnd();
  }, [keys.length]);

  const toEnd = () => {
    atEnd.current = true;
    list.scrollToEnd();
  };
  useLayoutEffect(() => {
    handle.current = { toEnd };
    return () => {
      handle.current = null;
    };
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const now = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_END_PX;
      if (now === atEnd.current) return;
      atEnd.current = now;
      onEnd(now);
    };
    // a keyboard or a composer that grows takes room from below
    const observer = new ResizeObserver(() => {
      if (atEnd.current && opened.current) list.scrollToEnd();
    });
    element.addEventListener('scroll', look, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [onEnd]);

  const rows = list.getVirtualItems();
  const first = rows[0]?.index ?? 0;
  const settled = opened.current && (list.scrollOffset ?? 0) > 0;
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
