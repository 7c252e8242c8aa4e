import { useRef, useState } from 'preact/hooks';
import { bytes } from '../facts.tsx';
import { Icon } from '../icons.tsx';
import { printable } from '../printable.ts';
import { type GivenFault, type GivenFile, isPicture, useGivenWays } from './given-context.ts';
import { type PictureState, useNear, usePicture } from './picture-url.ts';

/** What was given with a prompt: pictures as pictures, everything else to be saved. */
export function GivenFiles({ files }: { files: readonly GivenFile[] }) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  return (
    <>
      {pictures.length > 0 && (
        <ul class="pics">
          {pictures.map((file, index) => (
            <li key={index}>
              <Picture file={file} />
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <ul class="mine-files">
          {others.map((file, index) => (
            <li key={index}>
              <FileRow file={file} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const WORDS: Record<Exclude<PictureState['kind'], 'shown'>, string> = {
  far: '',
  loading: 'Loading …',
  gone: 'Deleted at home',
  offline: 'No connection',
  failed: 'Not loaded',
  broken: 'Cannot be shown',
};

/** A small preview; it is opened by a tap. */
function Picture({ file }: { file: GivenFile }) {
  const { open, live } = useGivenWays();
  const place = useRef<HTMLDivElement>(null);
  const { state, again, broken } = usePicture(file, useNear(place));
  const name = printable(file.name);
  // a line that is cut while it comes
  const kind = state.kind === 'loading' && !live && 'id' in file.source ? 'offline' : state.kind;
  return (
    <div ref={place} class="pic" data-state={kind} title={name}>
      {state.kind === 'shown' ? (
        <button type="button" aria-haspopup="dialog" onClick={() => open(file)}>
          <img src={state.url} alt={name} decoding="async" onError={broken} />
        </button>
      ) : (
        <>
          <span class="cut">{name}</span>
          <PictureWords kind={kind as Exclude<PictureState['kind'], 'shown'>} />
          {(kind === 'offline' || kind === 'failed') && (
            <button type="button" class="act" onClick={again}>
              Try again<span class="vh"> to load {name}</span>
            </button>
          )}
          {kind === 'broken' && <Save file={file} />}
        </>
      )}
    </div>
  );
}

function PictureWords({ kind }: { kind: Exclude<PictureState['kind'], 'shown'> }) {
  if (kind === 'far') return null;
  return (
    <span class="line">
      {kind !== 'loading' && <Icon name={kind === 'offline' ? 'cut' : 'alert'} small />}
      {WORDS[kind]}
    </span>
  );
}

function FileRow({ file }: { file: GivenFile }) {
  return (
    <>
      <Icon name="clip" small />
      <span class="cut">{printable(file.name)}</span>
      <span class="num">{bytes(file.size_bytes)}</span>
      <Save file={file} />
    </>
  );
}

const FAULTS: Record<GivenFault, string> = {
  gone: 'Deleted at home',
  offline: 'No connection: try again',
  failed: 'Not loaded: try again',
};

/** Fetches the bytes and hands them to the browser. */
export function Save({ file }: { file: GivenFile }) {
  const { get, save } = useGivenWays();
  const [state, setState] = useState<'idle' | 'busy' | GivenFault>('idle');
  const press = async () => {
    setState('busy');
    const answer = await get(file.source, () => true);
    if ('fault' in answer) return setState(answer.fault);
    save(file.name, answer.bytes);
    setState('idle');
  };
  return (
    <>
      {state !== 'idle' && (
        <span class="save-state" role="status">
          {state === 'busy' ? 'Fetching …' : FAULTS[state]}
        </span>
      )}
      <button
        type="button"
        class="btn btn-icon save"
        aria-label={`Download ${printable(file.name)}`}
        disabled={state === 'busy' || state === 'gone'}
        onClick={() => void press()}
      >
        <Icon name="install" small />
      </button>
    </>
  );
}

/** Beside the name of a file that is not sent yet. */
export function Thumb({ file }: { file: GivenFile }) {
  const { state, broken } = usePicture(file, isPicture(file));
  if (state.kind !== 'shown') return <Icon name="clip" small />;
  return <img class="thumb" src={state.url} alt="" onError={broken} />;
}
