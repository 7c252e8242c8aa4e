import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalHost } from '../../machines/local-host.ts';
import { openTmux, TMUX } from '../../tmux-kit.ts';
import { heard, newId, type Running } from '../heard.ts';

let folder: string;
let kit: ReturnType<typeof openTmux>;
/** The user's own tmux, with the user's own habits. */
let user: (...args: string[]) => string;
let socket: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-adopt-')));
  const own = join(folder, `tmux-${process.getuid?.() ?? 0}`);
  mkdirSync(own, { mode: 0o700 });
  socket = join(own, 'default');
  user = (...args) =>
    execFileSync(TMUX ?? 'tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, TMUX: '' },
    }).trim();
  user(
    'new-session',
    '-d',
    '-s',
    'mine',
    '-x',
    '90',
    '-y',
    '20',
    `sh -c 'printf "\\033[31mearlier\\033[0m\\n"; stty -echo; while read -r l; do echo "got $l"; [ "$l" = end ] && exit 5; done'`,
  );
  const host = createLocalHost({ folder: join(folder, 'run'), env: { PATH: process.env.PATH ?? '', HOME: folder, TMUX_TMPDIR: folder } });
  kit = openTmux({ folder, host });
});
afterEach(async () => {
  try {
    user('kill-server');
  } catch {
    // It is gone.
  }
  await kit.close();
  rmSync(folder, { recursive: true, force: true });
});

const state = () =>
  ['pane_pipe', 'window_width', 'window_height', '@afield']
    .map((name) => user('display-message', '-p', '-t', '=mine:', `#{${name}}`))
    .join(' ');
const options = () =>
  [user('show-options', '-w', '-t', '=mine:'), user('show-options', '-p', '-t', '=mine:'), user('list-buffers')].join('\n');
async function adopt(runtime = kit.runtime): Promise<Running & { pane: { socket: string; pane: string; pid: number } }> {
  const [found] = await runtime.adoptable();
  if (found === undefined) throw new Error('nothing to adopt');
  const session_id = newId();
  const { process, pane } = await runtime.adopt(session_id, found);
  return Object.assign(heard(process, session_id), { pane });
}
const shown = ({ resyncs }: Running) => resyncs.map(({ bytes }) => bytes.toString()).join('');

