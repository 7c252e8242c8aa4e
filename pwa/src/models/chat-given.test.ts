import { AfieldError } from '@afield/shared/errors.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { SESSION } from '../../test/chat-items.ts';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { createGivenFiles, type GivenFiles, MAX_KEPT_BYTES, PIECE_BYTES } from './chat-given.ts';

let home: ReturnType<typeof scriptedLink>;
let given: GivenFiles;
/** Ids in the order in which they were begun. */
const asked = () => home.calls.filter(({ sent }) => sent.query?.from === 0).map(({ sent }) => sent.params?.attachment_id);
const atHome = (bytes: (id: unknown) => Uint8Array) => {
  home.answers.getAttachment = ({ params, query }) => {
    const from = Number(query?.from);
    return bytes(params?.attachment_id).slice(from, from + Number(query?.bytes));
  };
};
const get = (id: string, wanted?: () => boolean) => given.get(SESSION, { id }, wanted);
const text = (answer: Awaited<ReturnType<typeof get>>) => ('bytes' in answer ? new TextDecoder().decode(answer.bytes) : answer.fault);

beforeEach(() => {
  home = scriptedLink(ONLINE);
  atHome((id) => new TextEncoder().encode(`bytes of ${id}`));
  given = createGivenFiles(home.link);
});

describe('what was given with a prompt', () => {
  it('is fetched once, and kept', async () => {
    expect(text(await get('a'))).toBe('bytes of a');
    expect(text(await get('a'))).toBe('bytes of a');
    expect(asked()).toEqual(['a']);
  });

  it('that this device gave itself is not fetched at all', async () => {
    given.keep('mine', btoa('my picture'));
    expect(text(await get('mine'))).toBe('my picture');
    expect(text(await given.get(SESSION, { base64: btoa('not sent yet') }))).toBe('not sent yet');
    expect(asked()).toEqual([]);
  });

  it('comes one after the other, and what nobody wants any more is left out', async () => {
    const open: (() => void)[] = [];
    home.answers.getAttachment = () => new Promise((resolve) => open.push(() => resolve(new Uint8Array(1))));
    let wanted = true;
    const all = [get('a'), get('b', () => wanted), get('c')];
    await settled();
    expect(asked()).toEqual(['a']);
    wanted = false;
    open[0]?.();
    await settled();
    expect(asked()).toEqual(['a', 'c']);
    open[1]?.();
    expect((await Promise.all(all)).map((answer) => 'bytes' in answer)).toEqual([true, false, true]);
  });

  it('comes in pieces, between which something else may go; nobody there any more: no more pieces', async () => {
    const whole = Uint8Array.from({ length: PIECE_BYTES * 2 }, (_, at) => at % 251);
    atHome(() => whole);
    const answer = await get('a');
    expect('bytes' in answer && answer.bytes).toEqual(whole);
    expect(home.calls.map(({ sent }) => sent.query?.from)).toEqual([0, PIECE_BYTES, PIECE_BYTES * 2]);
    let pieces = 2;
    expect(text(await get('b', () => pieces-- > 0))).toBe('failed');
    expect(home.calls).toHaveLength(5);
  });

  it('is kept within a bound: what was asked for longest ago goes first', async () => {
    atHome(() => new Uint8Array(MAX_KEPT_BYTES / 4));
    for (const id of ['a', 'b', 'c', 'd', 'a', 'e']) await get(id);
    expect(asked()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await get('a');
    await get('b');
    expect(asked()).toEqual(['a', 'b', 'c', 'd', 'e', 'b']);
  });

  it('that home has no more is gone; without a line it is asked for later', async () => {
    home.answers.getAttachment = () => {
      throw new AfieldError('not_found', 'It may have been deleted.');
    };
    expect(text(await get('a'))).toBe('gone');
    home.answers.getAttachment = () => {
      throw new AfieldError('internal', 'Something went wrong.');
    };
    expect(text(await get('a'))).toBe('failed');
    home.state(down('relay_down'));
    expect(text(await get('a'))).toBe('offline');
    expect(asked()).toHaveLength(2);
    home.state(ONLINE);
    home.answers.getAttachment = () => new Uint8Array(0);
    expect(text(await get('a'))).toBe('');
  });
});
