/** Real terminals: attach in tmux, against a real home server. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killOwn, TestDesk, type TestTerminal, until } from './test-desk.ts';

let desk: TestDesk;
beforeAll(async () => {
  desk = new TestDesk();
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

const TIMEOUT_MS = 90_000;

/** A session with a quiet shell in it. */
async function session(name: string): Promise<void> {
  const { code, err } = await desk.cli(['run', 'shell', '-s', name, '--detach']);
  expect(code, err).toBe(0);
  await desk.cli(['send', name, `PS1='${name}> '; clear`]);
  await desk.printed(name, new RegExp(`^${name}>`, 'm'));
}

async function attached(name: string, size: [cols: number, rows: number], options = ''): Promise<TestTerminal> {
  const terminal = await desk.terminals.open(...size);
  await terminal.afield(`attach ${name} ${options}`);
  await terminal.shows(new RegExp(`${name}>`));
  await terminal.showsNot(/desk\$/);
  return terminal;
}

/** The terminal as a shell expects it: cooked, on the ordinary screen, nothing reported. */
async function expectRestored(terminal: TestTerminal): Promise<void> {
  await terminal.shows(/desk\$ $/);
  expect(await terminal.state('#{alternate_on}#{mouse_any_flag}#{keypad_cursor_flag}#{keypad_flag}#{cursor_flag}')).toBe('00001');
  await terminal.line('stty -a | tr " " "\\n" | grep -xE "icanon;?|echo;?" | wc -l');
  await terminal.shows(/^2$/m);
}

