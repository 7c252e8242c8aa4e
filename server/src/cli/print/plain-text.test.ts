import { expect, it } from 'vitest';
import { PlainText } from './plain-text.ts';

const NOISY =
  '\x1b]0;title\x07\x1b[1;31mred\x1b[0m\r\n\x1b(Btab\there\x1bP1$r0m\x1b\\\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x07\x9b31mend\u202e';

it('takes out escape sequences and controls', () => {
  expect(new PlainText().push(NOISY)).toBe('red\ntab\therelinkend');
});

it('in whatever pieces they come', () => {
  const text = new PlainText();
  expect([...NOISY].map((character) => text.push(character)).join('')).toBe('red\ntab\therelinkend');
});

it('a string without an end swallows no more than CAN lets it', () => {
  const text = new PlainText();
  expect(text.push('\x1b]0;endless')).toBe('');
  expect(text.push('more\x18back')).toBe('back');
});
