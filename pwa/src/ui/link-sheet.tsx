import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { exact } from './printable.ts';

export interface LinkSheetProps {
  url: string;
  /** Who wrote it, as a sentence. */
  note: string;
  onCopy(text: string): Promise<boolean>;
  onClose(): void;
}

/** A link that came from a session: its text may lie, so the true target is shown first. */
export function LinkSheet({ url, note, onCopy, onClose }: LinkSheetProps) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <Dialog title="Open this address?" onClose={onClose}>
      <p class="slab arg">{exact(url)}</p>
      <p class="dim" role="status">
        {copied === null && note}
        {copied === true && 'Copied.'}
        {copied === false && 'This browser does not allow copying.'}
      </p>
      <div class="acts sheet-acts">
        <button type="button" class="btn btn-line grow" onClick={onClose}>
          Leave it
        </button>
        <button type="button" class="btn btn-line grow" onClick={() => void onCopy(url).then(setCopied)}>
          Copy
        </button>
        <a class="btn btn-main grow" href={url} target="_blank" rel="noopener noreferrer" onClick={onClose}>
          Open
        </a>
      </div>
    </Dialog>
  );
}
