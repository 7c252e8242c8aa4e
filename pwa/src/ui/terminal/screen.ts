/**
 * The one user of xterm: a terminal that shows what the home server sends and hands on what its person types. Loaded on first use.
 *
 * Its mirror at home answers what programs ask of their terminal (device attributes, cursor position, colours). If this one answered
 * too, the program would read the answer twice, as typed text: so every such question is swallowed here.
 */
import { type ITerminalOptions, type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { LINE_HEIGHT } from './fit.ts';

/** Lines kept above the screen; deeper history stays at home. */
const SCROLLBACK_LINES = 2000;

export interface ScreenEvents {
  /** Text or mouse reports typed here, as the program expects them. */
  onInput(data: string): void;
  /** A link was tapped: `url` is its true target, http or https. */
  onLink(url: string): void;
}

export interface ScreenModes {
  applicationCursor: boolean;
  bracketedPaste: boolean;
}

export interface TerminalScreen {
  /** Empties everything and shows a snapshot; `done` when it is on the screen. */
  snapshot(bytes: Uint8Array, done: () => void): void;
  write(bytes: Uint8Array, done: () => void): void;
  resize(cols: number, rows: number): void;
  fontSize(px: number): void;
  modes(): ScreenModes;
  /** The visible lines, right-trimmed. */
  text(): string;
  scrollToBottom(): void;
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

/**
 * A full reset; then once to the alternate screen and back, for xterm draws no cursor before it had the focus or saw that, and here the
 * composer has the focus.
 */
const CLEAN = new TextEncoder().encode('\x1bc\x1b[?1049h\x1b[?1049l');

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

/** Only what a browser may open; anything else is text. */
function safeLink(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}

export function createScreen(container: HTMLElement, theme: ITheme, fontFamily: string, events: ScreenEvents): TerminalScreen {
  const terminal = new Terminal({
    ...OPTIONS,
    theme,
    fontFamily,
    linkHandler: {
      activate: (_event, text) => {
        const url = safeLink(text);
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

  return {
    snapshot(bytes, done) {
      // a reset inside of the same write, so that no frame shows an empty screen
      const whole = new Uint8Array(CLEAN.length + bytes.length);
      whole.set(CLEAN);
      whole.set(bytes, CLEAN.length);
      terminal.write(whole, done);
    },
    write: (bytes, done) => terminal.write(bytes, done),
    resize: (cols, rows) => terminal.resize(cols, rows),
    fontSize: (px) => {
      terminal.options.fontSize = px;
    },
    modes: () => ({ applicationCursor: terminal.modes.applicationCursorKeysMode, bracketedPaste: terminal.modes.bracketedPasteMode }),
    text() {
      const { active } = terminal.buffer;
      const lines = Array.from(
        { length: terminal.rows },
        (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
      );
      return lines.join('\n').trimEnd();
    },
    scrollToBottom: () => terminal.scrollToBottom(),
    focus: () => terminal.focus(),
    dispose: () => terminal.dispose(),
  };
}
