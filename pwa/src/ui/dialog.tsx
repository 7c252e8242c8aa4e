import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { FaultLine } from './fault-line.tsx';

export interface DialogProps {
  title: string;
  children: ComponentChildren;
  /** Called by Escape, by a tap beside it and by the caller's own button. */
  onClose(): void;
}

/** A sheet from the bottom (a box in the middle on wide screens). The browser's own dialog traps the focus and gives it back. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      class="sheet"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="sheet-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

export interface FormActsProps {
  /** What sending the form does, as a verb. */
  submit: string;
  disabled: boolean;
  /** The way out that changes nothing. */
  keep?: string;
  /** The form stands in a page, not in a dialog. */
  inPage?: boolean;
  onLeave(): void;
}

/** How a form ends: left as it is, or sent. */
export function FormActs({ submit, disabled, keep = 'Leave it', inPage = false, onLeave }: FormActsProps) {
  return (
    <div class={inPage ? 'acts' : 'acts sheet-acts'}>
      <button type="button" class="btn btn-line grow" onClick={onLeave}>
        {keep}
      </button>
      <button type="submit" class="btn btn-main grow" disabled={disabled}>
        {submit}
      </button>
    </div>
  );
}

export interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  /** What the button does, as a verb. */
  confirm: string;
  danger?: boolean;
  busy?: boolean;
  /** Why the last try failed. */
  error?: string | null;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something that cannot be undone. The safe answer comes first and holds the focus. */
export function Confirm({ title, children, confirm, danger = false, busy = false, error = null, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="dim">{children}</p>
      <FaultLine text={error} />
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class={danger ? 'btn btn-danger grow' : 'btn btn-main grow'} disabled={busy} onClick={onConfirm}>
          {confirm}
        </button>
      </div>
    </Dialog>
  );
}
