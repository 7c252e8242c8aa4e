/** Whether an agent is one that Afield was tested with. */

const parts = (version: string) => (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);

/** Null: it is, or nobody can tell. */
export function untested(version: string, tested: { from: string; to: string } | undefined): string | null {
  if (tested === undefined || !/\d/.test(version)) return null;
  const { from, to } = tested;
  const how = compare(version, from) < 0 ? 'older' : compare(version, to) > 0 ? 'newer' : null;
  if (how === null) return null;
  const known = from === to ? from : `${from} to ${to}`;
  return `This version of the agent is ${how} than those that Afield was tested with (${known}). It may not be understood in everything.`;
}

function compare(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
