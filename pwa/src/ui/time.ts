/** Times as a person says them, in the device's own time zone. All take the present as an argument, so that nobody waits in a test. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

const two = (n: number): string => String(n).padStart(2, '0');

/** `14:32` */
export function clock(at: number | string): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `14:32:07` */
export function clockSeconds(at: number | string): string {
  return `${clock(at)}:${two(new Date(at).getSeconds())}`;
}

/** A length of time in one unit: `12 s`, `48 min`, `3 h`, `2 days`. Never negative: clocks of two machines differ. */
export function span(ms: number): string {
  const length = Math.max(0, ms);
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < DAY) return `${Math.floor(length / HOUR)} h`;
  const days = Math.floor(length / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** As `span`, in full words for those who listen: `12 minutes`. */
export function spanInWords(ms: number): string {
  const [count, unit] = span(ms).split(' ') as [string, string];
  const words: Record<string, string> = { s: 'second', min: 'minute', h: 'hour', day: 'day', days: 'day' };
  return `${count} ${words[unit]}${count === '1' ? '' : 's'}`;
}

/** Time left, to the second: `1 min 24 s`, `9 s`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** When something was: `14:32` today, `Thu` within a week, `3 Nov`, `3 Nov 2025`. */
export function when(at: number | string, now: number): string {
  const date = new Date(at);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return clock(at);
  if (date.getTime() < now && now - date.getTime() < WEEK - DAY) return WEEKDAYS[date.getDay()]!;
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return date.getFullYear() === today.getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** `14:32` today, `Thu 14:32` earlier: for a headline that must not mislead. */
export function lastSeen(at: number, now: number): string {
  const day = when(at, now);
  const hour = clock(at);
  return day === hour ? hour : `${day} ${hour}`;
}
