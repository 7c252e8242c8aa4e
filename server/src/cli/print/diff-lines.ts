/** What a file was and is to be, line by line. */
import type { FileDiff } from '@afield/shared/api/chat.ts';
import { exact } from './exact.ts';
import type { Style } from './style.ts';

/** Unchanged lines around a change. */
const AROUND = 3;

const linesOf = (text: string | null): string[] => (text === null || text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** How many lines come and go. */
export function diffCounts(diff: FileDiff): { added: number; removed: number } {
  const { start, end, before, after } = changed(diff);
  return { removed: before.length - start - end, added: after.length - start - end };
}

/** What is the same at both ends is left out; everything between is shown. */
function changed({ before: was, after: is }: FileDiff) {
  const [before, after] = [linesOf(was), linesOf(is)];
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && before[start] === after[start]) start++;
  let end = 0;
  while (end < least - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { before, after, start, end };
}

function headOf({ path, before, after }: FileDiff): string {
  if (before === null) return `new ${exact(path)}`;
  return after === null ? `deleted ${exact(path)}` : exact(path);
}

/** All lines that change, with some around them. What the home server cut is said. */
export function diffLines(diff: FileDiff, style: Style): string[] {
  const { before, after, start, end } = changed(diff);
  const lines = [
    ...after.slice(Math.max(0, start - AROUND), start).map((line) => `  ${exact(line)}`),
    ...before.slice(start, before.length - end).map((line) => style('fail', `- ${exact(line)}`)),
    ...after.slice(start, after.length - end).map((line) => style('done', `+ ${exact(line)}`)),
    ...after.slice(after.length - end, after.length - end + AROUND).map((line) => `  ${exact(line)}`),
  ];
  const same = before.length === after.length && start === before.length && diff.before !== diff.after;
  const cut = diff.cut ? [style('fail', 'It is longer than is shown here.')] : [];
  return [style('strong', headOf(diff)), ...(same ? ['  (only the end of its last line changes)'] : lines), ...cut];
}
