import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Box, measureCell, naturalSize } from './fit.ts';
import type { ScreenEvents, TerminalScreen } from './screen.ts';
import { PADDING_PX, Scroller, type ScrollState } from './scroller.ts';
import { themeOf } from './theme.ts';

/** A drawn terminal with what moves it. */
export interface Stage {
  screen: TerminalScreen;
  scroller: Scroller;
  box: HTMLElement;
  /** One character at the readable size. */
  cell: Box;
}

export interface StageRefs {
  box: RefObject<HTMLElement | null>;
  space: RefObject<HTMLDivElement | null>;
  mount: RefObject<HTMLDivElement | null>;
}

/** Loads the terminal and puts it on its stage. `fault`: it could not be loaded; `again` tries once more. */
export function useStage(refs: StageRefs, events: () => ScreenEvents, onScroll: (state: ScrollState) => void) {
  const [stage, setStage] = useState<Stage | null>(null);
  const [fault, setFault] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const latest = useRef({ events, onScroll });
  latest.current = { events, onScroll };
  useEffect(() => {
    let gone = false;
    let made: Stage | null = null;
    setFault(false);
    import('./screen.ts')
      .then(({ createScreen }) => {
        const [box, space, mount] = [refs.box.current, refs.space.current, refs.mount.current];
        if (gone || box === null || space === null || mount === null) return;
        const style = getComputedStyle(mount);
        const cell = measureCell(mount);
        const screen = createScreen(mount, themeOf(style), style.fontFamily, {
          onInput: (data) => latest.current.events().onInput(data),
          onPaste: (text) => latest.current.events().onPaste(text),
          onLink: (url) => latest.current.events().onLink(url),
          onCopy: () => latest.current.events().onCopy(),
          onFind: () => latest.current.events().onFind(),
          onPage: (pages) => latest.current.events().onPage(pages),
        });
        const scroller = new Scroller({ box, space, mount }, screen, (state) => latest.current.onScroll(state));
        made = { screen, scroller, box, cell };
        setStage(made);
      })
      .catch(() => !gone && setFault(true));
    return () => {
      gone = true;
      setStage(null);
      made?.scroller.stop();
      made?.screen.dispose();
    };
  }, [attempt]);
  return { stage, fault, again: () => setAttempt(attempt + 1) };
}

const typing = () => document.activeElement?.matches('input, textarea') === true;

/**
 * Size of the frame around the terminal, and the cells that would fill it. A keyboard on the screen takes height while one types: that
 * asks for no other size, or every line that is written would resize the program twice.
 */
export function useFrameSize(
  frame: RefObject<HTMLElement | null>,
  cell: Box | null,
  onNaturalSize: (size: { cols: number; rows: number }) => void,
): Box {
  const [size, setSize] = useState<Box>({ width: 0, height: 0 });
  const told = useRef<Box>({ width: 0, height: 0 });
  useEffect(() => {
    const element = frame.current;
    if (element === null || cell === null) return;
    const measure = () => {
      const next = { width: element.clientWidth - 2 * PADDING_PX, height: element.clientHeight - 2 * PADDING_PX };
      setSize(next);
      const keyboard = typing() && next.width === told.current.width && next.height < told.current.height;
      if (next.width <= 0 || next.height <= 0 || keyboard) return;
      told.current = next;
      onNaturalSize(naturalSize(next, cell));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // the keyboard may have gone before the field lost its focus
    const left = () => setTimeout(measure);
    document.addEventListener('focusout', left);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusout', left);
    };
  }, [cell]);
  return size;
}

/** The terminal's size, which home decides. */
export function useSize(stage: Stage | null): { cols: number; rows: number } {
  const [size, setSize] = useState({ cols: 80, rows: 24 });
  useEffect(() => {
    if (stage === null) return;
    const tell = () => {
      const next = stage.screen.size();
      setSize((known) => (known.cols === next.cols && known.rows === next.rows ? known : next));
    };
    tell();
    return stage.screen.onChange(tell);
  }, [stage]);
  return size;
}
