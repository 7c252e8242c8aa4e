import { expect, it } from 'vitest';
import { exactText, fromDirectory, lastLines, plainOutput, withoutEntities } from './text.ts';

it('output loses its colours and keeps its words', () => {
  expect(plainOutput('\u001b[32m ✓\u001b[0m 31 \u001b]8;;https://x\u0007tests\u001b]8;;\u0007\r\n')).toBe(' ✓ 31 tests\n');
});

it('a line that is written over and over is shown as it stood last', () => {
  expect(plainOutput('10 %\r55 %\r100 %\ndone\r\n')).toBe('100 %\ndone\n');
});

it('a sequence that never ends costs no time', () => {
  expect(plainOutput(`\u001b]${'x'.repeat(200_000)}`)).toBe('');
  expect(plainOutput(`${'\u001b['.repeat(50_000)}end`).endsWith('end')).toBe(false);
});

it('of long output the end is shown, and how much stands before it', () => {
  expect(lastLines('1\n2\n3\n4\n', 2)).toEqual({ text: '3\n4', before: 2 });
  expect(lastLines('1', 2)).toEqual({ text: '1', before: 0 });
});

it('code for a machine is exact line by line', () => {
  expect(exactText('curl\u200B x\n\tpаypal\r\n')).toBe('curl⟨U+200B⟩ x\n\tp⟨U+0430⟩ypal\r\n');
});

it('an entity is the sign that it stands for, once', () => {
  expect(withoutEntities('&amp;lt; &#x3C; &#60; &bogus; &#0; &#99999999;')).toBe('&lt; < < &bogus; &#0; &#99999999;');
});

it('a path below the directory of the session is told from there, every other one whole', () => {
  expect(fromDirectory('/home/me/app/src/main.ts', '/home/me/app')).toBe('src/main.ts');
  expect(fromDirectory('/home/me/app/src/main.ts', '/home/me/app/')).toBe('src/main.ts');
  expect(fromDirectory('/home/me/apple/main.ts', '/home/me/app')).toBe('/home/me/apple/main.ts');
  expect(fromDirectory('/home/me/app/', '/home/me/app')).toBe('/home/me/app/');
  expect(fromDirectory('/etc/hosts', '/')).toBe('/etc/hosts');
});
