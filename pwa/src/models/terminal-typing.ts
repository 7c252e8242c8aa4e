import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { composedText, keySequence, type Latch, nextLatch, pastedText, runsLines } from './keys.ts';

export interface Modes {
  applicationCursor: boolean;
  bracketedPaste: boolean;
}

export interface TypingDeps {
  /** Kept by this device: what stands in the composer of this session. */
  kept: { read(): string; write(text: string): void };
  /** Why nothing can be typed now; null: it can. */
  held: ReadonlySignal<string | null>;
  /** What the program asked for; null while nothing is drawn. */
  modes(): Modes | null;
  /** As `Outgoing` takes them. */
  keys(data: string): boolean;
  line(text: string, data: string): boolean;
}

const joined = (texts: readonly string[]) => texts.filter((text) => text !== '').join('\n');

/** What a person types on this device, made into what the program reads: keys and latches, the composer's text, a paste. */
export function createTyping({ kept, held, modes, keys, line }: TypingDeps) {
  const ctrl = signal<Latch>('off');
  const alt = signal<Latch>('off');
  const composed = signal(kept.read());
  /** Lines that somebody wants to send to a program which would run each of them; asked before. */
  const question = signal<{ text: string; from: 'paste' | 'composer' } | null>(null);
  const bracketed = () => modes()?.bracketedPaste ?? false;

  const send = (data: string) => data === '' || keys(data);
  const latched = () => ctrl.value !== 'off' || alt.value !== 'off';
  const spend = () => {
    if (ctrl.value === 'once') ctrl.value = 'off';
    if (alt.value === 'once') alt.value = 'off';
  };

  /** Typed into the terminal itself, on a keyboard. */
  function typed(data: string) {
    const one = latched() && [...data].length === 1;
    if (send(one ? keySequence(data, { ctrl: ctrl.value !== 'off', alt: alt.value !== 'off' }, false) : data)) spend();
  }

  function sendLines(text: string) {
    const data = composedText(text, bracketed());
    composed.value = '';
    if (!line(text, data)) composed.value = text;
  }

  const sendPaste = (text: string) => send(pastedText(text, bracketed()));

  const keep = () => kept.write(composed.peek());
  effect(() => kept.write(composed.value));

  return {
    ctrl,
    alt,
    composed,
    question,
    /** Keeps what is composed, now. */
    keep,
    /** Texts that could not be sent stand before what was written since. */
    unsent(texts: readonly string[]) {
      composed.value = joined([...texts, composed.value]);
    },
    latch(modifier: 'ctrl' | 'alt') {
      const state = modifier === 'ctrl' ? ctrl : alt;
      state.value = nextLatch[state.value];
    },
    /** A key of the key bar, with what is latched. */
    press(key: string, also?: { ctrl: boolean }) {
      const modifiers = { ctrl: also?.ctrl === true || ctrl.value !== 'off', alt: alt.value !== 'off' };
      if (send(keySequence(key, modifiers, modes()?.applicationCursor ?? false))) spend();
    },
    typed,
    /** The composer's text. With Ctrl or Alt latched, the next letter of the phone's keyboard is a key and not text. */
    compose(text: string) {
      const added = text.startsWith(composed.value) ? text.slice(composed.value.length) : '';
      if (!latched() || [...added].length !== 1) {
        composed.value = text;
        return false;
      }
      typed(added);
      return true;
    },
    /** Types what was composed, then Enter. What cannot be sent stays; lines that would each run are asked about. */
    sendComposed() {
      if (held.value !== null) return;
      const text = composed.value;
      if (runsLines(text, bracketed())) question.value = { text, from: 'composer' };
      else sendLines(text);
    },
    /** From the clipboard into the terminal itself. */
    paste(text: string) {
      if (held.value !== null) return;
      if (runsLines(text, bracketed())) question.value = { text, from: 'paste' };
      else sendPaste(text);
    },
    /** `send`: as it is. `compose`: into the composer, to be looked at. `drop`: nothing. */
    answer(how: 'send' | 'compose' | 'drop') {
      const asked = question.value;
      question.value = null;
      if (asked === null || how === 'drop') return;
      if (how === 'compose') composed.value = joined([composed.value, asked.text]);
      else if (asked.from === 'paste') sendPaste(asked.text);
      else sendLines(asked.text);
    },
  };
}
