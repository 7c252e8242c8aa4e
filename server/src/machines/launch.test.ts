import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'afield-launch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs in a process of its own that may open 40 files, of which `take(n)` leaves n. Prints JSON. */
function withFewFiles(code: string): unknown {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { openSync, closeSync } from 'node:fs';
    import { createLocalHost } from ${at('./local-host.ts')};
    const host = createLocalHost({ folder: ${JSON.stringify(folder)}, env: { PATH: process.env.PATH } });
    const taken = [];
    const take = (left) => {
      try {
        for (;;) taken.push(openSync('/dev/null'));
      } catch (error) {
        if (error.code !== 'EMFILE') throw error;
      }
      while (left-- > 0) closeSync(taken.pop());
    };
    const give = () => taken.splice(0).forEach((fd) => closeSync(fd));
    const told = (promise) => promise.then((value) => value.code ?? 'opened', (error) => error.code + ': ' + error.message);
    ${code}`;
  const args = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
  const limited = ['-c', 'ulimit -n 40 && exec "$@"', 'sh', process.execPath, ...args];
  return JSON.parse(execFileSync('/bin/sh', limited, { encoding: 'utf8', timeout: 20_000 }));
}

describe.skipIf(process.platform !== 'linux')('a program that cannot be started (skipped where ulimit -n does not bind Node)', () => {
  it('G8: for want of descriptors is told, whatever is left; it ends nothing, and the next one runs', () => {
    const told = withFewFiles(`
      await host.run(['/bin/true']);
      const runs = [];
      for (let left = 0; left < 8; left++) {
        take(left);
        runs.push(await told(host.run(['/bin/true'])));
        give();
      }
      take(0);
      const opened = await told(host.open(['/bin/cat']));
      give();
      console.log(JSON.stringify({ runs, opened, after: (await host.run(['/bin/true'])).code }));
    `) as { runs: unknown[]; opened: string; after: number };
    const why =
      /^machine_unreachable: \/bin\/(true|cat) could not be started: this home server has as many files open as it may\..*ulimit -n/;
    expect(told.runs[0]).toMatch(why);
    expect(told.opened).toMatch(why);
    for (const one of told.runs) expect(one === 0 || why.test(String(one)), String(one)).toBe(true);
    expect(told.after).toBe(0);
  });

  it('because it is not there is no such case', () => {
    expect(withFewFiles(`console.log(JSON.stringify(await told(host.run(['/nowhere/at/all']))))`)).toBe(127);
  });
});
