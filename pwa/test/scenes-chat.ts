import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import { nobleSymmetric } from '@afield/shared/channel/noble-symmetric.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import { chatItems, chatState, prompt } from './chat-items.ts';
import type { Answers } from './fake-link.ts';
import type { Scene } from './scenes.ts';
import { NOW, session } from './sessions.ts';

const hexOf = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const online: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
const chatSession = (fields: Parameters<typeof session>[0]): Session =>
  session({
    faces: ['chat'],
    runtime: 'claude-stream',
    mode: 'default',
    model: 'opus',
    cost_usd: 0.63,
    agent_session_id: '7c1a',
    ...fields,
  });

const flaky = chatSession({ name: 'Fix flaky checkout e2e on Safari', status: 'waiting', minutes: 31, pending_approvals: 1 });
const list = chatSession({
  name: 'Virtualise the order list',
  activity: 'editing',
  minutes: 12,
  mode: 'acceptEdits',
  cost_usd: 1.12,
  faces: ['chat', 'terminal'],
});
const failed = chatSession({
  name: 'Nightly dependency update for shop-web, ledger-api and the three internal packages',
  agent: 'codex',
  machine: 'build-box',
  status: 'failed',
  status_reason: 'codex ended by itself. What it wrote to disk stays.',
  exit_code: 1,
  minutes: 600,
  ended_at: new Date(NOW - 260 * 60_000).toISOString(),
  cost_usd: 1,
  budget_usd: 1,
});
const idle = chatSession({ name: 'Sketch the public changelog', status: 'idle', minutes: 25 });

/** Items of the last quarter of an hour. */
const of = (one: Session) => {
  const make = chatItems(one.id);
  return make;
};
/** The same as if it had happened some minutes before NOW. */
const past = (items: ChatItem[]): ChatItem[] =>
  items.map((item, index) => {
    const at = new Date(NOW - (items.length - index) * 40_000).toISOString();
    return { ...item, created_at: at, updated_at: at };
  });

const BEFORE = `import { test } from './fixtures';

test('checkout', async ({ page }) => {
  await page.goto('/cart');
  await page.waitForLoadState('networkidle');
  await expect(page.getByTestId('total')).toHaveText('42,00');
  await page.getByRole('button', { name: 'Pay' }).click();
});
`;
const AFTER = BEFORE.replace(
  "  await page.waitForLoadState('networkidle');\n",
  '  await waitForTotal(page);\n  // WebKit keeps the beacon of the payment frame open\n',
).replace("from './fixtures'", "from './fixtures.js'");

const f = of(flaky);
const waitingItems = past([
  f.user(1, 'Checkout e2e fails one time in five, only on WebKit. Find the cause, don’t add retries.'),
  f.agent(
    2,
    'The cart waits for `networkidle`, but WebKit keeps the payment frame’s beacon open, so the wait ends by timeout. I can wait for the total instead.\n',
  ),
  f.tool(3, { tool_kind: 'search', name: 'Grep', title: 'networkidle', output: 'a\nb\nc\nd\ne\nf\ng\n' }),
  f.tool(4, {
    tool_kind: 'edit',
    name: 'Edit',
    title: 'e2e/checkout.spec.ts',
    diffs: [{ path: 'e2e/checkout.spec.ts', before: BEFORE, after: AFTER, cut: false }],
  }),
  f.tool(5, {
    state: 'failed',
    title: 'pnpm test:e2e --project=webkit --reporter=line',
    output: `${Array.from({ length: 60 }, (_, n) => `[${n}/60] checkout.spec.ts`).join('\n')}\n\u001b[31mError:\u001b[0m browserType.launch: Executable doesn't exist\n`,
  }),
  f.approval(6, '01934b1e-7200-7000-8000-000000000001'),
]);

