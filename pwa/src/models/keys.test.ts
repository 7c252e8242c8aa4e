import { describe, expect, it } from 'vitest';
import { composedText, controlCharacter, KEY_NAMES, keySequence, nextLatch } from './keys.ts';

const none = { ctrl: false, alt: false };
const ctrl = { ctrl: true, alt: false };

describe('keySequence', () => {
  it('follows the application cursor mode', () => {
    expect(keySequence('Up', none, false)).toBe('\x1b[A');
    expect(keySequence('Up', none, true)).toBe('\x1bOA');
  });
  it('puts modifiers into the sequence', () => {
    expect(keySequence('Left', ctrl, true)).toBe('\x1b[1;5D');
    expect(keySequence('PageUp', { ctrl: true, alt: true }, false)).toBe('\x1b[5;7~');
    expect(keySequence('F1', ctrl, false)).toBe('\x1b[1;5P');
  });
  it('makes control characters of letters, and Alt an escape before', () => {
    expect(keySequence('c', ctrl, false)).toBe('\x03');
    expect(keySequence('b', { ctrl: false, alt: true }, false)).toBe('\x1bb');
    expect(keySequence('x', { ctrl: true, alt: true }, false)).toBe('\x1b\x18');
  });
  it('types a word as it is, whatever is latched', () => {
    expect(keySequence('hello', ctrl, false)).toBe('hello');
  });
  it('knows every named key', () => {
    for (const name of KEY_NAMES) expect(keySequence(name, none, false)).not.toBe(name);
  });
});

describe('controlCharacter', () => {
  it('has a form for @ to _, space and ?', () => {
    expect(['[', '\\', ']', ' ', '?', 'a', 'Z'].map(controlCharacter)).toEqual(['\x1b', '\x1c', '\x1d', '\0', '\x7f', '\x01', '\x1a']);
  });
  it('leaves what has none', () => {
    expect(['1', 'é', 'ß'].map(controlCharacter)).toEqual(['1', 'é', 'ß']);
  });
});

describe('composedText', () => {
  it('makes Enter of newlines', () => {
    expect(composedText('a\r\nb\nc', false)).toBe('a\rb\rc');
  });
  it('sends several lines as one paste where the application asked for it', () => {
    expect(composedText('a\nb', true)).toBe('\x1b[200~a\rb\x1b[201~');
    expect(composedText('one line', true)).toBe('one line');
  });
  it('E9: an end mark inside of pasted text cannot end the paste', () => {
    const sent = composedText('a\x1b[201~rm -rf\n\x1b[20\x1b[201~1~x', true);
    expect(sent.split('\x1b[201~')).toHaveLength(2);
    expect(sent.endsWith('\x1b[201~')).toBe(true);
  });
});

describe('nextLatch', () => {
  it('goes once, locked, off', () => {
    expect([nextLatch.off, nextLatch.once, nextLatch.locked]).toEqual(['once', 'locked', 'off']);
  });
});
