/** The home server is killed before each call that it makes of what stands around it, while a terminal session gets and uses its chat face. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { sampleAsk, YES_NO } from '../../approvals-kit.ts';
import { openTalk, type Talk } from '../../chat-kit.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import { World } from '../sessions/surviving-runtime.ts';
import { ScriptedCompanion } from './scripted-companion.ts';

let world: World;
let companion: ScriptedCompanion;
let talk: Talk;
afterEach(() => talk.house.close());

const ask = sampleAsk({ options: YES_NO.slice(0, 1) });
const TURN: ChatUpdate[] = [
  { type: 'agent_session', id: 'agent-7' },
  { type: 'running' },
  { type: 'text_done', key: 'u1', role: 'user', text: 'do it' },
  { type: 'text', key: 'm1', role: 'agent', text: 'I do' },
  { type: 'text_done', key: 'm1', role: 'agent', text: 'I do it.' },
  { type: 'tool', key: 't1', patch: { name: 'Bash', kind: 'execute', state: 'running', input: 'npm test' } },
];
const REST: ChatUpdate[] = [
  { type: 'tool', key: 't1', patch: { state: 'done', output: 'ok' } },
  { type: 'idle', stop: 'done' },
];

const open = (folder?: string) => {
  talk = openTalk({ world, companion, ...(folder === undefined ? {} : { folder }) });
};

/** Does `act` in a house that is killed at its n-th call, for each n, then `check` in the next one. Returns how many calls there were. */
async function everywhere(prepare: () => Promise<string>, act: (id: string) => Promise<unknown>, check: (id: string) => Promise<void>) {
  for (let n = 1; ; n++) {
    world = new World();
    world.onStart = (program) => program.print('READY\r\n');
    companion = new ScriptedCompanion();
    open();
    const id = await prepare();
    talk.house.life.killAt(n);
    const done = act(id).catch(() => {});
    await Promise.race([done, talk.house.life.killed]);
    const killed = talk.house.life.dead;
    await talk.house.crash();
    open(talk.house.folder);
    await check(id);
    await talk.house.close();
    if (!killed) return n - 1;
  }
}

/** What is told again, and on, comes to the same items, whatever of it was kept before. */
async function isWhole(id: string): Promise<void> {
  const lines = companion.lines.length;
  await eventually(() => talk.get(id).attach_command !== null);
  await eventually(() => companion.lines.length > 0 && !companion.line.left && companion.lines.length >= lines);
  companion.line.say(...TURN, ...REST);
  const items = talk.items(id).filter(({ kind }) => kind !== 'approval' && kind !== 'notice');
  expect(items).toMatchObject([
    { role: 'user', text: 'do it' },
    { role: 'agent', text: 'I do it.', state: 'done' },
    { kind: 'tool', state: 'done', output: 'ok' },
  ]);
  expect(talk.get(id)).toMatchObject({ agent_session_id: 'agent-7', pending_approvals: 0 });
}

describe('kill -9 at every step', { timeout: 120_000 }, () => {
  it('of a start: there is no session, or one whose program runs and is heard', async () => {
    const steps = await everywhere(
      async () => '019a0000-0000-7000-8000-000000000001',
      (id) => talk.begin({ id, agent: 'heard', face: 'terminal' }),
      async (id) => {
        const { items } = talk.house.sessions.list({ archived: false, limit: 10 });
        if (world.programs.has(id)) {
          expect(items).toMatchObject([{ id, faces: ['terminal', 'chat'] }]);
          expect(existsSync(join(talk.house.folder, 'recordings', id, 'companion', 'memory.json'))).toBe(true);
          await eventually(() => companion.lines.some(({ left }) => !left));
          await isWhole(id);
        } else
          for (const { status } of items) await eventually(() => ['lost', 'failed'].includes(status) || talk.get(id).status === 'lost');
      },
    );
    expect(steps).toBeGreaterThan(5);
  });

  it('of a turn: what the agent tells again is there once', async () => {
    const steps = await everywhere(
      async () => {
        const { id } = await talk.begin({ agent: 'heard', face: 'terminal' });
        await talk.becomes(id, 'idle');
        return id;
      },
      async (id) => {
        companion.line.say(...TURN, { type: 'ask', key: 'a1', ask });
        const [approval] = talk.house.approvals.list({ session_id: id, all: false, limit: 10 }).items;
        await talk.house.approvals.answer(approval!.id, { hash: approval!.hash, decision: 'allow' }, 'Phone');
        await eventually(() => talk.house.life.dead || companion.line.answers.length === 1);
        companion.line.say(...REST);
      },
      async (id) => {
        await eventually(() => companion.lines.length === 2);
        // Never given twice.
        expect(companion.lines.flatMap(({ answers }) => answers).length).toBeLessThanOrEqual(1);
        await isWhole(id);
        for (const { state } of talk.house.approvals.list({ session_id: id, all: true, limit: 10 }).items)
          expect(['gone', 'delivered']).toContain(state);
      },
    );
    expect(steps).toBeGreaterThan(20);
  });
});
