import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldError } from '@afield/shared/errors.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleProject } from '../../sample-row.ts';
import { type House, type HouseOptions, openHouse, script } from '../../sessions-kit.ts';

let house: House;
const open = (options: HouseOptions = {}) => {
  house = openHouse(options);
  return house;
};
afterEach(() => house.close());

const failure = async (run: () => unknown): Promise<AfieldError> => {
  try {
    await run();
  } catch (error) {
    return error as AfieldError;
  }
  throw new Error('it did not fail');
};
const becomes = (id: string, ...status: Session['status'][]) =>
  eventually(() => {
    const session = house.sessions.get(id);
    return status.includes(session.status) && session;
  });
const screen = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;

describe('a session', () => {
  beforeEach(() => open({ agents: { hello: script('printf hello; sleep 60'), quick: script('echo bye'), rude: script('exit 3') } }));

  it('starts, shows its screen, takes keys, and is stopped by a device with a name', async () => {
    const session = await house.sessions.create({ agent: 'shell' });
    expect(session).toMatchObject({ status: 'starting', agent: 'shell', cwd: house.folder, cols: 80, rows: 24, faces: ['terminal'] });
    await becomes(session.id, 'idle');
    await house.sessions.input(session.id, Buffer.from('echo sum $((40+2))\r'));
    await eventually(async () => (await screen(session.id)).includes('sum 42'));
    const stopped = await house.sessions.stop(session.id, 'Pixel');
    expect(stopped).toMatchObject({ status: 'cancelled', status_reason: 'Stopped by Pixel.', pid: null });
    expect(stopped.ended_at).not.toBeNull();
    expect(await house.sessions.stop(session.id, 'Tablet')).toMatchObject({ status_reason: 'Stopped by Pixel.' });
  });

  it('is busy while a command runs in the shell, and idle at its prompt', async () => {
    const { id } = await house.sessions.create({ agent: 'shell' });
    await becomes(id, 'idle');
    await house.sessions.input(id, Buffer.from('sleep 2\r'));
    await becomes(id, 'busy');
    await becomes(id, 'idle');
  });

  it('finishes with code 0, fails with another and says why', async () => {
    const quick = await house.sessions.create({ agent: 'quick' });
    expect(await becomes(quick.id, 'finished')).toMatchObject({ exit_code: 0, status_reason: null });
    const rude = await house.sessions.create({ agent: 'rude' });
    const failed = await becomes(rude.id, 'failed');
    expect(failed.exit_code).toBe(3);
    expect(failed.status_reason).toMatch(/exit code 3, right after it started/);
    expect(await screen(quick.id)).toBe('bye');
  });

  it('is told by events: written, numbered, with the session as it is then', async () => {
    const { id } = await house.sessions.create({ agent: 'quick' });
    await becomes(id, 'finished');
    const own = house.heard.filter((event) => event.session_id === id);
    expect(own[0]).toMatchObject({ type: 'session.created', payload: { session: { id, status: 'starting' } } });
    const changes = own.flatMap((event) => (event.type === 'session.status_changed' ? [event.payload] : []));
    expect(changes.at(-1)).toMatchObject({ session: { status: 'finished', exit_code: 0 } });
    expect(house.events.read({ since: 0, limit: 100, session_id: id })).toEqual(own);
  });

  it('is made once, however often the same create arrives', async () => {
    const id = uuidv7();
    const [first, second] = await Promise.all([
      house.sessions.create({ id, agent: 'hello' }),
      house.sessions.create({ id, agent: 'hello' }),
    ]);
    const third = await house.sessions.create({ id, agent: 'hello' });
    expect([second.pid, third.pid]).toEqual([first.pid, first.pid]);
    expect(house.sessions.list({ archived: false, limit: 10 }).items).toHaveLength(1);
    expect((await failure(() => house.sessions.create({ id, agent: 'shell' }))).code).toBe('conflict');
  });

  it('is renamed, pinned and archived, running or over', async () => {
    const { id } = await house.sessions.create({ agent: 'hello', name: 'first' });
    expect((await house.sessions.update(id, { name: 'second' })).name).toBe('second');
    await house.sessions.stop(id, 'me');
    expect(await house.sessions.update(id, { archived: true, pinned: true })).toMatchObject({
      name: 'second',
      archived: true,
      pinned: true,
    });
    expect(house.sessions.list({ archived: false, limit: 10 }).items).toEqual([]);
    expect(house.heard.filter((event) => event.type === 'session.renamed')).toHaveLength(2);
  });

  it('is purged with all its history, but not while it runs', async () => {
    const { id } = await house.sessions.create({ agent: 'hello', prompt: 'hi' });
    expect((await failure(() => house.sessions.purge(id))).code).toBe('conflict');
    await house.sessions.stop(id, 'me');
    await house.sessions.purge(id);
    expect((await failure(() => house.sessions.get(id))).code).toBe('session_not_found');
    expect(house.events.read({ since: 0, limit: 100, session_id: id }).map((event) => event.type)).toEqual(['session.deleted']);
    expect((await failure(() => house.sessions.purge(id))).code).toBe('session_not_found');
  });

  it('has a name made of agent and directory, and only printable characters', async () => {
    const odd = join(house.folder, 'odd\u0007\u202ename');
    mkdirSync(odd);
    expect((await house.sessions.create({ agent: 'quick', cwd: odd })).name).toBe('quick-oddname');
    const long = join(house.folder, 'x'.repeat(200));
    mkdirSync(long);
    expect((await house.sessions.create({ agent: 'quick', cwd: long })).name).toHaveLength(100);
  });

  it('is listed newest first, page by page', async () => {
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.unshift((await house.sessions.create({ agent: 'quick', name: `n${i}` })).id);
    const first = house.sessions.list({ archived: false, limit: 2 });
    expect(first.items.map((s) => s.id)).toEqual(made.slice(0, 2));
    const second = house.sessions.list({ archived: false, limit: 2, cursor: first.next_cursor! });
    expect(second).toMatchObject({ items: [{ id: made[2] }], next_cursor: null });
    expect((await failure(() => house.sessions.list({ archived: false, limit: 2, cursor: 'nonsense' }))).code).toBe('bad_request');
  });
});

