/**
 * The one user of xterm: a terminal that shows what the home server sends and hands on what its person types. Loaded on first use.
 *
 * Its mirror at home answers what programs ask of their terminal (device attributes, cursor position, colours). If this one answered
 * too, the program would read the answer twice, as typed text: so every such question is swallowed here.
 */
import { type IModes, type ITerminalOptions, type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { safeUrl } from '../safe-url.ts';
import { type Box, LINE_HEIGHT } from './fit.ts';
import { type Line, type Place, type Range, textOf } from './lines.ts';
import { addressProvider, linkAt, linksOf, type TextLink } from './links.ts';
import { Origin } from './origin.ts';

/** Lines kept above the screen; deeper history stays at home. */
export const SCROLLBACK_LINES = 3000;

export interface ScreenEvents {
  /** Text or mouse reports typed here, as the program expects them. */
  onInput(data: string): void;
  onPaste(text: string): void;
  /** A link was clicked: `url` is its true target, http or https. */
  onLink(url: string): void;
  /** Ctrl-Shift-C (⌘C) and Ctrl-Shift-F (⌘F). */
  onCopy(): void;
  onFind(): void;
  /** Shift with a page key, in pages: -1 is up. */
  onPage(pages: number): void;
}

export interface ScreenModes {
  applicationCursor: boolean;
  bracketedPaste: boolean;
}

export interface TerminalScreen {
  /** Empties everything, takes the size, and shows a snapshot; `done` when it is on the screen. */
  snapshot(bytes: Uint8Array, size: { cols: number; rows: number } | null, done: () => void): void;
  write(bytes: Uint8Array, done: () => void): void;
  /** Shows this instead, which ends as the screen is now. */
  deepen(bytes: Uint8Array): void;
  size(): { cols: number; rows: number };
  fontSize(px: number): void;
  /** One character in pixels; null before it is drawn. */
  cell(): Box | null;
  modes(): ScreenModes;
  /** The program wants to hear of the mouse. */
  mouse(): boolean;
  readonly terminal: Pick<Terminal, 'cols' | 'rows' | 'buffer'>;
  /** What tells rows apart when the first ones are thrown away: the number of the first row that is kept. */
  origin(): number;
  /** So many more lines are kept before a new one throws the first away. */
  free(): number;
  scrollTo(row: number): void;
  linkAt(place: Place): string | null;
  linksOf(line: Line): TextLink[];
  select(range: Range | null): void;
  selection(): Range | null;
  /** What a range says, as it is copied. */
  text(range: Range): string;
  /** Something was drawn, the size changed, or what is kept did; returns how to stop. */
  onChange(listener: () => void): () => void;
  onSelection(listener: () => void): () => void;
  focus(): void;
  dispose(): void;
}

const OPTIONS: ITerminalOptions = {
  scrollback: SCROLLBACK_LINES,
  allowProposedApi: false,
  cursorBlink: false,
  // what is typed stands in the composer, which has the focus: the cursor is shown all the same
  cursorInactiveStyle: 'block',
  drawBoldTextInBrightColors: false,
  minimumContrastRatio: 4.5,
  lineHeight: LINE_HEIGHT,
  macOptionIsMeta: true,
  screenReaderMode: false,
  windowOptions: {},
};

const utf8 = new TextEncoder();
/**
 * A full reset; then once to the alternate screen and back, for xterm draws no cursor before it had the focus or saw that, and here the
 * composer has the focus.
 */
const CLEAN = utf8.encode('\x1bc\x1b[?1049h\x1b[?1049l');
const MOUSE_MODES = { none: [], x10: [9], vt200: [1000], drag: [1002], any: [1003] };

/** Sequences that bring an emptied terminal into these modes. */
function modesSequence(modes: IModes): Uint8Array {
  const on = [
    ...(modes.applicationCursorKeysMode ? [1] : []),
    ...(modes.bracketedPasteMode ? [2004] : []),
    ...(modes.sendFocusMode ? [1004] : []),
    ...MOUSE_MODES[modes.mouseTrackingMode],
  ];
  const text = [
    ...on.map((mode) => `\x1b[?${mode}h`),
    modes.applicationKeypadMode ? '\x1b=' : '',
    modes.insertMode ? '\x1b[4h' : '',
    modes.wraparoundMode ? '' : '\x1b[?7l',
  ];
  return utf8.encode(text.join(''));
}

const swallow = () => true;

/** Sequences that ask for an answer, by final character and prefix (ECMA-48; xterm "Control Sequences"). */
function swallowQuestions({ parser }: Terminal): void {
  for (const prefix of ['', '>', '=']) parser.registerCsiHandler({ ...(prefix && { prefix }), final: 'c' }, swallow);
  for (const prefix of ['', '?']) {
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: 'n' }, swallow);
    parser.registerCsiHandler({ ...(prefix && { prefix }), intermediates: '$', final: 'p' }, swallow);
  }
  parser.registerCsiHandler({ prefix: '>', final: 'q' }, swallow);
  parser.registerCsiHandler({ final: 't' }, swallow);
  for (const intermediates of ['$', '+']) parser.registerDcsHandler({ intermediates, final: 'q' }, swallow);
  // colours: a question mark asks, anything else sets
  for (const code of [4, 10, 11, 12]) parser.registerOscHandler(code, (data) => data.includes('?'));
  // clipboard (52), titles (0, 1, 2), notifications (9, 777) and files (1337): nothing that a program prints reaches beyond its screen
  for (const code of [0, 1, 2, 9, 52, 777, 1337]) parser.registerOscHandler(code, swallow);
}

