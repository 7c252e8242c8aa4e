import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { Mark } from '../mark.tsx';

/** Spoken no more often than this, in ms. */
const SPOKEN_EVERY_MS = 5_000;

export interface LiveLineProps {
  status: SessionStatus;
  /** What it does: words of ours, then what the agent calls it (exact already). */
  words: string;
  code: string | null;
  /** How long, or since when. */
  when: string | null;
  /** Of the plan: `3 of 4`; null: there is none. */
  step: string | null;
  onPlan(): void;
  stopping: boolean;
  /** Null: there is nothing to stop, or no line to say so. */
  onStop: (() => void) | null;
}

/** What the agent does just now, and how to stop it. */
export function LiveLine({ status, words, code, when, step, onPlan, stopping, onStop }: LiveLineProps) {
  const spoken = useCalm(code === null ? words : `${words} ${code}`);
  return (
    <div class="live">
      <Mark status={status} />
      <span class="cut" aria-hidden="true">
        {words}
        {code !== null && (
          <>
            {' '}
            <code>{code}</code>
          </>
        )}
      </span>
      <span class="vh" role="status">
        {spoken}
      </span>
      <span class="push line">
        {step !== null && (
          <button type="button" class="act num" aria-haspopup="dialog" onClick={onPlan}>
            <span class="vh">Plan, step </span>
            {step}
          </button>
        )}
        {when !== null && <span class="num">{when}</span>}
        {onStop !== null && (
          <button type="button" class="btn btn-quiet" disabled={stopping} onClick={onStop}>
            <Icon name="stop" small />
            {stopping ? 'Stopping' : 'Stop'}
          </button>
        )}
      </span>
    </div>
  );
}

/** The text, no more often than one can listen to. */
function useCalm(text: string): string {
  const [calm, setCalm] = useState(text);
  const last = useRef(0);
  useEffect(() => {
    if (text === calm) return;
    const timer = setTimeout(
      () => {
        last.current = Date.now();
        setCalm(text);
      },
      Math.max(0, last.current + SPOKEN_EVERY_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [text, calm]);
  return calm;
}