describe('what cannot be started', () => {
  beforeEach(() =>
    open({ agents: { ghost: { command: ['no-such-program-anywhere'], install: 'brew install ghost' }, hello: script('sleep 60') } }),
  );

  it('names an unknown agent and those that are known', async () => {
    const error = await failure(() => house.sessions.create({ agent: 'claud' }));
    expect(error.code).toBe('agent_unknown');
    expect(error.message).toMatch(/"claud".*claude, codex/);
  });

  it('says how to install an agent that is missing', async () => {
    const error = await failure(() => house.sessions.create({ agent: 'ghost' }));
    expect(error.code).toBe('agent_not_installed');
    expect(error.message).toContain('brew install ghost');
  });

  it('D1: wants a directory that exists: no relative path, no NUL, no file', async () => {
    writeFileSync(join(house.folder, 'file'), '');
    for (const cwd of ['/no/such/place', 'relative', '../..', '/tmp\0/x', join(house.folder, 'file'), '~nobody']) {
      expect((await failure(() => house.sessions.create({ agent: 'hello', cwd }))).code).toBe('cwd_missing');
    }
  });

  it('knows no project that was never made', async () => {
    expect((await failure(() => house.sessions.create({ agent: 'hello', project_id: uuidv7() }))).code).toBe('project_not_found');
  });

  it('leaves nothing behind when it is refused', async () => {
    await failure(() => house.sessions.create({ agent: 'ghost' }));
    expect(house.sessions.list({ archived: true, limit: 10 }).items).toEqual([]);
    expect(house.heard).toEqual([]);
  });
});

