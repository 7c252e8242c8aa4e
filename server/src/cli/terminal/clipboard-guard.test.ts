import { describe, expect, it } from 'vitest';
import { clipboardGuard } from './clipboard-guard.ts';

/** What passes when the text comes in pieces of so many bytes. */
function passed(text: string, size = text.length): string {
  const guard = clipboardGuard();
  const bytes = Buffer.from(text);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(guard.push(bytes.subarray(at, at + size)));
  return Buffer.concat(out).toString();
}

describe('E1: the clipboard of whoever is attached', () => {
  it.each([
    ['ended by BEL', 'a\x1b]52;c;aGFja2Vk\x07b'],
    ['ended by ST', 'a\x1b]52;c;aGFja2Vk\x1b\\b'],
    ['asking for it', 'a\x1b]52;c;?\x07b'],
    ['broken off', 'a\x1b]52;c;aGF\x18b'],
    ['with control characters and zeros in between', 'a\x1b]0\x0052;c;?\x07b'],
    ['as a C1 character', 'a\u009d52;c;aGFja2Vk\u009cb'],
    ["iTerm2's way", 'a\x1b]1337;Copy=:aGFja2Vk\x07b'],
    ["kitty's way", 'a\x1b]5522;type=write\x1b\\b'],
    ["kitty's remote control", 'a\x1bP@kitty-cmd{"cmd":"set-colors"}\x1b\\b'],
    ['two in a row', 'a\x1b]52;c;QQ==\x07\x1b]52;p;QQ==\x1b\\b'],
  ])('is not touched: %s', (_, text) => {
    expect(passed(text)).toBe('ab');
  });

  it('is not touched wherever the bytes are cut', () => {
    const text = 'a\x1b]52;c;aGFja2Vk\x1b\\b\x1b]52;c;?\x07c';
    for (let size = 1; size < text.length; size++) expect(passed(text, size)).toBe('abc');
  });

  it('is not touched through tmux or screen, which pass on what they do not read', () => {
    expect(passed('a\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\b')).not.toContain('52');
    expect(passed('a\x1bP\x1b]52;c;aGk=\x07\x1b\\b')).not.toContain('52');
  });

  it('is not touched by one that another sequence breaks off, and that one passes', () => {
    expect(passed('a\x1b]52;c;aGF\x1b[31mred')).toBe('a\x1b[31mred');
  });

  it('lets everything else pass, byte for byte', () => {
    const text =
      'plain \x1b[1mbold\x1b[0m \x1b]0;title\x07 \x1b]5;x\x07 \x1b]520;x\x07 \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\ ü 😀';
    const images = '\x1bPq#0;2;0;0;0#0~~\x1b\\ \x1b_Gf=100;AAAA\x1b\\';
    for (const size of [1, 2, 3, 7, 1000]) expect(passed(text + images, size)).toBe(text + images);
  });

  it('keeps nothing of one that never ends', () => {
    const guard = clipboardGuard();
    guard.push(Buffer.from('\x1b]52;c;'));
    for (let i = 0; i < 100; i++) expect(guard.push(Buffer.alloc(10_000, 65))).toHaveLength(0);
    expect(Buffer.from(guard.push(Buffer.from('\x07ok'))).toString()).toBe('ok');
  });
});
