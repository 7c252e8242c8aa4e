import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { createLocalMachine } from './local.ts';
import { createPrefixMachine, withoutTerminal } from './prefix.ts';
import { processesWith } from './test-sshd.ts';

let home: string;
let children: ChildProcess[];
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'afield-prefix-')));
  children = [];
});
afterEach(() => {
  for (const { pid } of children) if (pid !== undefined && processesWith(home).length > 0) endGroup(pid);
  rmSync(home, { recursive: true, force: true });
});

function script(name: string, text: string): string {
  const file = join(home, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}
/** Stands for a container: another home, another PATH, nothing of the environment outside, and a terminal only when it is asked for. */
const container = () => {
  mkdirSync(join(home, 'inside', 'bin'), { recursive: true });
  return script(
    'box',
    `[ "$1" = exec ] || exit 9; shift
tty=no; while :; do case $1 in -it) tty=yes;; -i) ;; -t) tty=yes;; *) break;; esac; shift; done
[ "$1" = web ] || { echo "No such container: $1" >&2; exit 125; }; shift
[ -e '${home}/stopped' ] && { echo 'The container is not running.' >&2; exit 1; }
if [ $tty = yes ] && ! [ -t 0 ]; then echo 'the input device is not a TTY' >&2; exit 1; fi
exec env -i HOME='${home}/inside' PATH='${home}/inside/bin:/usr/bin:/bin' FROM_IMAGE=1 "$@"`,
  );
};

function machine(prefix: string[]) {
  const lines: string[] = [];
  const env = { PATH: process.env.PATH, HOME: home, SECRET: 'of the home server', LANG: 'C' };
  const local = createLocalMachine({ env, home, folder: join(home, 'run') });
  const row = { name: 'box', kind: 'prefix' as const, ssh: null, prefix, created_at: '2026-01-01T00:00:00Z' };
  const made = createPrefixMachine(row, {
    local,
    clock: systemClock(),
    onLine: () => lines.push(`${made.line.state}: ${made.line.detail}`),
  });
  return { box: made, lines };
}

/** Starts what a runtime would start, without a terminal. */
async function start(box: ReturnType<typeof machine>['box'], command: Parameters<typeof box.wrap>[0], file?: string) {
  const wrapped = await box.wrap(command);
  const child = spawn(file ?? wrapped.file, wrapped.args, {
    cwd: wrapped.cwd,
    env: wrapped.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let text = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  return { child, wrapped, text: () => text };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

describe('a machine by a command prefix', () => {
  it('finds programs, versions and directories inside', async () => {
    const { box, lines } = machine([container(), 'exec', '-it', 'web']);
    script('inside/bin/agent', 'echo agent 4.2');
    await box.reach();
    expect(await box.which('agent')).toBe(`${home}/inside/bin/agent`);
    expect(await box.which('none')).toBeNull();
    expect(await box.version(`${home}/inside/bin/agent`, ['--version'])).toBe('agent 4.2');
    expect(await box.directory('~')).toBe(`${home}/inside`);
    await expect(box.directory('/no/such')).rejects.toMatchObject({ code: 'cwd_missing' });
    expect(lines).toEqual(['up: null']);
  });

  it('starts a program in its directory, with exactly the variables that were given', async () => {
    const { box } = machine([container(), 'exec', '-i', 'web']);
    const env = box.environment({ id: 'own' }, { GIVEN: "a b'$(id)" }, ['SECRET']);
    mkdirSync(join(home, 'inside', 'a b'));
    const { child, text } = await start(box, { session_id: 'own', file: '/usr/bin/env', args: [], cwd: `${home}/inside/a b`, env });
    await new Promise((resolve) => child.once('close', resolve));
    const seen = text()
      .trim()
      .split('\n')
      .filter((line) => !/^(_|SHLVL|OLDPWD)=/.test(line));
    expect(seen.sort()).toEqual(
      [
        'AFIELD_SESSION=own',
        'COLORTERM=truecolor',
        'FROM_IMAGE=1',
        "GIVEN=a b'$(id)",
        `HOME=${home}/inside`,
        `PATH=${home}/inside/bin:/usr/bin:/bin`,
        `PWD=${home}/inside/a b`,
        'TERM=xterm-256color',
      ].sort(),
    );
  });

  it('D16: nothing that was given stands in an argument, here or there, or is left in a file', async () => {
    const { box } = machine([container(), 'exec', '-i', 'web']);
    const given = { TOKEN: 'canary-one', LINES: "canary\n'two'\n", EMPTY: '' };
    const env = box.environment({ id: 'own' }, given);
    const script = 'printf "|%s|%s|%s|" "$TOKEN" "$LINES" "$EMPTY"; exec sleep 60';
    const { wrapped, text, child } = await start(box, { session_id: 'own', file: '/bin/sh', args: ['-c', script], cwd: '/', env });
    await until('it prints', () => text().endsWith('||'));
    const seen = processesWith('canary');
    endGroup(child.pid as number);
    expect(text()).toBe("|canary-one|canary\n'two'\n||");
    expect(wrapped.args.join(' ')).not.toContain('canary');
    expect(seen).toEqual([]);
    const file = wrapped.args.find((word) => word.includes('/.afield-'))!;
    expect(existsSync(file)).toBe(false);
  });

  it('that hands no input on takes no environment, and says so', async () => {
    const { box } = machine([script('mute', 'exec "$@" < /dev/null')]);
    const env = box.environment({ id: 'own' }, { TOKEN: 'canary' });
    await expect(box.wrap({ session_id: 'own', file: '/bin/true', args: [], cwd: '/', env })).rejects.toMatchObject({
      code: 'machine_unreachable',
      message: expect.stringContaining('-i?'),
    });
  });

  it('says when it is not there any more', async () => {
    const { box, lines } = machine([container(), 'exec', 'web']);
    await box.reach();
    writeFileSync(join(home, 'stopped'), '');
    await expect(box.reach()).rejects.toMatchObject({ code: 'machine_unreachable', message: expect.stringContaining('not running') });
    expect(lines.at(-1)).toContain('not running');
    expect(await box.checks()).toEqual([
      expect.objectContaining({ name: 'reached', ok: false, fix: expect.stringContaining('exec web true') }),
    ]);
    await expect(machine([container(), 'exec', 'other']).box.reach()).rejects.toMatchObject({ code: 'machine_unreachable' });
    await expect(machine([join(home, 'none')]).box.reach()).rejects.toMatchObject({ code: 'machine_unreachable' });
  });

  it('checks tell of tmux here, and of the rest there', async () => {
    const { box } = machine([container(), 'exec', 'web']);
    expect((await box.checks()).map(({ name }) => name)).toEqual(['reached', 'tmux', 'shell', 'disk']);
  });

  it.each([[['env', 'X=1']], [['nice', '-n', '5']], [['setpriv', '--no-new-privs']]])(
    'works with %s, and sees what its processes do',
    async (prefix) => {
      const { box } = machine(prefix);
      await box.reach();
      const file = await box.which('sh');
      const args = ['-c', `echo ready; sleep 60 & while :; do :; done # ${home}`];
      const { text } = await start(box, {
        session_id: `id-${home}`,
        file: file!,
        args,
        cwd: home,
        env: box.environment({ id: `id-${home}` }, {}),
      });
      await until('it runs', () => text().includes('ready'));
      const facts = await box.processes({ id: `id-${home}`, pid: null }, 400);
      expect(facts).toMatchObject({ processes: 2 });
      expect(facts?.cpu_ms).toBeGreaterThan(0);
      expect(facts?.children.map(({ command }) => command.split(' ')[0]).sort()).toEqual([file, 'sleep']);
      for (const { pid } of facts?.children ?? []) process.kill(pid, 'SIGKILL');
      await until('they are gone', async () => (await box.processes({ id: `id-${home}`, pid: null }, 0)) === null);
    },
  );

  it('asks for a terminal only where there is one', () => {
    expect(withoutTerminal(['docker', 'exec', '-it', 'box'])).toEqual(['docker', 'exec', '-i', 'box']);
    expect(withoutTerminal(['docker', 'exec', '-t', '-i', '--tty', 'box'])).toEqual(['docker', 'exec', '-i', 'box']);
    expect(withoutTerminal(['kubectl', 'exec', '-ti', 'pod', '--', 'sudo', '-t'])).toEqual([
      'kubectl',
      'exec',
      '-i',
      'pod',
      '--',
      'sudo',
      '-t',
    ]);
  });
});
