import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fontWithin, READABLE_PX } from './fit.ts';
import { type GestureEvents, watchGestures } from './gestures.ts';
import type { Range } from './lines.ts';
import { Selecting } from './selecting.ts';
import type { Stage } from './use-screen.ts';
import type { View } from './view-bar.tsx';
import { watchWheel } from './wheel.ts';

/** Two fingers that leave the screen about as large as it fits mean all of it. */
const WHOLE = 1.05;

export interface TouchDeps {
  stage: Stage | null;
  space: RefObject<HTMLDivElement | null>;
  view: View;
  /** Size of the characters at which the whole screen fits. */
  fitting: number;
  onLink(url: string): void;
  onView(view: View): void;
}

export interface Touched {
  selected: Range | null;
  selecting: Selecting | null;
  /** Size of the characters. */
  font: number;
}

/** What fingers do: a word is selected, a link is tapped, two fingers zoom. */
export function useTouch(deps: TouchDeps): Touched {
  const { stage, view, fitting } = deps;
  const [selected, setSelected] = useState<Range | null>(null);
  const [selecting, setSelecting] = useState<Selecting | null>(null);
  /** Chosen with two fingers; null: the readable one. */
  const [zoom, setZoom] = useState<number | null>(null);
  const font = view === 'fit' ? fitting : (zoom ?? READABLE_PX);
  const latest = useRef({ ...deps, font });
  latest.current = { ...deps, font };

  useEffect(() => {
    if (stage === null) return;
    const { screen, box } = stage;
    const select = new Selecting(screen);
    setSelecting(select);
    const undo = [
      screen.onSelection(() => setSelected(screen.selection())),
      watchWheel(box, screen),
      watchGestures(box, { ...fingers(stage, select, (url) => latest.current.onLink(url)), ...pinching(stage) }),
    ];
    return () => {
      for (const step of undo) step();
      setSelecting(null);
      setSelected(null);
    };
  }, [stage]);

  /** Drawn larger or smaller at once, and in the right size when the fingers are lifted. */
  function pinching({ scroller }: Stage): Pick<GestureEvents, 'onPinchStart' | 'onPinch' | 'onPinchEnd'> {
    let at = { x: 0, y: 0 };
    const space = () => latest.current.space.current!;
    return {
      onPinchStart(x, y) {
        const { left, top } = space().getBoundingClientRect();
        at = { x: x - left, y: y - top };
        scroller.pause(true);
        space().style.transformOrigin = `${at.x}px ${at.y}px`;
      },
      onPinch(scale) {
        space().style.transform = `scale(${scale})`;
      },
      onPinchEnd(scale) {
        space().style.transform = '';
        scroller.pause(false);
        const now = latest.current;
        const px = fontWithin(now.font * scale);
        const whole = px <= now.fitting * WHOLE;
        setZoom(whole ? null : px);
        now.onView(whole ? 'fit' : 'actual');
        if (!whole) scroller.zoomed(px / now.font, at);
      },
    };
  }
  return { selected, selecting, font };
}

function fingers(
  { screen, scroller }: Stage,
  select: Selecting,
  onLink: (url: string) => void,
): Omit<GestureEvents, 'onPinchStart' | 'onPinch' | 'onPinchEnd'> {
  return {
    wantsMouse: () => screen.mouse(),
    /** A tap ends a selection, else it opens a link. */
    onTap(x, y) {
      if (screen.selection() !== null) {
        select.clear();
        return true;
      }
      const place = scroller.placeAt(x, y);
      const url = place === null ? null : screen.linkAt(place);
      if (url !== null) onLink(url);
      return url !== null;
    },
    onHold(x, y) {
      const place = scroller.placeAt(x, y);
      if (place !== null) select.begin(place);
      return place !== null;
    },
    onDrag(x, y) {
      const place = scroller.placeAt(x, y);
      if (place !== null) select.extend(place);
    },
    onDrop: () => {},
  };
}
