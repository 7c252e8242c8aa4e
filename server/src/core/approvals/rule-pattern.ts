/**
 * Patterns of rules: `*` is any text without what a shell would act on, `**` any text at all, `\*` and `\\` a star and a backslash. They
 * are matched by sets of places, never by trying again: the time is stars × length, whatever the text is.
 */

/** More stars say nothing more, and cost. */
export const MAX_STARS = 32;

type Star = 'any' | 'plain';
export interface Pattern {
  /** What stands before the first star, between two, and after the last: one more than stars. */
  literals: readonly string[];
  stars: readonly Star[];
}

export function compilePattern(pattern: string): Pattern {
  const literals: string[] = [''];
  const stars: Star[] = [];
  for (const [token] of pattern.matchAll(/\\[\\*]|\*+|./gsu)) {
    if (token.startsWith('*')) {
      stars.push(token.length > 1 ? 'any' : 'plain');
      literals.push('');
    } else literals[literals.length - 1] += token.length === 2 && token.startsWith('\\') ? token.slice(1) : token;
  }
  return { literals, stars };
}

/** What ends a command, begins another, redirects, substitutes, or is not seen: no `*` goes over it (POSIX shell, 2.4 and 2.6). */
const ACTS = /[;&|`<>()\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Marks each UTF-16 unit that `*` does not go over. A tab is a space. */
export function shellBarriers(text: string): Uint8Array {
  const barriers = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charAt(i);
    const dollar = unit === '$' && /[({]/.test(text.charAt(i + 1));
    const brace = unit === '{' && text.charAt(i - 1) === '$';
    // The half of a pair is not what `u` sees: it is looked at as one character.
    const pair = /[\ud800-\udbff]/.test(unit) && /[\udc00-\udfff]/.test(text.charAt(i + 1));
    const character = pair ? text.slice(i, i + 2) : unit;
    if (dollar || brace || (unit !== '\t' && ACTS.test(character))) barriers.fill(1, i, i + character.length);
    if (pair) i++;
  }
  return barriers;
}

/** `*` stays within one folder; newlines and controls are no part of a path that anybody means. */
export function pathBarriers(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => (character === '/' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(character) ? 1 : 0));
}

/** True when the whole text fits. `barriers` of exactly this text. */
export function fits({ literals, stars }: Pattern, text: string, barriers: Uint8Array): boolean {
  const first = literals[0] as string;
  const last = literals.at(-1) as string;
  if (stars.length === 0) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let ends = new Uint8Array(text.length + 1);
  ends[first.length] = 1;
  for (const [i, star] of stars.entries()) {
    const starts = spread(ends, star, barriers);
    const literal = literals[i + 1] as string;
    if (i === stars.length - 1) return starts[text.length - last.length] === 1;
    ends = after(text, literal, starts);
  }
  return false;
}

/** The places that a star reaches from any of these. */
function spread(from: Uint8Array, star: Star, barriers: Uint8Array): Uint8Array {
  const reached = new Uint8Array(from.length);
  let open = false;
  for (let at = 0; at < from.length; at++) {
    if (at > 0 && star === 'plain' && barriers[at - 1] === 1) open = false;
    if (from[at] === 1) open = true;
    if (open) reached[at] = 1;
  }
  return reached;
}

/** The places after the literal, where it begins at one of `starts` (Knuth, Morris, Pratt: each unit of the text is looked at once). */
function after(text: string, literal: string, starts: Uint8Array): Uint8Array<ArrayBuffer> {
  if (literal === '') return Uint8Array.from(starts);
  const back = borders(literal);
  const ends = new Uint8Array(starts.length);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    while (matched > 0 && text[at] !== literal[matched]) matched = back[matched - 1] as number;
    if (text[at] === literal[matched]) matched++;
    if (matched < literal.length) continue;
    if (starts[at + 1 - literal.length] === 1) ends[at + 1] = 1;
    matched = back[matched - 1] as number;
  }
  return ends;
}

/** How much of its own beginning each beginning of a text ends with. */
function borders(text: string): Uint16Array {
  const back = new Uint16Array(text.length);
  for (let i = 1, length = 0; i < text.length; i++) {
    while (length > 0 && text[i] !== text[length]) length = back[length - 1] as number;
    if (text[i] === text[length]) length++;
    back[i] = length;
  }
  return back;
}
