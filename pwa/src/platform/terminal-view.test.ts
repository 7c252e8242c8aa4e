import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MAX_VIEWS, terminalViewStore } from './terminal-view.ts';

let items: Map<string, string>;
beforeEach(() => {
  items = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

it('each session keeps its own choice; without one there is none', () => {
  terminalViewStore('a').write('text');
  terminalViewStore('b').write('actual');
  expect([terminalViewStore('a').read(), terminalViewStore('b').read(), terminalViewStore('c').read()]).toEqual(['text', 'actual', null]);
});

it('forgets the one not chosen for longest', () => {
  for (let i = 0; i <= MAX_VIEWS; i++) terminalViewStore(`s${i}`).write('fit');
  expect([terminalViewStore('s0').read(), terminalViewStore('s1').read()]).toEqual([null, 'fit']);
});

it('takes nothing wrong for a choice, and lives without storage', () => {
  items.set('afield.terminal-views', '[["a","pan"],["b",3],null,["c","fit"]]');
  expect([terminalViewStore('a').read(), terminalViewStore('c').read()]).toEqual([null, 'fit']);
  items.set('afield.terminal-views', '{');
  expect(terminalViewStore('c').read()).toBeNull();
  vi.stubGlobal('localStorage', {
    getItem() {
      throw new Error('shut off');
    },
    setItem() {
      throw new Error('shut off');
    },
  });
  terminalViewStore('a').write('fit');
  expect(terminalViewStore('a').read()).toBeNull();
});
