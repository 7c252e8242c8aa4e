import { describe, expect, it } from 'vitest';
import { createTrustPolicy } from './trust.ts';

const covers = (lines: string[], cwd: string, machine = 'local') => createTrustPolicy(lines, '/home/ann').covers(machine, cwd);

describe('the policy of trusted directories', () => {
  it.each([
    ['/work/x', '/work/x'],
    ['/work/x', '/work/x/deep/er'],
    ['/work/x/', '/work/x'],
    ['/work/x/*', '/work/x/deep/er'],
    ['~', '/home/ann'],
    ['~/src/*', '/home/ann/src/a'],
    ['~/src', '/home/ann/src'],
    ['/work//x', '/work/x/y'],
  ])('%s covers %s', (line, cwd) => {
    expect(covers(['/elsewhere', line], cwd)).toBe(line);
  });

  it.each([
    ['/work/x', '/work/xy'],
    ['/work/x', '/work'],
    ['/work/x', '/'],
    ['/work/x', '/other/work/x'],
    ['/work/x/*', '/work/x'],
    ['/work/x/*', '/work/xy/z'],
    ['~/src/*', '/home/ann/src'],
    ['~/src/*', '/home/bob/src/a'],
    ['~/src/*', '/home/ann/srcs/a'],
    ['~', '/home/anna'],
    ['box:/work/x', '/work/x'],
  ])('%s does not cover %s', (line, cwd) => {
    expect(covers([line], cwd)).toBeNull();
  });

  it('is of this machine, unless it names another', () => {
    expect(covers(['/work/x'], '/work/x', 'box')).toBeNull();
    expect(covers(['box:/work/x'], '/work/x/y', 'box')).toBe('box:/work/x');
  });

  it('trusts nothing by itself', () => {
    expect(covers([], '/work/x')).toBeNull();
  });

  it.each(['', '/', '/*', 'box:/', 'work/x', './x', '~ann/x', '/work/*/x', '/work/x*', '/work/../x', '~/..', 'box:~/x', '/a\nb', '*'])(
    'the line "%s" is refused',
    (line) => {
      expect(() => createTrustPolicy(['/work/x', line], '/home/ann')).toThrow(/^The setting trust: ".*" (must|would)/s);
    },
  );
});
