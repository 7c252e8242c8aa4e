import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';

/** The words go back to "Copy" after this long, in ms. */
const SAID_MS = 4_000;

export interface CopyButtonProps {
  /** Says what is copied, for those who do not see it: "the command". */
  what: string;
  /** False: this browser does not allow it. */
  onCopy(): Promise<boolean>;
  class?: string;
}

/** Copies, and says whether it worked. */
export function CopyButton({ what, onCopy, class: name = 'btn btn-line' }: CopyButtonProps) {
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <button type="button" class={name} onClick={() => void onCopy().then(setCopied)}>
        <Icon name={copied === true ? 'check' : 'copy'} small />
        {copied === true ? 'Copied' : 'Copy'}
        <span class="vh"> {what}</span>
      </button>
      <span class={copied === false ? 'meta' : 'vh'} role="status">
        {copied === true && 'Copied.'}
        {copied === false && 'This browser does not allow copying. Select the text instead.'}
      </span>
    </>
  );
}
