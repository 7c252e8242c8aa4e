/** What an agent asks, between the agent and the desk of approvals. */
import { AfieldError } from '@afield/shared/errors.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure, openTalk, type Talk } from '../../chat-kit.ts';
import type { Ask, ChatUpdate } from '../chat-ports.ts';
import { manualClock } from '../manual-clock.ts';

let talk: Talk;
let id: string;
beforeEach(async () => {
  talk = openTalk();
  ({ id } = await talk.begin({ prompt: 'go' }));
  await talk.given(1);
  say({ type: 'running' });
});
afterEach(() => talk.house.close());
const say = (...updates: ChatUpdate[]) => talk.chat.agent.say(...updates);
const asks = (key: string, subject: string, tool_id: string | null = null): ChatUpdate => {
  const ask: Ask = {
    kind: 'permission',
    tool_id,
    tool_kind: 'execute',
    tool_name: 'Bash',
    subject,
    detail: null,
    diffs: [],
    options: [
      { id: 'y', label: 'Yes', decision: 'allow', scope: 'once' },
      { id: 'n', label: 'No', decision: 'deny', scope: 'once' },
    ],
    questions: [],
  };
  return { type: 'ask', key, ask };
};
const list = (all = false) => talk.house.approvals.list({ all, limit: 50, session_id: id }).items;
const answer = (approval: { id: string; hash: string }, decision: 'allow' | 'deny') =>
  talk.house.approvals.answer(approval.id, { hash: approval.hash, decision }, 'Pixel');

describe('an ask', () => {
  it('makes the session wait, stands in the chat, and its answer goes to the agent', async () => {
    say({ type: 'tool', key: 't', patch: { name: 'Bash', state: 'pending' } }, asks('k', 'npm test', 't'));
    expect(talk.get(id)).toMatchObject({ status: 'waiting', status_reason: 'It waits for an answer.', pending_approvals: 1 });
    const [approval] = list();
    const items = talk.items(id);
    expect(approval).toMatchObject({ state: 'pending', item_id: items[1]!.id });
    expect(items.at(-1)).toMatchObject({ kind: 'approval', approval_id: approval!.id });
    await answer(approval!, 'allow');
    await eventually(() => talk.chat.agent.answers.length === 1);
    expect(talk.chat.agent.answers[0]).toMatchObject({ key: 'k', answer: { option_id: 'y', decision: 'allow' } });
    await eventually(() => list(true)[0]?.state === 'delivered');
    expect(talk.get(id)).toMatchObject({ status: 'busy', pending_approvals: 0 });
  });

  it('for a tool that was never announced is an ask like any other', () => {
    say(asks('k', 'rm -rf /tmp/x', 'never'));
    expect(list()[0]).toMatchObject({ item_id: null, state: 'pending' });
    say({ type: 'tool', key: 'never', patch: { name: 'Bash', state: 'running' } });
    expect(talk.get(id).status).toBe('waiting');
  });

  it('with the key of another takes its place', async () => {
    say(asks('k', 'first'), asks('k', 'second'));
    expect(list().map(({ ask }) => ask.subject)).toEqual(['second']);
    expect(list(true).find(({ ask }) => ask.subject === 'first')).toMatchObject({ state: 'gone' });
    expect(talk.get(id)).toMatchObject({ status: 'waiting', pending_approvals: 1 });
    await answer(list()[0]!, 'deny');
    await eventually(() => talk.chat.agent.answers.length === 1);
    expect(talk.get(id).status).toBe('busy');
  });

  it('that was answered at the agent is gone, and nobody waits for it', async () => {
    say(asks('a', 'one'), asks('b', 'two'));
    expect(talk.get(id).status_reason).toBe('It waits for 2 answers.');
    const [one] = list();
    say({ type: 'ask_gone', key: 'a', by: 'elsewhere', decision: 'allow' });
    expect(list(true).find((approval) => approval.id === one!.id)).toMatchObject({
      state: 'gone',
      outcome: { by: 'at the agent', decision: 'allow' },
    });
    expect(talk.get(id).status).toBe('waiting');
    expect((await failure(() => answer(one!, 'deny'))).code).toBe('approval_answered');
    say({ type: 'ask_gone', key: 'b', by: 'agent', decision: 'unknown' }, { type: 'ask_gone', key: 'b', by: 'agent', decision: 'unknown' });
    expect(talk.get(id).status).toBe('busy');
    expect(list()).toEqual([]);
  });

  it('ends with its turn, with its agent, and after a denial or an interrupt nothing is busy', async () => {
    say(asks('a', 'one'));
    await answer(list()[0]!, 'deny');
    await eventually(() => talk.chat.agent.answers.length === 1);
    say({ type: 'idle', stop: 'cancelled' });
    expect(talk.get(id)).toMatchObject({ status: 'idle', status_reason: 'Interrupted.' });
    await talk.prompt(id, 'more');
    await talk.given(2);
    say(asks('b', 'two'));
    await talk.house.sessions.cancel(id);
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    await talk.prompt(id, 'and more');
    await talk.given(3);
    say(asks('c', 'three'));
    talk.chat.agent.exit({ code: 1 });
    await talk.becomes(id, 'failed');
    expect(list()).toEqual([]);
    expect(list(true).map(({ state }) => state)).toEqual(['gone', 'gone', 'delivered']);
  });

  it('between two turns leaves the agent idle, and holds the next prompt until then', async () => {
    say({ type: 'idle', stop: 'done' }, asks('k', 'log in again?'));
    expect(talk.get(id).status).toBe('waiting');
    await talk.prompt(id, 'next');
    expect(talk.chat.agent.prompts).toHaveLength(1);
    await answer(list()[0]!, 'allow');
    await talk.given(2);
    talk.chat.agent.answerWith('ok');
    say(asks('l', 'and now?'));
    await talk.house.sessions.cancel(id);
    expect(talk.get(id)).toMatchObject({ status: 'idle', pending_approvals: 0 });
    say(asks('m', 'or now?'));
    await answer(list()[0]!, 'deny');
    await talk.becomes(id, 'idle');
  });

  it('is refused, and said so, when nobody could answer that many', async () => {
    for (let i = 0; i < 70; i++) say(asks(`k${i}`, `command ${i}`));
    expect(list()).toHaveLength(50);
    expect(talk.get(id).pending_approvals).toBe(64);
    await eventually(() => talk.chat.agent.answers.length === 6);
    expect(talk.chat.agent.answers[0]!.answer).toMatchObject({ decision: 'cancel', option_id: 'n' });
    expect(talk.items(id)).toContainEqual(expect.objectContaining({ kind: 'notice', text: expect.stringContaining('refused') }));
  });

  it('that cannot be kept is tried again, and the session waits', async () => {
    await talk.house.close();
    const clock = manualClock();
    let full = true;
    const desk = {
      ask: () => {
        if (full) throw new AfieldError('storage_full', 'The disk is full.');
        return { id: 'approval', state: 'pending' } as never;
      },
      gone: () => {},
      abandon: () => {},
      pending: () => 0,
    };
    talk = openTalk({ deps: { clock, approvals: desk } });
    ({ id } = await talk.begin());
    await talk.prompt(id, 'go');
    await vi.waitFor(() => {
      clock.advance(10);
      expect(talk.chat.agent.prompts).toHaveLength(1);
    });
    say(asks('k', 'npm test'));
    expect(talk.get(id).status).toBe('waiting');
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'notice', level: 'error' });
    full = false;
    clock.advance(5_001);
    expect(talk.items(id).at(-1)).toMatchObject({ kind: 'approval', approval_id: 'approval' });
  });
});
