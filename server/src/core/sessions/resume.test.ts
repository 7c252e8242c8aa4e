import { readFile } from 'node:fs/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectingSink, type House, type HouseOptions, openHouse, script } from '../../sessions-kit.ts';
import { asciicast } from '../recording/asciicast.ts';
import { readIndex, recordingFiles } from '../recording/files.ts';
import { World } from './surviving-runtime.ts';

const agents = { agent: script('true') };
let world: World;
let house: House;
const open = (options: HouseOptions = {}) => {
  house = openHouse({ agents, world, ...options });
};
/** Killed, and started again on the same folder. */
const restart = async (options: HouseOptions = {}) => {
  await house.crash();
  open({ folder: house.folder, ...options });
};
beforeEach(() => {
  world = new World();
  open();
});
afterEach(() => house.close());

const start = async (more: Partial<Parameters<House['sessions']['create']>[0]> = {}) => {
  const session = await house.sessions.create({ agent: 'agent', ...more });
  return { id: session.id, program: world.program(session.id) };
};
const screen = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;
const shows = (id: string, text: string) => eventually(async () => (await screen(id)).includes(text));
const becomes = (id: string, ...status: Session['status'][]) =>
  eventually(() => {
    const session = house.sessions.get(id);
    return status.includes(session.status) && session;
  });
/** What a recording holds whole: its bytes are written first, and then what happened with them. */
const recorded = async (id: string) => {
  const folder = `${house.folder}/recordings/${id}`;
  let whole = 0;
  for await (const { after } of readIndex(folder)) whole = after.file;
  return whole === 0 ? Buffer.alloc(0) : (await readFile(recordingFiles(folder).output)).subarray(0, whole);
};
const logged = (id: string) => house.sessions.logs(id, { type: ['system'], limit: 100 }).items.map((entry) => entry.text);
const recoveredEvents = () => house.heard.flatMap((event) => (event.type === 'session.recovered' ? [event.payload] : []));

