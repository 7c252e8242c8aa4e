import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';

export interface SearchFieldProps {
  label: string;
  value: string;
  onInput(text: string): void;
  /** Takes the focus at once: only on a screen that was opened in order to search. */
  focus?: boolean;
}

/** A field whose words are searched for while one types. */
export function SearchField({ label, value, onInput, focus = false }: SearchFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  return (
    <label class="inp">
      <Icon name="search" small />
      <span class="vh">{label}</span>
      <input
        type="search"
        class="inp-bare"
        placeholder={label}
        value={value}
        maxLength={200}
        autocapitalize="off"
        autocorrect="off"
        autocomplete="off"
        enterkeyhint="search"
        ref={field}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
    </label>
  );
}
