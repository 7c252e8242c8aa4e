import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { Host, Machine } from '../core/machine-ports.ts';
import { createLocalHost } from '../machines/local-host.ts';
import { createRuntimes } from './choose.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-choose-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A machine on which tmux says this version of itself; null: there is none. */
function machine(version: string | null, local = true): Machine {
  const file = join(folder, 'bin', 'tmux');
  // Found before the real one; `command -v` of a shell finds nothing that cannot be run.
  writeFileSync(file, `#!/bin/sh\n[ "$1" = -V ] && echo "${version}"\n`);
  chmodSync(file, 0o755);
  const host = createLocalHost({ folder: join(folder, 'run'), env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder } });
  const without: Host = { ...host, run: async () => ({ code: 0, stdout: Buffer.alloc(0), stderr: '' }) };
  const seen = { ...(version === null ? without : host), local, name: local ? 'local' : 'far' };
  return { name: seen.name, host: seen } as unknown as Machine;
}
const choose = (setting: 'auto' | 'tmux' | 'pty', on: Machine) =>
  createRuntimes({ clock: systemClock(), setting, home: 'test' }).runtimeFor(on);

describe('what sessions run in', () => {
  it.each(['tmux 3.2', 'tmux 3.2a', 'tmux 3.3a', 'tmux 3.10', 'tmux 4.0', 'tmux next-3.6', 'tmux master', 'tmux openbsd-7.5'])(
    '%s: tmux',
    async (version) => {
      expect((await choose('auto', machine(version))).name).toBe('tmux');
      expect((await choose('tmux', machine(version))).name).toBe('tmux');
      expect((await choose('pty', machine(version))).name).toBe('pty');
      expect((await choose('pty', machine(version, false))).name).toBe('tmux');
    },
  );

  it.each(['tmux 2.9', 'tmux 3.1c', 'tmux 1.8', 'nonsense', ''])(
    '%s is too old or no tmux: pty at home, an error with the fix elsewhere',
    async (version) => {
      expect((await choose('auto', machine(version))).name).toBe('pty');
      await expect(choose('tmux', machine(version))).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('too old'),
      });
      const error = await choose('auto', machine(version, false)).catch((fault: Error) => fault.message);
      expect(error).toMatch(/^The tmux on far is too old .*Install tmux 3\.2 or newer/);
    },
  );

  it('none at all: pty at home, an error with the fix elsewhere', async () => {
    expect((await choose('auto', machine(null))).name).toBe('pty');
    await expect(choose('auto', machine(null, false))).rejects.toThrow('There is no tmux on far');
    await expect(choose('tmux', machine(null))).rejects.toThrow('Install tmux 3.2 or newer');
  });

  it('machines on the same host share one, and what is installed later is found', async () => {
    const { runtimeFor } = createRuntimes({ clock: systemClock(), setting: 'auto', home: 'test' });
    const old = machine('tmux 2.9');
    expect((await runtimeFor(old)).name).toBe('pty');
    writeFileSync(join(folder, 'bin', 'tmux'), '#!/bin/sh\necho tmux 3.4\n');
    const [one, two] = await Promise.all([runtimeFor(old), runtimeFor(old)]);
    expect(one.name).toBe('tmux');
    expect(two).toBe(one);
  });
});
