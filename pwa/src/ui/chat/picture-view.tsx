import { useEffect, useRef } from 'preact/hooks';
import { useBackCloses } from '../back-closes.ts';
import { bytes } from '../facts.tsx';
import { Icon } from '../icons.tsx';
import { printable } from '../printable.ts';
import { Save } from './given.tsx';
import type { GivenFile } from './given-context.ts';
import { usePicture } from './picture-url.ts';

/** A picture as large as the screen. Escape, Back and its button close it. */
export function PictureView({ file, onClose }: { file: GivenFile; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { state, again, broken } = usePicture(file, true);
  const name = printable(file.name);
  useBackCloses(onClose);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="view"
      aria-label={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="view-top">
        <b class="cut">{name}</b>
        <span class="num meta">{bytes(file.size_bytes)}</span>
        <Save file={file} />
        <button type="button" class="btn btn-icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {state.kind === 'shown' ? (
        <img src={state.url} alt={name} onError={broken} />
      ) : (
        <p class="dim" role="status">
          {state.kind === 'gone' && 'Home has this picture no more.'}
          {state.kind === 'broken' && 'This browser cannot show it. Download it instead.'}
          {(state.kind === 'far' || state.kind === 'loading') && 'Loading …'}
          {(state.kind === 'offline' || state.kind === 'failed') && (
            <>
              {state.kind === 'offline' ? 'There is no connection to home.' : 'It was not loaded.'}{' '}
              <button type="button" class="act" onClick={again}>
                Try again
              </button>
            </>
          )}
        </p>
      )}
    </dialog>
  );
}
