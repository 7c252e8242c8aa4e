/** What fingers do on the terminal. One finger scrolls, which the browser does by itself; everything else is read here. */

/** A finger that rests so long holds, in ms; and one that is lifted before taps. */
const HOLD_MS = 450;
/** A finger that moves farther has begun to scroll, in CSS pixels. */
const SLOP_PX = 10;

/** The browser tells of a touch once more as a mouse, within this time, in ms. */
const ECHO_MS = 1000;

export interface GestureEvents {
  /** The program hears of the mouse: a tap is a click for it. */
  wantsMouse(): boolean;
  /** True: it meant something, and is no click. */
  onTap(x: number, y: number): boolean;
  /** True: something is held, and the finger now drags instead of scrolling. */
  onHold(x: number, y: number): boolean;
  onDrag(x: number, y: number): void;
  onDrop(): void;
  onPinchStart(x: number, y: number): void;
  /** `scale` since the start. */
  onPinch(scale: number): void;
  onPinchEnd(scale: number): void;
}

const distance = ([a, b]: readonly Touch[]): number => Math.hypot(a!.clientX - b!.clientX, a!.clientY - b!.clientY);

export function watchGestures(box: HTMLElement, events: GestureEvents): () => void {
  let first: { x: number; y: number } | null = null;
  let holding: ReturnType<typeof setTimeout> | undefined;
  let dragging = false;
  let pinch: { from: number; scale: number } | null = null;
  let touchedAt = Number.NEGATIVE_INFINITY;

  const letGo = () => {
    clearTimeout(holding);
    first = null;
  };

  function start(event: TouchEvent): void {
    const touches = [...event.touches];
    if (touches.length === 2 && !dragging) {
      letGo();
      // the first finger is scrolling already: the browser keeps the gesture
      if (!event.cancelable) return;
      event.preventDefault();
      pinch = { from: Math.max(1, distance(touches)), scale: 1 };
      events.onPinchStart((touches[0]!.clientX + touches[1]!.clientX) / 2, (touches[0]!.clientY + touches[1]!.clientY) / 2);
      return;
    }
    if (touches.length !== 1) return;
    const { clientX: x, clientY: y } = touches[0]!;
    first = { x, y };
    holding = setTimeout(() => {
      if (first === null) return;
      first = null;
      dragging = events.onHold(x, y);
      if (dragging) navigator.vibrate?.(10);
    }, HOLD_MS);
  }

  function move(event: TouchEvent): void {
    const touches = [...event.touches];
    if (pinch !== null && touches.length === 2) {
      event.preventDefault();
      pinch.scale = distance(touches) / pinch.from;
      events.onPinch(pinch.scale);
      return;
    }
    const { clientX, clientY } = touches[0]!;
    if (dragging) {
      event.preventDefault();
      events.onDrag(clientX, clientY);
    } else if (first !== null && Math.hypot(clientX - first.x, clientY - first.y) > SLOP_PX) letGo();
  }

  function end(event: TouchEvent): void {
    touchedAt = event.timeStamp;
    if (pinch !== null) {
      if (event.cancelable) event.preventDefault();
      const { scale } = pinch;
      pinch = null;
      events.onPinchEnd(scale);
    } else if (dragging) {
      dragging = false;
      // no click follows: it would take the selection away
      if (event.cancelable) event.preventDefault();
      events.onDrop();
    } else if (first !== null && event.type === 'touchend') {
      const { x, y } = first;
      if (events.onTap(x, y) && event.cancelable) event.preventDefault();
    }
    letGo();
  }

  /** The browser's own menu of a long press. A mouse keeps its menu. */
  const menu = (event: Event) => {
    if ((event as PointerEvent).pointerType !== 'mouse') event.preventDefault();
  };

  /** A finger selects in its own way, and not also as a mouse would. */
  const echo = (event: MouseEvent) => {
    if (event.timeStamp - touchedAt < ECHO_MS && !events.wantsMouse()) event.stopPropagation();
  };

  const stop = new AbortController();
  const active = { passive: false, signal: stop.signal };
  box.addEventListener('touchstart', start, active);
  box.addEventListener('touchmove', move, active);
  for (const type of ['touchend', 'touchcancel'] as const) box.addEventListener(type, end, active);
  for (const type of ['mousedown', 'dblclick'] as const) box.addEventListener(type, echo, { capture: true, signal: stop.signal });
  box.addEventListener('contextmenu', menu, { signal: stop.signal });
  return () => {
    letGo();
    stop.abort();
  };
}
