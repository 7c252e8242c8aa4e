import { printable } from './printable.ts';

export interface AskingHomeProps {
  /** Whether there is a connection. */
  open: boolean;
  /** Why home did not tell, where that stands here and nowhere else. */
  error?: string | null;
  small?: boolean;
}

/** Stands where something will be that only home knows. */
export function AskingHome({ open, error = null, small = false }: AskingHomeProps) {
  return (
    <p class={small ? 'small dim' : 'dim'} role="status">
      {open ? printable(error ?? 'Asking home …') : 'Home tells when there is a connection.'}
    </p>
  );
}
