import { Icon, type IconName } from '../icons.tsx';

export type View = 'fit' | 'actual' | 'text';

export interface ViewBarProps {
  /** `mine`: this device decides the size. `theirs`: `holder` does. `free`: nobody. */
  lease: 'mine' | 'theirs' | 'free';
  /** Already printable. */
  holder: string;
  cols: number;
  rows: number;
  view: View;
  ended: boolean;
  disabled: boolean;
  finding: boolean;
  onView(view: View): void;
  onFind(): void;
  onTake(): void;
  onGiveBack(): void;
}

const VIEWS: { view: View; word: string; icon: IconName; says: string }[] = [
  { view: 'fit', word: 'Fit', icon: 'fit', says: 'Fit: the whole screen, as small as it must be' },
  { view: 'actual', word: 'Actual', icon: 'actual', says: 'Actual size: a part of the screen, moved by finger' },
  { view: 'text', word: 'Text', icon: 'lines', says: 'Text: its lines, wrapped to this device' },
];

/** Says who decides the size of the terminal, and how it is shown here: all within reach of a thumb. */
export function ViewBar(props: ViewBarProps) {
  const own = props.lease === 'mine' && !props.ended;
  // in its own size a screen fits as it is
  const views = own ? VIEWS.filter(({ view }) => view !== 'fit') : VIEWS;
  return (
    <div class="view-bar">
      <Holder {...props} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own edges and legend */}
      <div class="view-choice" role="group" aria-label="How the terminal is shown">
        {views.map(({ view, word, icon, says }) => (
          <button
            key={view}
            type="button"
            class="view-button"
            aria-pressed={props.view === view}
            aria-label={own && view === 'actual' ? 'Screen' : says}
            onClick={() => props.onView(view)}
          >
            <Icon name={own && view === 'actual' ? 'screen' : icon} />
            <span>{own && view === 'actual' ? 'Screen' : word}</span>
          </button>
        ))}
      </div>
      <button type="button" class="view-button" aria-pressed={props.finding} aria-label="Find in the terminal" onClick={props.onFind}>
        <Icon name="search" />
        <span>Find</span>
      </button>
      {!props.ended && (
        <button type="button" class="view-button size-button" disabled={props.disabled} onClick={own ? props.onGiveBack : props.onTake}>
          <Icon name={own ? 'machine' : 'phone'} />
          <span>{own ? 'Give back' : 'Use my size'}</span>
        </button>
      )}
    </div>
  );
}

function Holder({ lease, holder, cols, rows, ended }: ViewBarProps) {
  const says = { mine: 'This device holds the size', theirs: `${capital(holder)} holds the size`, free: 'Nobody holds the size' }[lease];
  const short = { mine: 'yours', theirs: holder, free: 'free' }[lease];
  return (
    <p class="holder">
      <span class="num">
        {cols} × {rows}
      </span>
      <span class="vh">{ended ? 'Last screen' : `. ${says}.`}</span>
      <span class="cut" aria-hidden="true">
        {ended ? 'last screen' : short}
      </span>
    </p>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
