/** G2: the home server is killed before each call that it makes of what stands around it, in everything that it does with sessions. */
import { readFile } from 'node:fs/promises';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, script } from '../../sessions-kit.ts';
import { recordingFiles } from '../recording/files.ts';
import { World } from './surviving-runtime.ts';

const agents = { agent: script('true') };
let world: World;
let house: House;
beforeEach(() => {
  world = new World();
});
afterEach(() => house.close());

const UNFINISHED = ['starting', 'busy', 'idle', 'waiting'];

/** Whatever happened: each program belongs to a session that runs, each session that runs has its program, its bytes are all there. */
async function isWhole(prompts: readonly string[] = []): Promise<void> {
  for (const { id } of house.sessions.list({ archived: true, limit: 100 }).items) {
    const running = () => UNFINISHED.includes(house.sessions.get(id).status);
    const program = world.programs.get(id);
    if (program === undefined || program.exit !== null) await eventually(() => !running());
    else {
      await eventually(() => house.sessions.get(id).attach_command !== null);
      expect(running()).toBe(true);
      program.print('still here\r\n');
      await eventually(async () => (await house.sessions.output(id, 'text', 0)).screen.includes('still here'));
    }
    if (program === undefined) continue;
    await eventually(async () => (await readFile(recordingFiles(`${house.folder}/recordings/${id}`).output)).equals(program.spool));
    for (const text of prompts) expect(program.typed.split(text).length - 1).toBeLessThanOrEqual(1);
  }
  const known = new Set(house.sessions.list({ archived: true, limit: 100 }).items.map(({ id }) => id));
  for (const { session_id, exit } of world.programs.values()) if (exit === null) expect(known).toContain(session_id);
  expect(await house.sessions.strays()).toEqual([]);
}

/** Does `act` on a house that is killed at its n-th call, for each n, until it gets through. Returns how many calls there were. */
async function everywhere(
  prepare: (house: House) => Promise<string>,
  act: (house: House, id: string) => Promise<unknown>,
  check: (id: string, killed: boolean) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    world = new World();
    house = openHouse({ agents, world });
    const { folder } = house;
    const id = await prepare(house);
    house.life.killAt(n);
    const done = act(house, id).then(
      () => true,
      () => false,
    );
    await Promise.race([done, house.life.killed]);
    const killed = house.life.dead;
    await house.crash();
    house = openHouse({ agents, world, folder });
    await check(id, killed);
    await house.close();
    if (!killed) return n - 1;
  }
}

/** Starts a home server that is killed at its n-th call; false when it came to its goal before. */
async function killedWhileResuming(folder: string, n: number, reached: (one: House) => boolean): Promise<boolean> {
  let one: House;
  try {
    one = openHouse({ agents, world, folder, killAt: n });
  } catch {
    return true;
  }
  await eventually(() => one.life.dead || reached(one));
  const killed = one.life.dead;
  await one.crash();
  return killed;
}

describe('G2: kill -9 at every step', { timeout: 120_000 }, () => {
  it('of create', async () => {
    const prompt = 'do this once';
    const points = await everywhere(
      async () => uuidv7(),
      async (one, id) => {
        const session = await one.sessions.create({ id, agent: 'agent', prompt });
        await eventually(() => world.program(id).typed.includes('\r'), 3_000).catch(() => {});
        return session;
      },
      async (id) => {
        // The caller, who heard nothing, asks again with the same id.
        const again = await house.sessions.create({ id, agent: 'agent', prompt });
        expect(again.id).toBe(id);
        await isWhole([prompt]);
        expect(house.sessions.list({ archived: true, limit: 10 }).items).toHaveLength(1);
      },
    );
    expect(points).toBeGreaterThan(8);
  });

  it('of stop and purge', async () => {
    const points = await everywhere(
      async (one) => {
        const { id } = await one.sessions.create({ agent: 'agent' });
        world.program(id).print('words\r\n');
        await eventually(() => one.sessions.get(id).status === 'idle');
        return id;
      },
      async (one, id) => {
        await one.sessions.stop(id, 'me');
        await one.sessions.purge(id);
      },
      async (id) => {
        await isWhole();
        const left = house.sessions.list({ archived: true, limit: 10 }).items;
        if (left.length === 0) return;
        await house.sessions.stop(id, 'me');
        await house.sessions.purge(id);
        expect(house.sessions.list({ archived: true, limit: 10 }).items).toEqual([]);
      },
    );
    expect(points).toBeGreaterThan(5);
  });

  it('of finding sessions again', async () => {
    let points = 0;
    for (let n = 1, killed = true; killed; n++) {
      world = new World();
      house = openHouse({ agents, world });
      const { folder } = house;
      const [lives, ended, gone] = [
        await house.sessions.create({ agent: 'agent' }),
        await house.sessions.create({ agent: 'agent' }),
        await house.sessions.create({ agent: 'agent', prompt: 'for nobody' }),
      ];
      for (const { id } of [lives, ended]) world.program(id).print(`${'words '.repeat(30)}\r\n`);
      await house.crash();
      world.program(lives.id).print('while it was away\r\n');
      world.program(ended.id).print('last words\r\n');
      world.program(ended.id).end({ code: 0, signal: null });
      world.programs.delete(gone.id);
      killed = await killedWhileResuming(folder, n, (one) => {
        const became = (id: string, status: string) =>
          one.heard.some(
            (event) => event.type === 'session.status_changed' && event.session_id === id && event.payload.session.status === status,
          );
        const recovered = one.heard.some(({ type, session_id }) => type === 'session.recovered' && session_id === lives.id);
        return recovered && became(ended.id, 'finished') && became(gone.id, 'lost');
      });
      house = openHouse({ agents, world, folder });
      await eventually(() => house.sessions.get(ended.id).status === 'finished');
      expect(house.sessions.get(ended.id)).toMatchObject({ exit_code: 0 });
      await eventually(() => house.sessions.get(gone.id).status === 'lost');
      await isWhole(['for nobody']);
      await house.close();
      points = n;
    }
    expect(points).toBeGreaterThan(10);
  });
});
