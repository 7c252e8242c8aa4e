import { FRAME_OUTPUT, FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectingSink, type House, openHouse, script } from '../../sessions-kit.ts';
import { Screen } from './screen.ts';

let house: House;
beforeEach(() => {
  house = openHouse({
    agents: {
      flood: script('read; seq 1 200000; echo the end; sleep 60'),
      big: script('read; head -c 20000000 /dev/zero | tr "\\\\0" x | fold -w 79; echo the end; sleep 60'),
      echo: script('stty -echo; while read line; do echo "got $line"; done'),
      quick: script('echo last words'),
    },
  });
});
afterEach(() => house.close());

const SIZE = { cols: 80, rows: 24 };
const look = { ...SIZE, lease: 'look' as const };
const take = { ...SIZE, lease: 'take' as const };
const start = async (agent: string) => (await house.sessions.create({ agent })).id;
const enter = (id: string) => house.sessions.input(id, Buffer.from('\r'));
const screenText = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;

/** What a terminal shows that got these frames, as the page would draw them. */
async function drawn(frames: { kind: number; bytes: Uint8Array }[], size = SIZE): Promise<string> {
  let screen = new Screen(size, 100);
  for (const { kind, bytes } of frames) {
    if (kind === FRAME_SNAPSHOT) screen = new Screen(size, 100);
    screen.write(Buffer.from(bytes));
  }
  await screen.settled();
  return screen.render('text', 0);
}

