import { type Io, say, styleOf } from '../io.ts';
import { pad } from './width.ts';

/** Lines of `name  value`; what is null is left out. */
export function facts(io: Io, pairs: readonly (readonly [name: string, value: string | null])[]): void {
  const style = styleOf(io);
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(...known.map(([name]) => name.length));
  for (const [name, value] of known) say(io, `${style('quiet', pad(name, width))}  ${value}`);
}
