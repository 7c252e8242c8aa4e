/** Reads JSON of an agent, in which any field may be missing or another thing than expected. Nothing here throws. */

export type Loose = Readonly<Record<string, unknown>>;

export const record = (value: unknown): Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const records = (value: unknown): Loose[] => list(value).map(record);
/** Null for anything but a text that says something. */
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
/** Never negative, never NaN; null for anything else. */
export const count = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null);

/** An object of JSON; null for anything else. */
export function parsed(line: string): Loose | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : null;
  } catch {
    // Not JSON.
    return null;
  }
}

/** Anything as text for people. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

const MAX_UNKNOWN = 16_000;
/** What we do not know, on one line, bounded. */
export function brief(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return whole.length > MAX_UNKNOWN ? `${whole.slice(0, MAX_UNKNOWN)}…` : whole;
}
