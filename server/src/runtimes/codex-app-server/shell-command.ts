/** The script in `/bin/bash -lc '…'`, around which Codex puts every command. */
const WRAPPER = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh -l?c /;

/** The command itself, exactly; as it is when it is wrapped in any other way, or when it is not certain what is in it. */
export function unwrapped(command: string): string {
  const wrapper = WRAPPER.exec(command)?.[0];
  if (wrapper === undefined) return command;
  return oneWord(command.slice(wrapper.length)) ?? command;
}

/** What a shell makes of it when it is exactly one word without any expansion; else null. */
function oneWord(text: string): string | null {
  let word = '';
  let at = 0;
  while (at < text.length) {
    const piece = PIECE.exec(text.slice(at));
    if (piece === null) return null;
    const [all, single, double, bare] = piece;
    word += single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? bare ?? '';
    at += all.length;
  }
  return word === '' ? null : word;
}

/** '…', "…" in which nothing is expanded, or letters that mean nothing to a shell. */
const PIECE = /^(?:'([^']*)'|"((?:[^"\\$`!]|\\[\\"$`])*)"|([A-Za-z0-9_./:=@%+,-]+))/;
