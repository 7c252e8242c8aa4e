import { AfieldError } from '@afield/shared/errors.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { SESSION } from '../../test/chat-items.ts';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { MAX_FOLLOWED } from './chat-followed.ts';
import { MAX_KEPT, type Outbox, OutboxModel } from './chat-outbox.ts';

let home: ReturnType<typeof scriptedLink>;
let disk: Map<string, unknown>;
let pauses: (() => void)[];
let ids: number;

function open(): Outbox {
  return new OutboxModel({
    link: home.link,
    store: {
      readPreference: async (name) => structuredClone(disk.get(name)),
      writePreference: async (name, value) => void disk.set(name, structuredClone(value)),
    },
    now: () => Date.parse('2026-11-20T14:00:00Z') + ids * 1000,
    newId: () => {
      ids += 1;
      return `prompt-${ids}`;
    },
    later(run) {
      pauses.push(run);
      return () => undefined;
    },
  });
}

const say = (outbox: Outbox, content: string) => outbox.add(SESSION, { content, priority: 'normal', attachments: [] });
const sent = () =>
  home.calls.filter(({ operation }) => operation === 'promptSession').map(({ sent: { body } }) => body as { id: string; content: string });
const storedIds = () => ((disk.get('outbox') ?? []) as { id: string }[]).map(({ id }) => id);
const keptIds = (outbox: Outbox) => outbox.kept.value.map(({ id }) => id);
const accept = ({ body }: { body?: unknown }) => ({
  ...(body as object),
  session_id: SESSION,
  state: 'home',
  reason: null,
  created_at: '',
});

beforeEach(() => {
  home = scriptedLink(ONLINE);
  disk = new Map();
  pauses = [];
  ids = 0;
  home.answers.promptSession = accept;
  home.answers.getPrompt = () => {
    throw new AfieldError('prompt_not_found', 'There is no such prompt.');
  };
});

describe('on the way home', () => {
  it('a prompt is on this device before it is sent, and leaves it once home has it', async () => {
    let onDisk: string[] = [];
    home.answers.promptSession = (asked) => {
      onDisk = storedIds();
      return accept(asked);
    };
    const outbox = open();
    const taken: string[] = [];
    outbox.onTaken((prompt) => taken.push(prompt.id));
    say(outbox, 'hello');
    expect(keptIds(outbox)).toEqual(['prompt-1']);
    await settled();
    await settled();
    expect(onDisk).toEqual(['prompt-1']);
    expect(taken).toEqual(['prompt-1']);
    expect(keptIds(outbox)).toEqual([]);
    expect(storedIds()).toEqual([]);
  });

  it('without a line it is kept, and sent in order when the line is back', async () => {
    home.state(down('relay_down'));
    const outbox = open();
    say(outbox, 'one');
    say(outbox, 'two');
    say(outbox, 'three');
    await settled();
    expect(sent()).toEqual([]);
    home.state(ONLINE);
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(sent().map(({ content }) => content)).toEqual(['one', 'two', 'three']);
  });

  it('what an end of the app left behind goes out under its old id', async () => {
    home.state(down('offline'));
    const first = open();
    say(first, 'before the end');
    await settled();
    first[Symbol.dispose]();
    home.state(ONLINE);
    const second = open();
    for (let turn = 0; turn < 3; turn += 1) await settled();
    expect(sent()).toMatchObject([{ id: 'prompt-1', content: 'before the end' }]);
    expect(keptIds(second)).toEqual([]);
  });

  it('a line that breaks under it: the same id is sent again, and nothing overtakes it', async () => {
    let fail = true;
    home.answers.promptSession = (asked) => {
      if (!fail) return accept(asked);
      throw new AfieldError('unavailable', 'The line broke.');
    };
    const outbox = open();
    say(outbox, 'one');
    await settled();
    say(outbox, 'two');
    await settled();
    fail = false;
    for (const run of pauses.splice(0)) run();
    for (let turn = 0; turn < 5; turn += 1) await settled();
    const order = sent().map(({ content }) => content);
    expect(order.indexOf('two')).toBe(order.length - 1);
    expect(
      new Set(
        sent()
          .filter(({ content }) => content === 'one')
          .map(({ id }) => id),
      ),
    ).toEqual(new Set(['prompt-1']));
    expect(keptIds(outbox)).toEqual([]);
  });

  it('what home refuses stays with its reason, holds up nothing, and can be sent again', async () => {
    home.answers.promptSession = (asked) => {
      if ((asked.body as { content: string }).content !== 'too much') return accept(asked);
      throw new AfieldError('too_large', 'It is too large.');
    };
    const outbox = open();
    say(outbox, 'too much');
    say(outbox, 'fine');
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(outbox.kept.value).toMatchObject([{ id: 'prompt-1', refused: 'It is too large.' }]);
    home.answers.promptSession = accept;
    outbox.retry('prompt-1');
    for (let turn = 0; turn < 3; turn += 1) await settled();
    expect(keptIds(outbox)).toEqual([]);
  });
});

