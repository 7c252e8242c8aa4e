import { useRef } from 'preact/hooks';
import { Icon } from '../icons.tsx';

export interface ComposerProps {
  text: string;
  /** Why nothing can be sent now; the text stays on this device. Null: it can. */
  held: string | null;
  /** True when the change was taken as a key: the field goes back to what it showed. */
  onText(text: string): boolean;
  onSend(): void;
  /** A key of a hardware keyboard that means something to the terminal while nothing is typed yet. */
  onKey(key: string): void;
}

/** Keys that go straight to the terminal as long as the field is empty. */
const EMPTY_KEYS: Record<string, string> = { ArrowUp: 'Up', ArrowDown: 'Down', Escape: 'Escape', Backspace: 'Backspace' };

/** A field of the phone's own: its keyboard, its dictation, its corrections. What stands in it is typed into the terminal with Enter. */
export function Composer({ text, held, onText, onSend, onKey }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    onSend();
    field.current?.focus();
  };
  return (
    <form class="comp terminal-comp" aria-label="Text to the terminal" onSubmit={submit}>
      {held !== null && (
        <p class="how" role="status">
          <Icon name="clock" small /> {held}
        </p>
      )}
      <div class="box">
        <textarea
          ref={field}
          rows={Math.min(6, text.split('\n').length)}
          value={text}
          aria-label="Text to type into the terminal"
          placeholder="Type here, sent with Enter"
          autocapitalize="off"
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="send"
          {...{ autocorrect: 'off' }}
          onInput={(event) => {
            if (onText(event.currentTarget.value)) event.currentTarget.value = text;
          }}
          onKeyDown={(event) => {
            // a key that finishes a composition belongs to the input method
            if (event.isComposing || event.keyCode === 229) return;
            if (event.key === 'Enter' && !event.shiftKey) return submit(event);
            const key = text === '' ? EMPTY_KEYS[event.key] : undefined;
            if (key === undefined || event.shiftKey) return;
            event.preventDefault();
            onKey(key);
          }}
        />
        <button
          type="submit"
          class="send"
          aria-label="Send with Enter"
          disabled={held !== null}
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon name="up" />
        </button>
      </div>
    </form>
  );
}