describe('a viewer', () => {
  it('gets a snapshot first, then output without a gap, and sees what the session shows', async () => {
    const id = await start('echo');
    const sink = collectingSink('phone');
    const { ack, input } = await house.sessions.attach(id, sink, look);
    sink.heard = ({ offset, bytes, kind }) => ack(kind === FRAME_OUTPUT ? offset + bytes.length : offset);
    expect(sink.frames).toEqual([]);
    await eventually(() => sink.snapshots() === 1);
    for (const word of ['one', 'two', 'three']) {
      input(Buffer.from(`${word}\r`));
      await eventually(() => sink.text().includes(`got ${word}`));
    }
    let position = sink.frames[0]!.offset;
    for (const { kind, offset, bytes } of sink.frames.slice(1)) {
      expect(kind).toBe(FRAME_OUTPUT);
      expect(offset).toBe(position);
      position += bytes.length;
    }
    expect(await drawn(sink.frames)).toBe(await screenText(id));
    expect(house.sessions.get(id).viewers).toBe(1);
  });

  it('that comes after 20 MB gets at most 8 kB until its screen is right', { timeout: 60_000 }, async () => {
    const id = await start('big');
    await enter(id);
    await eventually(() => house.sessions.get(id).output_bytes > 20_000_000, 50_000);
    await eventually(async () => (await screenText(id)).endsWith('the end'));
    const sink = collectingSink('late');
    await house.sessions.attach(id, sink, look);
    await eventually(() => sink.snapshots() === 1);
    expect(await drawn(sink.frames)).toBe(await screenText(id));
    expect(sink.received()).toBeLessThanOrEqual(8_000);
  });

  it('that reads slowly never has more than 270 kB queued, is caught up by a snapshot, and slows nobody', { timeout: 60_000 }, async () => {
    const id = await start('flood');
    const slow = collectingSink('slow');
    const fast = collectingSink('fast');
    const slowEnd = await house.sessions.attach(id, slow, look);
    const fastEnd = await house.sessions.attach(id, fast, look);
    fast.heard = ({ kind, offset, bytes }) => fastEnd.ack(kind === FRAME_OUTPUT ? offset + bytes.length : offset);
    await eventually(() => slow.snapshots() === 1 && fast.snapshots() === 1);
    slowEnd.ack(slow.frames[0]!.offset);
    await enter(id);
    await eventually(() => fast.text().includes('the end'), 30_000);
    // It drew nothing at all meanwhile: the worst of slow readers.
    const queued = slow.received() - slow.frames[0]!.bytes.length;
    expect(queued).toBeGreaterThan(0);
    expect(queued).toBeLessThanOrEqual(270_000);
    expect(fast.received()).toBeGreaterThan(1_000_000);
    expect(await drawn(fast.frames)).toBe(await screenText(id));
    const before = slow.snapshots();
    const last = slow.frames.at(-1)!;
    slowEnd.ack(last.offset + last.bytes.length);
    await eventually(() => slow.snapshots() === before + 1);
    expect(await drawn(slow.frames)).toBe(await screenText(id));
  });

  it('that reads nothing holds up neither the agent nor its recording', { timeout: 60_000 }, async () => {
    const id = await start('flood');
    const dead = collectingSink('dead');
    await house.sessions.attach(id, dead, look);
    await enter(id);
    await eventually(async () => (await screenText(id)).endsWith('the end'), 30_000);
    expect(dead.received()).toBeLessThanOrEqual(270_000);
    expect(house.sessions.get(id).output_bytes).toBeGreaterThan(1_200_000);
  });

  it('of a session that ends gets the rest, then the end', async () => {
    const id = await start('echo');
    const sink = collectingSink('phone');
    await house.sessions.attach(id, sink, look);
    await eventually(() => sink.snapshots() === 1);
    await house.sessions.input(id, Buffer.from('bye\r\x04'));
    await eventually(() => sink.ended);
    expect(sink.ended).toBe('ended');
    expect(sink.text()).toContain('got bye');
    expect(await drawn(sink.frames)).toBe(await screenText(id));
  });

  it('that is far behind when the session ends gets its last screen', { timeout: 60_000 }, async () => {
    const id = await start('flood');
    const sink = collectingSink('slow');
    await house.sessions.attach(id, sink, look);
    await enter(id);
    await eventually(async () => (await screenText(id)).endsWith('the end'), 30_000);
    await house.sessions.stop(id, 'me');
    expect(sink.ended).toBe('ended');
    expect(sink.frames.at(-1)!.kind).toBe(FRAME_SNAPSHOT);
    expect(await drawn(sink.frames)).toBe(await screenText(id));
  });

  it('of a session that ended long ago gets its last screen, then the end; its keys go nowhere', async () => {
    const id = await start('quick');
    await eventually(() => house.sessions.get(id).status === 'finished');
    const sink = collectingSink('late');
    const attachment = await house.sessions.attach(id, sink, take);
    expect(attachment.lease).toBe('look');
    attachment.input(Buffer.from('x'));
    attachment.resize(10, 10);
    await eventually(() => sink.ended);
    expect(sink.frames.map((frame) => frame.kind)).toEqual([FRAME_SNAPSHOT]);
    expect(await drawn(sink.frames)).toBe('last words');
  });

  it('that detached gets nothing more, and types nothing', async () => {
    const id = await start('echo');
    const sink = collectingSink('gone');
    const attachment = await house.sessions.attach(id, sink, take);
    await eventually(() => sink.snapshots() === 1);
    attachment.detach();
    attachment.detach();
    const count = sink.frames.length;
    attachment.input(Buffer.from('ghost\r'));
    await house.sessions.input(id, Buffer.from('real\r'));
    await eventually(async () => (await screenText(id)).includes('got real'));
    expect(sink.frames).toHaveLength(count);
    expect(sink.ended).toBe('detached');
    expect(await screenText(id)).not.toContain('ghost');
    expect(house.sessions.viewers()).toBe(0);
  });
});

