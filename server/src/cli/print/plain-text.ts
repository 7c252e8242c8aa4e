/**
 * What a terminal printed, as text: escape sequences and controls are taken out, in whatever pieces they come (ECMA-48).
 * Lines of a program that paints a whole screen come out in the order in which it painted them.
 */
type State = 'ground' | 'escape' | 'control' | 'string' | 'string-escape';

/** Control characters that are text: tab and line feed. */
const TEXT_CONTROLS = new Set(['\t', '\n']);

const isControl = (character: string): boolean => /^[\p{Cc}\p{Cf}]$/u.test(character);

export class PlainText {
  #state: State = 'ground';

  push(text: string): string {
    let out = '';
    for (const character of text) out += this.#take(character);
    return out;
  }

  #take(character: string): string {
    switch (this.#state) {
      case 'ground':
        if (character === '\x1b') this.#state = 'escape';
        else if (character === '\x9b') this.#state = 'control';
        else if (TEXT_CONTROLS.has(character) || !isControl(character)) return character;
        return '';
      case 'escape':
        this.#state = this.#afterEscape(character);
        return '';
      case 'control':
        if (character === '\x1b') this.#state = 'escape';
        else if (character >= '@' && character <= '~') this.#state = 'ground';
        return '';
      case 'string':
        if (character === '\x1b') this.#state = 'string-escape';
        else if (character === '\x07' || character === '\x18' || character === '\x9c') this.#state = 'ground';
        return '';
      case 'string-escape':
        this.#state = character === '\\' ? 'ground' : this.#afterEscape(character);
        return '';
    }
  }

  #afterEscape(character: string): State {
    if (character === '[') return 'control';
    if (']PX^_'.includes(character)) return 'string';
    // intermediates such as the ( of a character set go on, anything else was the whole sequence
    return character >= ' ' && character <= '/' ? 'escape' : 'ground';
  }
}
