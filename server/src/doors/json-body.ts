/**
 * Reads the JSON of a request strictly: what two readers could take differently (a key given twice, a number beyond what a double
 * holds, half a surrogate pair) is refused, and so is what would hurt later (deep nesting, `__proto__`).
 */
import { AfieldError } from '@afield/shared/errors.ts';

/** Deepest nesting of arrays and objects: `JSON.stringify` of much deeper ones overflows the stack, in a log or a database. */
export const MAX_JSON_DEPTH = 64;

const SPACE = /[ \t\n\r]*/y;
/** Both grammars of RFC 8259, sections 6 and 7, without nested repetition: linear on any input. */
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold them
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrtu])*"/y;
const LITERALS: readonly [string, unknown][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('more follows after its end');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_JSON_DEPTH) this.#fail(`it is nested deeper than ${MAX_JSON_DEPTH}`);
    this.#space();
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#items('}', () => {
      this.#space();
      const key = this.#string();
      if (key === '__proto__') this.#fail('the key __proto__ is not allowed');
      if (Object.hasOwn(object, key)) this.#fail(`the key ${JSON.stringify(key.slice(0, 64))} is given twice`);
      this.#space();
      if (this.#text[this.#at++] !== ':') this.#fail('a colon is missing');
      object[key] = this.#value(depth + 1);
    });
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#items(']', () => array.push(this.#value(depth + 1)));
    return array;
  }

  /** What stands between the brackets, separated by commas. */
  #items(close: string, item: () => void): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      this.#space();
      const next = this.#text[this.#at++];
      if (next === close) return;
      if (next !== ',') this.#fail(`a comma or ${close} is missing`);
    }
  }

  #string(): string {
    const source = this.#take(STRING);
    if (source === null) return this.#fail('a string is missing or not closed');
    let text: string;
    try {
      text = JSON.parse(source) as string;
    } catch {
      return this.#fail('a string has a broken escape');
    }
    if (!text.isWellFormed()) this.#fail('a string holds half a character');
    return text;
  }

  #number(): number {
    const source = this.#take(NUMBER);
    if (source === null) return this.#fail('a value is missing');
    const number = Number(source);
    if (!Number.isFinite(number)) this.#fail('a number is too large');
    return number;
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #space(): void {
    this.#take(SPACE);
  }

  #fail(what: string): never {
    throw new AfieldError('bad_request', `The body is not acceptable JSON: ${what}, at character ${this.#at}.`);
  }
}

/** Errors: `bad_request` with what is wrong and where. */
export function parseJsonBody(text: string): unknown {
  return new Reader(text).whole();
}