describe('attach', () => {
  it(
    'run attaches in the size of the terminal; Ctrl-\\ gives the terminal back, and the session goes on',
    async () => {
      const terminal = await desk.terminals.open(90, 25);
      await terminal.afield('run shell -s ran');
      await terminal.showsNot(/desk\$/);
      // What is typed before a shell has its prompt may stand there twice.
      await terminal.shows(/[$#] $/m);
      await terminal.line("PS1='ran> '; clear; stty size");
      await terminal.shows(/^25 90\nran> $/m);
      await terminal.keys('C-\\');
      await terminal.shows(/^Detached\. ran goes on: afield attach [0-9a-f-]{13}$/m);
      await expectRestored(terminal);
      expect((await desk.cli(['status', 'ran'])).out).toMatch(/Status +[◌⊖◉] (starting|idle|busy)/);
    },
    TIMEOUT_MS,
  );

  it(
    "two attached at once see each other's keys",
    async () => {
      await session('both');
      const [one, two] = [await attached('both', [80, 24]), await attached('both', [80, 24])];
      await one.line('echo from-$((0+1))');
      await two.shows(/^from-1$/m);
      await two.line('echo from-$((1+1))');
      await one.shows(/^from-2$/m);
      expect((await desk.json<{ viewers: number }>('status', 'both')).viewers).toBe(2);
      expect((await one.screen()).trim()).toBe((await two.screen()).trim());
    },
    TIMEOUT_MS,
  );

  it(
    'Ctrl-b d detaches, Ctrl-b Ctrl-b sends one Ctrl-b',
    async () => {
      await session('prefix');
      const terminal = await attached('prefix', [80, 24]);
      await terminal.line('cat -v');
      await terminal.keys('C-b', 'C-b');
      await terminal.line('x');
      await terminal.shows(/^\^Bx$/m);
      await terminal.keys('C-b', 'd');
      await terminal.shows(/Detached\. prefix goes on/);
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );

  it(
    'a bracketed paste passes through whole, detach keys in it too',
    async () => {
      await session('paste');
      const terminal = await attached('paste', [80, 24]);
      await terminal.line("printf '\\033[?2004h'; stty -icanon -isig -echo; clear; cat -v");
      await terminal.showsNot(/paste>/);
      await terminal.paste('one\x02d\x1ctwo');
      await terminal.shows(/\^\[\[200~one\^Bd\^\\two\^\[\[201~/);
      await terminal.keys('C-\\');
      await expectRestored(terminal);
      // and the shell at the desk is not left in a mode that it did not ask for
      await terminal.line('cat -v');
      await terminal.paste('plain');
      await terminal.keys('Enter');
      await terminal.shows(/^plain$/m);
    },
    TIMEOUT_MS,
  );

  it(
    'a window that changes changes the session, and the screen stays right',
    async () => {
      await session('window');
      const terminal = await attached('window', [80, 24]);
      await terminal.resize(101, 31);
      await until(
        async () => ((await desk.json<{ cols: number; rows: number }>('status', 'window')).cols === 101 ? true : undefined),
        () => terminal.screen(),
      );
      await terminal.line('clear; stty size');
      await terminal.shows(/^31 101\nwindow> $/m);
    },
    TIMEOUT_MS,
  );

  it(
    '--look takes no size, shows a part, and says so; keys still reach the session',
    async () => {
      await session('looked');
      const large = await attached('looked', [120, 40]);
      await large.line('clear; stty size');
      await large.shows(/^40 120$/m);
      const small = await attached('looked', [60, 12], '--look');
      await small.shows(/ 120×40 · the desk has the size, Ctrl-b t takes it · /);
      await small.resize(50, 10);
      await small.line('stty size');
      await large.shows(/^40 120\n[\s\S]*^40 120$/m);
      await small.keys('C-\\');
      await expectRestored(small);
    },
    TIMEOUT_MS,
  );

  it(
    'who types takes the size back, and the other is told',
    async () => {
      await session('lease');
      const first = await attached('lease', [100, 30]);
      const second = await attached('lease', [70, 20]);
      await first.shows(/ 70×20 · the desk has the size, Ctrl-b t takes it · /);
      await first.line('');
      await second.shows(/ 100×30 · the desk has the size, Ctrl-b t takes it · /);
      await first.showsNot(/has the size/);
      // tmux hands a size that changes twice in a row on after a quarter of a second.
      await first.line('clear; until stty size | grep -x "30 100"; do sleep 0.1; done');
      await first.shows(/^30 100\nlease> $/m);
    },
    TIMEOUT_MS,
  );

  it(
    'a program on the alternate screen comes back whole, and leaves nothing behind at the desk',
    async () => {
      await session('alternate');
      const file = path.join(desk.home, 'long.txt');
      writeFileSync(file, Array.from({ length: 200 }, (_, i) => `line ${i + 1}\n`).join(''));
      const terminal = await attached('alternate', [80, 24]);
      await terminal.line(`printf '\\033[?1003h\\033[?1006h'; less ${file}`);
      await terminal.shows(/^line 23$/m);
      await terminal.keys('C-\\');
      await expectRestored(terminal);
      await terminal.line('clear');
      await terminal.afield('attach alternate');
      await terminal.shows(/^line 1\n[\s\S]*^line 23$/m);
      expect(await terminal.state('#{alternate_on}#{mouse_any_flag}')).toBe('11');
      await terminal.keys('q');
      await terminal.shows(/alternate> $/);
      expect(await terminal.state('#{alternate_on}')).toBe('0');
    },
    TIMEOUT_MS,
  );
});

it(
  'a session is not attached inside of itself',
  async () => {
    await session('inside');
    const terminal = await attached('inside', [100, 24]);
    await terminal.line(`export AFIELD_HOME=${desk.env.AFIELD_HOME}`);
    await terminal.afield('attach inside');
    await terminal.shows(/afield: This terminal is inside of that session/);
  },
  TIMEOUT_MS,
);

describe('ends', () => {
  it.each([
    ['exit 0', /finished/, 0],
    ['exit 3', /failed.*exit code 3/, 1],
  ])(
    '%s: says how the session ended, and with which code',
    async (line, sentence, code) => {
      const name = `ends${code}`;
      await session(name);
      const terminal = await attached(name, [80, 24]);
      await terminal.line(line);
      await terminal.shows(new RegExp(`^${name}: .*${sentence.source}`, 'm'));
      await terminal.line('echo "code=$?"');
      await terminal.shows(new RegExp(`^code=${code}$`, 'm'));
      await expectRestored(terminal);
      // an ended session still shows its last screen
      await terminal.line('clear');
      await terminal.afield(`attach ${name}`);
      await terminal.shows(new RegExp(`${line}[\\s\\S]*^${name}: `, 'm'));
    },
    TIMEOUT_MS,
  );

  it(
    'SIGTERM gives the terminal back',
    async () => {
      await session('term');
      const terminal = await attached('term', [80, 24]);
      await terminal.line("printf '\\033[?1049h\\033[?1003h\\033[?25l'");
      await until(
        async () => ((await terminal.state('#{alternate_on}')) === '1' ? true : undefined),
        () => terminal.screen(),
      );
      killOwn(await terminal.foreground(), 'SIGTERM');
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );

  it(
    'a crash gives the terminal back, and its message can be read',
    async () => {
      await session('crash');
      const terminal = await desk.terminals.open(80, 24);
      const crash = encodeURIComponent('process.on("SIGUSR2", () => { throw new Error("boom") })');
      await terminal.afield('attach crash', `NODE_OPTIONS='--import=data:text/javascript,${crash}'`);
      await terminal.shows(/crash> $/);
      await terminal.line("printf '\\033[?1003h\\033[?25l'");
      await until(
        async () => ((await terminal.state('#{mouse_any_flag}')) === '1' ? true : undefined),
        () => terminal.screen(),
      );
      killOwn(await terminal.foreground(), 'SIGUSR2');
      await terminal.shows(/Error: boom/);
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );

  it(
    'stopped and continued, it draws the screen anew and takes keys',
    async () => {
      await session('stopped');
      const terminal = await attached('stopped', [80, 24]);
      const pid = await terminal.foreground();
      killOwn(pid, 'SIGSTOP');
      await terminal.shows(/Stopped[\s\S]*desk\$ $/);
      await terminal.line('clear; fg');
      await terminal.shows(/^stopped> $/m);
      await terminal.showsNot(/fg/);
      await terminal.line('echo again-$((1+1))');
      await terminal.shows(/^again-2$/m);
    },
    TIMEOUT_MS,
  );

  it(
    'a home server that is killed and started again: it says so, and comes back by itself',
    async () => {
      await session('killed');
      const terminal = await attached('killed', [90, 24]);
      const before = desk.server?.pid as number;
      killOwn(before);
      await terminal.shows(/The home server does not answer\. .*Ctrl-\\ leaves/);
      await terminal.type('lost keys');
      const { code, err } = await desk.cli(['run', 'shell', '-s', 'after', '--detach']);
      expect(code, err).toBe(0);
      expect(desk.server?.pid).not.toBe(before);
      await terminal.showsNot(/does not answer|Connecting/);
      await terminal.line('echo it-goes-$((1+1))-on');
      await terminal.shows(/^it-goes-2-on$/m);
      expect(await terminal.screen()).not.toContain('lost keys');
    },
    TIMEOUT_MS,
  );

  it(
    'a session whose program ended while the home server was away: it tells what became of it',
    async () => {
      await session('gone');
      const terminal = await attached('gone', [90, 24]);
      const { pid } = await desk.json<Session>('status', 'gone');
      killOwn(desk.server?.pid as number);
      killOwn(pid as number);
      await terminal.shows(/The home server does not answer\./);
      expect((await desk.cli(['server', 'start'])).code).toBe(0);
      await terminal.shows(/^gone: [△■] /m);
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );
});
