import { useState } from 'preact/hooks';
import { Dialog, FormActs } from './dialog.tsx';
import { TextField } from './forms.tsx';

export interface RenameSheetProps {
  title: string;
  /** As it is called now. */
  name: string;
  busy: boolean;
  /** Why the last try failed. */
  error: string | null;
  onSave(name: string): void;
  onClose(): void;
}

/** Asks for another name. */
export function RenameSheet({ title, name: before, busy, error, onSave, onClose }: RenameSheetProps) {
  const [name, setName] = useState(before);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') onSave(name);
        }}
      >
        <TextField label="Name" value={name} onInput={setName} maxLength={100} required error={error} />
        <FormActs submit="Rename" keep="Keep it" disabled={busy || name.trim() === ''} onLeave={onClose} />
      </form>
    </Dialog>
  );
}
