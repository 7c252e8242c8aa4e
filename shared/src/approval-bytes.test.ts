import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ApprovalAsk, approvalOption } from './api/approvals.ts';
import { approvalBytes, canOnlyBeDenied, MAX_SUBJECT_BYTES } from './approval-bytes.ts';

const base: ApprovalAsk = {
  kind: 'permission',
  tool_kind: 'execute',
  tool_name: 'Bash',
  subject: 'npm test',
  detail: 'runs the tests',
  cwd: '/srv/web',
  diffs: [{ path: '/srv/web/a.ts', before: 'a', after: 'b', cut: false }],
  options: [
    { id: 'y', label: 'Yes', decision: 'allow', scope: 'once', covers: null },
    { id: 's', label: 'Yes, always', decision: 'allow', scope: 'session', covers: 'npm *' },
  ],
  questions: [
    {
      id: 'q',
      text: 'Which?',
      type: 'choice',
      choices: [{ id: '1', label: 'One', description: null }],
      multiple: false,
      free: true,
      required: true,
    },
  ],
};
const hash = (ask: ApprovalAsk) => createHash('sha256').update(approvalBytes(ask)).digest('hex');

/** Every leaf of the ask replaced by another value, one at a time. */
function* variations(value: unknown, rebuild: (changed: unknown) => unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield* variations(one, (changed) => rebuild(value.with(i, changed)));
    yield rebuild([]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) yield* variations(one, (changed) => rebuild({ ...value, [key]: changed }));
  } else if (typeof value === 'boolean') yield rebuild(!value);
  else yield rebuild(value === null ? '' : `${String(value)} `);
}

describe('the bytes of an approval', () => {
  it('are the same for the same ask, whatever the order of its fields', () => {
    const turned = Object.fromEntries(Object.entries(base).reverse()) as ApprovalAsk;
    expect(hash(turned)).toBe(hash(base));
  });

  it('differ for every field that is shown', () => {
    const all = [...variations(base, (changed) => changed)] as ApprovalAsk[];
    expect(all.length).toBeGreaterThan(25);
    const hashes = new Set(all.map(hash));
    expect(hashes.size).toBe(all.length);
    expect(hashes.has(hash(base))).toBe(false);
  });

  it('E6: tell a newline, a carriage return, a space at the end and a hidden tail apart', () => {
    const subjects = ['npm test', 'npm test\n', 'npm test\r', 'npm test ', 'npm test\r\n', `npm test${' '.repeat(4000)}; rm -rf ~`];
    expect(new Set(subjects.map((subject) => hash({ ...base, subject }))).size).toBe(subjects.length);
  });

  it('E5: tell letters apart that look alike or are not seen at all', () => {
    const subjects = ['npm test', 'npm t\u0435st', 'npm te\u200bst', 'npm \u202etset\u202c', 'npm te\u00adst', 'n\u0440m test'];
    expect(new Set(subjects.map((subject) => hash({ ...base, subject }))).size).toBe(subjects.length);
  });

  it('E6: a wider reach under the same button is another answer', () => {
    const offering = (covers: string | null) =>
      hash({ ...base, options: [{ id: 's', label: 'Yes, always', decision: 'allow', scope: 'session', covers }] });
    expect(new Set([offering('npm test'), offering('npm *'), offering('npm\u200b *'), offering(''), offering(null)]).size).toBe(5);
  });

  it('are written like this, by whoever makes them', () => {
    // Of another device, or another program: the order and the words are a contract.
    expect(approvalBytes({ ...base, diffs: [], questions: [] })).toBe(
      '["afield approval v2","permission","execute","Bash","npm test","runs the tests","/srv/web",[],' +
        '[["y","Yes","allow","once",null],["s","Yes, always","allow","session","npm *"]],[]]',
    );
  });

  it('of what was stored before there was a reach say that nobody tells it', () => {
    expect(approvalOption.parse({ id: 's', label: 'Yes, always', decision: 'allow', scope: 'always' })).toHaveProperty('covers', null);
  });

  it('cannot be moved from one field into the next', () => {
    expect(hash({ ...base, tool_name: 'Bash","npm', subject: 'test' })).not.toBe(
      hash({ ...base, tool_name: 'Bash', subject: 'npm","test' }),
    );
  });
});

describe('what can only be denied', () => {
  it('is longer than 64 kB, counted in bytes', () => {
    expect(canOnlyBeDenied({ subject: 'a'.repeat(MAX_SUBJECT_BYTES) })).toBe(false);
    expect(canOnlyBeDenied({ subject: 'a'.repeat(MAX_SUBJECT_BYTES + 1) })).toBe(true);
    expect(canOnlyBeDenied({ subject: 'é'.repeat(MAX_SUBJECT_BYTES / 2) })).toBe(false);
    expect(canOnlyBeDenied({ subject: `${'é'.repeat(MAX_SUBJECT_BYTES / 2)}a` })).toBe(true);
  });
});
