import type { Check } from '@afield/shared/api/system.ts';
import { printable } from './printable.ts';
import type { Role, Style } from './style.ts';
import { pad } from './width.ts';

const LEVELS: Readonly<Record<Check['level'], { shape: string; role: Role }>> = {
  ok: { shape: '● ok', role: 'done' },
  hint: { shape: '○ hint', role: 'quiet' },
  warning: { shape: '▲ warning', role: 'signal' },
  fault: { shape: '■ fault', role: 'fail' },
};
const WIDTH = Math.max(...Object.values(LEVELS).map(({ shape }) => shape.length));

/** A line for each check, and one below with what to do where there is something. */
export function checkLines(style: Style, checks: readonly Check[]): string[] {
  return checks.flatMap(({ level, name, detail, fix, ok }) => {
    const { shape, role } = LEVELS[level];
    const line = `${style(role, pad(shape, WIDTH))}  ${printable(name)}: ${printable(detail)}`;
    return fix !== null && !ok ? [line, `${' '.repeat(WIDTH)}  → ${printable(fix)}`] : [line];
  });
}
