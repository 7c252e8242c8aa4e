import type { LogType } from '@afield/shared/api/logs.ts';
import { Icon } from './icons.tsx';
import { LOG_ICONS } from './log-kinds.ts';

export interface KindChipsProps {
  kinds: readonly LogType[];
  /** None: all. */
  chosen: ReadonlySet<LogType>;
  /** Null: all of them. */
  onChoose(kind: LogType | null): void;
}

/** Which kinds of log entries are shown; several may be. */
export function KindChips({ kinds, chosen, onChoose }: KindChipsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot scroll sideways in all browsers
    <div class="chips" role="group" aria-label="Kinds of entries">
      <button type="button" class="chip" aria-pressed={chosen.size === 0} onClick={() => onChoose(null)}>
        All
      </button>
      {kinds.map((kind) => (
        <button type="button" key={kind} class="chip" aria-pressed={chosen.has(kind)} onClick={() => onChoose(kind)}>
          <Icon name={LOG_ICONS[kind]} small />
          {kind}
        </button>
      ))}
    </div>
  );
}
