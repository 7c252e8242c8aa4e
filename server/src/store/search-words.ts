/** What somebody searches for: as a query of SQLite's FTS5 (sqlite.org/fts5.html, section 3), and to find the places in a text again. */
import { AfieldError } from '@afield/shared/errors.ts';

/** What SQLite's tokenizer is told to take as part of a word, and for marks: the same. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const HAS_WORD = /[\p{L}\p{N}]/u;
/** A phrase in quotes (the last may still be open), or what stands between spaces. */
const PART = /"([^"]*)("|$)|[^\s"]+/g;
/** Shorter beginnings fit so much that finding them takes too long: they are taken as whole words. */
const SHORTEST_BEGINNING = 3;
/** In front of what is no word of the text but tells whose it is; it cannot come from a text or a query. */
const SESSION_TAG = '\uE000';
const TYPE_TAG = '\uE001';
const TAGS = /[\uE000\uE001]/g;

interface Part {
  words: string[];
  /** The last word may be the beginning of one. */
  open: boolean;
}

export interface Words {
  /** For MATCH. */
  match: string;
  /** Places as [from, to) in UTF-16 units, in order and without overlap. */
  marks(text: string): [number, number][];
}

/** What is indexed of an entry. */
export const indexedText = (session_id: string, type: string, text: string) =>
  `${sessionTag(session_id)} ${TYPE_TAG}${type} ${text.replace(TAGS, ' ')}`;

const sessionTag = (session_id: string) => SESSION_TAG + session_id.replace(/[^\p{L}\p{N}]/gu, '');
/** A string of FTS5: nothing in it is syntax. */
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Errors: `bad_request` when there is no letter and no digit in it. */
export function searchWords(q: string, only: { session_id?: string | undefined; types?: readonly string[] | undefined } = {}): Words {
  const parts = partsOf(q);
  if (parts.length === 0) throw new AfieldError('bad_request', 'Search for at least one word with a letter or a digit in it.');
  const terms = parts.map(({ words, open }) => quoted(words.join(' ')) + (open ? ' *' : ''));
  if (only.session_id !== undefined) terms.push(quoted(sessionTag(only.session_id)));
  if (only.types !== undefined) terms.push(`(${only.types.map((type) => quoted(TYPE_TAG + type)).join(' OR ')})`);
  const folded = parts.map(({ words, open }) => ({ words: words.map(fold), open }));
  return { match: terms.join(' AND '), marks: (text) => marksOf(text, folded) };
}

function partsOf(q: string): Part[] {
  const parts: Part[] = [];
  const text = q.replace(TAGS, ' ').replaceAll('\0', ' ').toWellFormed();
  for (const found of text.matchAll(PART)) {
    const [whole, phrase, end] = found;
    const part = phrase ?? whole;
    if (!HAS_WORD.test(part)) continue;
    const words = part.match(WORD)!;
    const last = found.index + whole.length === text.length && (phrase === undefined || end === '');
    parts.push({ words, open: last && HAS_WORD.test(part.slice(-1)) && words.at(-1)!.length >= SHORTEST_BEGINNING });
  }
  return parts;
}

/** As the tokenizer folds: without case and diacritics. */
function fold(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function marksOf(text: string, parts: Part[]): [number, number][] {
  const tokens = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word: fold(word), from: index, to: index + word.length }));
  const found: [number, number][] = [];
  for (const { words, open } of parts) {
    for (let at = 0; at + words.length <= tokens.length; at++) {
      const fits = words.every((word, i) => {
        const { word: token } = tokens[at + i]!;
        return open && i === words.length - 1 ? token.startsWith(word) : token === word;
      });
      if (fits) found.push([tokens[at]!.from, tokens[at + words.length - 1]!.to]);
    }
  }
  return merged(found.sort((a, b) => a[0] - b[0]));
}

function merged(marks: [number, number][]): [number, number][] {
  const all: [number, number][] = [];
  for (const [from, to] of marks) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
