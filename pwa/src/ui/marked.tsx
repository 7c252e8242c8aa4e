import type { ComponentChildren } from 'preact';
import { printableLines } from './printable.ts';

/** Hostile text in which some places are marked. `marks`: [from, to) in UTF-16 units, in order and apart from each other. */
export function Marked({ text, marks = [] }: { text: string; marks?: readonly (readonly [number, number])[] }) {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from < at || to > text.length) continue;
    parts.push(printableLines(text.slice(at, from)), <mark key={from}>{printableLines(text.slice(from, to))}</mark>);
    at = to;
  }
  return (
    <>
      {parts}
      {printableLines(text.slice(at))}
    </>
  );
}

/** A piece of a long text around its first mark, cut at words where there are any, and the marks in it. */
export function excerpt(
  text: string,
  marks: readonly (readonly [number, number])[],
  length = 180,
): { text: string; marks: [number, number][] } {
  const flat = text.replaceAll(/\s/g, ' ');
  if (flat.length <= length) return { text: flat, marks: marks.map(([from, to]) => [from, to]) };
  const first = marks[0]?.[0] ?? 0;
  const wanted = Math.max(0, Math.min(first - Math.floor(length / 4), flat.length - length));
  const space = wanted === 0 ? 0 : flat.indexOf(' ', wanted) + 1;
  const start = wanted === 0 ? 0 : space > 0 && space <= first ? space : wanted;
  const end = Math.min(flat.length, start + length);
  const [head, tail] = [start === 0 ? '' : '… ', end === flat.length ? '' : ' …'];
  const within = marks.filter(([from, to]) => from >= start && to <= end);
  return {
    text: head + flat.slice(start, end) + tail,
    marks: within.map(([from, to]) => [from - start + head.length, to - start + head.length]),
  };
}
