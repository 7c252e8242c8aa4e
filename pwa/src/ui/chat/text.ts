import { exact } from '../printable.ts';

/** Lines for a machine, each exact; line ends and tabs stay what they are. */
export function exactText(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part) => (part === '\t' || part === '\n' || part === '\r\n' ? part : exact(part)))
    .join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are
const SEQUENCE = /\u001b(?:\[[0-9;?<=>]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;

/** Output of a program without its colours, and of a line that was written over and over what stood there last. */
export function plainOutput(text: string): string {
  return text
    .replace(SEQUENCE, '')
    .replace(/\r+\n/g, '\n')
    .replace(/[^\n]*\r(?!$)/g, '');
}

/** The last lines, and how many stand before them. */
export function lastLines(text: string, count: number): { text: string; before: number } {
  const lines = text.replace(/\n$/, '').split('\n');
  return { text: lines.slice(-count).join('\n'), before: Math.max(0, lines.length - count) };
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** What Markdown writes as `&lt;` or `&#60;`. */
export function withoutEntities(text: string): string {
  return text.replace(
    /&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (whole, name: string, digits: string, hex: string) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
      const code = digits === undefined ? Number.parseInt(hex, 16) : Number(digits);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** A path below the session's directory is told from there: the line of a phone has room for the name of a file, or for where it is. */
export function fromDirectory(title: string, cwd: string): string {
  const base = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return base !== '/' && title.length > base.length && title.startsWith(base) ? title.slice(base.length) : title;
}