describe('a session that outlives the home server', () => {
  it('runs on through a crash; what it printed meanwhile is fetched, counted, told once, and recorded as recovered', async () => {
    const { id, program } = await start();
    program.print('before\r\n');
    await eventually(async () => (await recorded(id)).length > 0);
    await house.crash();
    program.print('while nobody was there\r\n');
    open({ folder: house.folder });
    await shows(id, 'while nobody was there');
    program.print('after\r\n');
    await shows(id, 'after');
    expect(await screen(id)).toBe('before\nwhile nobody was there\nafter');
    await eventually(() => recoveredEvents().length === 1);
    const session = house.sessions.get(id);
    expect(session).toMatchObject({ survives_restart: true, recovered_bytes: 24, output_bytes: program.length, pid: program.pid });
    expect(recoveredEvents()).toMatchObject([{ bytes: 24, session: { id } }]);
    expect(logged(id).filter((text) => text.startsWith('The home server was away for'))).toEqual([
      expect.stringContaining('24 bytes that the program printed meanwhile were fetched.'),
    ]);
    await eventually(async () => (await recorded(id)).equals(program.spool));
    const cast: string[] = [];
    for await (const part of asciicast(`${house.folder}/recordings/${id}`, { cols: 80, rows: 24, startedAt: 0, title: '' }))
      cast.push(Buffer.from(part).toString());
    expect(cast.join('')).toContain('while nobody was there');
  });

  it('has every line in its log once, also those that were printed right before the crash', async () => {
    const { id, program } = await start();
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `word${'abcdefghij'[(from + i) % 10]}${from + i}\r\n`).join('');
    program.print(lines(0, 5));
    await eventually(() => house.sessions.logs(id, { type: ['output'], limit: 10 }).items.length === 1);
    program.print(lines(5, 40));
    await eventually(async () => (await recorded(id)).equals(program.spool));
    await house.crash();
    program.print(lines(40, 45));
    open({ folder: house.folder });
    await shows(id, 'word'.concat('e44'));
    const logged = async () =>
      house.sessions
        .logs(id, { type: ['output'], limit: 100 })
        .items.map((entry) => entry.text)
        .join('\n');
    await eventually(async () => (await logged()).includes('worde44'));
    expect((await logged()).match(/word[a-j]\d+/g)).toEqual(lines(0, 45).match(/word[a-j]\d+/g));
  });

  it('is whole after many crashes in a flood: nothing lost, nothing doubled', { timeout: 30_000 }, async () => {
    const { id, program } = await start();
    let n = 0;
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) {
        program.print(`line ${n++} ${'x'.repeat(n % 300)}\r\n`.repeat(20));
        if (i % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 3 + (i % 5) * 12));
      }
      await restart();
    }
    program.print('the end\r\n');
    await shows(id, 'the end');
    await eventually(() => house.sessions.get(id).output_bytes === program.length);
    await eventually(async () => (await recorded(id)).length === program.length);
    expect((await recorded(id)).equals(program.spool)).toBe(true);
    const { recovered_bytes } = house.sessions.get(id);
    expect(recovered_bytes).toBeGreaterThan(0);
    expect(recovered_bytes).toBeLessThanOrEqual(program.length);
  });

  it('is let go, not stopped, when the home server closes properly', async () => {
    const { id, program } = await start({ name: 'stays' });
    program.print('first\r\n');
    await shows(id, 'first');
    await house.stop();
    expect(program.exit).toBeNull();
    program.print('second\r\n');
    open({ folder: house.folder });
    await shows(id, 'second');
    expect(house.sessions.get(id)).toMatchObject({ name: 'stays', recovered_bytes: 8 });
    await eventually(async () => (await recorded(id)).equals(program.spool));
    await house.sessions.stop(id, 'me');
    expect(program.exit).not.toBeNull();
    expect(house.sessions.get(id)).toMatchObject({ status: 'cancelled', status_reason: 'Stopped by me.' });
  });

  it('ended meanwhile: with its exit code, and its last output recorded', async () => {
    const [done, failed] = [await start(), await start()];
    await house.crash();
    done.program.print('last words\r\n');
    done.program.end();
    failed.program.end({ code: 3, signal: null });
    open({ folder: house.folder });
    expect(await becomes(done.id, 'finished')).toMatchObject({ exit_code: 0, pid: null });
    expect(await becomes(failed.id, 'failed')).toMatchObject({ exit_code: 3, status_reason: 'The program ended with exit code 3.' });
    expect(await screen(done.id)).toBe('last words');
    expect((await recorded(done.id)).toString()).toBe('last words\r\n');
  });

  it('whose program vanished is lost, for the reason that its runtime gives; its prompts are stuck', async () => {
    const { id } = await start();
    const prompt = { id: uuidv7(), content: 'too late' };
    await becomes(id, 'idle');
    await house.crash();
    world.programs.delete(id);
    open({ folder: house.folder });
    await house.sessions.prompt(id, prompt).catch(() => {});
    expect(await becomes(id, 'lost')).toMatchObject({ status_reason: 'Its window is gone.', pid: null });
    const state = house.store.prompts.get(prompt.id)?.state;
    expect([undefined, 'stuck']).toContain(state);
  });

  it('that was only just made when the server died is lost when its program never started', async () => {
    const { id } = await start();
    house.store.sessions.update(id, { status: 'starting', pid: null });
    await house.crash();
    world.programs.delete(id);
    open({ folder: house.folder });
    expect(await becomes(id, 'lost')).toMatchObject({ status_reason: 'The home server ended while this was being started.' });
  });

  it('that ended right before the crash is forgotten by its machine, once its end is on disk', async () => {
    const { id, program } = await start();
    program.end();
    await becomes(id, 'finished');
    expect(world.forgotten).toEqual([id]);
    world.forgotten.length = 0;
    await restart();
    await eventually(() => world.forgotten.includes(id));
    expect(house.sessions.get(id).status).toBe('finished');
  });

  it('does not answer questions that were asked long ago, and answers new ones', async () => {
    const { id, program } = await start();
    program.onTyped = () => {};
    await becomes(id, 'idle');
    await house.crash();
    program.print('\x1b[c\x1b[6n old');
    open({ folder: house.folder });
    await shows(id, 'old');
    program.print('\x1b[5n new');
    await shows(id, 'new');
    await eventually(() => program.typed !== '');
    expect(program.typed).toBe('\x1b[0n');
  });

  it('keeps its name, pin and size, and can be stopped, resized and typed into', async () => {
    const { id, program } = await start({ cols: 100, rows: 30 });
    await house.sessions.update(id, { name: 'mine', pinned: true });
    await house.sessions.resize(id, { cols: 90, rows: 20 }, 'me');
    await restart();
    await house.sessions.input(id, Buffer.from('hello'));
    await shows(id, 'hello');
    expect(house.sessions.get(id)).toMatchObject({ name: 'mine', pinned: true, cols: 90, rows: 20 });
    expect(await house.sessions.resize(id, { cols: 70, rows: 10 }, 'me')).toMatchObject({ cols: 70, rows: 10 });
    await eventually(() => program.size.cols === 70);
    expect(await house.sessions.stop(id, 'me')).toMatchObject({ status: 'cancelled' });
  });

  it('is watched from the first moment: its last screen, then what it prints; the size waits until all is there', async () => {
    const { id, program } = await start();
    program.print('on the screen');
    await eventually(async () => (await recorded(id)).length > 0);
    world.setLine(false);
    await restart();
    const sink = collectingSink('phone');
    const attached = await house.sessions.attach(id, sink, { cols: 40, rows: 12, lease: 'take' });
    expect(attached).toMatchObject({ cols: 80, rows: 24, lease: 'held' });
    await eventually(() => sink.text().includes('on the screen'));
    program.print(' and on');
    world.setLine(true);
    await eventually(() => sink.text().includes(' and on'));
    await eventually(() => program.size.cols === 40);
    await eventually(() => house.sessions.get(id).cols === 40);
    attached.input(Buffer.from('typed'));
    await eventually(() => program.typed === 'typed');
    expect(sink.frames[0]?.kind).toBe(FRAME_SNAPSHOT);
  });

  it('answers calls while it is being found: those that need its program wait, then say why they cannot', { timeout: 15_000 }, async () => {
    const { id, program } = await start();
    await becomes(id, 'idle');
    world.setLine(false);
    await restart();
    expect(house.sessions.list({ archived: false, limit: 10 }).items).toMatchObject([{ id, status: 'idle' }]);
    await expect(house.sessions.input(id, Buffer.from('x'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('being found again'),
    });
    await expect(house.sessions.stop(id, 'me')).rejects.toMatchObject({ code: 'unavailable' });
    const waiting = house.sessions.input(id, Buffer.from('late'));
    world.setLine(true);
    await waiting;
    expect(program.typed).toBe('late');
  });

  it('a hundred of them are there again, none is looked for twice', { timeout: 30_000 }, async () => {
    const made = await Promise.all(Array.from({ length: 100 }, () => start()));
    for (const { program } of made) program.print('here\r\n');
    await eventually(() => made.every(({ id }) => house.store.sessions.get(id)!.output_bytes > 0));
    await restart();
    expect(house.sessions.list({ archived: false, limit: 200 }).items).toHaveLength(100);
    await Promise.all(made.map(({ id }) => house.sessions.input(id, Buffer.from('x'))));
    expect(made.map(({ program }) => program.typed)).toEqual(made.map(() => 'x'));
    expect(house.warnings).toEqual([]);
  });
});