describe.skipIf(TMUX === null)("the user's own tmux (skipped where tmux is not installed)", () => {
  it('is listed, with texts that do nothing; ours is not', async () => {
    const trap = join(folder, 'trapped');
    user('new-session', '-d', '-s', `x##(touch ${trap})`, '-x', '80', '-y', '24', `printf '\\033]2;#(touch ${trap})\\033\\\\'; sleep 60`);
    await kit.runtime.start(
      { session_id: newId(), file: '/bin/sleep', args: ['60'], cwd: '/', env: { PATH: '/bin' } },
      { cols: 80, rows: 24 },
    );
    const found = await eventually(async () => {
      const all = await kit.runtime.adoptable();
      return all.some(({ title }) => title.includes('touch')) ? all : null;
    });
    expect(found.map(({ socket: at, cols, rows, attached }) => ({ at, cols, rows, attached }))).toEqual([
      { at: socket, cols: 90, rows: 20, attached: false },
      { at: socket, cols: 80, rows: 24, attached: false },
    ]);
    expect(found[0]).toMatchObject({ session_name: 'mine', command: 'sh' });
    expect(existsSync(trap)).toBe(false);
  });

  it('gives a pane over: its screen first, then what it prints; keys go in; and all is as before when it is released', async () => {
    await eventually(() => user('capture-pane', '-p', '-t', '=mine:').includes('earlier'));
    const [before, options_before] = [state(), options()];
    const adopted = await adopt();
    await eventually(() => shown(adopted).includes('\x1b[31mearlier'));
    expect(adopted.resyncs).toMatchObject([{ cols: 90, rows: 20 }]);
    adopted.program.write(Buffer.from('hello\r'));
    await eventually(() => adopted.text().includes('got hello'));
    expect(user('display-message', '-p', '-t', '=mine:', '#{window_width}')).toBe('90');
    adopted.program.resize(70, 15);
    await eventually(() => user('display-message', '-p', '-t', '=mine:', '#{window_width}x#{window_height}') === '70x15');
    await kit.runtime.release(adopted.session_id);
    user('resize-window', '-t', '=mine:', '-x', '90', '-y', '20');
    user('set-option', '-uw', '-t', '=mine:', 'window-size');
    expect(state()).toBe(before);
    expect(options()).toBe(options_before);
    expect(adopted.exit).toBeNull();
    user('send-keys', '-t', '=mine:', 'again', 'Enter');
    await eventually(() => user('capture-pane', '-p', '-t', '=mine:').includes('got again'));
    expect(adopted.text()).not.toContain('again');
    // Once more, as if it had never been.
    const second = await adopt();
    await eventually(() => shown(second).includes('got again'));
  });

  it('sets the size policy of the window back to what it was', async () => {
    user('set-option', '-w', '-t', '=mine:', 'window-size', 'smallest');
    const adopted = await adopt();
    adopted.program.resize(70, 15);
    await eventually(() => user('show-options', '-wv', '-t', '=mine:', 'window-size') === 'manual');
    await kit.runtime.release(adopted.session_id);
    expect(user('show-options', '-wv', '-t', '=mine:', 'window-size')).toBe('smallest');
  });

  it('is found again by the next server, with what was printed meanwhile', async () => {
    const adopted = await adopt();
    await eventually(() => adopted.resyncs.length > 0);
    adopted.program.write(Buffer.from('one\r'));
    await eventually(() => adopted.text().includes('got one'));
    const { length } = adopted.bytes();
    await kit.runtime.close();
    user('send-keys', '-t', '=mine:', 'two', 'Enter');
    const next = openTmux({ folder, host: kit.host });
    const found = await next.runtime.resume({ session_id: adopted.session_id, from: length, cols: 90, rows: 20, adopted: adopted.pane });
    if (!('write' in found)) throw new Error('it is lost');
    const resumed = heard(found, adopted.session_id);
    await eventually(() => resumed.text() === 'got two\r\n');
    await next.runtime.release(adopted.session_id);
    expect(state()).toBe('0 90 20 ');
    await next.runtime.close();
  });

  it('that pipes a pane itself is left alone, and so is a pane that is adopted already', async () => {
    const [found] = await kit.runtime.adoptable();
    user('pipe-pane', '-t', '=mine:', `cat >> ${join(folder, 'own')}`);
    await expect(kit.runtime.adopt(newId(), found!)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('pipe-pane'),
    });
    user('send-keys', '-t', '=mine:', 'kept', 'Enter');
    await eventually(() => existsSync(join(folder, 'own')) && readFileSync(join(folder, 'own'), 'utf8').includes('got kept'));
    user('pipe-pane', '-t', '=mine:');
    const adopted = await adopt();
    await eventually(() => adopted.resyncs.length > 0);
    await expect(kit.runtime.adopt(newId(), found!)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('already'),
    });
    await expect(kit.runtime.adopt(newId(), { socket, pane: '%99' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(kit.runtime.adopt(newId(), { socket: '/tmp/none', pane: '%0' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(kit.runtime.release(newId())).rejects.toMatchObject({ code: 'conflict' });
  });

  it('an adopted program that ends is over after its last bytes; so is one whose tmux is killed', async () => {
    const adopted = await adopt();
    await eventually(() => adopted.resyncs.length > 0);
    user('new-session', '-d', '-s', 'other', 'sleep 60');
    adopted.program.write(Buffer.from('end\r'));
    await eventually(() => adopted.exit);
    expect(adopted.text()).toContain('got end');
    expect(adopted.exit?.lost).toContain('It ended in its own tmux');
    const other = await adopt();
    await eventually(() => other.resyncs.length > 0);
    user('kill-server');
    await eventually(() => other.exit);
    expect(other.exit?.lost).toBe('Its tmux server was ended.');
  });

  it('a program on the alternate screen brings both screens and its modes', async () => {
    user(
      'new-window',
      '-t',
      '=mine:',
      `printf 'normal\\n'; printf '\\033[?1049h\\033[2;3Halternate\\033[?1003h\\033[?1006h\\033[?25l'; sleep 60`,
    );
    const pane = user('display-message', '-p', '-t', '=mine:', '#{pane_id}');
    await eventually(() => user('display-message', '-p', '-t', pane, '#{alternate_on}') === '1');
    const session_id = newId();
    const state_ = heard((await kit.runtime.adopt(session_id, { socket, pane })).process, session_id);
    await eventually(() => state_.resyncs.length > 0);
    const text = shown(state_);
    expect(text.indexOf('normal')).toBeLessThan(text.indexOf('\x1b[?1049h'));
    expect(text.indexOf('alternate')).toBeGreaterThan(text.indexOf('\x1b[?1049h'));
    for (const mode of ['\x1b[?1003h', '\x1b[?1006h', '\x1b[?25l']) expect(text).toContain(mode);
    expect(text).toContain('\x1b[2;12H');
  });
});
