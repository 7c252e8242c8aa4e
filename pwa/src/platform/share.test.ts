import { describe, expect, it } from 'vitest';
import { safeFileName } from './share.ts';

describe('the name of a file that somebody gave', () => {
  it.each([
    ['shot.png', 'shot.png'],
    ['Übersicht März.pdf', 'Übersicht März.pdf'],
    ['../../etc/passwd', 'etc-passwd'],
    ['C:\\Windows\\x.dll', 'C--Windows-x.dll'],
    ['.bashrc', 'bashrc'],
    ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['a\u0000b\nc\u200B.txt', 'abc.txt'],
    ['name. . ', 'name'],
    ['///', 'file'],
    ['', 'file'],
  ])('%j is saved as %j', (given, saved) => expect(safeFileName(given)).toBe(saved));

  it('is cut in the middle of a long one, and keeps its ending', () => {
    const saved = safeFileName(`${'a'.repeat(300)}.tar`);
    expect(saved).toHaveLength(120);
    expect(saved.endsWith('a.tar')).toBe(true);
  });
});
