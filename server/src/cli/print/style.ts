/** What a colour means, never what it looks like (mockups, tokens): one loud colour, `signal`, for what waits for its person. */
export type Role = 'signal' | 'run' | 'done' | 'fail' | 'lost' | 'quiet' | 'strong';

/** SGR codes from the 16 colours of the terminal's own theme, so that they fit a light and a dark ground. */
const CODES: Readonly<Record<Role, string>> = { signal: '1;33', run: '36', done: '32', fail: '1;31', lost: '35', quiet: '2', strong: '1' };

/** Colours a text for its role, or leaves it as it is. */
export type Style = (role: Role, text: string) => string;

export const plain: Style = (_role, text) => text;
const coloured: Style = (role, text) => (text === '' ? '' : `\x1b[${CODES[role]}m${text}\x1b[0m`);

/** Colour only on a terminal that has some and whose user did not say NO_COLOR (Node's `hasColors` reads it, and TERM=dumb). */
export function styleFor(stream: { isTTY?: boolean | undefined; hasColors?: (() => boolean) | undefined }): Style {
  return stream.isTTY === true && stream.hasColors?.() === true ? coloured : plain;
}
