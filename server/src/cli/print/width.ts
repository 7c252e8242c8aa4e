const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Ranges that a terminal draws two cells wide (Unicode TR 11: W and F), beside emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

function cells(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return ZERO.test(grapheme) ? 0 : 1;
}

/** Terminal cells that a text without escape sequences takes. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemes.segment(text)) sum += cells(segment);
  return sum;
}

function take(segments: string[], max: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const segment of segments) {
    used += cells(segment);
    if (used > max) break;
    kept.push(segment);
  }
  return kept;
}

/** Cut to `max` cells with `…` where something is missing: at the `end`, or at the `start` for paths, whose last part says most. */
export function cut(text: string, max: number, where: 'end' | 'start' = 'end'): string {
  if (width(text) <= max) return text;
  if (max < 1) return '';
  const segments = [...graphemes.segment(text)].map(({ segment }) => segment);
  if (where === 'end') return `${take(segments, max - 1).join('')}…`;
  return `…${take(segments.reverse(), max - 1)
    .reverse()
    .join('')}`;
}

/** Filled with spaces up to `cells`. */
export function pad(text: string, size: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, size - width(text)));
  return align === 'left' ? text + fill : fill + text;
}