/** Keys of a keyboard that mean something to this page and not to the program. True: taken. */
function pageKey(event: KeyboardEvent, events: ScreenEvents): boolean {
  const command = (event.ctrlKey && event.shiftKey) || event.metaKey;
  const key = event.key.toLowerCase();
  const pages = { pageup: -1, pagedown: 1 }[key];
  if (command && key === 'c') events.onCopy();
  else if (command && key === 'f') events.onFind();
  else if (event.shiftKey && pages !== undefined) events.onPage(pages);
  else return false;
  event.preventDefault();
  return true;
}

/** Clipboard events before xterm sees them: it would join a wrapped line without its blanks, and paste without asking. */
function ownClipboard(container: HTMLElement, copied: () => string | null, onPaste: (text: string) => void): void {
  const capture = (type: 'copy' | 'paste', act: (data: DataTransfer) => void) =>
    container.addEventListener(
      type,
      (event) => {
        event.preventDefault();
        event.stopPropagation();
        if (event.clipboardData !== null) act(event.clipboardData);
      },
      { capture: true },
    );
  capture('copy', (data) => data.setData('text/plain', copied() ?? ''));
  capture('paste', (data) => onPaste(data.getData('text/plain')));
}

export function createScreen(container: HTMLElement, theme: ITheme, fontFamily: string, events: ScreenEvents): TerminalScreen {
  const terminal = new Terminal({
    ...OPTIONS,
    theme,
    fontFamily,
    linkHandler: {
      activate: (_event, text) => {
        const url = safeUrl(text);
        if (url !== null) events.onLink(url);
      },
      allowNonHttpProtocols: false,
    },
  });
  swallowQuestions(terminal);
  terminal.open(container);
  // on touch the composer brings the keyboard; this hidden field would bring one that loses letters
  if (matchMedia('(pointer: coarse)').matches && terminal.textarea) {
    terminal.textarea.inputMode = 'none';
    terminal.textarea.tabIndex = -1;
  }
  terminal.onData((data) => events.onInput(data));
  terminal.onBinary((data) => events.onInput(data));
  terminal.attachCustomKeyEventHandler((event) => event.type !== 'keydown' || !pageKey(event, events));
  terminal.registerLinkProvider(addressProvider(terminal, events.onLink));
  let printedLinks = false;
  // what a browser would not open is not drawn as a link either; an empty target ends one
  terminal.parser.registerOscHandler(8, (data) => {
    const target = data.slice(data.indexOf(';') + 1);
    printedLinks = true;
    return target !== '' && safeUrl(target) === null;
  });

  /** What comes while the screen is drawn anew with its older lines waits until it stands. */
  let gate: (() => void)[] | null = null;
  const inOrder = (step: () => void) => {
    if (gate === null) step();
    else gate.push(step);
  };
  const origin = new Origin(terminal, SCROLLBACK_LINES);
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  terminal.onWriteParsed(() => {
    origin.moved();
    if (gate === null) changed();
  });
  /** Xterm 6.0 draws a selection that is gone once more when the characters or the screen have another size. */
  const forgetDrawnSelection = () => {
    if (!terminal.hasSelection()) terminal.clearSelection();
  };
  terminal.onResize(() => {
    forgetDrawnSelection();
    changed();
  });
  terminal.buffer.onBufferChange(changed);

  const selection = (): Range | null => {
    const found = terminal.getSelectionPosition();
    return found === undefined ? null : { start: { row: found.start.y, col: found.start.x }, end: { row: found.end.y, col: found.end.x } };
  };
  const text = (range: Range) => textOf(terminal.buffer.active, range);
  ownClipboard(
    container,
    () => {
      const range = selection();
      return range === null ? null : text(range);
    },
    events.onPaste,
  );

  const write = (parts: readonly Uint8Array[], done: () => void) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    terminal.write(whole, done);
  };

  return {
    terminal,
    snapshot: (bytes, size, done) =>
      inOrder(() => {
        if (size !== null) terminal.resize(size.cols, size.rows);
        // a reset inside of the same write, so that no frame shows an empty screen
        write([CLEAN, bytes], done);
      }),
    write: (bytes, done) => inOrder(() => terminal.write(bytes, done)),
    deepen: (bytes) =>
      inOrder(() => {
        gate = [];
        terminal.write('', () => {
          const { baseY } = terminal.buffer.normal;
          origin.hold();
          write([CLEAN, bytes, modesSequence(terminal.modes)], () => {
            origin.deepened(terminal.buffer.normal.baseY - baseY);
            const waiting = gate ?? [];
            gate = null;
            for (const step of waiting) inOrder(step);
            changed();
          });
        });
      }),
    size: () => ({ cols: terminal.cols, rows: terminal.rows }),
    fontSize: (px) => {
      if (terminal.options.fontSize === px) return;
      terminal.options.fontSize = px;
      forgetDrawnSelection();
      changed();
    },
    cell() {
      const drawn = container.querySelector<HTMLElement>('.xterm-screen');
      if (drawn === null || drawn.offsetWidth === 0) return null;
      return { width: drawn.offsetWidth / terminal.cols, height: drawn.offsetHeight / terminal.rows };
    },
    modes: () => ({ applicationCursor: terminal.modes.applicationCursorKeysMode, bracketedPaste: terminal.modes.bracketedPasteMode }),
    mouse: () => terminal.modes.mouseTrackingMode !== 'none',
    origin: () => origin.first,
    free: () => SCROLLBACK_LINES - terminal.buffer.normal.baseY,
    scrollTo: (row) => terminal.scrollToLine(row),
    linkAt: (place) => linkAt(terminal, place),
    linksOf: (line) => linksOf(terminal, line, printedLinks),
    select(range) {
      if (range === null) terminal.clearSelection();
      else {
        const { start, end } = range;
        terminal.select(start.col, start.row, (end.row - start.row) * terminal.cols + end.col - start.col);
      }
    },
    selection,
    text,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSelection(listener) {
      const listening = terminal.onSelectionChange(listener);
      return () => listening.dispose();
    },
    focus: () => terminal.focus(),
    dispose: () => terminal.dispose(),
  };
}
