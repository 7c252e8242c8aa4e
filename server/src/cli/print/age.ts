const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A length of time in its largest whole unit: `12 s`, `5 min`, `3 h`, `9 d`. A negative one (clocks differ) counts as 0. */
export function age(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** `age` of a time in ISO 8601, as seen at `now` in ms. */
export function since(time: string, now: number): string {
  return age(now - Date.parse(time));
}

/** Local clock time of a timestamp; with the date when it is not of the day of `now`. */
export function clockTime(time: string, now: number): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** `512 B`, `1.4 MB`: powers of 1000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Reads `90s`, `10m`, `2h`, `3d` as a length of time in ms; null for anything else. */
export function parseAge(text: string): number | null {
  const match = /^(\d{1,9})\s*(s|m|min|h|d)$/.exec(text.trim());
  if (match === null) return null;
  const unit = { s: 1000, m: MINUTE_MS, min: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[match[2] as 's' | 'm' | 'min' | 'h' | 'd'];
  return Number(match[1]) * unit;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Reads `500`, `500MB`, `1.5 GiB` as a number of bytes; null for anything else. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)\s*(?:([kmgt]i?)?b?)$/i.exec(text.trim());
  const bytes = match === null ? Number.NaN : Math.round(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] as number));
  return Number.isSafeInteger(bytes) ? bytes : null;
}
