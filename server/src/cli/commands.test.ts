/** Real processes against a real home server. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Agent } from '@afield/shared/api/agents.ts';
import type { LogEntry } from '@afield/shared/api/logs.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileOr, TestDesk, until } from './test-desk.ts';

interface Items<T> {
  items: T[];
  next_cursor: null;
}

let desk: TestDesk;
beforeAll(async () => {
  desk = new TestDesk();
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

const sessions = async (...args: string[]) => (await desk.json<Items<Session>>('list', ...args)).items;
const rawText = async (name: string) => (await desk.cli(['logs', name, '--raw', 'text'])).out;

describe('run', () => {
  it('without a terminal it starts the session, says its id, and does not attach', async () => {
    const { code, out, err } = await desk.cli(['run', 'shell', '-s', 'alone']);
    expect([code, err]).toEqual([0, expect.stringContaining('no terminal')]);
    expect(out).toMatch(/^[0-9a-f-]{8,} {2}alone\n$/);
  });

  it('starts in the directory of the caller, and passes on what stands after --', async () => {
    const session = await desk.json<Session>('run', 'shell', '-s', 'args', '--cwd', '/usr', '--detach').catch(String);
    expect(session).toMatchObject({ name: 'args', cwd: '/usr', status: expect.any(String) });
    const { code, out } = await desk.cli(['run', 'shell', '--json', '--', '-c', 'echo "$0 $1" && sleep 60', 'zero', '--one']);
    expect(code).toBe(0);
    const { id, cwd } = JSON.parse(out) as Session;
    expect(cwd).toBe(desk.home);
    await desk.printed(id, 'zero --one');
  });

  it.each([
    [['run', 'nope'], 2, /nope[\s\S]*Installed here:.*shell/],
    [['run', 'shell', '--cwd', '/does/not/exist'], 2, /\/does\/not\/exist/],
    [['run', 'shell', '--project', 'nope'], 2, /no project "nope"/],
    [['run', 'shell', '-s', 'x'.repeat(300)], 2, /name/],
    [['run', 'shell', '-s', 'a\x1b[2Jb'], 2, /name/],
  ])('%j is refused', async (args, exit, message) => {
    const { code, out, err } = await desk.cli(args);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([exit, '']);
  });
});

describe('sessions', () => {
  it('list shows status by shape and word, and JSON as the API answers', async () => {
    const { out } = await desk.cli(['list']);
    expect(out).toMatch(/^STATUS +NAME +AGENT +DIRECTORY +AGE +VIEWERS +ID\n/);
    expect(out).toMatch(/^[◌◉⊖] (starting|busy|idle) +first +shell +\S+ +\d+ \S+ +- +[0-9a-f-]{8,}$/m);
    expect(out).not.toContain('\x1b');
    const items = await sessions();
    expect(items.find((session) => session.name === 'first')).toMatchObject({ agent: 'shell', machine: 'local', viewers: 0 });
  });

  it('why says in one sentence why a session is quiet, and what was looked at', async () => {
    const { code, out } = await desk.cli(['why', 'first']);
    expect(out).toMatch(/^[●◉△] (done|busy|unknown) {2}\S.+\.$/m);
    expect(out).toMatch(/^Processes +\d+/m);
    expect(code).toBe(0);
    expect(await desk.json('why', 'first')).toMatchObject({ verdict: expect.any(String), facts: { sample_ms: expect.any(Number) } });
    expect((await desk.cli(['why', 'nope'])).code).toBe(2);
  });

  it('send gives a message, from the arguments or standard input; --keys types', async () => {
    expect((await desk.cli(['send', 'first', 'echo', 'one$((1+1))'])).code).toBe(0);
    await desk.printed('first', 'one2');
    expect((await desk.cli(['send', 'first', '-'], { input: 'echo two$((1+1))\n' })).code).toBe(0);
    await desk.printed('first', 'two2');
    const { code, out } = await desk.cli(['send', 'first', '--keys', 'e,c,h,o,Space,t,h,r,e,e,x,Backspace,Enter']);
    expect([code, out]).toEqual([0, '']);
    await desk.printed('first', /^three$/m);
  });

  it('send --json answers with the state of the delivery', async () => {
    const prompt = await desk.json<{ state: string; content: string }>('send', 'first', 'true');
    expect(prompt).toMatchObject({ content: 'true', state: expect.stringMatching(/^(home|accepted|consumed)$/) });
  });

  it('logs gives the newest entries, by type and count', async () => {
    await until(
      async () => ((await desk.json<Items<LogEntry>>('logs', 'first', '--type', 'output')).items.length > 0 ? true : undefined),
      () => 'no output in the log',
    );
    const { items } = await desk.json<Items<LogEntry>>('logs', 'first', '--type', 'output', '-n', '1');
    expect(items.map((entry) => entry.type)).toEqual(['output']);
    expect(
      (await desk.json<Items<LogEntry>>('logs', 'first', '--since', String(items[0]?.seq))).items.every(
        (e) => e.seq > (items[0]?.seq ?? 0),
      ),
    ).toBe(true);
    expect((await desk.json<Items<LogEntry>>('logs', 'first', '--since', '1h')).items.length).toBeGreaterThan(0);
    expect((await desk.cli(['logs', 'first', '--since', '2099-01-01'])).out).toBe('No entries of this kind.\n');
    expect((await desk.cli(['logs', 'first', '-n', '1', '--type', 'state'])).out).toMatch(/^\d\d:\d\d:\d\d {2}state +\S/);
  });

  it('E8: a log entry cannot colour the terminal of whoever reads it', async () => {
    await desk.cli(['send', 'first', "printf '\\033[31mred\\033[0m\\007\\n'"]);
    await desk.printed('first', /^red$/m);
    expect((await desk.cli(['logs', 'first'])).out).not.toContain('\x1b');
    expect(await rawText('first')).toMatch(/^red$/m);
    expect(await rawText('first')).not.toContain('\x1b');
    expect((await desk.cli(['logs', 'first', '--raw'])).out).toContain('\x1b[31mred');
  });

  it('logs -f goes on as it happens and ends with the session', async () => {
    await desk.cli(['run', 'shell', '-s', 'followed', '--detach']);
    const child = desk.spawn(['logs', 'followed', '-f']);
    let out = '';
    let err = '';
    child.stdout?.on('data', (bytes) => {
      out += bytes;
    });
    child.stderr?.on('data', (bytes) => {
      err += bytes;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(
      () => (out.includes('state') ? true : undefined),
      () => `${out}${err}`,
    );
    await desk.cli(['send', 'followed', 'echo live$((40+2))']);
    await until(
      () => (out.includes('live42') ? true : undefined),
      () => `${out}${err}`,
    );
    await desk.cli(['stop', 'followed']);
    expect(await ended).toBe(0);
    expect(err).toMatch(/followed: ⊘ cancelled/);
    expect(out.match(/live42/g)?.length).toBe(1);
  });

  it('status shows one session, or the home server', async () => {
    expect((await desk.cli(['status', 'first'])).out).toMatch(/Name +first\n[\s\S]*Terminal +80×24/);
    expect((await desk.cli(['status'])).out).toMatch(/Home server +.*127\.0\.0\.1:\d+[\s\S]*Relay +⊘ none is configured[\s\S]*Sessions/);
    expect(await desk.json('status')).toMatchObject({ info: { name: 'afield' }, status: { relay: { state: 'off' } } });
  });

  it('rename, and find it by the new name, its id, or the beginning of the id', async () => {
    const { id } = await desk.json<Session>('run', 'shell', '-s', 'before');
    expect((await desk.cli(['rename', 'before', 'after the rename'])).out).toBe('It is called after the rename now.\n');
    for (const text of ['after the rename', 'AFTER THE RENAME', id, id.slice(0, 23)]) {
      expect(await desk.json<Session>('status', text)).toMatchObject({ id, name: 'after the rename' });
    }
    expect(await desk.cli(['status', 'before'])).toMatchObject({ code: 2, err: expect.stringContaining('no session "before"') });
  });

  it('an ambiguous name lists the candidates; the one that runs is meant when the others ended', async () => {
    await desk.cli(['run', 'shell', '-s', 'twin', '--detach']);
    const { id } = await desk.json<Session>('run', 'shell', '-s', 'twin');
    const { code, err } = await desk.cli(['stop', 'twin']);
    expect(code).toBe(1);
    expect(err).toMatch(/"twin" fits 2 sessions[\s\S]*\n {2}[0-9a-f-]+ .* twin .*\n {2}[0-9a-f-]+ .* twin /);
    expect((await desk.cli(['stop', id])).code).toBe(0);
    expect((await desk.cli(['stop', 'twin'])).code).toBe(0);
  });

  it('an error is problem details with --json', async () => {
    const { code, out, err } = await desk.cli(['status', 'nope', '--json']);
    expect([code, out]).toEqual([2, '']);
    expect(JSON.parse(err)).toMatchObject({ type: 'urn:afield:error:session_not_found', status: 404, code: 'session_not_found' });
  });

  it('stop keeps history and recording, --purge deletes them', async () => {
    const { id } = await desk.json<Session>('run', 'shell', '-s', 'ending', '--cwd', '/');
    expect((await desk.cli(['stop', 'ending'])).out).toMatch(/^ending: ⊘ cancelled/);
    expect((await sessions()).find((session) => session.id === id)).toMatchObject({ status: 'cancelled' });
    expect((await sessions('--status', 'busy,idle')).some((session) => session.id === id)).toBe(false);
    expect((await desk.cli(['send', 'ending', 'hello'])).err).toMatch(/ended/);
    expect((await desk.cli(['stop', 'ending', '--purge'])).out).toMatch(/is deleted/);
    expect((await sessions('--all')).some((session) => session.id === id)).toBe(false);
  });
});

describe('a reader that has enough', () => {
  it.each([
    ['list', '--all', '--json'],
    ['recording', 'first', '-o', '-'],
    ['logs', 'first', '--raw'],
  ])('ends %s without a fault', async (...args) => {
    const child = desk.spawn(args);
    let err = '';
    child.stderr?.on('data', (bytes) => {
      err += bytes;
    });
    child.stdout?.destroy();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(err).toBe('');
  });
});

describe('recording', () => {
  it('saves the asciicast under the name of the session, and overwrites nothing unasked', async () => {
    const first = await desk.cli(['recording', 'first']);
    expect([first.code, first.out]).toEqual([0, '']);
    const [head] = readFileOr(path.join(desk.home, 'first.cast'), '').split('\n');
    expect(JSON.parse(head as string)).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(await desk.cli(['recording', 'first'])).toMatchObject({ code: 1, err: expect.stringContaining('is there already') });
    expect((await desk.cli(['recording', 'first', '--force'])).code).toBe(0);
    expect(readdirSync(desk.home).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('goes to standard output with -o -', async () => {
    const { out } = await desk.cli(['recording', 'first', '-o', '-']);
    expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({ version: 2 });
  });

  it('says why a file cannot be written', async () => {
    const { code, err } = await desk.cli(['recording', 'first', '-o', '/does/not/exist.cast']);
    expect(code).toBe(1);
    expect(err).toMatch(/\/does\/not\/exist\.cast could not be written/);
  });
});

describe('projects, agents, devices, settings', () => {
  it('adds, lists, uses and removes a project', async () => {
    expect((await desk.cli(['project', 'add', '/usr', '--name', 'usr', '--agent', 'shell'])).out).toBe('usr is a project now: /usr\n');
    expect((await desk.cli(['project'])).out).toMatch(/^usr +\/usr +shell +never$/m);
    expect(await desk.json<Session>('run', 'shell', '--project', 'usr')).toMatchObject({ cwd: '/usr' });
    expect((await desk.cli(['project', 'add', '/does/not/exist'])).code).toBe(2);
    expect((await desk.cli(['project', 'remove', 'usr'])).code).toBe(0);
    expect((await desk.json<Items<unknown>>('project', 'list')).items).toEqual([]);
  });

  it('lists agents, and how to install what is missing', async () => {
    const { items } = await desk.json<Items<Agent>>('agents');
    expect(items.find((agent) => agent.name === 'shell')?.installed).toBe(true);
    const missing = items.find((agent) => !agent.installed);
    const { out } = await desk.cli(['agents']);
    expect(out).toMatch(/● installed +shell/);
    if (missing !== undefined) expect(out).toMatch(new RegExp(`⊘ missing +${missing.name}`));
  });

  it('devices: none yet; one that is not there', async () => {
    expect((await desk.cli(['devices'])).out).toMatch(/afield pair/);
    expect(await desk.cli(['devices', 'revoke', 'nope'])).toMatchObject({ code: 2, err: expect.stringContaining('No paired device') });
  });

  it('pair --json is for programs; --no-wait prints the link and comes back; nothing of it is colour', async () => {
    const pairing = await desk.json<{ link: string; state: string }>('pair');
    expect(pairing).toMatchObject({
      state: 'open',
      link: expect.stringContaining('#pair=v1.'),
      fingerprint: expect.stringMatching(/^[0-9A-Z-]+$/),
    });
    const { code, out } = await desk.cli(['pair', '--no-wait']);
    expect(code).toBe(0);
    expect(out).toMatch(/^http\S+#pair=v1\.\S+$/m);
    expect(out).toMatch(/good once, for 1\d\d s/);
    expect(out).not.toContain('\x1b');
  });

  it('pair waits until Ctrl-C, and says that the link stays good', async () => {
    const child = desk.spawn(['pair']);
    let out = '';
    let err = '';
    child.stdout?.on('data', (bytes) => {
      out += bytes;
    });
    child.stderr?.on('data', (bytes) => {
      err += bytes;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(
      () => (out.includes('Fingerprint') ? true : undefined),
      () => `${out}${err}`,
    );
    child.kill('SIGINT');
    expect([await ended, err]).toEqual([0, expect.stringMatching(/^The link stays good for 1\d\d s/)]);
  });

  it('open --print only prints a link, and opens nothing', async () => {
    const { code, out, err } = await desk.cli(['open', '--print']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^http\S+#pair=v1\.\S+\n$/);
  });

  it('open leads the browser to the link without the link in any argument', async () => {
    const bin = path.join(desk.home, 'bin');
    mkdirSync(bin);
    // stands for the browser: keeps what it was told, and the page that it was led to
    writeFileSync(path.join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" > ${desk.home}/told\ncp "\${1#file://}" ${desk.home}/page\n`, {
      mode: 0o755,
    });
    const child = desk.spawn(['open'], { PATH: `${bin}:${desk.env.PATH}` });
    let out = '';
    child.stdout?.on('data', (bytes) => {
      out += bytes;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(
      () => (out.includes('#pair=') ? true : undefined),
      () => out,
    );
    const link = out.trim();
    expect(readFileOr(path.join(desk.home, 'told'), '')).toMatch(/^file:\/\/\/.*open\.html\n$/);
    expect(readFileOr(path.join(desk.home, 'page'), '')).toContain(`location.replace("${link}")`);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(readdirSync(desk.env.AFIELD_HOME as string)).not.toContain('open.html');
  });

  it('doctor checks, config shows where a setting comes from', async () => {
    expect((await desk.cli(['doctor'])).out).toMatch(/● ok +node: /);
    expect((await desk.cli(['config'])).out).toMatch(/^port +0 +AFIELD_PORT$/m);
  });
});

describe('access', () => {
  it('a wrong token ends with 4, a token file that is missing too', async () => {
    const file = path.join(desk.home, 'wrong-token');
    writeFileSync(file, 'x'.repeat(43));
    expect((await desk.cli(['list', '--token-file', file])).code).toBe(4);
    const missing = await desk.cli(['list', '--token-file', '/does/not/exist']);
    expect([missing.code, missing.err]).toEqual([4, expect.stringContaining('/does/not/exist')]);
  });

  it('--server reaches it by address, and says when nothing is there', async () => {
    expect((await desk.cli(['list', '--server', desk.server?.url as string])).code).toBe(0);
    expect((await desk.cli(['list', '--server', 'http://127.0.0.1:1'])).code).toBe(3);
  });

  it('a server with other data is told apart', async () => {
    const port = new URL(desk.server?.url as string).port;
    const { code, err } = await desk.cli(['list'], { env: { AFIELD_HOME: path.join(desk.home, 'other'), AFIELD_PORT: port } });
    expect([code, err]).toEqual([3, expect.stringMatching(/not the one that keeps its data in .*other/)]);
  });

  it('list loads no native module', async () => {
    const atExit = `process.on('exit', () => console.error('loaded', process.report.getReport().sharedObjects.filter((f) => f.endsWith('.node')).length))`;
    const { code, err } = await desk.cli(['list'], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(atExit)}` },
    });
    expect([code, err.trim()]).toEqual([0, 'loaded 0']);
  });
});
