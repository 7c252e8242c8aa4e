import { expect, it } from 'vitest';
import { isAnswer, leftByTmux, withoutReports } from './terminal-reports.ts';

const left = (keys: string) => Buffer.from(withoutReports(Buffer.from(keys, 'latin1'))).toString('latin1');

it.each([
  '\x1b[?1;2c',
  '\x1b[>0;276;0c',
  '\x1b[=0c',
  '\x1b[0n',
  '\x1b[12;40R',
  '\x1b[?12;40R',
  '\x1b[?2026;2$y',
  '\x1b[?0u',
  '\x1b[8;24;80t',
  '\x1bP1$r0m\x1b\\',
  '\x1bP>|XTerm(370)\x1b\\',
  '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\',
  '\x1b]10;rgb:ff/ff/ff\x07',
  '\x1b]4;1;rgb:cd/00/00\x07',
])("E3: what a viewer's terminal answers by itself is dropped: %j", (report) => {
  expect(left(`a${report}b`)).toBe('ab');
});

it.each([
  'hello',
  '\x1b',
  '\x1b[A',
  '\x1bOP',
  '\x1b[1;2R',
  '\x1b[1;5R',
  '\x1b[15~',
  '\x1b[<0;10;20M',
  '\x1b[I',
  '\x1b[O',
  '\x1b[200~pasted\x1b[201~',
  '\x1b[1;5C',
  '\x03',
  '\xc3\xbc',
])('what a person types stays: %j', (keys) => {
  expect(left(keys)).toBe(keys);
});

it('E3: an answer is made of numbers', () => {
  expect(isAnswer('\x1b[1;1R')).toBe(true);
  for (const evil of ['ls\r', '\x1b[1;1Rls\r', '\x1b]lrm -rf\x1b\\', '\x1bP1$rls\r\x1b\\', `\x1b[${'1;'.repeat(200)}c`]) {
    expect(isAnswer(evil)).toBe(false);
  }
});

it('E3: behind tmux only the questions that it leaves open are answered', () => {
  for (const own of ['\x1b[?1;2c', '\x1b[>0;276;0c', '\x1b[0n', '\x1b[12;40R']) expect(leftByTmux(Buffer.from(own))).toBe(false);
  for (const left of ['\x1b[?12;40R', '\x1b[?2026;2$y', '\x1b[4;2$y', '\x1b[?13n', '\x1bP1$r0m\x1b\\']) {
    expect(isAnswer(left) && leftByTmux(Buffer.from(left))).toBe(true);
  }
});
