/**
 * A session that nothing can kill: the home server is killed three times at random moments while a program floods its terminal, then
 * ended and started properly. What was recorded is compared with what the program wrote down itself.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '@afield/shared/api/logs.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import headless from '@xterm/headless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairedDevice, pairDevice } from './device.ts';
import { type House, startHouse, until } from './kit.ts';

const STREAM = path.resolve(import.meta.dirname, 'fixtures/stream.mjs');

let house: House;
let phone: PairedDevice;
beforeAll(async () => {
  const agents = {
    flood: { command: [process.execPath, STREAM, 'flood.txt', '2'] },
    brief: { command: ['/bin/sh', '-c', 'sleep 2; echo last words; exit 3'] },
    calm: { command: [process.execPath, STREAM, 'calm.txt', '150'] },
  };
  house = await startHouse({ config: { agents } });
  const { link } = await house.json<{ link: string }>('pair', '--no-wait');
  phone = await pairDevice(link, 'Test phone');
});
afterAll(() => house?.stop());

const random = (from: number, to: number) => from + Math.random() * (to - from);
const session = (id: string) => house.get<Session>(`/sessions/${id}`);
const screen = async (id: string) => (await house.get<{ screen: string }>(`/sessions/${id}/output`)).screen;
/** What it wrote, as its terminal hands it on: a line feed comes with a carriage return. */
const wrote = async (name: string) =>
  Buffer.from((await readFile(path.join(house.home, `${name}.txt`), 'latin1')).replaceAll('\n', '\r\n'), 'latin1');
const recorded = (id: string) => readFile(path.join(house.home, 'recordings', id, 'output.log'));
const system = async (id: string) =>
  (await house.get<{ items: LogEntry[] }>(`/sessions/${id}/logs?type=system&limit=100`)).items.map(({ text }) => text);

/** What a terminal of this size shows after these bytes. */
async function drawn(bytes: Buffer, { cols, rows }: Session): Promise<string> {
  const term = new headless.Terminal({ cols, rows, scrollback: 0, allowProposedApi: true });
  await new Promise<void>((resolve) => term.write(bytes, resolve));
  const lines = Array.from(
    { length: rows },
    (_, y) => term.buffer.active.getLine(y + term.buffer.active.baseY)?.translateToString(true) ?? '',
  );
  term.dispose();
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

/** A phone that watches, and never does anything about it. */
async function watch(client: AfieldClient, id: string) {
  const seen = { snapshots: 0, end: 0, text: '', gaps: 0, closed: null as string | null };
  const stream = client.link.attach(
    { session_id: id, cols: 60, rows: 20, lease: 'look' },
    {
      onSnapshot(bytes, offset) {
        seen.snapshots++;
        seen.end = offset;
        seen.text = Buffer.from(bytes).toString();
        stream.consumed(offset);
      },
      onOutput(bytes, offset) {
        if (offset !== seen.end) seen.gaps++;
        seen.end = offset + bytes.length;
        seen.text = (seen.text + Buffer.from(bytes).toString()).slice(-10_000);
        stream.consumed(seen.end);
      },
      onClosed(reason) {
        seen.closed = reason;
      },
    },
  );
  await until('the phone sees the terminal', () => seen.snapshots > 0);
  return seen;
}

async function stopAndCompare(id: string, name: string): Promise<Session> {
  await house.json('send', id, '--keys', 's');
  await until('the program has ended its stream', async () => /done after \d+ lines/.test((await wrote(name)).subarray(-100).toString()));
  const expected = await wrote(name);
  await until('all of it is at home', async () => (await session(id)).output_bytes === expected.length);
  await until('all of it is recorded', async () => (await recorded(id)).length === expected.length);
  expect((await recorded(id)).equals(expected)).toBe(true);
  const now = await session(id);
  expect(await screen(id)).toBe(await drawn(expected, now));
  return now;
}

describe('a session in tmux', () => {
  it('loses nothing and doubles nothing when the home server is killed three times in a flood', async () => {
    const { id, pid } = await house.json<Session>('run', 'flood', '--detach');
    const before = await session(id);
    expect(before).toMatchObject({ runtime: 'tmux', survives_restart: true, attach_command: expect.stringContaining('attach') });
    const client = phone.connect();
    const seen = await watch(client, id);
    for (let death = 0; death < 3; death++) {
      await sleep(random(300, 1_500));
      await house.killServer();
      await sleep(random(100, 1_000));
      const away = seen.snapshots;
      await house.startServer();
      await until('the phone watches again by itself', () => seen.snapshots > away);
    }
    const after = await stopAndCompare(id, 'flood');
    expect(after).toMatchObject({ pid, status: expect.stringMatching(/^(starting|busy|idle)$/) });
    expect(after.recovered_bytes).toBeGreaterThan(0);
    await until('the phone shows the end', () => /done after \d+ lines/.test(seen.text));
    expect(seen).toMatchObject({ gaps: 0, closed: null, end: after.output_bytes });
    // One that was killed before all was fetched could not tell it any more.
    const told = (await system(id)).filter((text) => text.startsWith('The home server was away for '));
    expect([1, 2, 3]).toContain(told.length);
    client.close();
    await house.json('stop', id);
  });

  it('goes on while the home server is ended and started properly', async () => {
    const { id } = await house.json<Session>('run', 'calm', '--detach');
    await until('it prints', async () => (await session(id)).output_bytes > 2_000);
    await house.server.kill('SIGTERM');
    const length = (await wrote('calm')).length;
    await until('it goes on alone', async () => (await wrote('calm')).length > length + 1_000);
    await house.startServer();
    await until('it is found', async () => (await session(id)).attach_command !== null);
    const after = await stopAndCompare(id, 'calm');
    expect(after.recovered_bytes).toBeGreaterThan(1_000);
    const [line] = (await system(id)).filter((text) => text.startsWith('The home server was away for '));
    expect(line).toMatch(/^The home server was away for \d+ s\. \d+ kB that the program printed meanwhile were fetched\.$/);
    expect(await house.json('stop', id)).toMatchObject({ status: 'cancelled' });
  });

  it('what ended while nobody was there has its end, its last words and its exit code', async () => {
    const { id } = await house.json<Session>('run', 'brief', '--detach');
    await until('it runs', async () => (await session(id)).pid !== null);
    await house.killServer();
    await sleep(3_000);
    await house.startServer();
    await until('it has failed', async () => (await session(id)).status === 'failed');
    expect(await session(id)).toMatchObject({ exit_code: 3, pid: null });
    expect(await screen(id)).toBe('last words');
    expect((await recorded(id)).toString()).toBe('last words\r\n');
  });
});
