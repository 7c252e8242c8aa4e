import { describe, expect, it } from 'vitest';
import { createTrustPolicy } from './trust.ts';

const covers = (lines: string[], cwd: string, machine = 'local') => createTrustPolicy(lines, '/home/ann').covers(machine, cwd);

describe('the policy of trusted directories', () => {
  it.each([
    ['/srv/x', '/srv/x'],
    ['/srv/x', '/srv/x/deep/er'],
    ['/srv/x/', '/srv/x'],
    ['/srv/x/*', '/srv/x/deep/er'],
    ['~', '/home/ann'],
    ['~/src/*', '/home/ann/src/a'],
    ['~/src', '/home/ann/src'],
    ['/srv//x', '/srv/x/y'],
  ])('%s covers %s', (line, cwd) => {
    expect(covers(['/elsewhere', line], cwd)).toBe(line);
  });

  it.each([
    ['/srv/x', '/srv/xy'],
    ['/srv/x', '/srv'],
    ['/srv/x', '/'],
    ['/srv/x', '/other/srv/x'],
    ['/srv/x/*', '/srv/x'],
    ['/srv/x/*', '/srv/xy/z'],
    ['~/src/*', '/home/ann/src'],
    ['~/src/*', '/home/bob/src/a'],
    ['~/src/*', '/home/ann/srcs/a'],
    ['~', '/home/anna'],
    ['box:/srv/x', '/srv/x'],
  ])('%s does not cover %s', (line, cwd) => {
    expect(covers([line], cwd)).toBeNull();
  });

  it('is of this machine, unless it names another', () => {
    expect(covers(['/srv/x'], '/srv/x', 'box')).toBeNull();
    expect(covers(['box:/srv/x'], '/srv/x/y', 'box')).toBe('box:/srv/x');
  });

  it('trusts nothing by itself', () => {
    expect(covers([], '/srv/x')).toBeNull();
  });

  it.each(['', '/', '/*', 'box:/', 'work/x', './x', '~ann/x', '/srv/*/x', '/srv/x*', '/srv/../x', '~/..', 'box:~/x', '/a\nb', '*'])(
    'the line "%s" is refused',
    (line) => {
      expect(() => createTrustPolicy(['/srv/x', line], '/home/ann')).toThrow(/^The setting trust: ".*" (must|would)/s);
    },
  );
});