describe('prompts at a crash', () => {
  it('what was not written yet is delivered by the next server', async () => {
    const { id, program } = await start();
    program.print('busy');
    house.store.prompts.insert({
      attachments: [],
      place: 1,
      tree: null,
      id: uuidv7(),
      session_id: id,
      content: 'later',
      state: 'home',
      reason: null,
      created_at: new Date().toISOString(),
    });
    await restart();
    await eventually(() => program.typed.includes('later\r'));
    expect(program.typed.match(/later/g)).toHaveLength(1);
  });

  it('what was being written is stuck, with a reason, and never typed twice', async () => {
    const { id, program } = await start();
    program.onTyped = () => {};
    await becomes(id, 'idle');
    const prompt = { id: uuidv7(), content: 'only once' };
    await house.sessions.prompt(id, prompt);
    await eventually(() => program.typed.includes('only once'));
    await restart();
    await becomes(id, 'idle');
    await eventually(() => house.store.prompts.get(prompt.id)?.state === 'stuck');
    expect(house.store.prompts.get(prompt.id)?.reason).toMatch(/^The home server ended before the agent showed/);
    await house.sessions.prompt(id, { id: uuidv7(), content: 'another' });
    await eventually(() => program.typed.includes('another'));
    expect(program.typed.match(/only once/g)).toHaveLength(1);
  });
});
