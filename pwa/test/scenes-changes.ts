import type { Rule } from '@afield/shared/api/approvals.ts';
import type { ChangedFile } from '@afield/shared/api/changes.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Answers } from './fake-link.ts';
import type { Scene } from './scenes.ts';
import { ago, all, command, offline, online, trial } from './scenes-approvals.ts';
import { running } from './sessions.ts';

const rule = (fields: Partial<Rule>): Rule => ({
  id: `01934b1e-4444-7000-8000-00000000000${fields.pattern?.length ?? 0}`,
  project_id: null,
  agent: null,
  tool_kind: 'execute',
  pattern: 'npm test',
  action: 'allow',
  created_by: 'Pixel phone',
  created_at: ago(9_000),
  used: 12,
  used_at: ago(90),
  ...fields,
});
const rules: Answers = {
  listRules: {
    items: [
      rule({ action: 'deny', pattern: 'git push **', used: 0, used_at: null }),
      rule({ project_id: '01934b1e-2222-7000-8000-000000000001', agent: 'claude' }),
      rule({ action: 'ask', pattern: 'rm * \u202E<b>bold</b>', tool_kind: null }),
    ],
    next_cursor: null,
  },
  tryRule: trial,
};

const file = (fields: Partial<ChangedFile> & { path: string }): ChangedFile => ({
  old_path: null,
  change: 'modified',
  added: 18,
  deleted: 6,
  binary: false,
  hunks: [],
  cut: false,
  ...fields,
});
const spec = file({
  path: 'e2e/checkout.spec.ts',
  hunks: [
    {
      old_start: 41,
      new_start: 41,
      heading: 'guest pays by card',
      lines: [
        " await page.goto('/checkout')",
        " await card.fill('4242 4242 4242 4242')",
        "-await page.waitForLoadState('networkidle')",
        '-await page.waitForTimeout(2000)',
        '+await waitForTotal(page, {',
        "+  currency: 'EUR',",
        '+  atLeast: 1,',
        '+})',
        ' await pay.click()',
      ],
    },
    {
      old_start: 80,
      new_start: 82,
      heading: 'teardown',
      lines: ['-test.describe.configure({ retries: 3 })', '+test.describe.configure({ retries: 0, timeout: 20_000 })'],
    },
  ],
});
const changes = (files: ChangedFile[], rest: object = {}) => ({
  getDiff: { vcs: 'git', against: 'start', branch: 'afield/flaky-checkout', files, more_files: 0, ...rest },
});
const several = [
  spec,
  file({ path: 'e2e/support/wait-for-total.ts', change: 'added', added: 13, deleted: 0 }),
  file({ path: 'e2e/support/legacy/retry-checkout-until-green.ts', change: 'deleted', added: 0, deleted: 11 }),
  file({ path: 'src/totals/currency-of-the-order.ts', old_path: 'src/currency.ts', change: 'renamed', added: 0, deleted: 0 }),
  file({ path: 'public/logo.png', binary: true, added: 0, deleted: 0 }),
  file({ path: 'package-lock.json', added: 12_041, deleted: 9_877, hunks: null, cut: true }),
];
const changed = (home: Answers, rest: Partial<Scene> = {}): Scene => ({
  path: `/sessions/${running[0]!.id}/changes`,
  sessions: all,
  link: online,
  home,
  ...rest,
});

export const changesScenes: Record<string, Scene> = {
  rules: { path: '/rules', sessions: all, link: online, home: rules },
  'rules-empty': { path: '/rules', sessions: all, link: online, home: { listRules: { items: [], next_cursor: null } } },
  'rules-new': {
    path: '/rules',
    sessions: all,
    link: online,
    home: rules,
    press: ['Make a rule'],
    type: [['Command, path', 'pnpm exec playwright install *']],
  },
  'rules-from': { path: `/rules?from=${command.id}`, sessions: all, link: online, home: { ...rules, getApproval: command } },
  'rules-delete': { path: '/rules', sessions: all, link: online, home: rules, press: ['Delete the rule npm test'] },
  changes: changed(changes(several)),
  'changes-open': changed(changes(several), { press: ['modified: checkout', 'added: wait'] }),
  'changes-names': changed(
    changes(
      [file({ path: '<img src=x onerror=alert(1)>/a\u202Egpj.exe\n"b' }), file({ path: `${'a-rather-long-folder/'.repeat(8)}x.ts` })],
      {
        branch: 'feature/<script>\u202E',
        more_files: 212,
      },
    ),
  ),
  'changes-empty': changed(changes([])),
  'changes-no-repository': changed(changes([], { vcs: 'none', branch: null })),
  'changes-not-known': changed({
    getDiff: new AfieldError(
      'not_found',
      'What the directory held at the start of this session is not known: there was no repository then, or the look at it took too long. Compare with the last commit (HEAD) instead.',
    ),
  }),
  'changes-gone': changed({
    getDiff: new AfieldError(
      'not_found',
      'What the directory held at the start is gone: git has tidied the repository up. Compare with the last commit (HEAD) instead.',
    ),
  }),
  'changes-no-commit': changed({
    getDiff: new AfieldError(
      'no_commit',
      'No message was given to this session yet. Nor has this repository a commit yet: make one, and what changes after it can be compared with it (HEAD).',
    ),
  }),
  'changes-no-head': changed(
    {
      getDiff: new AfieldError('no_commit', 'This repository has no commit yet. Make one, or compare with the start of the session.'),
    },
    { press: ['Last commit'] },
  ),
  'changes-no-directory': changed({
    getDiff: new AfieldError(
      'unavailable',
      '/home/user/src/shop-web is not there any more, or may not be read. Its changes can be told when it is back.',
    ),
  }),
  'changes-no-machine': changed({
    getDiff: new AfieldError('machine_unreachable', 'build-box does not answer: Error: No such container: build-box'),
  }),
  'changes-fault': changed({ getDiff: new AfieldError('unavailable', 'There is no git on build-box. Install it there to see changes.') }),
  'changes-offline': changed(changes([]), { link: offline }),
};
