/** What can be seen without a systemd or launchd that answers; with one: service/real-systemd.test.ts. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDesk } from './test-desk.ts';

let desk: TestDesk;
beforeAll(() => {
  desk = new TestDesk();
  desk.env.AFIELD_RELAY = 'wss://relay.example.org';
  desk.env.PATH = `/home/me/.npm/_npx/0a1b/node_modules/.bin:relative:${desk.home}/bin:/home/me/.local/bin:${desk.env.PATH}`;
});
afterAll(() => desk.close(), 60_000);

const isRoot = process.getuid?.() === 0;
const TIMEOUT_MS = 60_000;

describe('server install --print', () => {
  it(
    'shows a unit that starts this Afield with its settings, and a PATH that is still there tomorrow',
    async () => {
      const { code, out, err } = await desk.cli(['server', 'install', '--print', '--systemd']);
      expect(code, err).toBe(0);
      expect(out).toContain(`ExecStart=:"${process.execPath}" "${path.resolve(import.meta.dirname, '../main.ts')}" "serve"`);
      expect(out).toContain(`Environment="AFIELD_HOME=${desk.env.AFIELD_HOME}"`);
      expect(out).toContain('Environment="AFIELD_RELAY=wss://relay.example.org"');
      const [, entries = ''] = /^Environment="PATH=(.*)"$/m.exec(out) ?? [];
      expect(entries.split(':')).toEqual(expect.arrayContaining(['/home/me/.local/bin', '/usr/bin']));
      expect(entries).not.toMatch(/_npx|relative|afield-desk/);
      expect(existsSync(path.join(desk.home, '.config'))).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'shows the launchd agent on any machine; both at once is a mistake',
    async () => {
      const { code, out } = await desk.cli(['server', 'install', '--print', '--launchd']);
      expect([code, out]).toEqual([0, expect.stringContaining('<key>AbandonProcessGroup</key><true/>')]);
      expect((await desk.cli(['server', 'install', '--print', '--launchd', '--systemd'])).code).toBe(2);
    },
    TIMEOUT_MS,
  );

  it(
    'a program that lies where npx or a trial put it: what to do is said',
    async () => {
      const folder = path.join(desk.home, '_npx', '0a1b');
      mkdirSync(folder, { recursive: true });
      const copy = path.join(folder, 'afield.mjs');
      writeFileSync(copy, `await import(${JSON.stringify(path.resolve(import.meta.dirname, '../main.ts'))});`);
      const { code, err } = await desk.run([copy, 'server', 'install', '--print', '--systemd']);
      expect([code, err]).toEqual([
        0,
        expect.stringMatching(/_npx\/0a1b\/afield\.mjs lies in a place that is emptied.*\n.*npm install -g/),
      ]);
    },
    TIMEOUT_MS,
  );

  it('root is told what that means', { skip: !isRoot, timeout: TIMEOUT_MS }, async () => {
    expect((await desk.cli(['server', 'install', '--print', '--systemd'])).err).toMatch(/^You are root: .* every agent/);
  });
});

it('where systemd cannot be asked, the file is written and what is left to do is said', {
  skip: process.platform !== 'linux' || !existsSync('/usr/bin/systemctl'),
  timeout: TIMEOUT_MS,
}, async () => {
  const allow = isRoot ? ['--allow-root'] : [];
  const { code, out, err } = await desk.cli(['server', 'install', '--systemd', '--now', ...allow]);
  const file = /^Written: (.+)$/m.exec(out)?.[1] as string;
  expect([code, err]).toEqual([3, expect.stringMatching(/systemd cannot be asked now: .*say afield server install again/)]);
  expect(path.dirname(file)).toBe(path.join(desk.home, '.config/systemd/user'));
  expect(statSync(file).mode & 0o022).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('Written by afield server install');
  // The home server can be started all the same, and says why it comes without its service.
  const started = await desk.cli(['server', 'start']);
  expect([started.code, started.err]).toEqual([0, expect.stringContaining('systemd cannot be asked')]);
  expect((await desk.cli(['server', 'status'])).out).toMatch(
    /Started by hand\.\nThe service afield-[0-9a-f]{8}\.service \(systemd\) is installed\./,
  );
  expect(await desk.cli(['server', 'uninstall'])).toMatchObject({ code: 0, out: expect.stringContaining(`Removed: ${file}`) });
  expect(existsSync(file)).toBe(false);
  expect((await desk.cli(['server', 'uninstall'])).out).toBe('No service is installed.\n');
  // It was not started by its service, so it is not ended with it.
  expect((await desk.cli(['server', 'status'])).code).toBe(0);
});