describe('what became of it', () => {
  const atHome = (state: string) => () => ({ id: 'prompt-1', session_id: SESSION, content: 'one', attachments: [], state, reason: null });
  const turns = async () => {
    for (let turn = 0; turn < 8; turn += 1) await settled();
  };

  it('one that was sent before an end of the app is asked about, and not sent again when home has it', async () => {
    home.answers.promptSession = () => {
      throw new AfieldError('unavailable', 'The line broke before the answer.');
    };
    const first = open();
    say(first, 'one');
    await turns();
    first[Symbol.dispose]();
    home.answers.promptSession = accept;
    home.answers.getPrompt = atHome('accepted');
    const second = open();
    const taken: string[] = [];
    second.onTaken(({ state }, { content }) => taken.push(`${content} ${state}`));
    await turns();
    expect(sent()).toHaveLength(1);
    expect(taken).toEqual(['one accepted']);
    expect(keptIds(second)).toEqual([]);
  });

  it('what home took is followed until its end is seen, over an end of the app', async () => {
    const first = open();
    say(first, 'one');
    say(first, 'two');
    await turns();
    first[Symbol.dispose]();
    const second = open();
    expect(await second.followed(SESSION)).toEqual(['prompt-1', 'prompt-2']);
    expect(await second.followed('another session')).toEqual([]);
    second.settled(['prompt-1', 'never heard of']);
    expect(await second.followed(SESSION)).toEqual(['prompt-2']);
    expect(await open().followed(SESSION)).toEqual(['prompt-2']);
  });

  it('only so many are followed', async () => {
    const outbox = open();
    for (let count = 0; count < MAX_FOLLOWED + 5; count += 1) {
      say(outbox, 'x');
      await turns();
    }
    const ids = await outbox.followed(SESSION);
    expect(ids).toHaveLength(MAX_FOLLOWED);
    expect(ids.at(-1)).toBe(`prompt-${MAX_FOLLOWED + 5}`);
  });
});

describe('taken back', () => {
  it('one that never left is simply gone', async () => {
    home.state(down('offline'));
    const outbox = open();
    say(outbox, 'oh no');
    await settled();
    expect(outbox.take('prompt-1')).toMatchObject({ content: 'oh no' });
    home.state(ONLINE);
    await settled();
    expect(sent()).toEqual([]);
    expect(storedIds()).toEqual([]);
  });

  it('one that may have arrived is withdrawn at home with the next line', async () => {
    home.answers.promptSession = () => {
      throw new AfieldError('unavailable', 'The line broke.');
    };
    home.answers.withdrawQueued = () => ({});
    const outbox = open();
    say(outbox, 'oh no');
    await settled();
    home.state(down('broken'));
    outbox.take('prompt-1');
    await settled();
    expect(outbox.kept.value).toMatchObject([{ withdraw: true }]);
    home.state(ONLINE);
    for (let turn = 0; turn < 3; turn += 1) await settled();
    expect(home.calls.at(-1)).toMatchObject({ operation: 'withdrawQueued', sent: { params: { prompt_id: 'prompt-1' } } });
    expect(keptIds(outbox)).toEqual([]);
  });
});

describe('taken back too late', () => {
  it('the agent has it: its chat is told so', async () => {
    home.answers.promptSession = () => {
      throw new AfieldError('unavailable', 'The line broke.');
    };
    const outbox = open();
    const taken: string[] = [];
    outbox.onTaken(({ state }) => taken.push(state));
    say(outbox, 'oh no');
    await settled();
    home.state(down('broken'));
    outbox.take('prompt-1');
    home.answers.withdrawQueued = () => {
      throw new AfieldError('conflict', 'The prompt was given to the agent already.');
    };
    home.answers.getPrompt = () => ({ id: 'prompt-1', session_id: SESSION, state: 'consumed', attachments: [] });
    home.state(ONLINE);
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(taken).toEqual(['consumed']);
    expect(keptIds(outbox)).toEqual([]);
    expect(await outbox.followed(SESSION)).toEqual([]);
  });
});

it('so many wait at most', () => {
  home.state(down('offline'));
  const outbox = open();
  for (let count = 0; count < MAX_KEPT; count += 1) expect(say(outbox, 'x')).toBe(true);
  expect(say(outbox, 'one too many')).toBe(false);
});

it('what stands on the disk is not trusted', async () => {
  disk.set('outbox', [null, 7, { id: 'x' }, 'text']);
  const outbox = open();
  await settled();
  expect(outbox.kept.value).toEqual([]);
});

it('a storage that is shut off loses nothing of this page', async () => {
  const outbox = new OutboxModel({
    link: home.link,
    store: { readPreference: () => Promise.reject(new Error('no')), writePreference: () => Promise.reject(new Error('no')) },
    now: () => 0,
    newId: () => 'only',
    later: () => () => undefined,
  });
  say(outbox, 'hello');
  for (let turn = 0; turn < 3; turn += 1) await settled();
  expect(sent()).toMatchObject([{ id: 'only' }]);
});