const l = of(list);
const busyItems = past([
  l.user(1, 'The order list takes 4 s to open with 12,000 orders. Make it scroll smoothly on an old phone.'),
  l.plan(2, [
    { text: 'Measure with 12,000 orders', state: 'done' },
    { text: 'Pick a row height', state: 'done' },
    { text: 'Draw only what is on screen', state: 'now' },
    { text: 'Keep keyboard and screen reader order', state: 'next' },
  ]),
  l.thought(3, 'The list draws every row, and each row formats its dates anew. A window of rows is enough.'),
  l.agent(4, '4.1 s to open, 3.8 s of it in drawing rows nobody sees. I keep the table roles and draw 30 rows at a time.'),
  l.tool(5, { tool_kind: 'read', name: 'Read', title: 'src/orders/list.tsx', output: 'x\n'.repeat(412) }),
  l.tool(6, {
    tool_kind: 'edit',
    name: 'Edit',
    title: 'src/orders/list.tsx',
    diffs: [{ path: 'src/orders/list.tsx', before: BEFORE, after: AFTER, cut: false }],
  }),
  l.approval(70, '01934b1e-7200-7000-8000-000000000002'),
  l.tool(7, { title: 'pnpm vitest run orders', output: ' ✓ orders/list.test.tsx (31) 884 ms\n\nTest Files  1 passed\n' }),
  l.user(8, 'Check it with VoiceOver order too.'),
  l.tool(9, { state: 'running', tool_kind: 'edit', name: 'Edit', title: 'src/orders/list.tsx' }),
]);

const i = of(idle);
const markdownItems = past([
  i.user(1, 'Write the changelog of this week, short.'),
  i.agent(
    2,
    [
      '# Changelog',
      'This week **four** things changed, and one was *removed*. See [the release](https://example.org/releases/4) and `CHANGELOG.md`.',
      '1. Orders open in under a second\n2. Receipts have a dark theme\n   - also in print\n3. ~~The old cart~~ is gone',
      '- [x] tests\n- [ ] screenshots',
      '```ts\nexport function waitForTotal(page: Page, timeout = 5_000): Promise<void> {\n  return page.getByTestId("total").waitFor({ timeout });\n}\n```',
      '| page | before | after |\n|---|---|---|\n| orders | 4.1 s | 0.4 s |\n| cart | 1.2 s | 1.1 s |',
      '> Measured on a phone of 2019.',
      'An <img src=x onerror=alert(1)> and a picture: ![beacon](https://evil.example/p.gif), and [a trap](javascript:alert(1)).',
    ].join('\n\n'),
  ),
  i.notice(3, 'warning', 'The provider was overloaded; tried again after 12 s.'),
  i.notice(4, 'info', 'The conversation was made shorter: 84 % of the window was used.'),
  i.agent(5, 'It is in `CHANGELOG.md`, 14 lines.'),
]);

const x = of(failed);
const failedItems = past([
  x.user(1, 'Update everything with a patch release. One commit for each package.'),
  x.agent(2, '14 of 22 packages are done. `sharp` needs a newer libvips than this machine has.'),
  x.tool(3, { state: 'failed', title: 'npm ci', output: 'npm error sharp: Please upgrade libvips (>= 8.17)\n' }),
  x.notice(4, 'error', 'codex: stream disconnected before completion. It gave up after 3 tries.'),
]);

