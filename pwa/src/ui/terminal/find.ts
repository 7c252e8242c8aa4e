/** Search in what a terminal keeps: plain text, over the rows into which a line was wrapped. */
import type { IBuffer } from '@xterm/xterm';
import { linesFrom, type Range, rangeOf } from './lines.ts';

/** As many places are found; nobody steps through more. */
export const MAX_FOUND = 1000;

export interface FindOptions {
  matchCase: boolean;
}

export interface Found {
  /** From top to bottom. */
  places: Range[];
  /** There are more: these are the last ones, for the newest matter most. */
  more: boolean;
}

/** Null for an empty query. The pattern matches exactly the text. */
export function findPattern(query: string, { matchCase }: FindOptions): RegExp | null {
  if (query === '') return null;
  return new RegExp(query.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), matchCase ? 'gu' : 'giu');
}

export function findAll(buffer: IBuffer, query: string, options: FindOptions): Found {
  const pattern = findPattern(query, options);
  if (pattern === null) return { places: [], more: false };
  const hits: { line: Parameters<typeof rangeOf>[1]; from: number; to: number }[] = [];
  let more = false;
  for (const line of linesFrom(buffer, 0)) {
    for (const { index, 0: text } of line.text.matchAll(pattern)) {
      hits.push({ line, from: index, to: index + text.length });
      if (hits.length > 2 * MAX_FOUND) hits.splice(0, MAX_FOUND);
      more ||= hits.length > MAX_FOUND;
    }
  }
  return { places: hits.slice(-MAX_FOUND).map(({ line, from, to }) => rangeOf(buffer, line, from, to)), more };
}
