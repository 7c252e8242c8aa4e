import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../icons.tsx';

export type LatchView = 'off' | 'once' | 'locked';

interface KeyView {
  /** Name that the terminal model knows; one character types itself. */
  key: string;
  label?: string;
  icon?: IconName;
  says?: string;
  /** Held with Ctrl whatever is latched. */
  ctrl?: boolean;
  repeats?: boolean;
}

const ARROWS: KeyView[] = [
  { key: 'Left', icon: 'left', says: 'Arrow left', repeats: true },
  { key: 'Down', icon: 'down', says: 'Arrow down', repeats: true },
  { key: 'Up', icon: 'up', says: 'Arrow up', repeats: true },
  { key: 'Right', icon: 'right', says: 'Arrow right', repeats: true },
];
const FIRST: KeyView[] = [
  { key: 'Escape', label: 'Esc', says: 'Esc, Escape' },
  { key: 'Tab', label: 'Tab' },
];
const MORE: KeyView[] = [
  { key: 'Enter', label: 'Enter' },
  { key: 'c', label: '^C', says: 'Control C, interrupt', ctrl: true },
  { key: 'd', label: '^D', says: 'Control D, end of input', ctrl: true },
  { key: 'z', label: '^Z', says: 'Control Z, suspend', ctrl: true },
  { key: 'ShiftTab', label: '⇧Tab', says: 'Shift Tab' },
  { key: 'Backspace', label: '⌫', says: 'Backspace', repeats: true },
  { key: 'Delete', label: 'Del', says: 'Del, Delete', repeats: true },
  { key: 'PageUp', label: 'PgUp', says: 'PgUp, Page up', repeats: true },
  { key: 'PageDown', label: 'PgDn', says: 'PgDn, Page down', repeats: true },
  { key: 'Home', label: 'Home' },
  { key: 'End', label: 'End' },
  { key: '|', label: '|', says: 'Vertical bar' },
  { key: '/', label: '/', says: 'Slash' },
  { key: '~', label: '~', says: 'Tilde' },
  { key: '-', label: '-', says: 'Hyphen' },
  ...Array.from({ length: 12 }, (_, index): KeyView => ({ key: `F${index + 1}`, label: `F${index + 1}` })),
];

/** A key held down repeats after this long, then at this pace, in ms. */
const REPEAT_AFTER_MS = 400;
const REPEAT_EVERY_MS = 60;

export interface KeyBarProps {
  ctrl: LatchView;
  alt: LatchView;
  disabled: boolean;
  onKey(key: string, held?: { ctrl: boolean }): void;
  onLatch(modifier: 'ctrl' | 'alt'): void;
}

/** Keys that a phone's keyboard lacks. Pressing one never takes the focus, so the phone's keyboard stays where it is. */
export function KeyBar({ ctrl, alt, disabled, onKey, onLatch }: KeyBarProps) {
  const [open, setOpen] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  const key = (view: KeyView) => <Key key={view.key + (view.ctrl ? '^' : '')} view={view} disabled={disabled} onKey={onKey} />;
  return (
    <div ref={bar} role="toolbar" aria-label="Keys" class="keybar" onKeyDown={(event) => moveFocus(event, bar.current)}>
      {open && (
        <div class="keys keys-more">
          {MORE.map(key)}
          {latch('Alt', alt, disabled, () => onLatch('alt'))}
        </div>
      )}
      <div class="keys">
        {FIRST.map(key)}
        {latch('Ctrl', ctrl, disabled, () => onLatch('ctrl'))}
        {ARROWS.map(key)}
        <button type="button" aria-label="More keys" aria-expanded={open} onPointerDown={keepFocus} onClick={() => setOpen(!open)}>
          <Icon name={open ? 'close' : 'more'} />
        </button>
      </div>
    </div>
  );
}

function latch(name: string, state: LatchView, disabled: boolean, onClick: () => void) {
  return (
    <button
      type="button"
      disabled={disabled}
      aria-pressed={state !== 'off'}
      aria-label={state === 'locked' ? `${name}, locked` : name}
      class={state === 'locked' ? 'locked' : ''}
      onPointerDown={keepFocus}
      onClick={onClick}
    >
      {name}
    </button>
  );
}

const keepFocus = (event: Event) => event.preventDefault();

function Key({ view, disabled, onKey }: { view: KeyView; disabled: boolean; onKey: KeyBarProps['onKey'] }) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const repeated = useRef(false);
  const press = () => (view.ctrl ? onKey(view.key, { ctrl: true }) : onKey(view.key));
  const release = () => clearTimeout(timer.current);
  useEffect(() => release, []);

  const hold = (event: Event) => {
    keepFocus(event);
    repeated.current = false;
    if (!view.repeats) return;
    const again = () => {
      repeated.current = true;
      press();
      timer.current = setTimeout(again, REPEAT_EVERY_MS);
    };
    timer.current = setTimeout(again, REPEAT_AFTER_MS);
  };
  return (
    <button
      type="button"
      disabled={disabled}
      aria-label={view.says ?? view.label ?? view.key}
      onPointerDown={hold}
      onPointerUp={release}
      onPointerCancel={release}
      onPointerLeave={release}
      onContextMenu={keepFocus}
      onClick={() => {
        // the finger that lifts after a repeat has typed enough
        if (!repeated.current) press();
        repeated.current = false;
      }}
    >
      {view.icon ? <Icon name={view.icon} /> : view.label}
    </button>
  );
}

/** Arrow keys move inside of the toolbar (ARIA Authoring Practices, toolbar). */
function moveFocus(event: KeyboardEvent, bar: HTMLElement | null): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined || bar === null) return;
  const buttons = [...bar.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}
