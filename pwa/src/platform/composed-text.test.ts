import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { composedTextStore, forgetComposedTexts, MAX_TEXT_CHARS, MAX_TEXTS } from './composed-text.ts';

let items: Map<string, string>;
beforeEach(() => {
  items = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('the composer text of a session', () => {
  it('is kept apart from that of others, and removed when it is emptied', () => {
    composedTextStore('a').write('for a');
    composedTextStore('b').write('for b');
    expect([composedTextStore('a').read(), composedTextStore('b').read(), composedTextStore('c').read()]).toEqual(['for a', 'for b', '']);
    composedTextStore('a').write('');
    composedTextStore('b').write('');
    expect(items.size).toBe(0);
  });
  it('is bounded: the oldest goes, a long one is cut', () => {
    for (let n = 0; n <= MAX_TEXTS; n++) composedTextStore(`s${n}`).write('x'.repeat(MAX_TEXT_CHARS + 1));
    expect(composedTextStore('s0').read()).toBe('');
    expect(composedTextStore('s1').read()).toHaveLength(MAX_TEXT_CHARS);
  });
  it('goes with the home', () => {
    composedTextStore('a').write('for a');
    forgetComposedTexts();
    expect(composedTextStore('a').read()).toBe('');
  });
  it('broken or shut storage is an empty one', () => {
    for (const broken of ['{', '7', 'null', '[["a"],[1,"x"]]']) {
      items.set('afield.composed', broken);
      expect(composedTextStore('a').read()).toBe('');
    }
    vi.stubGlobal('localStorage', undefined);
    composedTextStore('a').write('text');
    expect(composedTextStore('a').read()).toBe('');
  });
});
