import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listenPrivately } from './unix-socket.ts';

let folder: string;
let server: Server;
const others: Listener[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'afield-sock-'));
  server = createHttp();
});
afterEach(async () => {
  for (const one of [server, ...others.splice(0)]) await new Promise((resolve) => one.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const at = (...names: string[]) => ({ path: path.join(folder, ...names), secret: false });
const mode = (file: string) => statSync(file).mode & 0o777;

it('listens for its owner alone, and takes the file away at the end', async () => {
  const place = at('server.sock');
  expect(await listenPrivately(server, [place])).toEqual({ path: place.path, faults: [] });
  expect(mode(place.path)).toBe(0o600);
  await new Promise((resolve) => server.close(resolve));
  expect(existsSync(place.path)).toBe(false);
  server = createHttp();
});

it('a socket that a killed server left is removed', async () => {
  const place = at('server.sock');
  const dead = createServer().listen(place.path);
  await once(dead, 'listening');
  // Under another name it outlives its server, as after kill -9.
  renameSync(place.path, at('kept').path);
  await new Promise((resolve) => dead.close(resolve));
  renameSync(at('kept').path, place.path);
  expect((await listenPrivately(server, [place])).path).toBe(place.path);
});

it('a socket that somebody listens on, and what is no socket, stay', async () => {
  const [alive, file] = [at('alive.sock'), at('file')];
  const other = createServer().listen(alive.path);
  others.push(other);
  await once(other, 'listening');
  writeFileSync(file.path, 'mine');
  expect(await listenPrivately(server, [alive, file])).toEqual({
    path: null,
    faults: [`${alive.path}: another program listens there`, `${file.path}: something that is no socket is there`],
  });
  expect([statSync(alive.path).isSocket(), existsSync(file.path)]).toEqual([true, true]);
});

it('a path that is too long for a socket: the next place, in a folder that it makes for itself', async () => {
  const long = at('x'.repeat(120), 'server.sock');
  const short = { path: path.join(folder, 'short', 'server.sock'), secret: true };
  mkdirSync(path.dirname(long.path));
  const { path: used, faults } = await listenPrivately(server, [long, short]);
  expect([used, faults]).toEqual([short.path, [expect.stringContaining('longer than')]]);
  expect(mode(path.dirname(short.path))).toBe(0o700);
});

it('a folder that others may write to, or that is a link, is not used', async () => {
  mkdirSync(at('open').path);
  chmodSync(at('open').path, 0o777);
  mkdirSync(at('read').path, { mode: 0o755 });
  symlinkSync(at('read').path, at('link').path);
  const places = [
    at('open', 's'),
    { path: at('read', 's').path, secret: true },
    { path: at('link', 's').path, secret: true },
    at('none', 's'),
  ];
  const { path: used, faults } = await listenPrivately(server, places);
  expect(used).toBeNull();
  expect(faults.map((fault) => fault.slice(folder.length + 1))).toEqual([
    'open/s: its folder may be used by others',
    'read/s: its folder may be used by others',
    'link/s: its folder is no folder',
    expect.stringContaining('ENOENT'),
  ]);
});
