import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServerState } from '../../config.ts';
import { isAlive, processIdentity } from '../../process-identity.ts';
import { UsageError } from '../exit.ts';
import { answers, parseServer } from './home.ts';
import { readState } from './server-state.ts';

describe('parseServer', () => {
  it.each([
    ['http://127.0.0.1:4096', 'http://127.0.0.1:4096', true],
    ['http://127.0.0.1:4096/', 'http://127.0.0.1:4096', true],
    ['localhost:4096', 'http://localhost:4096', true],
    ['[::1]:4096', 'http://[::1]:4096', true],
    ['https://home.example.org', 'https://home.example.org', false],
    ['127.0.0.1.example.org', 'http://127.0.0.1.example.org', false],
    ['http://10.0.0.7:4096', 'http://10.0.0.7:4096', false],
  ])('%s is %s, of this machine: %s', (text, url, local) => {
    expect(parseServer(text)).toEqual({ url, local });
  });

  it.each(['', 'ws://x', 'ftp://x', 'http://a b', 'http://user@x', 'http://x/path', 'http://x/?token=1', 'javascript:alert(1)'])(
    '%j is refused',
    (text) => {
      expect(() => parseServer(text)).toThrow(UsageError);
    },
  );
});

describe('readState', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'afield-state-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const file = path.join(dir, 'server.json');
  const state: ServerState = {
    pid: process.pid,
    process: processIdentity(process.pid),
    phase: 'ready',
    doing: null,
    url: 'http://127.0.0.1:1',
    socket: '/run/x.sock',
    version: '1',
    started_at: 'now',
    service: null,
  };

  it('is what a running server wrote', () => {
    writeFileSync(file, JSON.stringify(state));
    expect(readState(file)).toEqual(state);
  });

  it('an earlier version wrote less', () => {
    writeFileSync(file, JSON.stringify({ pid: process.pid, url: state.url, version: '1', started_at: 'now' }));
    expect(readState(file)).toEqual({ ...state, process: null, socket: null });
  });

  it('another program that was given the number since is no server', () => {
    writeFileSync(file, JSON.stringify({ ...state, process: 'the-boot-before:1234' }));
    expect(readState(file)).toBeNull();
  });

  it.each(['', '{', '{"pid":"x"}', '{"pid":0.5,"url":"http://x"}', `{"pid":${process.pid}}`, '{"pid":2147483646,"url":"http://x"}'])(
    '%s counts for nothing',
    (text) => {
      writeFileSync(file, text);
      expect(readState(file)).toBeNull();
    },
  );

  it('no file, no server', () => {
    expect(readState(path.join(dir, 'none'))).toBeNull();
  });
});

it('knows a process that runs from one that does not', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(2_147_483_646)).toBe(false);
});

it('a process that has ended and was not waited for does not run', async () => {
  // the shell's child ends when it is told to, and sleep, which the shell has become by then, never waits for it
  const parent = spawn('/bin/sh', ['-c', 'exec 3<&0; read end <&3 & echo $!; exec sleep 60']);
  try {
    const [bytes] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(bytes.toString());
    await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'));
    parent.stdin.write('\n');
    await vi.waitFor(() => expect(isAlive(zombie)).toBe(false));
    expect(() => process.kill(zombie, 0)).not.toThrow();
  } finally {
    parent.kill('SIGKILL');
  }
});

describe('answers', () => {
  let reply: { status: number; body: string } = { status: 200, body: '' };
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(reply.status, { 'content-type': 'application/json', location: '/elsewhere' }).end(reply.body);
  });
  let url = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    [200, '{"status":"ok"}', true],
    [200, '{"status":"starting"}', false],
    [200, '<html>', false],
    [503, '{"status":"ok"}', false],
    [302, '{"status":"ok"}', false],
  ])('%i %s: %s', async (status, body, expected) => {
    reply = { status, body };
    expect(await answers(url)).toBe(expected);
  });

  it('nothing there is no answer; and no token was shown to anybody', async () => {
    expect(await answers('http://127.0.0.1:1')).toBe(false);
    expect(seen.every((header) => header === undefined)).toBe(true);
  });
});
