/** A chat with a real program that speaks ACP: whatever its script does, the session is never busy after its turn, and goes on after any end. */
import { fileURLToPath } from 'node:url';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './core/clock.ts';
import { createChatRuntimes } from './runtimes/chat-runtimes.ts';
import { type House, openHouse } from './sessions-kit.ts';

const AGENT = fileURLToPath(new URL('./runtimes/acp/small-agent.ts', import.meta.url));
const options = () => ({
  agents: { small: { command: [process.execPath, AGENT], chat: 'acp' as const } },
  deps: { chatRuntimes: createChatRuntimes({ clock: systemClock() }) },
});

let house: House;
beforeEach(() => {
  house = openHouse(options());
});
afterEach(() => house.close());

const begin = async () => (await house.sessions.create({ agent: 'small', face: 'chat' })).id;
const give = (id: string, scenario: string) => house.sessions.prompt(id, { id: uuidv7(), content: `SCENARIO:${scenario}` });
const items = (id: string): ChatItem[] => house.sessions.messages(id, { limit: 100 }).items;
const said = (id: string) => items(id).flatMap((item) => (item.kind === 'message' && item.role === 'agent' ? [item.text] : []));
const becomes = (id: string, ...wanted: Session['status'][]) =>
  eventually(() => {
    const session = house.sessions.get(id);
    return wanted.includes(session.status) && session;
  });
/** Waits until it has worked since this was called, and does not any more. */
const turn = async (id: string, scenario: string) => {
  const from = house.heard.length;
  await give(id, scenario);
  const statuses = () =>
    house.heard
      .slice(from)
      .flatMap((event) => (event.type === 'session.status_changed' && event.session_id === id ? [event.payload.session.status] : []));
  await eventually(() => statuses().includes('busy') && statuses().at(-1) !== 'busy');
  return becomes(id, 'idle', 'waiting', 'failed');
};
const answer = async (id: string, decision: 'allow' | 'deny') => {
  const [approval] = await eventually(() => {
    const open = house.approvals.list({ all: false, limit: 5, session_id: id }).items;
    return open.length > 0 && open;
  });
  await house.approvals.answer(approval!.id, { hash: approval!.hash, decision }, 'Pixel');
};

describe('a turn', () => {
  it.each(['greet', 'think', 'plan', 'long:20', 'unknown', 'burst:30'])('of %s ends idle, with all items complete', async (scenario) => {
    const id = await begin();
    expect(await turn(id, scenario)).toMatchObject({ status: 'idle', status_reason: null });
    expect(house.store.chat.open(id)).toEqual([]);
    expect(items(id).length).toBeGreaterThan(1);
    expect(house.warnings).toEqual([]);
  });

  it.each(['e401', 'e529', 'quiet529'])('that fails (%s) ends idle, with an error', async (scenario) => {
    const id = await begin();
    expect(await turn(id, scenario)).toMatchObject({ status: 'idle', status_reason: expect.stringContaining('error') });
    expect(items(id).filter((item) => item.kind === 'notice' && item.level === 'error')).toHaveLength(1);
    expect(await turn(id, 'greet')).toMatchObject({ status: 'idle', status_reason: null });
  });

  it('that asks waits, goes on when it is allowed, and ends when it is not', async () => {
    const id = await begin();
    expect(await turn(id, 'edit')).toMatchObject({ status: 'waiting', pending_approvals: 1 });
    await answer(id, 'allow');
    await becomes(id, 'idle');
    expect(items(id).find((item) => item.kind === 'tool')).toMatchObject({
      state: 'done',
      diffs: [{ path: expect.stringMatching(/hello\.txt$/), before: null }],
    });
    await turn(id, 'bash');
    await answer(id, 'deny');
    await becomes(id, 'idle');
    expect(said(id).at(-1)).toContain('It did not run.');
    await turn(id, 'never');
    await answer(id, 'allow');
    await becomes(id, 'idle');
    expect(await turn(id, 'withdraw')).toMatchObject({ status: expect.stringMatching(/waiting|idle/) });
    expect(await becomes(id, 'idle')).toMatchObject({ pending_approvals: 0 });
  });

  it('that is interrupted is idle, and the next one works', async () => {
    const id = await begin();
    await give(id, 'slow:50');
    await eventually(() => said(id).length > 0);
    await house.sessions.cancel(id);
    expect(await becomes(id, 'idle')).toMatchObject({ status_reason: 'Interrupted.' });
    await turn(id, 'edit');
    await house.sessions.cancel(id);
    expect(await becomes(id, 'idle')).toMatchObject({ pending_approvals: 0 });
    await turn(id, 'greet');
    expect(said(id).at(-1)).toContain('Hello from the small agent.');
  });

  it('of 50 MB is bounded', async () => {
    const id = await begin();
    await turn(id, 'huge:50');
    const tool = items(id).find((item) => item.kind === 'tool') as Extract<ChatItem, { kind: 'tool' }>;
    expect(tool.output_bytes).toBeGreaterThanOrEqual(50_000_000);
    expect(tool.output.length).toBeLessThanOrEqual(65_536);
  });
});

describe('an end', () => {
  it.each(['half', 'die'])(
    'of the agent in its turn (%s) is an end of the session, which then goes on with all it knew',
    async (scenario) => {
      const id = await begin();
      await turn(id, 'greet');
      await give(id, scenario);
      expect(await becomes(id, 'failed')).toMatchObject({ status_reason: expect.stringContaining('exit code') });
      expect(house.store.chat.open(id)).toEqual([]);
      await house.sessions.resume(id);
      await turn(id, 'remember');
      expect(said(id).at(-1)).toContain('SCENARIO:greet');
    },
  );

  it('of the home server, by kill -9, leaves no second agent behind: the old one is ended before the new one starts', async () => {
    const id = await begin();
    await turn(id, 'greet');
    await give(id, 'hang');
    await becomes(id, 'busy');
    const { pid } = house.sessions.get(id);
    await house.crash();
    process.kill(pid!, 0);
    house = openHouse({ ...options(), folder: house.folder });
    expect(house.sessions.get(id)).toMatchObject({ status: 'idle', status_reason: 'It goes on with your next prompt.' });
    await turn(id, 'remember');
    expect(said(id).at(-1)).toContain('SCENARIO:greet');
    expect(house.sessions.get(id).pid).not.toBe(pid);
    expect(() => process.kill(pid!, 0)).toThrow();
  });

  it('of the home server, in good order, ends its agents and loses nothing', async () => {
    const id = await begin();
    await turn(id, 'greet');
    const { pid } = house.sessions.get(id);
    await house.stop();
    expect(() => process.kill(pid!, 0)).toThrow();
    house = openHouse({ ...options(), folder: house.folder });
    await turn(id, 'remember');
    expect(said(id).at(-1)).toContain('SCENARIO:greet');
  });
});
