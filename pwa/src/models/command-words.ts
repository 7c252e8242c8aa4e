/** A backslash pair, the two quotes, plain letters, spaces; and what is none of these: an open quote, a backslash at the end. */
const PIECE = /\\(?<escaped>.)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>[^']*)'|(?<plain>[^\s"'\\]+)|(?<space>\s+)|(?<open>.)/gsu;

/**
 * A command line as a person types it, cut into arguments: spaces part, quotes keep together, nothing is ever expanded. Null while a
 * quote is open or a backslash stands at the end.
 */
export function commandWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (const { groups = {} } of line.matchAll(PIECE)) {
    const { escaped, double, single, plain, space, open } = groups;
    if (open !== undefined) return null;
    if (space === undefined) {
      word = (word ?? '') + (escaped ?? double?.replace(/\\(.)/gsu, '$1') ?? single ?? plain ?? '');
    } else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  return word === null ? words : [...words, word];
}
