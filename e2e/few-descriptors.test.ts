/** G8: a home server that may open few files: it refuses what it cannot do, says why, and goes on with the rest. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type House, startHouse, until } from './kit.ts';

let house: House;
beforeAll(async () => {
  const agents = { still: { command: ['/bin/sh', '-c', 'echo ready; exec cat'] } };
  house = await startHouse({ config: { agents }, descriptors: 64 });
});
afterAll(() => house?.stop());

async function call(method: string, below: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const token = (await readFile(path.join(house.home, 'token'), 'utf8')).trim();
  const response = await fetch(`${house.url}/api/v1${below}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

it('G8: refuses the session that is too many, in words; those that run go on, and there is room again when one ends', async () => {
  const made: string[] = [];
  let refused: Record<string, unknown> | null = null;
  while (refused === null && made.length < 60) {
    const { status, body } = await call('POST', '/sessions', { agent: 'still' });
    if (status === 201) made.push((body as Session).id);
    else refused = body;
  }
  expect(made.length).toBeGreaterThan(1);
  expect(refused).toMatchObject({ detail: expect.stringMatching(/has \d+ of 64 files open that it may have.*ulimit -n/) });
  expect(house.server.running).toBe(true);
  for (const id of made) {
    await call('POST', `/sessions/${id}/input`, { text: 'hello\r' });
    await until('it answers', async () => String((await call('GET', `/sessions/${id}/output`)).body.screen).includes('hello'));
  }
  for (const id of made.slice(0, 2)) expect((await call('DELETE', `/sessions/${id}`)).body).toMatchObject({ status: 'cancelled' });
  await until('there is room again', async () => (await call('POST', '/sessions', { agent: 'still' })).status === 201);
});
