import { describe, expect, it } from 'vitest';
import { ONLINE, scriptedLink } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { canFork, SessionActionsModel } from './session-actions.ts';

const one = session({ name: 'one', minutes: 1 });

function open() {
  const way = scriptedLink(ONLINE);
  const taken: string[] = [];
  const dropped: string[] = [];
  const actions = new SessionActionsModel(
    way.link,
    { take: (next) => void taken.push(next.status), drop: (id) => void dropped.push(id) },
    one.id,
  );
  return { ...way, actions, taken, dropped };
}

describe('what can be done to a session', () => {
  it('interrupt and stop are two things', async () => {
    const { actions, answers, calls } = open();
    answers.cancelSession = () => one;
    answers.deleteSession = () => ({ ...one, status: 'cancelled' });
    await actions.interrupt();
    await actions.stop();
    expect(calls.map((call) => call.operation)).toEqual(['cancelSession', 'deleteSession']);
    expect(calls[1]?.sent.query).toEqual({});
  });

  it('the answer shows at once', async () => {
    const { actions, answers, taken } = open();
    answers.deleteSession = () => ({ ...one, status: 'cancelled' });
    expect(await actions.stop()).toBe(true);
    expect(taken).toEqual(['cancelled']);
  });

  it('delete purges, and the session leaves the list', async () => {
    const { actions, answers, dropped, calls } = open();
    answers.deleteSession = () => null;
    await actions.remove();
    expect(calls[0]?.sent.query).toEqual({ purge: true });
    expect(dropped).toEqual([one.id]);
  });

  it('a fork gives the new session, which shows at once', async () => {
    const { actions, answers, taken, calls } = open();
    answers.forkSession = () => ({ ...one, id: 'another', status: 'starting' });
    expect(await actions.fork()).toBe('another');
    expect(calls[0]?.sent.params).toEqual({ id: one.id });
    expect(taken).toEqual(['starting']);
    answers.forkSession = () => Promise.reject(new Error('It was started with “--continue”.'));
    expect(await actions.fork()).toBeNull();
    expect(actions.error.value).toBe('It was started with “--continue”.');
  });

  it('only a terminal whose agent has told its own id can be forked from here', () => {
    const both = { ...one, faces: ['terminal' as const, 'chat' as const], agent_session_id: 'a1' };
    expect(canFork(both)).toBe(true);
    expect(canFork({ ...both, agent_session_id: null })).toBe(false);
    expect(canFork({ ...both, faces: ['chat'] })).toBe(false);
  });

  it('a failure says why and changes nothing', async () => {
    const { actions, answers, taken, dropped } = open();
    answers.deleteSession = () => Promise.reject(new Error('It still runs.'));
    expect(await actions.remove()).toBe(false);
    expect(actions.error.value).toBe('It still runs.');
    expect(actions.busy.value).toBe(false);
    expect([...taken, ...dropped]).toEqual([]);
  });

  it('one at a time', async () => {
    const { actions, answers, calls } = open();
    answers.updateSession = () => one;
    const results = await Promise.all([actions.pin(true), actions.pin(false)]);
    expect(results).toEqual([true, false]);
    expect(calls).toHaveLength(1);
  });
});
