const CHARACTERS = 100;

/** What a program says of its version: the first line with a digit in it, printable; null when there is none. */
export function versionLine(stdout: string, stderr: string): string | null {
  const line = `${stdout}\n${stderr}`.split('\n').find((text) => /\d/.test(text));
  const text = line?.replace(/[\p{Cc}\p{Cf}]/gu, '').trim() ?? '';
  return text === '' ? null : text.slice(0, CHARACTERS);
}