describe('the size lease', () => {
  const leases = (id: string) =>
    house.heard.flatMap((e) =>
      e.type === 'session.resized' && e.session_id === id ? [[e.payload.lease?.device_name ?? null, e.payload.cols]] : [],
    );

  it('a phone that only looks never resizes the desk, and typing does not make it', async () => {
    const id = await start('echo');
    const desk = await house.sessions.attach(id, collectingSink('v1', 'Desk'), { cols: 120, rows: 40, lease: 'take' });
    const phone = await house.sessions.attach(id, collectingSink('v2', 'Phone'), { cols: 40, rows: 60, lease: 'look' });
    expect([desk.lease, phone.lease, phone.cols, phone.rows]).toEqual(['held', 'look', 120, 40]);
    phone.input(Buffer.from('hello\r'));
    await eventually(async () => (await screenText(id)).includes('got hello'));
    expect(house.sessions.get(id)).toMatchObject({ cols: 120, rows: 40, lease: { device_name: 'Desk', cols: 120, rows: 40 } });
  });

  it('goes to whoever takes it, back to who types, and on when its holder leaves', async () => {
    const id = await start('echo');
    const desk = await house.sessions.attach(id, collectingSink('v1', 'Desk'), { cols: 120, rows: 40, lease: 'take' });
    const phone = await house.sessions.attach(id, collectingSink('v2', 'Phone'), { cols: 40, rows: 60, lease: 'look' });
    phone.resize(40, 60);
    desk.input(Buffer.from('a'));
    desk.input(Buffer.from('b'));
    phone.input(Buffer.from('c'));
    phone.detach();
    desk.detach();
    expect(leases(id)).toEqual([
      ['Desk', 120],
      ['Phone', 40],
      ['Desk', 120],
      ['Phone', 40],
      ['Desk', 120],
      [null, 120],
    ]);
    expect(house.sessions.get(id).lease).toBeNull();
  });

  it('is taken by a call of the API as well, and the program sees the size', async () => {
    const id = (await house.sessions.create({ agent: 'shell' })).id;
    await eventually(() => house.sessions.get(id).status === 'idle');
    expect(await house.sessions.resize(id, { cols: 77, rows: 33 }, 'Script')).toMatchObject({
      cols: 77,
      rows: 33,
      lease: { device_name: 'Script' },
    });
    await house.sessions.input(id, Buffer.from('stty size\r'));
    await eventually(async () => (await screenText(id)).includes('33 77'));
  });

  it('after a resize every viewer is drawn anew', async () => {
    const id = await start('echo');
    const desk = collectingSink('v1', 'Desk');
    const attached = await house.sessions.attach(id, desk, take);
    desk.heard = ({ kind, offset, bytes }) => attached.ack(kind === FRAME_OUTPUT ? offset + bytes.length : offset);
    await eventually(() => desk.snapshots() === 1);
    await house.sessions.input(id, Buffer.from(`${'word '.repeat(20)}\r`));
    await eventually(() => desk.text().includes('got word'));
    attached.resize(40, 12);
    await eventually(() => desk.snapshots() === 2);
    expect(await drawn(desk.frames, { cols: 40, rows: 12 })).toBe(await screenText(id));
  });
});

it('E3: with two viewers attached a question of the program is answered once', async () => {
  await house.close();
  // Asks for the cursor's place, then shows every byte that comes as an answer within a second.
  house = openHouse({
    agents: { asks: script('stty raw -echo; printf "\\033[6n"; timeout --foreground 1 cat | od -c | head -3; sleep 60') },
  });
  const id = await start('asks');
  const viewers = await Promise.all(['a', 'b'].map((name) => house.sessions.attach(id, collectingSink(name), look)));
  for (const viewer of viewers) viewer.input(Buffer.from('\x1b[5;9R'));
  const screen = await eventually(async () => {
    const text = await screenText(id);
    return text.includes('033') && text;
  });
  expect(screen.match(/033/g)).toHaveLength(1);
  expect(screen).not.toContain('9   R');
});

it('a viewer whose line breaks while it is written to is gone, and nobody else notices', async () => {
  const id = await start('echo');
  const broken = collectingSink('broken');
  const whole = collectingSink('whole');
  await house.sessions.attach(id, broken, look);
  await house.sessions.attach(id, whole, look);
  await eventually(() => whole.snapshots() === 1 && broken.snapshots() === 1);
  broken.send = () => {
    throw new Error('the line is cut');
  };
  await house.sessions.input(id, Buffer.from('still here\r'));
  await eventually(() => whole.text().includes('got still here'));
  expect(broken.ended).toBe('detached');
  expect(house.sessions.get(id).viewers).toBe(1);
});

it('a viewer that comes in the very moment of the end gets the last screen', async () => {
  const id = await start('quick');
  const sinks: ReturnType<typeof collectingSink>[] = [];
  while (house.sessions.get(id).status === 'starting' || house.sessions.get(id).status === 'busy' || sinks.length < 3) {
    const sink = collectingSink(`v${sinks.length}`);
    sinks.push(sink);
    await house.sessions.attach(id, sink, take);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(() => sinks.every((sink) => sink.ended === 'ended'));
  for (const sink of sinks) expect(await drawn(sink.frames)).toBe('last words');
});
