import type { LogHit } from '@afield/shared/api/history.ts';
import { describe, expect, it } from 'vitest';
import { hitLines } from './log-hit.ts';
import { plain, type Style } from './style.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const starred: Style = (role, text) => (role === 'run' ? `*${text}*` : text);
const hit = (text: string, marks: [number, number][], more: Partial<LogHit> = {}): LogHit => ({
  seq: 7,
  session_id: '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55',
  timestamp: '2026-06-01T09:00:00Z',
  type: 'output',
  text,
  session_name: 'web',
  agent: 'claude',
  machine: 'local',
  marks,
  ...more,
});

describe('a hit', () => {
  it('says whose it is and how old, then the lines with the words', () => {
    expect(
      hitLines(
        hit('first\nthe needle here\nneedle\nlast', [
          [10, 16],
          [22, 28],
        ]),
        NOW,
        starred,
      ),
    ).toEqual(['web  claude  output  3 h ago  #7', '    the *needle* here', '    *needle*']);
    expect(hitLines(hit('x', [], { machine: 'box' }), NOW, plain)[0]).toBe('web  claude on box  output  3 h ago  #7');
  });

  it('shows at most three lines, and of a long one the part around the word', () => {
    const many = Array(9).fill('needle').join('\n');
    expect(
      hitLines(
        hit(
          many,
          Array.from({ length: 9 }, (_, i) => [i * 7, i * 7 + 6]),
        ),
        NOW,
        starred,
      ),
    ).toHaveLength(4);
    const long = `${'a '.repeat(5_000)}needle${' b'.repeat(5_000)}`;
    const [, line] = hitLines(hit(long, [[10_000, 10_006]]), NOW, starred);
    expect(line).toMatch(/^ {4}….*\*needle\*.*…$/);
    expect(line!.length).toBeLessThan(220);
  });

  it('E8: lets no text steer the terminal, and marks across lines stay within each', () => {
    const [head, first, second] = hitLines(hit('a \x1b[2Jone\ntwo\u202e', [[7, 13]], { session_name: 'x\x1b]0;y' }), NOW, starred);
    expect(head).toContain('x\\e]0;y');
    expect(first).toBe('    a \\e[2Jo*ne*');
    expect(second).toBe('    *two*\\u{202e}');
    expect([head, first, second].join('')).not.toContain('\x1b');
  });
});
