import { useEffect, useState } from 'preact/hooks';
import type { ScrollState } from './scroller.ts';

/** Shown so long after the last move, in ms. */
const SHOWN_MS = 1500;
const WIDTH_PX = 84;

/** Where on the screen one is, while it is panned: a small picture of the whole, and of what is in sight. */
export function Overview({ sight, cols, rows, cell }: { sight: ScrollState['sight']; cols: number; rows: number; cell: number }) {
  const [shown, setShown] = useState(true);
  const { left, top, width, height } = sight;
  useEffect(() => {
    setShown(true);
    const timer = setTimeout(() => setShown(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [left, top, width, height]);
  if (width > 0.98 && height > 0.98) return null;
  const percent = (part: number) => `${Math.min(100, Math.max(0, part * 100))}%`;
  return (
    <div
      class={shown ? 'overview shown' : 'overview'}
      aria-hidden="true"
      style={{ width: `${WIDTH_PX}px`, height: `${Math.round((WIDTH_PX * rows * cell) / cols)}px` }}
    >
      <div
        style={{ left: percent(left), top: percent(top), width: percent(width), height: percent(Math.min(height, 1 - Math.max(0, top))) }}
      />
    </div>
  );
}
