import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import type { Check, Status } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from './app.ts';
import { loadConfig, type ServerState } from './config.ts';
import { newHome, newPairing, newPhone, startTestServer, type TestServer, type TestServerOptions } from './testing.ts';
import { VERSION } from './version.ts';

const started: TestServer[] = [];
const homes: string[] = [];
async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  started.push(server);
  homes.push(server.home);
  return server;
}
const home = () => {
  const folder = newHome();
  homes.push(folder);
  return folder;
};
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop({ keep: true });
  for (const folder of homes.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const refusal = (options: TestServerOptions) =>
  startTestServer({ home: home(), ...options }).then(
    () => 'started',
    (error: unknown) => (error instanceof AfieldError ? `${error.code}: ${error.message}` : String(error)),
  );

describe('createApp', () => {
  it('starts as often in one process as one likes, each with its own everything', async () => {
    const [one, two] = [await start(), await start()];
    expect(one.port).not.toBe(two.port);
    expect(one.app.token).not.toBe(two.app.token);
    expect(one.app.fingerprint).not.toBe(two.app.fingerprint);
    expect(one.app.room).not.toBe(two.app.room);
    expect((await one.call('GET', '/info', { headers: { authorization: `Bearer ${two.app.token}` } })).status).toBe(401);
    expect((await one.call('GET', '/info')).body).toMatchObject({ name: 'afield', version: VERSION, fingerprint: one.app.fingerprint });
  });

  it('says where it runs, in files that only its owner reads, and takes them away again', async () => {
    const server = await start();
    const state = JSON.parse(readFileSync(path.join(server.home, 'server.json'), 'utf8')) as ServerState;
    expect(state).toMatchObject({ pid: process.pid, url: server.url, version: VERSION });
    expect(readFileSync(path.join(server.home, 'server.pid'), 'utf8')).toBe(`${process.pid}\n`);
    for (const name of ['token', 'afield.db', 'server.json', 'keys/home.json', 'keys/vapid.json']) {
      expect([name, statSync(path.join(server.home, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    expect(statSync(path.join(server.home, 'keys')).mode & 0o777).toBe(0o700);
    await server.app.close();
    await server.app.close();
    expect(existsSync(path.join(server.home, 'server.json'))).toBe(false);
    expect(existsSync(path.join(server.home, 'server.pid'))).toBe(false);
    expect(existsSync(path.join(server.home, 'afield.db-wal'))).toBe(false);
  });

  it('is the same again after a restart: token, identity, devices, events', async () => {
    const server = await start();
    const phone = await newPhone(server);
    const before = server.app;
    await server.stop({ keep: true });
    const again = await start({ home: server.home });
    expect([again.app.token, again.app.fingerprint, again.app.room]).toEqual([before.token, before.fingerprint, before.room]);
    expect((await again.call('GET', '/devices')).body).toMatchObject({ items: [{ name: 'Test phone', online: false }] });
    expect(((await again.call('GET', '/status')).body as Status).next_seq).toBeGreaterThan(1);
    expect(phone.devicePsk).not.toBeNull();
  });

  it('G9: a second server on the same folder is refused, and the first goes on', async () => {
    const server = await start();
    expect(await refusal({ home: server.home })).toMatch(
      new RegExp(`^unavailable: Another Afield server \\(process ${process.pid} at ${server.url}, .*\\) uses .*AFIELD_HOME`),
    );
    expect((await server.call('GET', '/health')).status).toBe(200);
    expect(existsSync(path.join(server.home, 'server.json'))).toBe(true);
  });

  it('a taken port says by whom, and how to choose another', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const folder = home();
    const config = await loadConfig({ env: { HOME: folder, AFIELD_HOME: folder, AFIELD_PORT: String(port) } });
    const app = await createApp(config, { log: () => {} });
    await expect(app.listen()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(
          `^Port ${port} on 127\\.0\\.0\\.1 is taken\\. The process ${process.pid} \\(.+\\) has it\\. Choose another with --port 4196 or AFIELD_PORT=4196\\.$`,
        ),
      ),
    });
    await app.close();
    taken.close();
    expect(existsSync(path.join(folder, 'server.json'))).toBe(false);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1'])('does not listen on %s without being told to', async (host) => {
    expect(await refusal({ env: { AFIELD_HOST: host } })).toMatch(/^bad_request: .*--insecure-bind/);
  });

  it('listens on all addresses when told to, and checks Host and token all the same', async () => {
    const server = await start({ env: { AFIELD_HOST: '0.0.0.0', AFIELD_INSECURE_BIND: 'true' } });
    const url = `http://127.0.0.1:${server.port}/api/v1`;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/info`)).status).toBe(401);
  });

  it('G5: refuses an open token, open keys, and keys that vanished', async () => {
    const server = await start();
    await server.stop({ keep: true });
    const token = path.join(server.home, 'token');
    const keys = path.join(server.home, 'keys/home.json');
    chmodSync(token, 0o644);
    expect(await refusal({ home: server.home })).toContain(`chmod 600 '${token}'`);
    chmodSync(token, 0o600);
    chmodSync(keys, 0o640);
    expect(await refusal({ home: server.home })).toContain(`chmod 600 '${keys}'`);
    chmodSync(keys, 0o600);
    const kept = readFileSync(keys);
    unlinkSync(keys);
    expect(await refusal({ home: server.home })).toContain('home.json is missing');
    expect(readdirSync(path.join(server.home, 'keys'))).toEqual(['vapid.json']);
    writeFileSync(keys, kept, { mode: 0o600 });
    expect((await start({ home: server.home })).app.fingerprint).toBe(server.app.fingerprint);
  });

  it('refuses a database from a newer version and touches nothing', async () => {
    const server = await start();
    await server.stop({ keep: true });
    const file = path.join(server.home, 'afield.db');
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(999, 60);
    writeFileSync(file, bytes);
    expect(await refusal({ home: server.home })).toMatch(/newer version/);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('ends sessions when it stops, and tells', async () => {
    const server = await start();
    const { id, pid } = (await server.call('POST', '/sessions', { body: { agent: 'shell' } })).body as { id: string; pid: number };
    await server.stop({ keep: true });
    expect(() => process.kill(pid, 0)).toThrow();
    const again = await start({ home: server.home });
    expect((await again.call('GET', `/sessions/${id}`)).body).toMatchObject({ pid: null, ended_at: expect.any(String) });
  });

  it('C8, G13: its log holds no token, key or pairing secret', async () => {
    const server = await start({ env: { AFIELD_RELAY: 'ws://127.0.0.1:9' } });
    const pairing = await newPairing(server);
    await server.call('GET', '/info', { headers: { authorization: 'Bearer canary-token' } });
    await server.stop({ keep: true });
    const { room_secret, private_key } = JSON.parse(readFileSync(path.join(server.home, 'keys/home.json'), 'utf8'));
    const log = server.logged.join('');
    expect(log).toContain('Listening');
    for (const secret of [server.app.token, room_secret, private_key, pairing.link.split('#')[1] as string, 'canary-token'])
      expect(log).not.toContain(secret);
  });
});

describe('what it says of itself', () => {
  it('is redacted', async () => {
    const folder = home();
    writeFileSync(
      path.join(folder, 'config.yaml'),
      'machine_name: den\nagents:\n  mine:\n    command: [my-agent]\n    env: { KEY: canary }\n',
    );
    const server = await start({ home: folder });
    const { body } = await server.call('GET', '/config');
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(body).toMatchObject({
      config: { machine_name: 'den' },
      sources: { machine_name: path.join(folder, 'config.yaml'), port: 'AFIELD_PORT' },
    });
    expect((await server.call('GET', '/info')).body).toMatchObject({ machine: 'den' });
    expect((await server.call('GET', '/agents/mine')).body).toMatchObject({ source: 'config', installed: false });
    expect((await server.call('GET', '/agents/nope')).body).toMatchObject({ code: 'agent_unknown' });
  });

  it('doctor: every fault comes with a fix', async () => {
    const server = await start({ env: { AFIELD_RELAY: 'ws://127.0.0.1:9', AFIELD_TYPO: '1' } });
    chmodSync(server.home, 0o755);
    const { checks } = (await server.call('GET', '/doctor')).body as { checks: Check[] };
    const named = Object.fromEntries(checks.map((check) => [check.name, check]));
    expect(named.node).toMatchObject({ ok: true, level: 'ok' });
    expect(named.files).toMatchObject({ ok: false, level: 'fault', fix: `chmod 700 '${server.home}'` });
    expect(named.relay).toMatchObject({ ok: false, level: 'fault', detail: expect.stringContaining('Nothing listens at this address') });
    expect(named.settings).toMatchObject({ level: 'hint', detail: expect.stringContaining('AFIELD_TYPO') });
    expect(named.database).toMatchObject({ ok: true });
    expect(named.disk).toBeDefined();
    expect(named.agents).toMatchObject({ level: 'hint', fix: expect.stringContaining('npm install') });
    for (const check of checks) if (!check.ok) expect([check.name, check.fix]).toEqual([check.name, expect.any(String)]);
  });

  it('metrics: one figure a thing, none of them names anybody', async () => {
    const server = await start();
    await newPhone(server);
    const { body } = await server.call('GET', '/metrics');
    expect(body).toContain('afield_devices 1\n');
    expect(body).toContain('afield_relay_up 0\n');
    expect(body).toMatch(/afield_api_answers_total\{operation="createPairing",status="201"\} 1/);
    expect(body).not.toContain('Test phone');
  });

  it('the version is that of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8'));
    expect(VERSION).toBe(version);
  });
});

describe('projects', () => {
  it('are registered, renamed, refused and forgotten', async () => {
    const server = await start();
    const cwd = path.join(server.home, 'code');
    mkdirSync(cwd);
    const made = await server.call('POST', '/projects', { body: { cwd, default_agent: 'shell' } });
    expect(made).toMatchObject({ status: 201, body: { name: 'code', cwd, machine: 'local', default_agent: 'shell', used_at: null } });
    const { id } = made.body as { id: string };
    expect((await server.call('POST', '/projects', { body: { cwd: `${cwd}/../code` } })).body).toMatchObject({ code: 'conflict' });
    expect((await server.call('POST', '/projects', { body: { cwd: '/nowhere/at/all' } })).body).toMatchObject({ code: 'cwd_missing' });
    expect((await server.call('POST', '/projects', { body: { cwd, default_agent: 'nobody' } })).body).toMatchObject({
      code: 'agent_unknown',
    });
    expect((await server.call('PATCH', `/projects/${id}`, { body: { name: 'Mine', default_agent: null } })).body).toMatchObject({
      name: 'Mine',
      default_agent: null,
    });
    expect((await server.call('DELETE', `/projects/${id}`)).status).toBe(204);
    expect((await server.call('DELETE', `/projects/${id}`)).body).toMatchObject({ code: 'project_not_found' });
    expect(existsSync(cwd)).toBe(true);
  });
});

describe('pairings over the API', () => {
  it('link to the page: as set, beside a relay with TLS, or here', async () => {
    const pageOf = async (env: Record<string, string>) => (await newPairing(await start({ env }))).link.split('#')[0];
    expect(await pageOf({ AFIELD_PWA_URL: 'https://me.example/app/', AFIELD_RELAY: 'wss://relay.example' })).toBe(
      'https://me.example/app/',
    );
    expect(await pageOf({ AFIELD_RELAY: 'wss://relay.example:8443/ws' })).toBe('https://relay.example:8443/');
    const here = await start();
    expect((await newPairing(here)).link.split('#')[0]).toBe(`${here.url}/`);
  });

  it('refuse a relay that no browser may dial, and scopes that are none', async () => {
    const server = await start({ env: { AFIELD_RELAY: 'ws://relay.example' } });
    expect((await server.call('POST', '/pairings', { body: {} })).body).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('wss://'),
    });
    expect((await server.call('POST', '/pairings', { body: { scopes: ['root'] } })).body).toMatchObject({ code: 'bad_request' });
    expect((await server.call('GET', '/pairings/0000000000000000')).body).toMatchObject({ code: 'not_found' });
  });
});
