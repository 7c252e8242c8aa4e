/** Reads JSON of an agent, in which any field may be missing or another thing than expected. Nothing here throws. */

export type Json = Record<string, unknown>;

export const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const records = (value: unknown): Json[] => list(value).map(record);
/** Null for anything but a text that says something. */
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const count = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null);
/** Whether an ability is told: `{}` and `true` say so. */
export const offered = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

/** Anything as text for people. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, null, 2) ?? '';
}

const MAX_UNKNOWN = 16_000;
/** The same on one line, bounded: for what we do not know. */
export function brief(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return whole.length > MAX_UNKNOWN ? `${whole.slice(0, MAX_UNKNOWN)}…` : whole;
}
