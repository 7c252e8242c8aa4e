import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asciicast, recordedTail } from './asciicast.ts';
import { keepScreen, lastScreen } from './last-screen.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { Recording } from './recording.ts';
import { RECORD_BYTES, recordingFiles } from './recording-files.ts';
import { Screen } from './screen.ts';

let folder: string;
let clock: ManualClock;
let faults: string[];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'afield-recording-')), 'one');
  clock = manualClock();
  faults = [];
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const create = (limit = 1024 ** 3) => Recording.create(folder, { clock, limit, fault: (reason) => faults.push(reason) });
const size = { cols: 80, rows: 24 };
const header = { ...size, startedAt: Date.parse('2026-01-01T00:00:00Z'), title: 'a "name"' };
const cast = async () => {
  const parts: Uint8Array[] = [];
  for await (const part of asciicast(folder, header)) parts.push(part);
  return Buffer.concat(parts)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
};

describe('a recording', () => {
  it('is asciicast v2: header, output with times, resizes', async () => {
    const recording = await create();
    recording.resize({ cols: 100, rows: 30 });
    recording.append(Buffer.from('one'));
    clock.advance(1_500);
    recording.append(Buffer.from('two\r\n'));
    recording.resize({ cols: 60, rows: 20 });
    recording.append(Buffer.from('three'));
    await recording.close();
    expect(await cast()).toEqual([
      { version: 2, width: 100, height: 30, timestamp: 1767225600, title: 'a "name"', env: { TERM: 'xterm-256color' } },
      [0, 'o', 'one'],
      [1.5, 'o', 'two\r\n'],
      [1.5, 'r', '60x20'],
      [1.5, 'o', 'three'],
    ]);
  });

  it('E4: joins a character that came in two parts, and keeps bytes that are no text on disk', async () => {
    const recording = await create();
    recording.resize(size);
    const smile = Buffer.from('😀');
    recording.append(smile.subarray(0, 2));
    clock.advance(100);
    recording.append(Buffer.concat([smile.subarray(2), Buffer.from([0xff])]));
    await recording.close();
    expect((await cast()).slice(1)).toEqual([[0.1, 'o', '😀\ufffd']]);
    expect(readFileSync(recordingFiles(folder).output)).toEqual(Buffer.concat([smile, Buffer.from([0xff])]));
  });

  it('E8: writes what a program printed as one escaped line', async () => {
    const recording = await create();
    recording.append(Buffer.from('a\r\nb\x1b[31m"\\\u2028'));
    await recording.close();
    expect((await cast()).slice(1)).toEqual([[0, 'o', 'a\r\nb\x1b[31m"\\\u2028']]);
  });

  it('is for its owner alone', async () => {
    await (await create()).close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of [recordingFiles(folder).output, recordingFiles(folder).index]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('gathers keys into few writes, but waits no longer than 50 ms', async () => {
    const recording = await create();
    for (let i = 0; i < 100; i++) recording.append(Buffer.from('x'));
    expect(recording.queued).toBe(100);
    expect(statSync(recordingFiles(folder).output).size).toBe(0);
    const written = new Promise<void>((resolve) => {
      recording.onWritten = resolve;
    });
    clock.advance(50);
    await written;
    expect(recording.queued).toBe(0);
    expect(statSync(recordingFiles(folder).output).size).toBe(100);
    expect(statSync(recordingFiles(folder).index).size).toBe(RECORD_BYTES);
    await recording.close();
  });

  it('a torn tail is cut at the last whole record', async () => {
    const recording = await create();
    recording.append(Buffer.from('good'));
    await recording.close();
    const { output, index } = recordingFiles(folder);
    appendFileSync(output, 'bytes without a record');
    appendFileSync(index, Buffer.alloc(RECORD_BYTES - 5, 1));
    expect((await cast()).slice(1)).toEqual([[0, 'o', 'good']]);
    expect((await recordedTail(folder, 1000))?.bytes.toString()).toBe('good');
  });

  it('a record that counts bytes which never reached the disk is cut too, and so are zeros after a power cut', async () => {
    const recording = await create();
    recording.append(Buffer.from('good'));
    await recording.flush();
    clock.advance(1_000);
    recording.append(Buffer.from('lost'));
    await recording.close();
    const { output, index } = recordingFiles(folder);
    truncateSync(output, 6);
    expect((await cast()).slice(1)).toEqual([[0, 'o', 'good']]);
    writeFileSync(output, 'goodlost');
    truncateSync(index, RECORD_BYTES);
    appendFileSync(index, Buffer.alloc(RECORD_BYTES * 3));
    expect((await cast()).slice(1)).toEqual([[0, 'o', 'good']]);
  });

  it('stops at its limit, says so once, and drops the rest', async () => {
    const recording = await create(10);
    recording.append(Buffer.from('12345678'));
    recording.append(Buffer.from('901'));
    recording.append(Buffer.from('x'));
    expect(faults).toEqual([expect.stringMatching(/goes no further/)]);
    expect(recording.queued).toBe(0);
    await recording.close();
  });

  it('G1: a disk that is full stops the recording, not the session', async () => {
    mkdirSync(folder);
    symlinkSync('/dev/full', recordingFiles(folder).output);
    const recording = await create();
    recording.append(Buffer.from('anything'));
    await recording.flush();
    expect(faults).toEqual([expect.stringMatching(/no space left on device.*The session goes on/i)]);
    recording.append(Buffer.from('more'));
    expect(recording.queued).toBe(0);
    await recording.close();
    expect(faults).toHaveLength(1);
  });

  it('of megabytes is read in pieces', async () => {
    const recording = await create();
    const block = Buffer.alloc(256 * 1024, 'abcdefg\n');
    for (let i = 0; i < 20; i++) {
      recording.append(block);
      clock.advance(20);
    }
    await recording.close();
    let bytes = 0;
    let largest = 0;
    for await (const part of asciicast(folder, header)) {
      bytes += part.length;
      largest = Math.max(largest, part.length);
    }
    expect(bytes).toBeGreaterThan(5 * 1024 * 1024);
    expect(largest).toBeLessThan(300 * 1024);
  });

  it('that was never made is an empty one', async () => {
    expect(await cast()).toHaveLength(1);
    expect(await recordedTail(folder, 10)).toBeNull();
  });
});

describe('the last screen', () => {
  it('is kept as it was', async () => {
    await (await create()).close();
    const screen = new Screen(size, 100);
    screen.write(Buffer.from(`${'line\r\n'.repeat(50)}\x1b[31mred\x1b[5;5H`));
    await screen.settled();
    await keepScreen(folder, screen, 100);
    const again = await lastScreen(folder, { cols: 10, rows: 10 }, 100);
    expect(again.render('text', 100)).toBe(screen.render('text', 100));
    expect(again.cursor).toEqual(screen.cursor);
    expect(again.offset).toBe(screen.offset);
    expect(statSync(recordingFiles(folder).screen).mode & 0o777).toBe(0o600);
  });

  it('is drawn again from the recording after a crash, at the size it had', async () => {
    const recording = await create();
    recording.resize(size);
    recording.append(Buffer.from('first\r\n'));
    recording.resize({ cols: 40, rows: 10 });
    recording.append(Buffer.from('\x1b[32msecond'));
    await recording.close();
    writeFileSync(recordingFiles(folder).screen, '{"half');
    const again = await lastScreen(folder, size, 100);
    expect(again.render('text', 0)).toBe('first\nsecond');
    expect([again.cols, again.rows, again.offset]).toEqual([40, 10, 18]);
  });

  it('is empty when nothing is known', async () => {
    const again = await lastScreen(folder, size, 100);
    expect(again.render('text', 0)).toBe('');
    expect([again.cols, again.rows]).toEqual([80, 24]);
  });
});
