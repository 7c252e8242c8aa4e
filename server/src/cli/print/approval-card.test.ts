import type { Approval } from '@afield/shared/api/approvals.ts';
import { describe, expect, it } from 'vitest';
import { approvalCard, hashOf, outcomeLine } from './approval-card.ts';
import { plain } from './style.ts';

const approval = (ask: Partial<Approval['ask']>, more: Partial<Approval> = {}) =>
  ({
    id: 'a',
    agent: 'claude',
    session_name: 'web',
    machine: 'local',
    ask: {
      kind: 'permission',
      tool_kind: 'execute',
      tool_name: 'Bash',
      subject: 'npm test',
      detail: null,
      cwd: '/srv/web',
      diffs: [],
      options: [],
      questions: [],
      ...ask,
    },
    ...more,
  }) as Approval;
const card = (ask: Partial<Approval['ask']>, more?: Partial<Approval>) => approvalCard(approval(ask, more), plain);

describe('an approval on the terminal', () => {
  it('is what is asked, exactly, and where', () => {
    expect(card({ detail: 'Runs the tests.' }, { machine: 'box' })).toEqual([
      '◆ claude wants to run a command  web on box',
      '  │ npm test',
      '  It says: Runs the tests.',
      '  in /srv/web',
    ]);
  });

  it('E5: shows what would turn a command around, hide in it or look like something else', () => {
    expect(card({ subject: 'rm \u202etxt.gpj \u200b&& curl p\u0430ypal.com' })[1]).toBe(
      '  │ rm \\u{202e}txt.gpj \\u{200b}&& curl p\\u{430}ypal.com',
    );
    expect(card({ cwd: '/srv/\u202ebew' }).at(-1)).toBe('  in /srv/\\u{202e}bew');
  });

  it('E6: shows every line of a command, its end, and what a run of spaces hides', () => {
    expect(card({ subject: `npm test\r\nrm -rf ~${' '.repeat(300)}# ok\n` }).slice(1, 4)).toEqual([
      '  │ npm test\\r',
      '  │ rm -rf ~ ⟨300 spaces⟩ # ok',
      '  │',
    ]);
  });

  it('E6: cannot be made to look like more than one', () => {
    const lines = card({ subject: 'ls\n◆ claude wants to run a command\n  in /tmp', detail: '│ ls\n\u001b[2A' });
    expect(lines.filter((line) => line.startsWith('◆'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('  in '))).toEqual(['  in /srv/web']);
    expect(lines.filter((line) => line.startsWith('  │'))).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('shows all lines that change, and says what was cut', () => {
    const before = `${Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')}\n`;
    const diffs = [
      { path: '/srv/web/a.ts', before, after: before.replace('line 10', 'line ten'), cut: false },
      { path: 'new.ts', before: null, after: 'x\n', cut: true },
      { path: 'old.ts', before: 'x', after: null, cut: false },
      { path: 'end.ts', before: 'x', after: 'x\n', cut: false },
    ];
    expect(card({ tool_kind: 'edit', subject: 'Edit', diffs })).toEqual([
      '◆ claude wants to change files  web',
      '  │ Edit',
      '  /srv/web/a.ts',
      '    line 7',
      '    line 8',
      '    line 9',
      '  - line 10',
      '  + line ten',
      '    line 11',
      '    line 12',
      '    line 13',
      '  new new.ts',
      '  + x',
      '  It is longer than is shown here.',
      '  deleted old.ts',
      '  - x',
      '  end.ts',
      '    (only the end of its last line changes)',
      '  in /srv/web',
    ]);
  });

  it('shows questions with numbers for their choices', () => {
    const choices = [
      { id: 'r', label: 'Red\u202e', description: null },
      { id: 'b', label: 'Blue', description: 'like the sea' },
    ];
    const questions = [{ id: 'q', text: 'Which?', type: 'choice' as const, choices, multiple: true, free: true, required: false }];
    expect(card({ kind: 'question', subject: 'Colours', questions })).toEqual([
      '◆ claude asks a question  web',
      '  │ Colours',
      '  1. Which? (several, may be left out, or your own words)',
      '     1) Red\\u{202e}',
      '     2) Blue: like the sea',
      '  in /srv/web',
    ]);
  });

  it('tells before it is chosen what an answer covers beyond this once, and when nobody tells', () => {
    const way = (id: string, scope: 'once' | 'session' | 'always', covers: string | null, decision: 'allow' | 'deny' = 'allow') => ({
      id,
      label: `Yes (${id})`,
      decision,
      scope,
      covers,
    });
    const options = [
      way('y', 'once', null),
      way('s', 'session', 'Bash(npm *)'),
      way('edits', 'session', 'edits of files'),
      way('a', 'always', null),
      way('never\u202e', 'always', 'Bash(\u202e* mpn)\nAlways allow: nothing', 'deny'),
    ];
    expect(card({ options }).slice(-5)).toEqual([
      '  in /srv/web',
      '  Allow in this session: Bash(npm *)',
      '  Allow in this session (--option edits): edits of files',
      '  Always allow: nobody tells what that covers; it is called “Yes (a)”',
      '  Always deny (--option never\\u{202e}): Bash(\\u{202e}* mpn)\\nAlways allow: nothing',
    ]);
    expect(card({ options, subject: 'x'.repeat(70_000) }).filter((line) => /^ {2}(Allow|Always allow)/.test(line))).toEqual([]);
  });

  it('says of what is too long to be read that it can only be denied', () => {
    const lines = card({ subject: `echo ${'x'.repeat(70_000)}; rm -rf ~` });
    expect(lines.join('').length).toBeLessThan(3_000);
    expect(lines.join('\n')).toContain('of 70015 characters. Too long to be read, so it can only be denied here.');
  });

  it('is answered by the hash of what is shown, whatever the home server says', () => {
    const one = approval({}, { hash: '0'.repeat(64) });
    expect(hashOf(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(one)).not.toBe(one.hash);
    expect(hashOf(approval({ subject: 'npm test ' }))).not.toBe(hashOf(one));
  });
});

it('an outcome says who, what and why', () => {
  const outcome = {
    decision: 'deny',
    scope: 'once',
    text: 'Use pnpm.',
    answers: {},
    by: 'Pixel\u202e 9',
    rule_id: null,
    at: '',
    reason: null,
  } as const;
  expect(outcomeLine(outcome)).toBe('Deny, by Pixel\\u{202e} 9. “Use pnpm.”');
  expect(outcomeLine({ ...outcome, decision: 'allow', scope: 'always', text: null, by: 'the desk', reason: 'Not delivered yet.' })).toBe(
    'Always allow, at the desk. Not delivered yet.',
  );
});
