/** The chat face: how soon a phone has what an agent wrote, what a long chat costs to open, what many at once cost. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { pairDevice } from '../e2e/device.ts';
import { type House, startHouse, until } from '../e2e/kit.ts';
import { cpuMs, median, percentile } from './figures.ts';
import type { BenchResult } from './result.ts';

const AGENT = path.join(import.meta.dirname, 'chat-agent.ts');
const TICK_MS = 20;
const STREAMING = 20;
const OPENINGS = 15;
/** What the chat screen asks for first. */
const TAIL = 50;

const now = () => performance.timeOrigin + performance.now();

/** A phone in front of a house with the bench's agent. */
interface Scene {
  house: House;
  phone: AfieldClient;
  /** Everything that the phone hears. */
  heard(handler: (event: AfieldEvent) => void): void;
}

export async function benchChat({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const house = await startHouse({ config: { agents: { bench: { command: [process.execPath, AGENT], chat: 'acp' } } } });
  try {
    const { link } = await house.json<{ link: string }>('pair');
    const phone = (await pairDevice(link, 'bench')).connect();
    await phone.link.ready();
    let handler: (event: AfieldEvent) => void = () => {};
    phone.link.subscribe({ topics: ['*'] }, (event) => handler(event));
    const scene: Scene = {
      house,
      phone,
      heard: (next) => {
        handler = next;
      },
    };
    const results = [
      await firstChunk(scene, quick ? 100 : 400),
      await longChat(scene, quick ? 200 : 1_000),
      await many(scene, quick ? 5 : 15),
    ];
    phone.close();
    return results;
  } finally {
    await house.stop();
  }
}

const start = ({ phone }: Scene): Promise<Session> => phone.call('createSession', { body: { agent: 'bench', face: 'chat' } });
const prompt = ({ phone }: Scene, id: string, content: string) =>
  phone.call('promptSession', { params: { id }, body: { id: uuidv7(), content } });

/** The text that an event brings of an agent's message, if it does. */
function textOf(event: AfieldEvent): string {
  if (event.type === 'message.chunk') return event.payload.text;
  if (event.type !== 'message.start') return '';
  const { item } = event.payload;
  return item.kind === 'message' && item.role === 'agent' ? item.text : '';
}

/** One turn after the other; resolves when the last one is over. */
async function turns(scene: Scene, id: string, count: number, onEvent: (event: AfieldEvent) => void = () => {}): Promise<void> {
  for (let i = 0; i < count; i++) {
    const over = Promise.withResolvers<void>();
    scene.heard((event) => {
      if (event.session_id !== id) return;
      onEvent(event);
      if (event.type === 'session.status_changed' && event.payload.session.status === 'idle') over.resolve();
    });
    await prompt(scene, id, 'stream 1 0');
    await over.promise;
  }
  scene.heard(() => {});
}

async function firstChunk(scene: Scene, count: number): Promise<BenchResult> {
  const { id } = await start(scene);
  const times: number[] = [];
  await turns(scene, id, count, (event) => {
    const text = textOf(event);
    if (text !== '') times.push(now() - Number.parseFloat(text));
  });
  if (times.length < count) throw new Error(`Only ${times.length} of ${count} answers were heard.`);
  await scene.phone.call('deleteSession', { params: { id } });
  const p99 = percentile(times, 0.99);
  return {
    name: 'first chunk of an answer at the phone, p99, relay and encryption',
    value: p99,
    unit: 'ms',
    target: '≤ 20',
    pass: p99 <= 20,
    detail: `${count} turns, p50 ${median(times).toFixed(1)} ms, from the agent's write to the phone's event`,
  };
}

async function longChat(scene: Scene, count: number): Promise<BenchResult> {
  const { phone } = scene;
  const { id } = await start(scene);
  await turns(scene, id, count);
  const times: number[] = [];
  for (let i = 0; i < OPENINGS; i++) {
    const begin = performance.now();
    const params = { id };
    const [page] = await Promise.all([
      phone.call('getMessages', { params, query: { limit: TAIL } }),
      phone.call('getChat', { params }),
      phone.call('getQueue', { params }),
    ]);
    times.push(performance.now() - begin);
    if (page.items.length !== TAIL) throw new Error(`The tail has ${page.items.length} items.`);
  }
  await phone.call('deleteSession', { params: { id } });
  const slowest = Math.max(...times);
  return {
    name: `chat of ${count} turns opened at its tail`,
    value: slowest,
    unit: 'ms',
    target: '< 100',
    pass: slowest < 100,
    detail: `slowest of ${OPENINGS}, p50 ${median(times).toFixed(1)} ms, through the relay`,
  };
}

async function many(scene: Scene, seconds: number): Promise<BenchResult> {
  const sessions: Session[] = [];
  for (let i = 0; i < STREAMING; i++) sessions.push(await start(scene));
  let characters = 0;
  scene.heard((event) => {
    characters += textOf(event).length;
  });
  const chunks = (seconds + 4) * (1000 / TICK_MS);
  await Promise.all(sessions.map(({ id }) => prompt(scene, id, `stream ${chunks} ${TICK_MS}`)));
  await until('all of them stream', async () => {
    const { items } = await scene.phone.call('listSessions', { query: { status: 'busy', limit: 100 } });
    return items.length === STREAMING;
  });
  await sleep(1_000);
  const { pid } = JSON.parse(readFileSync(path.join(scene.house.home, 'server.json'), 'utf8')) as { pid: number };
  const [before, began, heardBefore] = [cpuMs(pid), performance.now(), characters];
  await sleep(seconds * 1_000);
  const took = performance.now() - began;
  const cores = (cpuMs(pid) - before) / took;
  const perSecond = Math.round((characters - heardBefore) / (took / 1000));
  return {
    name: `${STREAMING} chats streaming at once: cores of the home server`,
    value: cores,
    unit: 'cores',
    target: '< 0.5',
    pass: cores < 0.5,
    detail: `${Math.round(1000 / TICK_MS)} chunks a second each, all watched by a phone through the relay: ${perSecond} characters a second`,
  };
}
