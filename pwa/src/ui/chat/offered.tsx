import type { Choice } from '@afield/shared/api/chat.ts';
import { useEffect, useRef } from 'preact/hooks';
import { exact, printable } from '../printable.ts';

export interface OfferedProps {
  id: string;
  choices: readonly Choice[];
  /** The one that Enter takes. */
  active: number;
  onTake(choice: Choice): void;
}

/** Slash commands of the agent, above the field in which one is being written. The focus stays in the field. */
export function Offered({ id, choices, active, onTake }: OfferedProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active, choices]);
  if (choices.length === 0) return null;
  return (
    <div ref={list} id={id} class="offered" role="listbox" aria-label="Commands of the agent">
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active one
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
        <div
          key={choice.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(choice)}
        >
          <code>/{exact((choice.name === '' ? choice.id : choice.name).replace(/^\/+/, ''))}</code>
          {choice.description !== null && <span class="meta cut">{printable(choice.description)}</span>}
        </div>
      ))}
    </div>
  );
}
