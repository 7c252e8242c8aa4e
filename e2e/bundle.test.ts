/** The bundles that ship: what is loaded only when it is asked for must be in them too. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { API_BASE, api } from '@afield/shared/api.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse } from './kit.ts';

let house: House;

beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.stop());

const plain = (Object.values(api) as RouteDefinition[])
  .filter((route) => route.method === 'GET' && !route.path.includes('{') && route.produces !== 'text/event-stream')
  .map((route) => route.path);

it.each(plain)('GET %s is answered, not with a fault', async (below) => {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  const response = await fetch(`${house.url}${API_BASE}${below}`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status, await response.text()).toBeLessThan(500);
});

it('the home server gives its figures', async () => {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  const response = await fetch(`${house.url}${API_BASE}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(await response.text()).toContain('afield_relay_up');
});

it('no part of them imports node:http by name, which would load WebSocket and fetch at every start', async () => {
  const parts = ['server/dist', 'relay/dist'].map((folder) => path.join(import.meta.dirname, '..', folder));
  const files = (await Promise.all(parts.map(async (folder) => (await readdir(folder)).map((file) => path.join(folder, file))))).flat();
  const modules = files.filter((file) => file.endsWith('.mjs'));
  expect(modules.length).toBeGreaterThan(1);
  for (const file of modules) expect(await readFile(file, 'utf8'), file).not.toMatch(/^import [^;]*from "(?:node:)?https?";/m);
});

it('the relay gives its figures', async () => {
  const response = await fetch(`http://127.0.0.1:${house.relayPort}/metrics`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('# TYPE ');
});
