import type { ComponentChildren, VNode } from 'preact';
import { describe, expect, it } from 'vitest';
import { blocksOf, drawBlock } from './markdown.tsx';

interface Seen {
  tags: Set<string>;
  attributes: Set<string>;
  text: string;
  /** Targets of links. */
  targets: string[];
}

/** Walks through what would be drawn; parts of ours are noted with what they are given. */
function walk(node: ComponentChildren, seen: Seen = { tags: new Set(), attributes: new Set(), text: '', targets: [] }): Seen {
  if (Array.isArray(node)) for (const one of node) walk(one, seen);
  else if (typeof node === 'string' || typeof node === 'number') seen.text += node;
  else if (typeof node === 'object' && node !== null && 'type' in node) {
    const { type, props } = node as VNode<Record<string, unknown>>;
    if (typeof type === 'string') {
      seen.tags.add(type);
      for (const name of Object.keys(props)) if (name !== 'children') seen.attributes.add(name);
    } else if (type.name === 'CodeBlock') seen.text += props.text;
    else if (type.name === 'LinkText') seen.targets.push(String(props.target));
    walk(props.children as ComponentChildren, seen);
  }
  return seen;
}

const drawn = (text: string): Seen => {
  const blocks = blocksOf(text, null);
  return walk(blocks === null ? text : blocks.map((block) => drawBlock(block, 0)));
};

const HARMLESS = new Set([
  ...['p', 'ul', 'ol', 'li', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'hr', 'br', 'span', 'div', 'button'],
  ...['section', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]);
const PLAIN_ATTRIBUTES = new Set(['class', 'start', 'scope', 'tabindex', 'aria-label', 'aria-hidden', 'key']);

const ATTACKS = [
  '<script>alert(1)</script>',
  'text <img src=x onerror=alert(1)> text',
  '<svg onload=alert(1)><animate onbegin=alert(1)></svg>',
  '[click](javascript:alert(1))',
  '[click](JaVaScRiPt&colon;alert(1))',
  '[click](data:text/html,<script>alert(1)</script>)',
  '<a href="javascript:alert(1)">x</a>',
  '![beacon](https://evil.example/pixel.gif)',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<style>body{display:none}</style>',
  '| <img src=x onerror=alert(1)> |\n|---|\n| <script>1</script> |',
  '- <details open ontoggle=alert(1)>',
  '> <form action=https://evil.example><input name=x>',
  '```html\n</pre><script>alert(1)</script>\n```',
  '```" onmouseover="alert(1)\nx\n```',
  '# <b onclick=alert(1)>title</b>',
  '`</code><script>alert(1)</script>`',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '$$\\href{javascript:alert(1)}{x}$$',
  '```mermaid\ngraph TD; A[<img src=x onerror=alert(1)>]\n```',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '[x]: javascript:alert(1)\n\n[x]',
  '<https://evil.example/"onmouseover="alert(1)>',
];

describe('E7: markdown of an agent', () => {
  it.each(ATTACKS)('%s is drawn from harmless elements alone', (attack) => {
    const { tags, attributes } = drawn(attack);
    for (const tag of tags) expect(HARMLESS).toContain(tag);
    for (const attribute of attributes) expect(PLAIN_ATTRIBUTES).toContain(attribute);
  });

  it('markup stands there as text, all of it', () => {
    expect(drawn('a <script>alert(1)</script> b').text).toContain('<script>alert(1)</script>');
    expect(drawn('&lt;b&gt; &#60;i&#62;').text).toBe('<b> <i>');
  });

  it('a picture is a link and loads nothing', () => {
    const { tags, targets, text } = drawn('![the beacon](https://evil.example/pixel.gif)');
    expect(tags.has('img')).toBe(false);
    expect(targets).toEqual(['https://evil.example/pixel.gif']);
    expect(text).toBe('Picture: the beacon');
  });

  it('what turns the direction of reading is written out', () => {
    expect(drawn('open `file\u202Efdp.exe` and\u202E that').text).toBe('open file⟨U+202E⟩fdp.exe and⟨U+202E⟩ that');
  });

  it.each([
    ['quotes in quotes', '> '.repeat(20_000)],
    ['lists in lists', Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n')],
    ['signs of emphasis', '_a'.repeat(40_000)],
    ['half links', '![['.repeat(30_000)],
    ['half tags', '<'.repeat(50_000)],
    ['a very long text', 'word '.repeat(100_000)],
  ])('%s: bounded, and nothing is lost to the reader', (_, text) => {
    const { text: seen } = drawn(text);
    expect(seen.length).toBeGreaterThan(text.length / 50);
  });
});

describe('markdown', () => {
  it('is drawn as what it means', () => {
    const { tags, text } = drawn('# Title\n\n1. **one**\n2. *two* ~~three~~\n\n- [x] done\n\n| a |\n|---|\n| `b` |\n\n> quote\n\n---\n');
    expect([...tags].sort()).toEqual(
      [
        'p',
        'ol',
        'li',
        'strong',
        'em',
        'del',
        'ul',
        'span',
        'div',
        'section',
        'table',
        'thead',
        'tbody',
        'tr',
        'th',
        'td',
        'code',
        'blockquote',
        'hr',
      ].sort(),
    );
    expect(text).toContain('Title');
    expect(text).toContain('☑');
  });

  it('code keeps every byte', () => {
    expect(drawn('```ts\nconst a = "<b>&amp;";\n\n\treturn;\n```').text).toBe('const a = "<b>&amp;";\n\n\treturn;');
  });

  it('read piece by piece it is the same as read at once', () => {
    const text = [
      '# Plan\n\nFirst *this*,\nthen that.\n\n',
      '- one\n- two\n\n  still two\n- three\n\n',
      '```ts\nconst a = 1;\n\nconst b = 2;\n```\n\n',
      '| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n> more\n\n',
      '1. x\n\n2. y\n\nTitle\n=====\n\n<div>\nhtml\n</div>\n\nThe end.',
    ].join('');
    for (const step of [1, 3, 7, 50]) {
      let known: { text: string; blocks: NonNullable<ReturnType<typeof blocksOf>> } | null = null;
      for (let end = step; ; end += step) {
        const sofar: string = text.slice(0, end);
        known = { text: sofar, blocks: blocksOf(sofar, known)! };
        if (end >= text.length) break;
      }
      expect(known.blocks.map(({ raw }) => raw)).toEqual(blocksOf(text, null)!.map(({ raw }) => raw));
    }
  });
});
