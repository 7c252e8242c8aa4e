import type { ComponentChildren } from 'preact';
import { printable } from './printable.ts';

export interface FaultLineProps {
  /** Why it did not work, as home says it; null: nothing is shown. */
  text: string | null;
  /** For the field that is described by it. */
  id?: string;
  /** Beside `field-error`, for its place. */
  class?: string;
  /** Offers another try. */
  onAgain?(): unknown;
  /** Another way out, or what is so all the same. */
  children?: ComponentChildren;
}

/** Why something did not work, where it was tried. */
export function FaultLine({ text, id, class: place, onAgain, children }: FaultLineProps) {
  if (text === null) return null;
  return (
    <p class={place === undefined ? 'field-error' : `field-error ${place}`} id={id} role="alert">
      {printable(text)} {children}
      {onAgain !== undefined && (
        <button type="button" class="act" onClick={() => void onAgain()}>
          Try again
        </button>
      )}
    </p>
  );
}
