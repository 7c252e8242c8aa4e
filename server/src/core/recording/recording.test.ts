import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Disk } from '../history/storage.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { lastScreen } from '../terminal/last-screen.ts';
import { Screen } from '../terminal/screen.ts';
import { asciicast } from './asciicast.ts';
import { RECORD_BYTES, recordingFiles } from './files.ts';
import { Recording, type RecordingOptions } from './recording.ts';

let folder: string;
let clock: ManualClock;
let faults: string[];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'afield-recording-')), 'one');
  clock = manualClock();
  faults = [];
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const create = (limit = 1024 ** 3, more: Partial<RecordingOptions> = {}) =>
  Recording.open(folder, { clock, limit, fault: (reason) => faults.push(reason), ...more });
const reopenedAt = async () => {
  const again = await create();
  await again.close();
  return again.offset;
};
/** A mirror that is written to like the recording. */
const mirrored = async (disk?: Disk) => {
  const screen = new Screen(size, 100);
  const recording = await create(1024 ** 3, {
    screen: () => screen.drawn(100),
    ...(disk === undefined ? {} : { disk }),
  });
  return {
    screen,
    recording,
    print(text: string | Buffer, recovered = false) {
      recording.append(Buffer.from(text), recovered);
      screen.write(Buffer.from(text));
    },
  };
};
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
    await recording.close();
    expect(recording.queued).toBe(0);
    expect(readFileSync(recordingFiles(folder).output, 'utf8')).toBe('12345678');
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
  });
});

describe('a recording that goes on', () => {
  it('continues where the last whole record ended, with later times', async () => {
    const first = await create();
    first.resize(size);
    clock.advance(2_000);
    first.append(Buffer.from('before'));
    await first.flush();
    // No close: as after a kill. What follows never got a whole record.
    const { output, index } = recordingFiles(folder);
    appendFileSync(output, 'torn');
    appendFileSync(index, Buffer.alloc(RECORD_BYTES - 1, 1));
    clock = manualClock();
    const second = await create();
    await first.close();
    expect(second.offset).toBe(6);
    second.append(Buffer.from('missed'), true);
    clock.advance(500);
    second.append(Buffer.from('live'));
    await second.close();
    expect((await cast()).slice(1)).toEqual([
      [2, 'o', 'before'],
      [2, 'm', expect.stringMatching(/^Recovered/)],
      [2, 'o', 'missed'],
      [2.5, 'o', 'live'],
    ]);
    expect(readFileSync(output, 'utf8')).toBe('beforemissedlive');
  });

  it('marks what was fetched in a row once, and tells where bytes are missing with the screen after them', async () => {
    const { recording } = await mirrored();
    recording.resize(size);
    recording.append(Buffer.from('a'), true);
    clock.advance(100);
    recording.append(Buffer.from('b'), true);
    recording.gap(1_000, { cols: 40, rows: 10, bytes: Buffer.from('screen') });
    recording.append(Buffer.from('c'));
    expect(recording.offset).toBe(1_003);
    await recording.close();
    expect((await cast()).slice(1)).toEqual([
      [0, 'm', expect.stringMatching(/^Recovered/)],
      [0, 'o', 'a'],
      [0.1, 'o', 'b'],
      [0.1, 'm', 'Gap: 1000 bytes of output are missing here'],
      [0.1, 'r', '40x10'],
      [0.1, 'o', expect.stringContaining('\x1bc')],
      [0.1, 'o', 'screen'],
      [0.1, 'o', 'c'],
    ]);
    expect(await reopenedAt()).toBe(1_003);
  });

  it('G7: a clock that leaps or goes back makes no time go back, and no pause of years', async () => {
    const first = await create();
    clock.advance(1_000);
    first.append(Buffer.from('one'));
    await first.close();
    const year = 365 * 24 * 3_600_000;
    clock = manualClock(Date.now() + year);
    const second = await create();
    second.append(Buffer.from('two'));
    await second.close();
    clock = manualClock(Date.now() - year);
    const third = await create();
    third.append(Buffer.from('three'));
    await third.close();
    const times = (await cast()).slice(1).map(([time]) => time);
    const week = 7 * 24 * 3_600;
    expect(times).toEqual([1, 1 + week, 1 + week]);
  });

  it('E4: whose limit was reached is resumed from the last screen that was kept', async () => {
    const screen = new Screen(size, 100);
    const options = { screen: () => screen.drawn(100) };
    const first = await create(10, options);
    for (const text of ['12345678', 'abcdefgh', 'last']) {
      first.append(Buffer.from(text));
      screen.write(Buffer.from(text));
    }
    await first.close();
    const again = await lastScreen(folder, size, 100);
    expect([again.render('text', 0), again.offset]).toEqual(['12345678abcdefghlast', 20]);
    expect(await reopenedAt()).toBe(20);
    expect((await cast()).slice(1)).toEqual([[0, 'o', '12345678']]);
  });
});

