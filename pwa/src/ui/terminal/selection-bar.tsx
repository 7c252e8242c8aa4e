import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import type { Place, Range } from './lines.ts';
import type { Scroller } from './scroller.ts';

export interface SelectionBarProps {
  /** Lines of what is selected. */
  lines: number;
  copied: boolean | null;
  onCopy(): void;
  onAll(): void;
  onDone(): void;
}

/** What can be done with a selection, under the thumb. */
export function SelectionBar({ lines, copied, onCopy, onAll, onDone }: SelectionBarProps) {
  return (
    <div class="selection-bar" role="toolbar" aria-label="Selection">
      <span role="status" class="cut">
        {copied === false ? 'This browser does not allow copying.' : `${lines} ${lines === 1 ? 'line' : 'lines'}`}
      </span>
      <button type="button" class="btn" onClick={onAll}>
        All in sight
      </button>
      <button type="button" class="btn btn-main" onClick={onCopy}>
        Copy
      </button>
      <button type="button" class="btn btn-icon" aria-label="End the selection" onClick={onDone}>
        <Icon name="close" />
      </button>
    </div>
  );
}

export interface HandlesProps {
  range: Range;
  scroller: Scroller;
  box: HTMLElement;
  onMove(end: 'start' | 'end', place: Place): void;
}

/** Both ends of a selection, to be dragged; at an edge the screen moves on. */
export function Handles({ range, scroller, box, onMove }: HandlesProps) {
  return (
    <>
      {(['start', 'end'] as const).map((end) => (
        <Handle key={end} end={end} place={range[end]} scroller={scroller} box={box} onMove={onMove} />
      ))}
    </>
  );
}

/** From so close to an edge on the screen moves, by so much a frame, in px. */
const EDGE_PX = 28;
const EDGE_STEP_PX = 8;

interface HandleProps extends Omit<HandlesProps, 'range'> {
  end: 'start' | 'end';
  place: Place;
}

function Handle({ end, place, scroller, box, onMove }: HandleProps) {
  const [finger, setFinger] = useState<{ x: number; y: number } | null>(null);
  const latest = useRef({ finger, onMove });
  latest.current = { finger, onMove };
  useEffect(() => {
    if (finger === null) return;
    let frame = requestAnimationFrame(function follow() {
      const now = latest.current.finger;
      if (now === null) return;
      const edge = box.getBoundingClientRect();
      const toward = (at: number, low: number, high: number) => (at < low + EDGE_PX ? -1 : at > high - EDGE_PX ? 1 : 0);
      const dx = toward(now.x, edge.left, edge.right);
      const dy = toward(now.y, edge.top, edge.bottom);
      if (dx !== 0 || dy !== 0) {
        box.scrollBy(dx * EDGE_STEP_PX, dy * EDGE_STEP_PX);
        tell(now);
      }
      frame = requestAnimationFrame(follow);
    });
    return () => cancelAnimationFrame(frame);
  }, [finger !== null]);

  /** The knob hangs below its cell: the cell is above the finger. */
  function tell({ x, y }: { x: number; y: number }) {
    const cell = scroller.pointOf(place)?.cell;
    const at = scroller.placeAt(x, y - KNOB_PX - (cell?.height ?? 0) / 2);
    if (at !== null) latest.current.onMove(end, at);
  }
  const point = scroller.pointOf(place);
  if (point === null) return null;
  return (
    <button
      type="button"
      class={`handle handle-${end}`}
      aria-label={end === 'start' ? 'Beginning of the selection' : 'End of the selection'}
      style={{ left: `${point.left}px`, top: `${point.top + point.cell.height}px` }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        setFinger({ x: event.clientX, y: event.clientY });
      }}
      onPointerMove={(event) => {
        if (finger === null) return;
        const now = { x: event.clientX, y: event.clientY };
        setFinger(now);
        tell(now);
      }}
      onPointerUp={() => setFinger(null)}
      onPointerCancel={() => setFinger(null)}
      onKeyDown={(event) => {
        const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
        if (move === undefined) return;
        event.preventDefault();
        // the end stands behind its last cell
        const cell = end === 'end' ? { row: place.row, col: place.col - 1 } : place;
        onMove(end, { row: Math.max(0, cell.row + move[0]!), col: Math.max(0, cell.col + move[1]!) });
      }}
    />
  );
}

/** From the bottom of the cell to the middle of the knob. */
const KNOB_PX = 14;
