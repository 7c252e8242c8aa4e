import { describe, expect, it } from 'vitest';
import { environmentOf, variableFault } from './variables.ts';

const row = (name: string, value = 'x') => ({ name, value });

describe('environment variables', () => {
  it('empty rows are left out, an empty value is one', () => {
    expect(environmentOf([row('A'), row('', ''), row('B', '')])).toEqual({ A: 'x', B: '' });
  });

  it.each([
    [[row('')], 'A name is missing.'],
    [[row('1A')], 'A name has letters, digits and underscores only, no digit first.'],
    [[row('A B')], 'A name has letters, digits and underscores only, no digit first.'],
    [[row('A'), row('A', 'y')], 'This name stands here twice.'],
    [[row('A', 'x'.repeat(32_769))], 'A value has at most 32,768 characters.'],
  ])('%#: is refused with a reason', (rows, fault) => {
    expect(environmentOf(rows)).toBeNull();
    expect(variableFault(rows[0]!, rows)).toBe(fault);
  });

  it('more than 64 are refused', () => {
    expect(environmentOf(Array.from({ length: 65 }, (_, index) => row(`A${index}`)))).toBeNull();
  });

  it('a name that is part of every object is just a name', () => {
    expect(Object.keys(environmentOf([row('constructor'), row('toString')])!)).toEqual(['constructor', 'toString']);
  });
});