it('uses the directory of its project, and the project counts as used', async () => {
  open({ agents: { where: script('pwd') } });
  const cwd = join(house.folder, 'repo');
  mkdirSync(cwd);
  const id = uuidv7();
  house.store.projects.insert(sampleProject(id, { cwd }));
  const session = await house.sessions.create({ agent: 'where', project_id: id });
  await becomes(session.id, 'finished');
  expect(await screen(session.id)).toBe(cwd);
  expect(house.store.projects.get(id)?.used_at).not.toBeNull();
});

it('a program that may not be run is a session that failed, and an error', async () => {
  open();
  const file = join(house.folder, 'not-a-program');
  writeFileSync(file, '\u0000\u0001 neither script nor binary', { mode: 0o755 });
  await house.stop();
  open({ folder: house.folder, agents: { broken: { command: [file] } } });
  const session = await house.sessions
    .create({ agent: 'broken' })
    .catch(() => house.sessions.list({ archived: false, limit: 1 }).items[0]!);
  expect(await becomes(session.id, 'failed')).toMatchObject({ pid: null });
});

it('only so many run at a time', async () => {
  open({ agents: { hello: script('sleep 60') }, deps: { limits: { liveSessions: 2 } } });
  const made = await Promise.allSettled([1, 2, 3].map(() => house.sessions.create({ agent: 'hello' })));
  expect(made.map((m) => m.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect((made[2] as PromiseRejectedResult).reason.code).toBe('too_many');
  const [first] = house.sessions.list({ archived: false, limit: 1 }).items;
  await house.sessions.stop(first!.id, 'me');
  expect((await house.sessions.create({ agent: 'hello' })).status).toBe('starting');
});

describe('an ended session', () => {
  it('refuses keys, prompts, sizes and interrupts, and says so', async () => {
    open({ agents: { quick: script('true') } });
    const { id } = await house.sessions.create({ agent: 'quick' });
    await becomes(id, 'finished');
    const calls = [
      () => house.sessions.input(id, Buffer.from('x')),
      () => house.sessions.prompt(id, { id: uuidv7(), content: 'hi' }),
      () => house.sessions.cancel(id),
      () => house.sessions.resize(id, { cols: 10, rows: 10 }, 'me'),
    ];
    for (const call of calls) expect((await failure(call)).code).toBe('session_ended');
    const unknown = uuidv7();
    for (const call of [
      () => house.sessions.get(unknown),
      () => house.sessions.input(unknown, Buffer.from('x')),
      () => house.sessions.logs(unknown, { limit: 1 }),
    ]) {
      expect((await failure(call)).code).toBe('session_not_found');
    }
  });
});

describe('after a restart', () => {
  it('what ran is lost with a reason, its prompts are stuck, its last screen is still there', async () => {
    open({ agents: { talker: script('echo first words; sleep 60') } });
    const { id, pid } = await house.sessions.create({ agent: 'talker', prompt: 'never delivered' });
    await eventually(async () => (await screen(id)).includes('first words'));
    await eventually(() => house.store.sessions.get(id)!.output_bytes > 0);
    await house.crash();
    const { folder } = house;
    open({ folder });
    expect(house.sessions.get(id)).toMatchObject({ status: 'lost', status_reason: 'It ended with the home server.', pid: null });
    expect(house.heard.some((event) => event.type === 'session.status_changed' && event.session_id === id)).toBe(true);
    expect(house.heard.find((event) => event.type === 'message.state_changed')).toMatchObject({ payload: { state: 'stuck' } });
    expect(await screen(id)).toContain('first words');
    // A stray of the server before: ended by its mark.
    await eventually(() => {
      try {
        process.kill(pid!, 0);
        return false;
      } catch {
        return true;
      }
    });
  });

  it('a server that is closed properly loses its sessions in the same words', async () => {
    open({ agents: { hello: script('sleep 60') } });
    const { id } = await house.sessions.create({ agent: 'hello' });
    await house.stop();
    open({ folder: house.folder });
    expect(house.sessions.get(id)).toMatchObject({ status: 'lost', status_reason: 'It ended with the home server.' });
    expect(house.heard).toEqual([]);
  });
});
