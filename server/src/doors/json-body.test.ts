import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, parseJsonBody } from './json-body.ts';

const refused = (text: string) => {
  try {
    parseJsonBody(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('parseJsonBody', () => {
  it.each([
    '{"a":[1,-2.5e3,0.1,true,false,null],"b":{"c":"d\\n\\u00e9\\ud83d\\ude00"},"":""}',
    ' [ ] ',
    '{}',
    '"text"',
    '-0',
    '1e308',
    '[[[{"a":[{}]}]]]',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseJsonBody(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    'NaN',
    'Infinity',
    'tru',
    '"\u0001"',
    '"\\x"',
    '"\\u12"',
    '"open',
    '[1 2]',
    '{"a" 1}',
    '[] []',
    '\ufeff{}',
    '/* c */ {}',
  ])('refuses %j, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(refused(text)).toMatch(/^The body is not acceptable JSON: .+, at character \d+\.$/);
  });

  it('C17: depth, huge numbers, doubled keys and lone surrogates are refused', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(refused(nested(MAX_JSON_DEPTH))).toBe('accepted');
    expect(refused(nested(1_000_000))).toContain('nested deeper than 64');
    expect(refused('{"a":'.repeat(1_000_000))).toContain('nested deeper than 64');
    expect(refused('1e999')).toContain('a number is too large');
    expect(refused('{"a":1,"b":2,"a":3}')).toContain('the key "a" is given twice');
    expect(refused('{"a":1,"\\u0061":3}')).toContain('the key "a" is given twice');
    expect(refused('"\\ud83d"')).toContain('half a character');
  });

  it('C18: __proto__ is refused, and constructor is a key like any other', () => {
    expect(refused('{"__proto__":{"polluted":true}}')).toContain('__proto__');
    expect(refused('{"\\u005f_proto__":1}')).toContain('__proto__');
    const parsed = parseJsonBody('{"constructor":{"prototype":{"polluted":true}}}') as Record<string, unknown>;
    expect(Object.hasOwn(parsed, 'constructor')).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('C22: hostile strings and numbers take time in proportion to their length', () => {
    // Backtracking would make these take minutes: the test would run into its time limit.
    expect(refused(`"${'\\'.repeat(200_001)}`)).toContain('a string');
    expect(refused(`${'1'.repeat(200_000)}x`)).toContain('a number is too large');
    expect(refused(`"${'a'.repeat(500_000)}`)).toContain('not closed');
    expect(refused(' '.repeat(500_000))).toContain('a value is missing');
  });
});
