import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { plain } from '../print/style.ts';
import { Transcript } from './transcript.ts';

let lines: string[];
let transcript: Transcript;
/** What the home server would answer. */
let items: Map<string, ChatItem>;
let fetched: string[];
beforeEach(() => {
  lines = [];
  items = new Map();
  fetched = [];
  transcript = new Transcript({
    style: plain,
    columns: () => 80,
    print: (printed) => lines.push(...printed),
    fetch: async (id) => {
      fetched.push(id);
      const item = items.get(id);
      if (item === undefined) throw new Error('none');
      return item;
    },
    isOwn: (id) => id === 'own',
  });
});

const base = { session_id: 's', created_at: '', updated_at: '' };
const message = (id: string, text: string, state: 'open' | 'done' | 'cut' = 'done', more: object = {}): ChatItem =>
  ({ ...base, id, kind: 'message', role: 'agent', state, text, prompt_id: null, attachments: [], ...more }) as ChatItem;
const tool = (id: string, state: 'pending' | 'running' | 'done' | 'failed' | 'cut', more: object = {}): ChatItem =>
  ({
    ...base,
    id,
    kind: 'tool',
    state,
    tool_kind: 'execute',
    name: 'Bash',
    title: 'npm test',
    input: null,
    output: '',
    output_bytes: 0,
    diffs: [],
    locations: [],
    ...more,
  }) as ChatItem;
const event = (type: string, payload: object) => transcript.hear({ type, payload } as unknown as AfieldEvent);
const chunk = (item_id: string, at: number, text: string) => event('message.chunk', { item_id, at, text });
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a message', () => {
  it('is printed line by line as it comes, and once', () => {
    event('message.start', { item: message('m', '', 'open') });
    chunk('m', 0, 'One.\nTwo ');
    expect(lines).toEqual(['● One.']);
    chunk('m', 9, 'words.');
    event('message.complete', { item: message('m', 'One.\nTwo words.') });
    event('message.complete', { item: message('m', 'One.\nTwo words.') });
    chunk('m', 15, 'late');
    expect(lines).toEqual(['● One.', '  Two words.']);
  });

  it('that was open in the tail goes on from there', () => {
    transcript.show(message('m', 'One.\nTw', 'open'));
    chunk('m', 5, 'Tw');
    chunk('m', 7, 'o.\n');
    expect(lines).toEqual(['● One.', '  Two.']);
  });

  it('of which a piece is missing is asked for, once', async () => {
    event('message.start', { item: message('m', 'A\n', 'open') });
    items.set('m', message('m', 'A\nB\nC\n', 'open'));
    chunk('m', 4, 'C\n');
    chunk('m', 6, 'D\n');
    await settled();
    expect(fetched).toEqual(['m']);
    expect(lines).toEqual(['● A', '  B', '  C']);
  });

  it('that nobody announced, and that nobody knows, does no harm', async () => {
    chunk('unknown', 3, 'x');
    await settled();
    expect([fetched, lines]).toEqual([['unknown'], []]);
  });

  it('between two pieces of which something else was printed says again who speaks', () => {
    event('message.start', { item: message('m', 'One.\n', 'open') });
    event('tool.call_start', { item: tool('t', 'running') });
    chunk('m', 5, 'Two.\n');
    expect(lines).toEqual(['● One.', '▸ Bash  npm test', '● Two.']);
  });

  it('that ends as another text is said again, whole', () => {
    event('message.start', { item: message('m', 'Draft.\n', 'open') });
    event('message.complete', { item: message('m', 'Final.') });
    expect(lines).toEqual(['● Draft.', '● Final.']);
  });

  it('that was cut off says so; one that was typed here is not repeated', () => {
    event('message.start', { item: message('m', 'Half\n', 'open') });
    event('message.complete', { item: message('m', 'Half\n', 'cut') });
    event('message.complete', { item: message('u', 'hello', 'done', { role: 'user', prompt_id: 'own' }) });
    event('message.complete', { item: message('v', 'from the phone', 'done', { role: 'user', prompt_id: 'other' }) });
    expect(lines).toEqual(['● Half', '  (cut off)', '» from the phone']);
  });
});

describe('a tool', () => {
  it('is one line when it begins, and another only when that says more', () => {
    event('tool.call_start', { item: tool('t', 'pending', { title: '', input: null }) });
    event('tool.call_updated', { item: tool('t', 'pending') });
    event('tool.call_updated', { item: tool('t', 'running') });
    event('message.chunk', { item_id: 't', at: 0, text: 'output' });
    event('tool.call_complete', { item: tool('t', 'done') });
    event('tool.call_complete', { item: tool('t', 'done') });
    expect(lines).toEqual(['▸ Bash  npm test']);
    expect(fetched).toEqual([]);
  });

  it('that fails, changes files, or is over at once says so', () => {
    event('tool.call_start', { item: tool('t', 'running') });
    event('tool.call_error', { item: tool('t', 'failed', { output: 'not found\nmore' }) });
    const diffs = [{ path: 'a.ts', before: 'x\n', after: 'y\nz\n', cut: false }];
    event('tool.call_complete', { item: tool('u', 'done', { name: 'Edit', title: 'Edit a.ts', diffs }) });
    expect(lines).toEqual(['▸ Bash  npm test', '■ Bash  npm test', '    not found', '✓ Edit  Edit a.ts', '    a.ts  +2 -1']);
  });

  it('E5: shows its title exactly, and its first line only', () => {
    event('tool.call_start', { item: tool('t', 'running', { title: 'rm \u202etxt\nrm -rf ~' }) });
    expect(lines).toEqual(['▸ Bash  rm \\u{202e}txt …']);
  });
});

it('a plan is printed when it changed, a notice once', () => {
  const plan = (state: string) => ({ ...base, id: 'p', kind: 'plan', steps: [{ text: 'Read', state }] }) as ChatItem;
  event('plan.updated', { item: plan('next') });
  event('plan.updated', { item: plan('next') });
  event('plan.updated', { item: plan('done') });
  const notice = { ...base, id: 'n', kind: 'notice', level: 'error', text: 'Overloaded\u001b[31m' } as ChatItem;
  event('message.error', { item: notice });
  event('message.error', { item: notice });
  expect(lines).toEqual(['Plan', '  ☐ Read', 'Plan', '  ☑ Read', '■ Overloaded\\e[31m']);
});
