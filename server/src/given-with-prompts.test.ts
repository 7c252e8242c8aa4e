/** What is given with a prompt, and what became of it: asked for through a relay, also of a home server that was started anew since. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { until } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from '../../relay/src/start.ts';
import { newHome, newPhone, startTestServer, type TestServer } from './testing.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, 'runtimes/acp/small-agent.ts');
/** Limit of the API for one attachment. */
const MOST = 5 * 1024 * 1024;

let relay: RunningRelay;
let server: TestServer;
let phone: AfieldClient;

beforeEach(async () => {
  relay = await startRelay({ port: 0 });
  const home = newHome();
  const command = JSON.stringify([process.execPath, SMALL_AGENT]);
  writeFileSync(path.join(home, 'config.yaml'), `agents:\n  small: { command: ${command}, chat: acp }\n`);
  server = await startTestServer({ home, env: { AFIELD_RELAY: relay.url } });
  phone = (await newPhone(server)).client();
});
afterEach(async () => {
  phone.close();
  await server.stop();
  await relay.close();
});

const begin = async () => (await phone.call('createSession', { body: { agent: 'small', face: 'chat', cwd: server.home } })).id;
const give = (id: string, content: string, bytes: Buffer | null = null, media_type = 'image/png') =>
  phone.call('promptSession', {
    params: { id },
    body: {
      id: uuidv7(),
      content,
      attachments: bytes === null ? [] : [{ name: '../shot.html', media_type, base64: bytes.toString('base64') }],
    },
  });
const stateOf = async (id: string, prompt_id: string) => (await phone.call('getPrompt', { params: { id, prompt_id } })).state;
const becomes = (id: string, prompt_id: string, state: string) =>
  until(`${prompt_id} to be ${state}`, async () => (await stateOf(id, prompt_id)) === state, 20_000);
const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => 'it was done',
    (error: { code?: string }) => error.code,
  );

describe('an attachment', { timeout: 60_000 }, () => {
  it('of the largest size comes whole through the relay, and to nobody else', async () => {
    const id = await begin();
    const bytes = randomBytes(MOST);
    const [given] = (await give(id, 'SCENARIO:files', bytes)).attachments;
    expect(given).toMatchObject({ size_bytes: MOST, media_type: 'image/png' });
    const params = { id, attachment_id: given!.id };
    expect(Buffer.compare(await phone.call('getAttachment', { params }), bytes)).toBe(0);
    const part = async (from: number, most: number) => phone.call('getAttachment', { params, query: { from, bytes: most } });
    expect(Buffer.compare(await part(1000, 500), bytes.subarray(1000, 1500))).toBe(0);
    expect(Buffer.compare(await part(MOST - 10, 500), bytes.subarray(MOST - 10))).toBe(0);
    expect(await part(MOST, 500)).toHaveLength(0);
    expect(await part(MOST + 1, 500)).toHaveLength(0);
    expect(await failure(part(0, 0))).toBe('bad_request');
    expect(await failure(phone.call('getAttachment', { params: { ...params, attachment_id: uuidv7() } }))).toBe('not_found');
    expect(await failure(phone.call('getAttachment', { params: { ...params, id: await begin() } }))).toBe('not_found');
  });

  it('is nothing that a browser runs, whatever it says it is', async () => {
    const id = await begin();
    const [given] = (await give(id, 'SCENARIO:files', Buffer.from('<script>alert(1)</script>'), 'text/html')).attachments;
    const { headers, status } = await server.call('GET', `/sessions/${id}/attachments/${given!.id}`);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*sandbox/),
      'cache-control': 'no-store',
    });
    expect((await server.call('GET', `/sessions/${id}/attachments/${given!.id}`, { headers: {} })).status).toBe(401);
  });
});

describe('a slow line', { timeout: 60_000 }, () => {
  /** Carries so many bytes a second to the relay. */
  async function slowProxy(rate: number): Promise<{ url: string; close(): void }> {
    const step = rate / 20;
    const carry = async (from: Socket, to: Socket): Promise<void> => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += step) {
          to.write(chunk.subarray(at, at + step));
          await sleep(50);
        }
      }
    };
    const listening = createServer((near) => {
      const far = connect(relay.port, '127.0.0.1');
      far.pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
      void carry(near, far).catch(() => far.destroy());
    }).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return { url: `ws://127.0.0.1:${(listening.address() as AddressInfo).port}`, close: () => void listening.close() };
  }

  it('takes a picture in one attempt, also when the app comes to the front meanwhile', async () => {
    const id = await begin();
    const proxy = await slowProxy(120_000);
    const device = await newPhone(server);
    Object.assign(device.link, { relayUrl: proxy.url });
    phone.close();
    phone = device.client();
    await phone.call('getHealth');
    const states: string[] = [];
    const stop = phone.link.connection.subscribe(({ state }) => states.push(state));
    const bytes = randomBytes(800_000);
    const sent = give(id, 'SCENARIO:files', bytes);
    // nothing whole is heard for longer than the 3 s after which a silent line counts as dead
    await sleep(500);
    await Promise.all([phone.link.checkNow(), sent]);
    const [given] = (await sent).attachments;
    const params = { id, attachment_id: given!.id };
    expect(Buffer.compare(await phone.call('getAttachment', { params }), bytes)).toBe(0);
    stop();
    expect(new Set(states)).toEqual(new Set(['online']));
    proxy.close();
  });
});

describe('what became of a prompt', { timeout: 60_000 }, () => {
  it('is told by its id, also by a home server that was started anew', async () => {
    const id = await begin();
    const done = await give(id, 'SCENARIO:greet');
    await becomes(id, done.id, 'consumed');
    const works = await give(id, 'SCENARIO:slow:1000');
    await becomes(id, works.id, 'consumed');
    const [waits, back] = [await give(id, 'SCENARIO:greet'), await give(id, 'never mind')];
    expect(await stateOf(id, waits.id)).toBe('home');
    await phone.call('withdrawQueued', { params: { id, prompt_id: back.id } });

    await server.stop({ keep: true });
    server = await startTestServer({ home: server.home, env: { AFIELD_RELAY: relay.url } });

    expect(await stateOf(id, done.id)).toBe('consumed');
    expect(await phone.call('getPrompt', { params: { id, prompt_id: back.id } })).toMatchObject({
      state: 'withdrawn',
      content: 'never mind',
      reason: 'Taken back by Test phone.',
    });
    await becomes(id, waits.id, 'consumed');
  });

  it('is told of the prompts of this session alone', async () => {
    const [id, other] = [await begin(), await begin()];
    const { id: prompt_id } = await give(id, 'SCENARIO:greet');
    expect(await failure(phone.call('getPrompt', { params: { id: other, prompt_id } }))).toBe('prompt_not_found');
    expect(await failure(phone.call('getPrompt', { params: { id, prompt_id: uuidv7() } }))).toBe('prompt_not_found');
    expect(await failure(phone.call('getPrompt', { params: { id: uuidv7(), prompt_id } }))).toBe('session_not_found');
  });
});
