/** A program that nobody reaches for a while, bytes that are lost for good, and clocks that jump. */
import { readFile } from 'node:fs/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectingSink, type House, type HouseOptions, openHouse, script } from '../../sessions-kit.ts';
import { systemClock } from '../clock.ts';
import { recordingFiles } from '../recording/files.ts';
import { World } from './surviving-runtime.ts';

const agents = { agent: script('true') };
let world: World;
let house: House;
const open = (options: HouseOptions = {}) => {
  house = openHouse({ agents, world, ...options });
};
beforeEach(() => {
  world = new World();
});
afterEach(() => house.close());

const start = async () => {
  const { id } = await house.sessions.create({ agent: 'agent' });
  return { id, program: world.program(id) };
};
const screen = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;
const becomes = (id: string, status: Session['status']) =>
  eventually(() => house.sessions.get(id).status === status && house.sessions.get(id));
const changes = (id: string) =>
  house.heard.flatMap((event) => (event.type === 'session.status_changed' && event.session_id === id ? [event.payload] : []));
const logged = (id: string) => house.sessions.logs(id, { type: ['system'], limit: 100 }).items.map((entry) => entry.text);

describe('a line that is cut', () => {
  it('is told by the status, refuses keys, and comes back with what was missed', async () => {
    open();
    const { id, program } = await start();
    await becomes(id, 'idle');
    const sink = collectingSink('phone');
    const phone = await house.sessions.attach(id, sink, { cols: 80, rows: 24, lease: 'take' });
    world.setLine(false);
    const sentence = 'Its terminal is not reached now; it goes on there.';
    expect(house.sessions.get(id)).toMatchObject({ status: 'idle', status_reason: sentence });
    await expect(house.sessions.input(id, Buffer.from('x'))).rejects.toMatchObject({
      code: 'unavailable',
      message: `${sentence} Try again when it is back.`,
    });
    await expect(house.sessions.stop(id, 'me')).rejects.toMatchObject({ code: 'unavailable' });
    phone.input(Buffer.from('lost key'));
    program.print('meanwhile\r\n');
    expect(sink.ended).toBeNull();
    world.setLine(true);
    await eventually(async () => (await screen(id)).includes('meanwhile'));
    await eventually(() => house.heard.some((event) => event.type === 'session.recovered'));
    expect(house.sessions.get(id)).toMatchObject({ status: 'idle', status_reason: null, recovered_bytes: 11 });
    expect(logged(id)).toEqual([
      `${sentence} Nobody answers.`,
      expect.stringMatching(/^Its terminal was not reached for 1 s\. 11 bytes that the program printed meanwhile were fetched\.$/),
    ]);
    await house.sessions.input(id, Buffer.from('typed'));
    expect(program.typed).toBe('typed');
    expect(sink.text()).toContain('meanwhile');
  });

  it('holds prompts back until the screen shows the present, and no status is read from the past', async () => {
    open();
    const { id, program } = await start();
    await becomes(id, 'idle');
    world.setLine(false);
    const prompt = { id: uuidv7(), content: 'when you are back' };
    await house.sessions.prompt(id, prompt);
    program.print('x'.repeat(200_000));
    const before = changes(id).length;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(program.typed).toBe('');
    expect(changes(id)).toHaveLength(before);
    world.setLine(true);
    await eventually(() => program.typed.includes('when you are back'));
    expect(program.typed.match(/when you are back/g)).toHaveLength(1);
  });

  it('names the machine', async () => {
    open();
    const { id } = await start();
    await becomes(id, 'idle');
    house.store.sessions.update(id, { machine: 'build-box' });
    await house.crash();
    open({ folder: house.folder });
    // No machine of this name is known any more.
    expect(await becomes(id, 'lost')).toMatchObject({ status_reason: expect.stringContaining('"build-box"') });
  });
});

it('bytes that are lost for good: mirror and viewers are drawn anew, the recording says that something is missing', async () => {
  open();
  const { id, program } = await start();
  program.print('first words\r\n');
  await eventually(async () => (await screen(id)).includes('first words'));
  const sink = collectingSink('phone');
  const watching = await house.sessions.attach(id, sink, { cols: 80, rows: 24, lease: 'look' });
  sink.heard = ({ kind, offset, bytes }) => {
    setImmediate(() => watching.ack(kind === FRAME_SNAPSHOT ? offset : offset + bytes.length));
  };
  await eventually(() => sink.snapshots() === 1);
  program.lose('half of a sequence \x1b[3', 50);
  program.resync({ cols: 100, rows: 30, text: 'drawn anew', reason: 'The disk was full: some of it is lost.' });
  await eventually(async () => (await screen(id)) === 'drawn anew');
  program.print(' and on');
  await eventually(async () => (await screen(id)) === 'drawn anew and on');
  await eventually(() => sink.snapshots() === 2 && sink.text().includes('drawn anew'));
  expect(house.sessions.get(id)).toMatchObject({ cols: 100, rows: 30, output_bytes: program.length });
  expect(logged(id)).toContain('The disk was full: some of it is lost.');
  await house.crash();
  program.print(', later');
  open({ folder: house.folder });
  await eventually(async () => (await screen(id)) === 'drawn anew and on, later');
  const cast: string[] = [];
  for await (const part of house.sessions.recording(id)) cast.push(Buffer.from(part).toString());
  expect(cast.join('')).toContain('drawn anew');
  expect(cast.join('')).not.toContain('half of a sequence');
});

describe('G7: a clock that jumps', () => {
  const YEAR = 365 * 24 * 3_600_000;
  const shifted = (ms: number) => {
    const real = systemClock();
    return { ...real, now: () => real.now() + ms };
  };

  it.each([
    ['a year ahead', YEAR],
    ['a year back', -YEAR],
  ])('%s while nobody was there: sessions are found, nothing is negative, times go on', async (_, jump) => {
    open();
    const { id, program } = await start();
    program.print('before\r\n');
    await eventually(async () => (await readFile(recordingFiles(`${house.folder}/recordings/${id}`).output)).length > 0);
    await house.crash();
    program.print('meanwhile\r\n');
    open({ folder: house.folder, deps: { clock: shifted(jump) } });
    await eventually(async () => (await screen(id)) === 'before\nmeanwhile');
    const recovered = await eventually(() => house.heard.find((event) => event.type === 'session.recovered'));
    expect(recovered.type === 'session.recovered' && recovered.payload.away_ms).toBeGreaterThanOrEqual(0);
    expect(logged(id).some((text) => /^The home server was away for \d+ (s|min|h|days)\. /.test(text))).toBe(true);
    const times: number[] = [];
    for await (const part of house.sessions.recording(id)) {
      for (const line of Buffer.from(part).toString().trim().split('\n'))
        if (line.startsWith('[')) times.push(JSON.parse(line)[0] as number);
    }
    expect(times).toEqual([...times].sort((a, b) => a - b));
    await house.sessions.stop(id, 'me');
    expect(house.sessions.get(id).status).toBe('cancelled');
  });
});
