import type { Adoptable } from '@afield/shared/api/machines.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, script } from '../../sessions-kit.ts';
import { World } from './surviving-runtime.ts';

let world: World;
let house: House;
const agents = { agent: script('true') };
const pane: Adoptable = {
  socket: '/tmp/tmux-1000/default',
  pane: '%3',
  session_name: 'work',
  command: 'claude',
  title: 'fixing\u202e it',
  cwd: '/home/me/repo',
  pid: 77,
  cols: 120,
  rows: 40,
  attached: true,
};
beforeEach(() => {
  world = new World();
  world.panes.push(pane, { ...pane, pane: '%4', command: 'zsh', pid: 78 });
  house = openHouse({ agents, world });
});
afterEach(() => house.close());

const where = { machine: 'local', socket: pane.socket, pane: pane.pane };
const screen = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;
const becomes = (id: string, status: Session['status']) =>
  eventually(() => house.sessions.get(id).status === status && house.sessions.get(id));

describe('an adopted program', () => {
  it('is a session: its screen first, then what it prints; read by the rules of its program', async () => {
    const session = await house.sessions.adopt(where);
    expect(session).toMatchObject({
      agent: 'claude',
      name: 'claude-repo',
      cwd: '/home/me/repo',
      adopted: true,
      pid: 77,
      cols: 120,
      rows: 40,
      title: 'fixing it',
    });
    await eventually(async () => (await screen(session.id)).includes('screen of claude'));
    world.program(session.id).print('and on\r\n');
    await eventually(async () => (await screen(session.id)) === 'screen of claude\nand on');
    await house.sessions.input(session.id, Buffer.from('keys'));
    expect(world.program(session.id).typed).toBe('keys');
    const other = await house.sessions.adopt({ ...where, pane: '%4' });
    expect(other.agent).toBe('shell');
  });

  it('is made once by the same id, refused twice for the same pane, and for one that is gone', async () => {
    const id = uuidv7();
    const [one, two] = await Promise.all([house.sessions.adopt({ ...where, id }), house.sessions.adopt({ ...where, id })]);
    expect(one.id).toBe(two.id);
    await expect(house.sessions.adopt(where)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('claude-repo') });
    await expect(house.sessions.adopt({ ...where, pane: '%9' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(house.sessions.adopt({ ...where, pane: '%4', agent: 'nobody' })).rejects.toMatchObject({ code: 'agent_unknown' });
    await expect(house.sessions.adopt({ ...where, pane: '%4', project_id: uuidv7() })).rejects.toMatchObject({ code: 'project_not_found' });
    await expect(house.sessions.adopt({ ...where, machine: 'box' })).rejects.toMatchObject({ code: 'machine_not_found' });
    expect(house.sessions.list({ archived: true, limit: 10 }).items).toHaveLength(1);
  });

  it('is found again after a crash, with its screen', async () => {
    const { id } = await house.sessions.adopt(where);
    await eventually(async () => (await screen(id)).includes('screen of claude'));
    world.program(id).print('printed');
    await eventually(() => house.store.sessions.get(id)!.output_bytes > 0, 5_000);
    await house.crash();
    world.program(id).print(' later');
    house = openHouse({ agents, world, folder: house.folder });
    await eventually(async () => (await screen(id)) === 'screen of claude\nprinted later');
    expect(house.sessions.get(id)).toMatchObject({ adopted: true, recovered_bytes: 6 });
  });

  it('goes on when it is released, ends when it is stopped', async () => {
    const { id } = await house.sessions.adopt(where);
    const released = await house.sessions.release(id, 'Pixel');
    expect(released).toMatchObject({ status: 'finished', status_reason: 'Released: it goes on in your own tmux.', exit_code: null });
    expect(world.released).toEqual([id]);
    expect(world.program(id).exit).toBeNull();
    await expect(house.sessions.release(id, 'Pixel')).rejects.toMatchObject({ code: 'session_ended' });
    const again = await house.sessions.adopt(where);
    await house.sessions.stop(again.id, 'me');
    expect(world.program(again.id).exit).not.toBeNull();
    await becomes(again.id, 'cancelled');
  });

  it('only what was adopted can be released', async () => {
    const { id } = await house.sessions.create({ agent: 'agent' });
    await expect(house.sessions.release(id, 'me')).rejects.toMatchObject({ code: 'conflict' });
    expect(house.sessions.get(id).status).not.toBe('finished');
  });
});

describe('strays (D14)', () => {
  it('are programs of sessions that are over or unknown; never those of a live one', async () => {
    const [live, over, purged] = [
      await house.sessions.create({ agent: 'agent' }),
      await house.sessions.create({ agent: 'agent' }),
      await house.sessions.create({ agent: 'agent' }),
    ];
    for (const { id } of [over, purged]) {
      await house.sessions.stop(id, 'me');
      world.program(id).exit = null;
    }
    await house.sessions.purge(purged.id);
    const found = await house.sessions.strays();
    expect(found.map(({ session_id }) => session_id).sort()).toEqual([over.id, purged.id].sort());
    expect(found[0]).toMatchObject({ machine: 'local', command: '/bin/bash -c true' });
    expect(world.reaped).toEqual([]);
    await house.sessions.reap();
    expect(world.reaped.sort()).toEqual([over.id, purged.id].sort());
    expect(house.sessions.get(live.id).pid).toBe(world.program(live.id).pid);
    expect(await house.sessions.strays()).toEqual([]);
  });

  it('a session that is still being found again is no stray', async () => {
    const { id } = await house.sessions.create({ agent: 'agent' });
    world.setLine(false);
    await house.crash();
    house = openHouse({ agents, world, folder: house.folder });
    expect(await house.sessions.strays()).toEqual([]);
    await house.sessions.reap();
    expect(world.reaped).toEqual([]);
    world.setLine(true);
    await eventually(() => house.sessions.get(id).attach_command !== null);
  });

  it('are told as a warning at the start', { timeout: 15_000 }, async () => {
    const { id } = await house.sessions.create({ agent: 'agent' });
    await house.sessions.stop(id, 'me');
    world.program(id).exit = null;
    await house.crash();
    house = openHouse({ agents, world, folder: house.folder });
    await eventually(() => house.warnings.some((text) => /of sessions that are over still run: .*afield doctor --reap/.test(text)));
  });
});
