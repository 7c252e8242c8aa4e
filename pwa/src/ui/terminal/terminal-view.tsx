import { useEffect, useRef, useState } from 'preact/hooks';
import { type Box, fittingFont, LEAST_PX, measureCell, naturalSize, READABLE_PX } from './fit.ts';
import type { ScreenEvents, TerminalScreen } from './screen.ts';

export interface TerminalViewProps extends ScreenEvents {
  cols: number;
  rows: number;
  /** `fit`: all columns, as small as they must be. `pan`: readable, moved by the finger. */
  view: 'fit' | 'pan';
  /** The line is cut: what is shown is old. */
  stale: boolean;
  /** The terminal is loaded and ready for bytes; null when it goes. */
  onScreen(screen: TerminalScreen | null): void;
  /** Cells that would fill this place at a readable size; again whenever the place changes. */
  onNaturalSize(size: { cols: number; rows: number }): void;
}

/** Room around the characters (`.xterm-mount`). */
const PADDING_PX = 4;

/** The terminal, drawn in the size that the lease gives it, never in one of its own. */
export function TerminalView(props: TerminalViewProps) {
  const box = useRef<HTMLElement>(null);
  const mount = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [screen, setScreen] = useState<TerminalScreen | null>(null);
  const [fault, setFault] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const cell = useRef<Box>({ width: 0, height: 0 });

  useEffect(() => {
    let gone = false;
    let made: TerminalScreen | null = null;
    setFault(false);
    import('./screen.ts')
      .then(({ createScreen }) => {
        if (gone || mount.current === null) return;
        const style = getComputedStyle(mount.current);
        cell.current = measureCell(mount.current);
        made = createScreen(mount.current, themeOf(style), style.fontFamily, {
          onInput: (data) => latest.current.onInput(data),
          onLink: (url) => latest.current.onLink(url),
        });
        setScreen(made);
        latest.current.onScreen(made);
      })
      .catch(() => !gone && setFault(true));
    return () => {
      gone = true;
      if (made === null) return;
      latest.current.onScreen(null);
      made.dispose();
    };
  }, [attempt]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const next = { width: element.clientWidth - 2 * PADDING_PX, height: element.clientHeight - 2 * PADDING_PX };
      setSize(next);
      if (next.width > 0 && cell.current.width > 0) latest.current.onNaturalSize(naturalSize(next, cell.current));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [screen]);

  const font = props.view === 'fit' ? fittingFont(size, cell.current, props.cols) : READABLE_PX;
  useEffect(() => {
    screen?.resize(props.cols, props.rows);
    screen?.fontSize(font);
  }, [screen, props.cols, props.rows, font]);

  const says = `Terminal screen, ${props.cols} columns, ${props.rows} rows${font <= LEAST_PX ? ', drawn very small' : ''}`;
  return (
    <section
      ref={box}
      class={props.stale ? 'slab xterm-box stale' : 'slab xterm-box'}
      aria-label={says}
      tabindex={0}
      onFocus={(event) => event.target === box.current && matchMedia('(pointer: fine)').matches && screen?.focus()}
    >
      <div ref={mount} class="xterm-mount" />
      {screen === null && !fault && <p class="xterm-note">Loading the terminal …</p>}
      {fault && (
        <p class="xterm-note" role="alert">
          The terminal could not be loaded; this device seems to have no connection.{' '}
          <button type="button" class="btn btn-line" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </button>
        </p>
      )}
    </section>
  );
}

/** Colours from the design tokens, resolved for the theme of the moment. */
function themeOf(style: CSSStyleDeclaration) {
  const token = (name: string) => style.getPropertyValue(name).trim();
  const probe = document.createElement('span');
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = token(name);
    return getComputedStyle(probe).color;
  };
  const theme = {
    background: colour('--slab'),
    foreground: colour('--slab-ink'),
    cursor: colour('--slab-ink'),
    cursorAccent: colour('--slab'),
    selectionBackground: '#4a5a8066',
    black: '#1d2420',
    red: colour('--slab-red'),
    green: colour('--slab-green'),
    yellow: colour('--slab-yellow'),
    blue: colour('--slab-blue'),
    magenta: colour('--slab-violet'),
    cyan: '#7fd6e0',
    white: colour('--slab-ink'),
    brightBlack: colour('--slab-dim'),
    brightRed: colour('--slab-red'),
    brightGreen: colour('--slab-green'),
    brightYellow: colour('--slab-yellow'),
    brightBlue: colour('--slab-blue'),
    brightMagenta: colour('--slab-violet'),
    brightCyan: '#7fd6e0',
    brightWhite: '#ffffff',
  };
  probe.remove();
  return theme;
}
