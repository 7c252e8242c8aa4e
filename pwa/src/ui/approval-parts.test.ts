import type { ApprovalOption } from '@afield/shared/api/approvals.ts';
import type { ComponentChildren, VNode } from 'preact';
import { describe, expect, it } from 'vitest';
import { Covers } from './approval-parts.tsx';

const option = (fields: Partial<ApprovalOption> = {}): ApprovalOption => ({
  id: 's',
  label: 'Yes, and do not ask again',
  decision: 'allow',
  scope: 'session',
  covers: 'Bash(npm *)',
  ...fields,
});

/** What would be read. */
function textOf(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (typeof node === 'string') return node;
  if (typeof node !== 'object' || node === null || !('type' in node)) return '';
  const { type, props } = node as VNode<Record<string, unknown>>;
  return textOf((typeof type === 'function' ? (type as (given: object) => ComponentChildren)(props) : props.children) as ComponentChildren);
}
const told = (one: ApprovalOption | null) => textOf(Covers({ id: 'c', option: one }));

describe('what an answer covers beyond this once', () => {
  it('is told in the words that it is bound to', () => {
    expect(told(option())).toBe('Allow for session covers Bash(npm *)');
    expect(told(option({ scope: 'always', decision: 'deny' }))).toBe('Deny always covers Bash(npm *)');
  });

  it('is said to be untold where nobody tells', () => {
    const words = 'Allow for session may cover more than this: nobody tells what. The agent calls it “Yes⟨U+202E⟩”';
    expect(told(option({ covers: null, label: 'Yes\u202e' }))).toBe(words);
    // Of a home that is older than this page.
    const { covers: _, ...older } = option({ label: 'Yes\u202e' });
    expect(told(older as ApprovalOption)).toBe(words);
  });

  it('E5: is one line in which nothing hides', () => {
    expect(told(option({ covers: 'Bash(\u202enpm)\n\u200bp\u0430ypal' }))).toBe(
      'Allow for session covers Bash(⟨U+202E⟩npm)⟨U+000A⟩⟨U+200B⟩p⟨U+0430⟩ypal',
    );
  });

  it('is nothing where an answer holds for this once, or is not offered', () => {
    expect(Covers({ id: 'c', option: option({ scope: 'once' }) })).toBe(null);
    expect(Covers({ id: 'c', option: null })).toBe(null);
  });
});
