import { Icon } from '../icons.tsx';

export interface LeaseBarProps {
  /** `mine`: this device decides the size. `theirs`: `holder` does. `free`: nobody. */
  lease: 'mine' | 'theirs' | 'free';
  /** Already printable. */
  holder: string;
  cols: number;
  rows: number;
  view: 'fit' | 'pan';
  ended: boolean;
  disabled: boolean;
  onView(view: 'fit' | 'pan'): void;
  onTake(): void;
  onGiveBack(): void;
  onText(): void;
}

/** Says who decides the size of the terminal, and lets this device take it or look on. */
export function LeaseBar(props: LeaseBarProps) {
  const size = `${props.cols} × ${props.rows}`;
  const who = { mine: 'yours', theirs: props.holder, free: 'free' }[props.lease];
  const says = { mine: 'This device holds the size', theirs: `${capital(props.holder)} holds the size`, free: 'Nobody holds the size' }[
    props.lease
  ];
  return (
    <div class="lease">
      <Icon name={props.lease === 'mine' ? 'phone' : 'machine'} small />
      <span class="cut">
        {props.ended ? (
          `Last screen · ${size}`
        ) : (
          <>
            <span class="lease-long">{says} · </span>
            {size}
            <span class="lease-short" aria-hidden="true">
              {' '}
              · {who}
            </span>
          </>
        )}
      </span>
      <span class="push line lease-acts">
        <button type="button" class="btn btn-icon" aria-label="Screen as text" onClick={props.onText}>
          <Icon name="screen" />
        </button>
        {(props.lease !== 'mine' || props.ended) && (
          <button type="button" class="btn" onClick={() => props.onView(props.view === 'fit' ? 'pan' : 'fit')}>
            {props.view === 'fit' ? 'Full size' : 'Fit'}
          </button>
        )}
        {!props.ended &&
          (props.lease === 'mine' ? (
            <button type="button" class="btn" disabled={props.disabled} onClick={props.onGiveBack}>
              Give back
            </button>
          ) : (
            <button type="button" class="btn" disabled={props.disabled} onClick={props.onTake}>
              Take over
            </button>
          ))}
      </span>
    </div>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