const COMMAND = 'pnpm exec playwright install --with-deps webkit';
const approval: Approval = {
  id: '01934b1e-7200-7000-8000-000000000001',
  session_id: flaky.id,
  session_name: flaky.name,
  agent: 'claude',
  machine: 'local',
  project_id: null,
  item_id: null,
  ask: {
    kind: 'permission',
    tool_kind: 'execute',
    tool_name: 'Bash',
    subject: COMMAND,
    detail: null,
    cwd: '/home/user/src/shop-web',
    diffs: [],
    options: [
      { id: 'y', label: 'Yes', decision: 'allow', scope: 'once', covers: null },
      { id: 's', label: 'Yes, for this session', decision: 'allow', scope: 'session', covers: 'Bash(pnpm exec playwright *)' },
      { id: 'n', label: 'No', decision: 'deny', scope: 'once', covers: null },
    ],
    questions: [],
  },
  hash: '',
  state: 'pending',
  outcome: null,
  created_at: new Date(NOW - 120_000).toISOString(),
};
approval.hash = hexOf(nobleSymmetric.sha256(new TextEncoder().encode(approvalBytes(approval.ask))));
const answered: Approval = {
  ...approval,
  id: '01934b1e-7200-7000-8000-000000000002',
  state: 'delivered',
  outcome: {
    decision: 'allow',
    scope: 'once',
    text: null,
    answers: {},
    by: 'Pixel phone',
    rule_id: null,
    at: approval.created_at,
    reason: null,
  },
};
const page = (items: ChatItem[], next_cursor: string | null = null) => ({ items, next_cursor });
const home = (items: ChatItem[], more: Answers = {}): Answers => ({
  getMessages: page(items),
  getChat: chatState(),
  getQueue: page([]),
  listApprovals: { items: [approval], next_cursor: null },
  getApproval: answered,
  ...more,
});
const at = (one: Session) => `/sessions/${one.id}/chat`;
const sessions = [flaky, list, failed, idle];
const queued = [
  prompt(20, 'Then also run the guest checkout.'),
  prompt(21, 'And keep the trace files of the last failing run, I want to see them.'),
];
const queue: Answers = { getQueue: page(queued as never[]) };
const down: ConnectionState = {
  state: 'reconnecting',
  attempt: 4,
  next_try_at: NOW + 8_000,
  since: NOW - 6 * 60_000,
  cause: 'relay_down',
  detail: '',
};
const turns = Array.from({ length: 60 }, (_, n) =>
  n % 2 === 0
    ? i.user(n + 1, `Question ${n / 2 + 471}: what does this part do, and who calls it?`)
    : i.agent(n + 1, 'It reads the order, and the list calls it once a row. '.repeat(1 + (n % 5))),
);

/** Every state of the chat that is worth a look. */
export const chatScenes: Record<string, Scene> = {
  chat: { path: `/sessions/${flaky.id}`, sessions, link: online, home: home(waitingItems, queue) },
  'chat-diff': { path: at(flaky), sessions, link: online, home: home(waitingItems.slice(0, 4)), open: ['Edited'] },
  'chat-output': { path: at(flaky), sessions, link: online, home: home(waitingItems.slice(0, 5)), open: ['Ran'] },
  'chat-busy': {
    path: at(list),
    sessions,
    link: online,
    home: home(busyItems, { getChat: chatState({ plan: (busyItems[1] as Extract<ChatItem, { kind: 'plan' }>).steps }) }),
  },
  'chat-plan': {
    path: at(list),
    sessions,
    link: online,
    home: home(busyItems, { getChat: chatState({ plan: (busyItems[1] as Extract<ChatItem, { kind: 'plan' }>).steps }) }),
    press: ['Plan, step'],
  },
  'chat-markdown': { path: at(idle), sessions, link: online, home: home(markdownItems) },
  'chat-failed': { path: at(failed), sessions, link: online, home: home(failedItems) },
  'chat-commands': { path: at(idle), sessions, link: online, home: home(markdownItems.slice(-1)), type: [['Message to the agent', '/co']] },
  'chat-tune': { path: at(idle), sessions, link: online, home: home(markdownItems.slice(-1)), press: ['Model and mode'] },
  'chat-queue': { path: at(flaky), sessions, link: online, home: home(waitingItems, queue), press: ['2 queued'] },
  'chat-edit': { path: at(flaky), sessions, link: online, home: home(waitingItems, queue), press: ['2 queued', 'Edit message 1'] },
  'chat-long': { path: at(idle), sessions, link: online, home: home(turns, { getMessages: page(turns, '940') }) },
  'chat-link': { path: at(idle), sessions, link: online, home: home(markdownItems.slice(0, 2)), press: ['the release'] },
  'chat-empty': { path: at(idle), sessions, link: online, home: home([]) },
  'chat-fault': {
    path: at(idle),
    sessions,
    link: online,
    home: { getMessages: new AfieldError('internal', 'The messages cannot be read. Look at the doctor.') },
  },
  'chat-offline': { path: at(list), sessions, link: down },
  'chat-kept': {
    path: at(idle),
    sessions,
    link: online,
    home: home(markdownItems.slice(-1), { promptSession: new AfieldError('too_large', 'The files are larger than 5 MB.') }),
    type: [['Message to the agent', 'Look at this picture of the crash, please.']],
    after: ['Send'],
  },
  'chat-words': {
    path: at(list),
    sessions,
    link: online,
    home: home(busyItems),
    type: [['Message to the agent', 'Several lines,\nso that the field\ngrows with them,\nand the end stays in sight.']],
  },
};