describe('G1: a full disk', () => {
  const fakeDisk = () => {
    let tell: (writing: boolean) => void = () => {};
    const disk = {
      writing: true,
      failed: () => false,
      wrote: () => {},
      onChange: (handler: (writing: boolean) => void) => {
        tell = handler;
        return () => {};
      },
    };
    return {
      disk,
      full(full: boolean) {
        disk.writing = !full;
        tell(!full);
      },
    };
  };

  it('what is printed meanwhile is missing, and then the screen is there again', async () => {
    const { disk, full } = fakeDisk();
    const { recording, print } = await mirrored(disk);
    recording.resize(size);
    print('kept\r\n');
    await recording.flush();
    full(true);
    print('unseen');
    clock.advance(1_000);
    full(false);
    print(' after');
    await recording.close();
    const lines = (await cast()).slice(1);
    expect(lines[0]).toEqual([0, 'o', 'kept\r\n']);
    expect(lines[1]).toEqual([1, 'm', 'Gap: 6 bytes of output are missing here']);
    expect(lines.at(-1)).toEqual([1, 'o', ' after']);
    expect(lines.at(-2)?.[2]).toContain('unseen');
    expect((await lastScreen(folder, size, 0)).render('text', 0)).toBe('kept\nunseen after');
    expect(faults).toHaveLength(1);
  });

  it('without output meanwhile there is no gap', async () => {
    const { disk, full } = fakeDisk();
    const { recording, print } = await mirrored(disk);
    recording.resize(size);
    print('one');
    await recording.flush();
    full(true);
    full(false);
    print('two');
    await recording.close();
    expect((await cast()).slice(1).filter(([, code]) => code !== 'r')).toEqual([
      [0, 'o', 'one'],
      [0, 'o', 'two'],
    ]);
  });
});

describe('the last screen', () => {
  it('is kept as it was when the recording ends', async () => {
    const { screen, recording, print } = await mirrored();
    print(`${'line\r\n'.repeat(50)}\x1b[31mred\x1b[5;5H`);
    await recording.close();
    const again = await lastScreen(folder, { cols: 10, rows: 10 }, 100);
    expect(again.render('text', 100)).toBe(screen.render('text', 100));
    expect(again.cursor).toEqual(screen.cursor);
    expect(again.offset).toBe(screen.offset);
    expect(statSync(recordingFiles(folder).screen).mode & 0o777).toBe(0o600);
  });

  it('that an earlier version kept is still shown', async () => {
    await (await create()).close();
    writeFileSync(recordingFiles(folder).screen, JSON.stringify({ cols: 30, rows: 5, offset: 100, ansi: 'old \x1b[1mscreen' }));
    const again = await lastScreen(folder, size, 100);
    expect([again.render('text', 0), again.cols, again.offset]).toEqual(['old screen', 30, 100]);
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

  it('is drawn from the last one that was kept and what came after, whatever modes were set megabytes ago', async () => {
    const { screen, recording, print } = await mirrored();
    print('\x1b[?1049h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[3;20r\x1b[?6h\x1b(0');
    for (let i = 0; i < 40; i++) print(Buffer.from('\x1b[31mab\x1b[0m\r\n'.repeat(20_000)));
    await recording.checkpoint();
    await screen.settled();
    print('\x1b[2;4Hafter \x1b[3');
    print('2mgreen');
    recording.resize({ cols: 60, rows: 20 });
    await screen.settled();
    screen.resize({ cols: 60, rows: 20 });
    print(' small');
    await recording.flush();
    const again = await lastScreen(folder, size, 100);
    expect(await again.drawn(0)).toEqual(await screen.drawn(0));
    expect([again.offset, again.bracketedPaste, again.alternate]).toEqual([screen.offset, true, true]);
    await recording.close();
  });

  it('is kept every minute when enough was printed, and sooner in a flood', async () => {
    const { recording, print } = await mirrored();
    const there = () => existsSync(recordingFiles(folder).screen);
    print(Buffer.alloc(127 * 1024, 'x'));
    clock.advance(60_000);
    print(Buffer.alloc(512, 'x'));
    await recording.flush();
    expect(there()).toBe(false);
    print(Buffer.alloc(2048, 'x'));
    await vi.waitFor(() => expect(there()).toBe(true));
    await recording.checkpoint();
    rmSync(recordingFiles(folder).screen);
    clock.advance(1_500);
    print(Buffer.alloc(8 * 1024 * 1024, 'y'));
    await vi.waitFor(() => expect(there()).toBe(true));
    await recording.close();
  });

  it('that is ahead of the recording, as after a power cut, is not believed', async () => {
    const { recording, print } = await mirrored();
    recording.resize(size);
    print('good');
    await recording.flush();
    print('\x1b[2J\x1b[Hlost');
    await recording.close();
    truncateSync(recordingFiles(folder).index, 2 * RECORD_BYTES);
    const again = await lastScreen(folder, size, 100);
    expect([again.render('text', 0), again.offset]).toEqual(['good', 4]);
    expect(await reopenedAt()).toBe(4);
  });

  it('is empty when nothing is known', async () => {
    const again = await lastScreen(folder, size, 100);
    expect(again.render('text', 0)).toBe('');
    expect([again.cols, again.rows]).toEqual([80, 24]);
  });
});
