import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { lastScreen } from '../terminal/last-screen.ts';
import { Screen } from '../terminal/screen.ts';
import { compressRecording, folderSize, isPlain, removeRecording } from './archive.ts';
import { asciicast } from './asciicast.ts';
import { openBytes } from './bytes.ts';
import { recordingFiles } from './files.ts';
import { Recording } from './recording.ts';

let folder: string;
let clock: ManualClock;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'afield-archive-')), 'one');
  clock = manualClock();
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const never = new AbortController().signal;
const size = { cols: 80, rows: 24 };
const cast = async () => {
  const parts: Uint8Array[] = [];
  for await (const part of asciicast(folder, { ...size, startedAt: Date.parse('2026-01-01T00:00:00Z'), title: 't' })) parts.push(part);
  return Buffer.concat(parts).toString();
};
/** With a part that was fetched later, a gap, and a change of size. */
const record = async () => {
  const screen = new Screen(size, 100);
  const options = { clock, limit: 1024 ** 3, fault: () => {}, screen: () => screen.drawn(100) };
  const recording = await Recording.open(folder, options);
  recording.resize(size);
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(`\x1b[3${i % 8}mline ${i} of many, größer \x1b[0m${'='.repeat(1_000)}\r\n`);
    recording.append(bytes, i > 100 && i < 110);
    screen.write(bytes);
    clock.advance(40);
  }
  const drawn = Buffer.from('\x1b[Hafter the gap\r\n');
  recording.gap(12_345, { cols: 60, rows: 20, bytes: drawn });
  screen.replace({ cols: 60, rows: 20 }, drawn, screen.end + 12_345);
  recording.append(Buffer.from('end'));
  screen.write(Buffer.from('end'));
  await recording.close();
};
const { output, index } = { output: () => recordingFiles(folder).output, index: () => recordingFiles(folder).index };

describe('a finished recording', () => {
  it('is compressed, and every reader reads it as before', async () => {
    await record();
    const before = { cast: await cast(), output: readFileSync(output()), size: await folderSize(folder) };
    const screen = (await lastScreen(folder, size, 100)).render('text', 100);
    await compressRecording(folder, never);
    expect(readdirSync(folder).sort()).toEqual(['index.bin.gz', 'output.log.gz', 'screen.json']);
    expect(gunzipSync(readFileSync(`${output()}.gz`))).toEqual(before.output);
    expect(statSync(`${output()}.gz`).mode & 0o777).toBe(0o600);
    expect(await cast()).toBe(before.cast);
    expect((await lastScreen(folder, size, 100)).render('text', 100)).toBe(screen);
    rmSync(recordingFiles(folder).screen);
    expect((await lastScreen(folder, size, 100)).render('text', 0)).toBe('after the gap\nend');
    const after = await folderSize(folder);
    expect(after.recording).toBe(statSync(`${output()}.gz`).size + statSync(`${index()}.gz`).size);
    expect(after.recording).toBeLessThan(before.size.recording / 10);
  });

  it('that was compressed is read forwards, backwards and in parts', async () => {
    await record();
    const whole = readFileSync(output());
    await compressRecording(folder, never);
    const file = (await openBytes(output()))!;
    expect(file.size).toBe(whole.length);
    const read = async (from: number, to: number) => {
      const parts: Buffer[] = [];
      for await (const part of file.read(from, to)) parts.push(part);
      return Buffer.concat(parts);
    };
    for (const [from, to] of [
      [0, 10],
      [10, 200_000],
      [250_000, 250_001],
      [5, 70_000],
      [whole.length, whole.length],
      [whole.length - 3, whole.length + 10],
    ] as const) {
      expect(await read(from, to)).toEqual(whole.subarray(from, to));
    }
    await file.close();
  });

  it('is whole in one form wherever compressing is broken off', async () => {
    await record();
    const before = await cast();
    const plain = { output: readFileSync(output()), index: readFileSync(index()) };
    await compressRecording(folder, never);
    const packed = { output: readFileSync(`${output()}.gz`), index: readFileSync(`${index()}.gz`) };
    // What is there after each step of it.
    const states: Record<string, Buffer>[] = [
      { 'output.log': plain.output, 'index.bin': plain.index, 'output.log.gz.new': packed.output.subarray(0, 100) },
      { 'output.log': plain.output, 'index.bin': plain.index, 'output.log.gz': packed.output },
      { 'output.log': plain.output, 'index.bin': plain.index, 'output.log.gz': packed.output, 'index.bin.gz': packed.index },
      { 'index.bin': plain.index, 'output.log.gz': packed.output, 'index.bin.gz': packed.index },
    ];
    for (const state of states) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      for (const [name, bytes] of Object.entries(state)) writeFileSync(join(folder, name), bytes);
      expect(await cast()).toBe(before);
      expect(await isPlain(folder)).toBe(true);
      await compressRecording(folder, never);
      expect(readdirSync(folder).sort()).toEqual(['index.bin.gz', 'output.log.gz']);
      expect(await isPlain(folder)).toBe(false);
      expect(await cast()).toBe(before);
    }
  });

  it('stays as it is when compressing is told to stop, or there is nothing to compress', async () => {
    await record();
    const stop = new AbortController();
    const compressing = compressRecording(folder, stop.signal);
    stop.abort();
    await expect(compressing).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(['index.bin', 'output.log', 'screen.json']);
    await compressRecording(join(folder, 'missing'), never);
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  it('is deleted in both forms, and the last screen stays', async () => {
    await record();
    const kept = (await lastScreen(folder, size, 100)).render('text', 100);
    copyFileSync(output(), `${output()}.gz`);
    await removeRecording(folder);
    expect(readdirSync(folder)).toEqual(['screen.json']);
    expect((await lastScreen(folder, size, 100)).render('text', 100)).toBe(kept);
    expect((await cast()).trim().split('\n')).toHaveLength(1);
    expect(await folderSize(folder)).toMatchObject({ recording: 0 });
  });
});

const asciinema = (() => {
  try {
    return execFileSync('asciinema', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
})();

describe.runIf(asciinema !== null)(`the real ${asciinema ?? 'asciinema'}`, () => {
  it('takes a recording with markers, and prints what the terminal got', async () => {
    await record();
    const file = join(folder, 'one.cast');
    writeFileSync(file, await cast());
    // Both want a terminal; `script` gives them one.
    const inTerminal = async (line: string) => {
      const env = { ...process.env, HOME: folder, TERM: 'xterm-256color' };
      return (await promisify(execFile)('script', ['-qfec', line, '/dev/null'], { env, timeout: 20_000, maxBuffer: 2 ** 24 })).stdout;
    };
    const printed = await inTerminal(`asciinema cat '${file}'`);
    expect(printed).toContain('line 0 of many, größer');
    expect(printed.replaceAll('\r', '').endsWith('after the gap\nend')).toBe(true);
    expect(await inTerminal(`asciinema play -s 100000 -i 0.001 '${file}'`)).toContain('after the gap');
  });
});
