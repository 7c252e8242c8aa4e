/** Control characters, bidirectional overrides and isolates: they could make a line show something else than it says. */
const DECEIVING = /[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

/** Text of a program as one harmless line. */
export function printable(line: string): string {
  return line.replace(DECEIVING, '');
}
