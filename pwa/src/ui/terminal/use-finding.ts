import { useEffect, useRef, useState } from 'preact/hooks';
import { type FindState, findAgain, NOTHING_FOUND, step } from './finding.ts';
import type { Range } from './lines.ts';
import type { TerminalScreen } from './screen.ts';

/** What is printed meanwhile is searched this long after it came, in ms. */
const AGAIN_MS = 250;

export interface Finding {
  state: FindState;
  query(query: string): void;
  matchCase(matchCase: boolean): void;
  step(by: -1 | 1): void;
}

/** Searches while `open`; `reveal` brings a place into sight. Null: not open, or nothing to search in yet. */
export function useFinding(screen: TerminalScreen | null, open: boolean, reveal: (place: Range) => void): Finding | null {
  const [state, setState] = useState(NOTHING_FOUND);
  const latest = useRef(state);
  latest.current = state;
  const origin = useRef(0);

  /** `show`: asked for by the person, who wants to see the place; what is printed meanwhile moves nothing. */
  function set(next: FindState, show: boolean) {
    origin.current = screen?.origin() ?? 0;
    setState(next);
    const place = next.places[next.at];
    if (show && place !== undefined) reveal(place);
  }

  useEffect(() => {
    if (screen === null || !open) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = screen.onChange(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (latest.current.query !== '') set(findAgain(screen, latest.current, origin.current - screen.origin()), false);
      }, AGAIN_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
      setState(NOTHING_FOUND);
    };
  }, [screen, open]);

  if (screen === null || !open) return null;
  return {
    state,
    query: (query) => set(findAgain(screen, { ...state, query, at: -1 }, 0), true),
    matchCase: (matchCase) => set(findAgain(screen, { ...state, matchCase, at: -1 }, 0), true),
    step: (by) => set(step(state, by), true),
  };
}
