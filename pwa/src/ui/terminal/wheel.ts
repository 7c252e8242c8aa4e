import type { TerminalScreen } from './screen.ts';

/**
 * The wheel scrolls what is above, as everywhere else. Xterm sees it only where the program asked for it: one that reads the mouse, or
 * one on the alternate screen that has nothing to scroll here (it gets arrow keys).
 */
export function watchWheel(box: HTMLElement, screen: TerminalScreen): () => void {
  const onWheel = (event: WheelEvent) => {
    const whole = screen.terminal.buffer.active.type === 'alternate' && box.scrollHeight <= box.clientHeight + 1;
    if (event.shiftKey || event.ctrlKey || !(screen.mouse() || whole)) event.stopPropagation();
  };
  box.addEventListener('wheel', onWheel, { capture: true, passive: true });
  return () => box.removeEventListener('wheel', onWheel, { capture: true });
}
