/** Where the words of a search stand in a text, by the rules of home's own search, for entries that come while one looks. */

/** [from, to) in UTF-16 units. */
export type Mark = readonly [number, number];

const TOKEN = /[\p{L}\p{N}\p{Co}\p{M}]+/gu;
const PHRASE = /"([^"]*)"|([^\s"]+)/g;

interface Token {
  plain: string;
  from: number;
  to: number;
}

const plainOf = (word: string): string => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const tokensOf = (text: string): Token[] =>
  [...text.matchAll(TOKEN)].map((match) => ({ plain: plainOf(match[0]), from: match.index, to: match.index + match[0].length }));

/** Words that stand together; of the last group of the search, the last word may be the beginning of one. */
function groupsOf(query: string): string[][] {
  return [...query.matchAll(PHRASE)]
    .map((match) => tokensOf(match[1] ?? match[2] ?? '').map((token) => token.plain))
    .filter((words) => words.length > 0);
}

function find(text: readonly Token[], words: readonly string[], open: boolean): Mark[] {
  const fits = (at: number) =>
    words.every((word, index) => {
      const plain = text[at + index]?.plain;
      return open && index === words.length - 1 ? plain?.startsWith(word) : plain === word;
    });
  return text.flatMap((token, at) => (fits(at) ? [[token.from, text[at + words.length - 1]!.to] as const] : []));
}

/** The places, in order and apart from each other; null when not every word is in the text. */
export function findMarks(text: string, query: string): Mark[] | null {
  const groups = groupsOf(query);
  if (groups.length === 0) return null;
  const tokens = tokensOf(text);
  const open = !query.trimEnd().endsWith('"');
  const found = groups.map((words, index) => find(tokens, words, open && index === groups.length - 1));
  return found.some((marks) => marks.length === 0) ? null : apart(found.flat());
}

/** Sorted, joined where they overlap, and within the text: what comes from elsewhere is looked at first. */
export function apart(marks: readonly Mark[], length = Number.MAX_SAFE_INTEGER): Mark[] {
  const sorted = marks.filter(([from, to]) => from >= 0 && to > from && to <= length).sort((a, b) => a[0] - b[0]);
  const joined: Mark[] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) joined[joined.length - 1] = [last[0], Math.max(last[1], to)];
    else joined.push([from, to]);
  }
  return joined;
}
