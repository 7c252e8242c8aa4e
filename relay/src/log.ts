/** One JSON object a line: counts and durations, never a room or an address (only `debug` lines may hold those). */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];
export type Log = (level: Level, event: string, fields?: Record<string, string | number | boolean>) => void;

/** A log of `least` and above, through `write`. JSON escapes control characters, so one entry is one line whatever is in it. */
export function createLog(write: (line: string) => void, least: Level, clock: () => Date = () => new Date()): Log {
  return (level, event, fields) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) write(JSON.stringify({ time: clock().toISOString(), level, event, ...fields }));
  };
}
