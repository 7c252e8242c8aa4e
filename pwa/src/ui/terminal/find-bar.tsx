import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { countWords } from './finding.ts';
import type { Finding } from './use-finding.ts';

export interface FindBarProps {
  finding: Finding;
  /** The older lines at home are being fetched. */
  loading: boolean;
  onClose(): void;
}

/** Search in what the terminal shows and what stands above it. */
export function FindBar({ finding, loading, onClose }: FindBarProps) {
  const { state } = finding;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const count = countWords(state);
  return (
    <search class="find-bar" aria-label="Find in the terminal">
      <input
        ref={field}
        type="search"
        value={state.query}
        maxLength={200}
        aria-label="Find in the terminal"
        placeholder="Find"
        autocapitalize="off"
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        onInput={(event) => finding.query(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') finding.step(event.shiftKey ? 1 : -1);
          else if (event.key === 'Escape') onClose();
          else return;
          event.preventDefault();
        }}
      />
      <span class="find-count num" role="status">
        {loading && state.query !== '' ? '…' : count}
      </span>
      <button
        type="button"
        class="btn btn-icon"
        aria-label="Match case"
        aria-pressed={state.matchCase}
        onClick={() => finding.matchCase(!state.matchCase)}
      >
        Aa
      </button>
      <button
        type="button"
        class="btn btn-icon"
        aria-label="Older match"
        disabled={state.places.length === 0}
        onClick={() => finding.step(-1)}
      >
        <Icon name="up" />
      </button>
      <button
        type="button"
        class="btn btn-icon"
        aria-label="Newer match"
        disabled={state.places.length === 0}
        onClick={() => finding.step(1)}
      >
        <Icon name="down" />
      </button>
      <button type="button" class="btn btn-icon" aria-label="Close the search" onClick={onClose}>
        <Icon name="close" />
      </button>
    </search>
  );
}
