import { printable } from './printable.ts';

export interface AskingHomeProps {
  /** Whether there is a connection. */
  open: boolean;
  /** What is done meanwhile, and what is so without a connection, where it can be said better. */
  asking?: string;
  away?: string;
  /** Why home did not tell, where that stands here and nowhere else. */
  error?: string | null;
  small?: boolean;
  /** For its place. */
  class?: string;
}

/** Stands where something will be that only home knows. */
export function AskingHome({
  open,
  asking = 'Asking home …',
  away = 'Home tells when there is a connection.',
  error = null,
  small = false,
  class: place,
}: AskingHomeProps) {
  const classes = [small ? 'small dim' : 'dim', place].filter((one) => one !== undefined);
  return (
    <p class={classes.join(' ')} role="status">
      {open ? printable(error ?? asking) : away}
    </p>
  );
}
