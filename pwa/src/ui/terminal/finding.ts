/** Steps through what was found, and keeps the place when lines come or go. */
import { type Found, findAll } from './find.ts';
import type { Range } from './lines.ts';
import type { TerminalScreen } from './screen.ts';

export interface FindState {
  query: string;
  matchCase: boolean;
  places: Range[];
  more: boolean;
  /** Index of the one that is shown; -1: none. */
  at: number;
}

export const NOTHING_FOUND: FindState = { query: '', matchCase: false, places: [], more: false, at: -1 };

/** Looks again, from the same place on; a new query begins with the newest. */
export function findAgain(screen: TerminalScreen, state: FindState, shift: number): FindState {
  const { places, more }: Found = findAll(screen.terminal.buffer.active, state.query, { matchCase: state.matchCase });
  const before = state.places[state.at];
  if (before === undefined) return { ...state, places, more, at: places.length - 1 };
  const row = before.start.row + shift;
  const same = places.findIndex(({ start }) => start.row > row || (start.row === row && start.col >= before.start.col));
  return { ...state, places, more, at: same < 0 ? places.length - 1 : same };
}

/** The next one towards older (-1) or newer (1) lines, round and round. */
export function step(state: FindState, by: -1 | 1): FindState {
  const { length } = state.places;
  return length === 0 ? state : { ...state, at: (state.at + by + length) % length };
}

/** What stands beside the field. */
export function countWords({ query, places, more, at }: FindState): string {
  if (query === '') return '';
  if (places.length === 0) return 'None';
  return `${at + 1} of ${places.length}${more ? '+' : ''}`;
}
