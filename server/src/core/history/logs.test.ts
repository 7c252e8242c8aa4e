import { eventually } from '@afield/shared/until.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { collectingSink, type House, openHouse, script } from '../../sessions-kit.ts';
import { manualClock } from '../manual-clock.ts';
import { Screen } from '../terminal/screen.ts';
import { InputLog } from './input-log.ts';
import { OutputLog } from './output-log.ts';

let house: House | null = null;
afterEach(async () => {
  await house?.close();
  house = null;
});

/** Draws each part, waits until it is quiet, and gives the entries that were made. */
async function entries(parts: string[], size = { cols: 40, rows: 6 }): Promise<string[]> {
  const clock = manualClock();
  const screen = new Screen(size, 100);
  const written: string[] = [];
  const log = new OutputLog(clock, screen, (text, left) => written.push(left === 0 ? text : `${left} left out: ${text}`));
  for (const part of parts) {
    screen.write(Buffer.from(part));
    await screen.settled();
    log.touch();
    clock.advance(1_000);
  }
  return written;
}

describe('output entries', () => {
  it('hold what became visible since the entry before', async () => {
    expect(await entries(['one\r\ntwo\r\n', 'three\r\n', '$ '])).toEqual(['one\ntwo', 'three', '$']);
  });

  it('follow lines that scrolled away', async () => {
    const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${'abcdefghijklmnopqrst'[from + i]}\r\n`);
    const [first, second] = await entries([lines(0, 5).join(''), lines(5, 20).join('')]);
    expect(first!.split('\n')).toHaveLength(5);
    expect(second!.split('\n')).toHaveLength(15);
    expect(second!.split('\n')[0]).toBe('line f');
  });

  it('say nothing twice of a spinner, a clock, a progress bar', async () => {
    expect(await entries(['⠋ Working 1s\r', '⠙ Working 2s\r', '⠹ Working 3s\r', 'done        \r\n'])).toEqual(['⠋ Working 1s', 'done']);
  });

  it('of a full-screen program hold lines that were not there before, wherever they moved', async () => {
    const draw = (...lines: string[]) => `\x1b[H\x1b[2J${lines.join('\r\n')}`;
    const written = await entries([
      `\x1b[?1049h${draw('Title', 'alpha', 'beta', '> ')}`,
      draw('Title', 'beta', 'gamma', '> '),
      draw('Title', 'gamma', 'delta', '> '),
      '\x1b[?1049l',
    ]);
    expect(written).toEqual(['Title\nalpha\nbeta', 'gamma', 'delta']);
  });

  it('are at most 4 KiB: the newest lines, and how many are missing', async () => {
    const [entry] = await entries([Array.from({ length: 90 }, (_, i) => `${'x'.repeat(70)} ${i}`).join('\r\n')], { cols: 80, rows: 6 });
    expect(entry!.length).toBeLessThan(4_200);
    expect(entry).toMatch(/^\d+ left out: x/);
    expect(entry).toMatch(/ 89$/);
  });

  it('E5, E8: hold no control characters and no bidirectional overrides', async () => {
    expect(await entries(['a\u202eb\u2066c\u0007d'])).toEqual(['abcd']);
  });

  it('come every five seconds while output goes on', async () => {
    const clock = manualClock();
    const screen = new Screen({ cols: 40, rows: 6 }, 100);
    const written: string[] = [];
    const log = new OutputLog(clock, screen, (text) => written.push(text));
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
      screen.write(Buffer.from(`${letter}\r\n`));
      await screen.settled();
      log.touch();
      clock.advance(500);
    }
    expect(written.length).toBeGreaterThanOrEqual(2);
    expect(written[0]!.split('\n').length).toBeGreaterThan(5);
    expect(written.join('\n')).toMatch(/^[a-z\n]+$/);
  });
});

describe('input entries', () => {
  it('say who typed and how much, gathered', () => {
    const clock = manualClock();
    const written: [string, number][] = [];
    const log = new InputLog(clock, (name, bytes) => written.push([name, bytes]));
    log.typed('Pixel', 3);
    log.typed('Desk', 1);
    log.typed('Pixel', 4);
    expect(written).toEqual([]);
    clock.advance(5_000);
    expect(written).toEqual([
      ['Pixel', 7],
      ['Desk', 1],
    ]);
  });

  it('D16: a password typed into a terminal is stored nowhere but where the program prints it', async () => {
    house = openHouse({ agents: { asks: script('read -sp "Password: " secret; echo; echo thanks; sleep 60') } });
    const { id } = await house.sessions.create({ agent: 'asks' });
    const viewer = await house.sessions.attach(id, collectingSink('v', 'Pixel'), { cols: 80, rows: 24, lease: 'look' });
    await eventually(async () => (await house!.sessions.output(id, 'text', 0)).screen.includes('Password:'));
    viewer.input(Buffer.from('hunter2\r'));
    await eventually(async () => (await house!.sessions.output(id, 'text', 0)).screen.includes('thanks'));
    await house.sessions.stop(id, 'me');
    const { items } = house.sessions.logs(id, { limit: 100 });
    expect(items.some((entry) => entry.type === 'input' && entry.text === 'Pixel typed 8 bytes.')).toBe(true);
    expect(items.some((entry) => entry.type === 'output' && entry.text.includes('thanks'))).toBe(true);
    expect(JSON.stringify(house.events.read({ since: 0, limit: 1_000 }))).not.toContain('hunter2');
    let recorded = '';
    for await (const part of house.sessions.recording(id)) recorded += Buffer.from(part).toString();
    expect(recorded).toContain('Password:');
    expect(recorded).not.toContain('hunter2');
  });
});

describe('the log of a session', () => {
  it('has what was printed right before a viewer left and gave the size back', async () => {
    house = openHouse({ agents: { asks: script('read line; echo "heard $line"; read line') } });
    const { id } = await house.sessions.create({ agent: 'asks' });
    const sink = collectingSink('v', 'Pixel');
    const viewer = await house.sessions.attach(id, sink, { cols: 80, rows: 24, lease: 'take' });
    viewer.input(Buffer.from('knock\n'));
    await eventually(() => sink.text().includes('heard knock'));
    viewer.detach();
    await eventually(() =>
      house!.sessions.logs(id, { limit: 9, type: ['output'] }).items.some((entry) => entry.text.includes('heard knock')),
    );
  });

  it('is read newest page first, each page in order, by type and word', async () => {
    house = openHouse({ agents: { counts: script('for w in alpha beta gamma; do echo $w; sleep 1.2; done') } });
    const { id } = await house.sessions.create({ agent: 'counts' });
    await eventually(() => house!.sessions.get(id).status === 'finished', 15_000);
    const all = house.sessions.logs(id, { limit: 100 });
    expect(all.next_cursor).toBeNull();
    expect(all.items.map((entry) => entry.seq)).toEqual([...all.items.map((entry) => entry.seq)].sort((a, b) => a - b));
    const output = house.sessions.logs(id, { limit: 2, type: ['output'] });
    expect(output.items.map((entry) => entry.text)).toEqual(['beta', 'gamma']);
    const older = house.sessions.logs(id, { limit: 2, type: ['output'], cursor: output.next_cursor! });
    expect(older.items.map((entry) => entry.text)).toEqual(['alpha']);
    expect(house.sessions.logs(id, { limit: 9, q: 'bet' }).items.map((entry) => entry.text)).toEqual(['beta']);
    expect(() => house!.sessions.logs(id, { limit: 9, cursor: 'x' })).toThrow(/cursor/);
    const last = all.items.at(-1)!;
    expect(house.sessions.logs(id, { limit: 9, since: last.seq - 1 }).items).toEqual([last]);
    const whole = all.items.map((entry) => entry.seq);
    const from = house.sessions.logs(id, { limit: 2, since: whole[0]!, oldest: true });
    expect(from.items.map((entry) => entry.seq)).toEqual(whole.slice(1, 3));
    const onwards = house.sessions.logs(id, { limit: 2, oldest: true, cursor: from.next_cursor! });
    expect(onwards.items.map((entry) => entry.seq)).toEqual(whole.slice(3, 5));
    expect(house.sessions.logs(id, { limit: 9, before: whole[2]! }).items.map((entry) => entry.seq)).toEqual(whole.slice(0, 2));
    expect(last).toMatchObject({ type: 'state', text: 'finished' });
  });

  it('notes a bell, and not every one of a thousand', async () => {
    house = openHouse({ agents: { rings: script('for i in $(seq 1000); do printf "\\007"; done; sleep 60') } });
    const { id } = await house.sessions.create({ agent: 'rings' });
    const bells = () => house!.sessions.logs(id, { limit: 100, q: 'rang the bell' }).items;
    await eventually(() => bells().length > 0 && house!.sessions.get(id).status === 'idle');
    expect(bells()).toHaveLength(1);
  });
});
