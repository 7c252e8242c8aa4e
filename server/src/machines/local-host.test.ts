import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Follower } from '../core/machine-ports.ts';

import { createLocalHost } from './local-host.ts';

let folder: string;
let followers: Follower[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-host-'));
  followers = [];
});
afterEach(() => {
  for (const follower of followers) follower.stop();
  rmSync(folder, { recursive: true, force: true });
});
const host = () => createLocalHost({ folder: join(folder, 'run'), env: { PATH: '/usr/bin:/bin', KEPT: 'yes' } });

function follow(path: string, offset = 0) {
  const got: Buffer[] = [];
  const follower = host().follow(path, offset, { bytes: (bytes) => got.push(bytes), cut: () => {} });
  followers.push(follower);
  return { follower, bytes: () => Buffer.concat(got) };
}

it('its folder is ours alone', async () => {
  mkdirSync(join(folder, 'run'), { mode: 0o755 });
  expect(await host().folder()).toBe(join(folder, 'run'));
  expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700);
});

describe('run', () => {
  it('gives code, output and input, with no environment but its own', async () => {
    process.env.AFIELD_CANARY = 'secret';
    const { code, stdout } = await host().run(['sh', '-c', 'cat; env; exit 3'], { input: Buffer.from('in\0put'), env: { MORE: '1' } });
    delete process.env.AFIELD_CANARY;
    expect(code).toBe(3);
    expect(stdout.toString()).toMatch(/^in\0put/);
    expect(stdout.toString()).toContain('KEPT=yes');
    expect(stdout.toString()).toContain('MORE=1');
    expect(stdout.toString()).not.toContain('secret');
  });

  it('a program that is not there answers 127, one that hangs or floods ends with all it started', { timeout: 10_000 }, async () => {
    expect(await host().run([join(folder, 'none')])).toMatchObject({ code: 127 });
    expect(await host().run(['sh', '-c', 'sleep 60 & sleep 60'], { timeoutMs: 200 })).toMatchObject({ code: null });
    const flood = await host().run(['yes'], { maxBytes: 10_000 });
    expect(flood.code).toBeNull();
    expect(flood.stdout.length).toBeLessThanOrEqual(10_000);
  });
});

describe('open', () => {
  it('keeps the pipes of a program open both ways and tells its end once', async () => {
    const program = await host().open(['sh', '-c', 'cat; echo why >&2; exit 5']);
    let text = '';
    const ends: unknown[] = [];
    program.onOutput = (bytes) => {
      text += bytes;
    };
    program.onClose = (end) => ends.push(end);
    expect(program.write(Buffer.from('one'))).toBe(true);
    await eventually(() => text === 'one');
    program.end();
    await eventually(() => ends.length > 0);
    expect(ends).toEqual([{ code: 5, detail: 'why' }]);
    expect(program.write(Buffer.from('x'))).toBe(false);
  });

  it('takes no more than 4 MiB for a program that does not read', async () => {
    const program = await host().open(['sleep', '60']);
    const taken = Array.from({ length: 100 }, () => program.write(Buffer.alloc(100_000)));
    expect(taken.at(-1)).toBe(false);
    program.kill();
    await new Promise<void>((resolve) => {
      program.onClose = () => resolve();
    });
  });
});

describe('follow', () => {
  it('waits for the file, gives what is there from an offset on, and what comes', async () => {
    const path = join(folder, 'spool');
    const { bytes } = follow(path, 2);
    writeFileSync(path, '01234');
    await eventually(() => bytes().toString() === '234');
    appendFileSync(path, '56');
    await eventually(() => bytes().toString() === '23456');
  });

  it('waits for a folder that is not there yet', async () => {
    const path = join(folder, 'later', 'spool');
    const { bytes } = follow(path);
    mkdirSync(join(folder, 'later'));
    writeFileSync(path, 'x');
    await eventually(() => bytes().toString() === 'x');
  });

  it('gives many files that grow at once, byte for byte', async () => {
    const block = (i: number, n: number) => Buffer.alloc(1 + ((i * 7919 + n * 104_729) % 70_000), i + n);
    const all = Array.from({ length: 8 }, (_, i) => ({
      path: join(folder, `f${i}`),
      ...follow(join(folder, `f${i}`)),
      meant: [] as Buffer[],
    }));
    for (let n = 0; n < 40; n++) {
      for (const [i, { path, meant }] of all.entries()) {
        meant.push(block(i, n));
        appendFileSync(path, block(i, n));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { bytes, meant } of all) {
      await eventually(() => bytes().length === Buffer.concat(meant).length);
      expect(bytes().equals(Buffer.concat(meant))).toBe(true);
    }
  });

  it('held back gives nothing, and then everything; stopped it lets go of the file', async () => {
    const path = join(folder, 'spool');
    writeFileSync(path, 'a');
    const files = () => readdirSync('/proc/self/fd').length;
    const before = files();
    const { follower, bytes } = follow(path);
    await eventually(() => bytes().toString() === 'a');
    follower.pause();
    appendFileSync(path, 'b');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bytes().toString()).toBe('a');
    follower.resume();
    await eventually(() => bytes().toString() === 'ab');
    follower.stop();
    appendFileSync(path, 'c');
    // One watch descriptor serves the whole process and stays.
    await eventually(() => files() <= before + 3);
    expect(bytes().toString()).toBe('ab');
  });
});
