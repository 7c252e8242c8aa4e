import { expect, it } from 'vitest';
import { UsageError } from '../exit.ts';
import { keyBytes, keysBytes } from './key-names.ts';

it.each([
  ['Enter', '\r'],
  ['escape', '\x1b'],
  ['Tab', '\t'],
  ['S-Tab', '\x1b[Z'],
  ['Space', ' '],
  ['C-Space', '\0'],
  ['Backspace', '\x7f'],
  ['C-c', '\x03'],
  ['C-C', '\x03'],
  ['c-\\', '\x1c'],
  ['C-[', '\x1b'],
  ['C-?', '\x7f'],
  ['M-x', '\x1bx'],
  ['M-C-x', '\x1b\x18'],
  ['M-Enter', '\x1b\r'],
  ['Up', '\x1b[A'],
  ['C-Up', '\x1b[1;5A'],
  ['S-Right', '\x1b[1;2C'],
  ['F1', '\x1bOP'],
  ['S-F1', '\x1b[1;2P'],
  ['F12', '\x1b[24~'],
  ['PageUp', '\x1b[5~'],
  ['C-Delete', '\x1b[3;5~'],
  ['y', 'y'],
  ['S-y', 'Y'],
  ['Y', 'Y'],
  ['é', 'é'],
  ['-', '-'],
])('%s is %j', (name, bytes) => {
  expect(keyBytes(name)).toBe(bytes);
});

it.each(['Entre', 'C-é', 'C-Enterr', 'C-1', ''])('refuses %j and lists what exists', (name) => {
  expect(() => keyBytes(name)).toThrow(UsageError);
  expect(() => keyBytes(name)).toThrow(/PageUp/);
});

it('takes lists with commas, blanks or both', () => {
  expect(keysBytes(['Enter,C-c', 'Escape'])).toBe('\r\x03\x1b');
  expect(keysBytes([': w q Enter'])).toBe(':wq\r');
  expect(keysBytes([','])).toBe(',');
  expect(keysBytes(['a,Comma,b'])).toBe('a,b');
  expect(() => keysBytes([' '])).toThrow(UsageError);
});
