/** How text becomes keys. */

const PASTE_BEGIN = '\x1b[200~';
const PASTE_END = '\x1b[201~';
/** Sequences, then single control characters other than tab and newline: nothing in a prompt may act as a key or end a paste. */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are control sequences
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Text without anything that a terminal program could take for a command. */
export function cleanPrompt(content: string): string {
  return content.replace(/\r\n?/g, '\n').replace(SEQUENCES, '').trimEnd();
}

/** Clean text as a terminal would send it when pasted: newlines become carriage returns. */
export function typed(text: string, bracketedPaste: boolean): Buffer {
  const keys = text.replaceAll('\n', '\r');
  return Buffer.from(bracketedPaste ? PASTE_BEGIN + keys + PASTE_END : keys);
}

/** Characters of the text's end that are looked for on the screen. Short, since input fields wrap and scroll. */
const TRACE_CHARACTERS = 12;
/** Programs show a long paste as a placeholder. */
const PLACEHOLDER = /\[(?:pasted|paste)\b/i;
const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');

/** True when the screen shows the end of the text, or that something was pasted. */
export function shows(screen: string, text: string): boolean {
  const trace = letters(text.slice(-200)).slice(-TRACE_CHARACTERS);
  return trace === '' || letters(screen).includes(trace) || PLACEHOLDER.test(screen);
}
