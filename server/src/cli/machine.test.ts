/** Real processes: command, home server, sshd. */
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noSshd, TestSshd } from '../machines/test-sshd.ts';
import { TestDesk } from './test-desk.ts';

let desk: TestDesk;
let sshd: TestSshd;
beforeAll(async () => {
  desk = new TestDesk();
  if (noSshd === null) sshd = await TestSshd.start();
  await desk.startServer();
}, 60_000);
afterAll(async () => {
  await desk.close();
  await sshd?.close();
}, 60_000);

const where = () => [`${sshd.target.user}@127.0.0.1`, '--port', String(sshd.port), '--identity', sshd.identityFile];

describe('machine', () => {
  it('list begins with the home server', async () => {
    const { out, code } = await desk.cli(['machine']);
    expect(code).toBe(0);
    expect(out).toMatch(/^LINE +MACHINE +WHERE +RUNTIME +DETAIL\n● up +local +the home server/);
  });

  it('a prefix: what stands after -- is the command, as it is', { timeout: 60_000 }, async () => {
    const { code, out, err } = await desk.cli(['machine', 'add', 'nice', '--prefix', '--', 'nice', '-n', '5']);
    expect([code, err, out]).toEqual([0, '', expect.stringContaining('nice is reached')]);
    const { items } = await desk.json<{ items: Machine[] }>('machine', 'list');
    expect(items[1]).toMatchObject({ name: 'nice', kind: 'prefix', prefix: ['nice', '-n', '5'], line: { state: 'up' } });
    const checked = await desk.cli(['machine', 'check', 'nice']);
    expect(checked.out).toMatch(/^● ok +reached: /);
    expect(checked.out).toMatch(/^shell +[\d.]+ /m);
    expect(await desk.cli(['machine', 'add', 'nice', '--prefix', '--', 'env'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('already'),
    });
    expect(await desk.cli(['machine', 'remove', 'nice'])).toMatchObject({ code: 0, out: expect.stringContaining('forgotten') });
    expect(await desk.cli(['machine', 'remove', 'nice'])).toMatchObject({ code: 2 });
  });

  it.each([
    [['add', 'a b', 'me@host'], /name/],
    [['add', 'x'], /user@host/],
    [['add', 'x', 'a', 'b'], /one host/],
    [['add', 'x', 'me@'], /user@host/],
    [['add', 'x', '@host'], /user@host/],
    [['add', 'x', 'me@host', '--port', '0'], /--port/],
    [['add', 'x', 'me@host', '--port', '1e3'], /--port/],
    [['add', 'x', 'me@host', '--host-key', 'MD5:00'], /--host-key/],
    [['add', 'x', 'me@host', '--identity', '/no/such/key'], /no\/such\/key/],
    [['add', 'x', '--', '-oProxyCommand=touch pwned'], /user@host/],
    [['add', 'x', '--', 'me@-oProxyCommand=touch pwned'], /host/],
    [['add', 'x', '--prefix'], /after --/],
    [['add', 'x', '--prefix', '--port', '1', '--', 'env'], /not for a prefix/],
    [['check', 'nope'], /no machine called "nope"/],
    [['adoptable', 'nope'], /no machine called "nope"/],
  ])('D8: %j is refused', async (args, message) => {
    const { code, out, err } = await desk.cli(['machine', ...args]);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });

  it('a host that does not answer ends with 3', async () => {
    const { code, err } = await desk.cli(['machine', 'add', 'off', 'me@127.0.0.1', '--port', '1']);
    expect([code, err]).toEqual([3, expect.stringMatching(/off cannot be reached: .*refused/)]);
  });

  describe.skipIf(noSshd !== null)('by ssh', () => {
    it('without a terminal the key must be given; then it is used, checked and removed', { timeout: 60_000 }, async () => {
      const unknown = await desk.cli(['machine', 'add', 'box', ...where()]);
      expect(unknown).toMatchObject({ code: 1, out: '' });
      expect(unknown.err).toContain(`--host-key ${sshd.fingerprint}`);
      const problem = await desk.cli(['machine', 'add', 'box', ...where(), '--json']);
      expect(JSON.parse(problem.err)).toMatchObject({ code: 'host_key_unknown', detail: expect.stringContaining(sshd.fingerprint) });
      const wrong = await desk.cli(['machine', 'add', 'box', ...where(), '--host-key', `SHA256:${'A'.repeat(43)}`]);
      expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('stand in between') });
      expect(await desk.json<Machine>('machine', 'add', 'box', ...where(), '--host-key', sshd.fingerprint)).toMatchObject({
        kind: 'ssh',
        line: { state: 'up' },
      });
      const checked = await desk.json<{ checks: Check[] }>('machine', 'check', 'box');
      expect(checked.checks[0]).toMatchObject({ name: 'reached', ok: true });
      expect((await desk.cli(['machine', 'list'])).out).toMatch(/^● up +box +ssh -p \d+ \S+@127\.0\.0\.1/m);
      expect((await desk.cli(['machine', 'remove', 'box'])).code).toBe(0);
      sshd.refuseKeys();
      expect(await desk.cli(['machine', 'add', 'box', ...where()])).toMatchObject({
        code: 4,
        err: expect.stringContaining('authorized_keys'),
      });
      sshd.acceptKeys();
    });

    it('at a terminal the key is shown and asked about', { timeout: 60_000 }, async () => {
      await sshd.rekey();
      const terminal = await desk.terminals.open(120, 30);
      const [target, , port, , key] = where();
      await terminal.afield(`machine add asked ${target} --port ${port} --identity ${key} || echo code $?`);
      await terminal.shows(/another key than before/);
      await terminal.line('clear');
      const fresh = await TestSshd.start();
      await terminal.afield(`machine add asked ${target} --port ${fresh.port} --identity ${fresh.identityFile} || echo code $?`);
      await terminal.shows(/Is this the key of that machine\?/);
      expect((await terminal.screen()).replaceAll('\n', '')).toContain(fresh.fingerprint);
      await terminal.line('no');
      await terminal.shows(/Nothing was added\.[\s\S]*code 1/);
      await terminal.line('clear');
      await terminal.afield(`machine add asked ${target} --port ${fresh.port} --identity ${fresh.identityFile}`);
      await terminal.shows(/Is this the key of that machine\?/);
      await terminal.line('yes');
      await terminal.shows(/asked is reached/);
      expect((await desk.cli(['machine', 'remove', 'asked'])).code).toBe(0);
      await fresh.close();
    });
  });
});
