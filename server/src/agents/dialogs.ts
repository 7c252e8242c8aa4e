/** Texts of dialogs, as expressions that fit however wide the terminal is. */

/** A sentence that may be broken between any two words. */
export function sentence(text: string): string {
  return text.split(' ').map(literal).join('\\s+');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** A path alone on its lines, indented; long ones are broken anywhere. */
export const FOLDER_LINES = '(?<folder>(?: +[^\\n]+\\n)+)';
