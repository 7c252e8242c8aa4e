import { afterEach, describe, expect, it, vi } from 'vitest';
import { AfieldError } from '../errors.ts';
import { LinkClient } from './client.ts';
import { arrived, ManualClock } from './manual-clock.ts';
import type { Responses } from './messages.ts';
import { ScriptedHome } from './scripted-home.ts';

const ID = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const get = (path: string) => ({ method: 'GET', path });

const clients: LinkClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function online() {
  const clock = new ManualClock();
  const home = new ScriptedHome(() => clock.now());
  const link = new LinkClient({ door: home.door(), clock });
  clients.push(link);
  link.start();
  await arrived();
  return { clock, home, link };
}

describe('requests', () => {
  it('are answered, each by its own answer, in whatever order those come', async () => {
    const { home, link } = await online();
    home.held.add('http');
    const answers = ['/a', '/b', '/c'].map((path) => link.request('http', get(path)));
    await arrived();
    home.waiting.reverse();
    home.release();
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual([{ path: '/a' }, { path: '/b' }, { path: '/c' }]);
  });

  it('leave no timer behind', async () => {
    const { clock, link } = await online();
    const before = clock.pending;
    await link.request('http', get('/x'));
    expect(clock.pending).toBe(before);
  });

  it('fail with the error that the home server gives', async () => {
    const { home, link } = await online();
    home.refusals.set('prompt', new AfieldError('session_ended', 'It ended yesterday.'));
    await expect(link.request('prompt', { session_id: ID, prompt_id: ID, content: 'x' })).rejects.toMatchObject({
      code: 'session_ended',
      message: 'It ended yesterday.',
    });
  });

  it('wait for the first connection', async () => {
    const clock = new ManualClock();
    const home = new ScriptedHome(() => clock.now());
    const link = new LinkClient({ door: home.door(), clock });
    clients.push(link);
    await expect(link.request('cancel', { session_id: ID })).resolves.toBeDefined();
    expect(home.dials).toBe(1);
  });

  it('time out, and an answer that comes too late is nobody’s', async () => {
    const { clock, home, link } = await online();
    home.held.add('http');
    const late = expect(link.request('http', get('/slow'), { timeout_ms: 5000 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The home server did not answer within 5 s.',
    });
    await clock.advance(5000);
    await late;
    home.release();
    await arrived();
    await expect(link.request('http', get('/next'))).resolves.toMatchObject({ body: { path: '/next' } });
  });

  it('reject with the reason of an abort, before and during', async () => {
    const { home, link } = await online();
    home.held.add('http');
    const stop = new AbortController();
    const waiting = link.request('http', get('/x'), { signal: stop.signal });
    stop.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await expect(link.request('http', get('/x'), { signal: stop.signal })).rejects.toThrow('no longer wanted');
    expect(home.actions).toEqual(['http']);
  });

  it('an answer that is none of ours is ignored', async () => {
    const { home, link } = await online();
    home.guest.respond('r404', 'ok', {});
    home.guest.respond('', 'ok', {});
    await arrived();
    expect(link.connection.value.state).toBe('online');
  });

  it('that are too large fail alone', async () => {
    const { home, link } = await online();
    const large = link.request('http', { method: 'POST', path: '/x', body: 'x'.repeat(9 * 1024 * 1024) });
    await expect(large).rejects.toMatchObject({ code: 'too_large' });
    await expect(link.request('http', get('/y'))).resolves.toMatchObject({ status: 200 });
    expect(home.actions).toEqual(['http']);
  });

  it('are not sent more than 16 at a time, in order, and not kept beyond 256', async () => {
    const { home, link } = await online();
    home.held.add('http');
    const all = Array.from({ length: 256 }, (_, i) => link.request('http', get(`/${i}`)));
    await expect(link.request('http', get('/more'))).rejects.toMatchObject({ code: 'too_many' });
    await arrived();
    expect(home.requests).toHaveLength(16);
    home.release();
    const answers = await Promise.all(all);
    expect(answers.map(({ body }) => (body as { path: string }).path)).toEqual(all.map((_, i) => `/${i}`));
  });
});

describe('requests and a line that breaks', () => {
  it('A22: a command under way is not shown as done and not repeated', async () => {
    const { clock, home, link } = await online();
    home.held.add('cancel');
    const command = expect(link.request('cancel', { session_id: ID })).rejects.toMatchObject({ code: 'unavailable' });
    await arrived();
    home.guest.pair.cut();
    await command;
    home.release();
    await clock.advance(60_000);
    expect(link.connection.value.state).toBe('online');
    expect(home.actions).toEqual(['cancel']);
  });

  it('A22: an idempotent one is sent again, and answered once', async () => {
    const { clock, home, link } = await online();
    home.held.add('prompt');
    let answers = 0;
    const prompt = link.request('prompt', { session_id: ID, prompt_id: ID, content: 'go' }, { idempotent: true }).then(() => answers++);
    await arrived();
    home.guest.pair.cut();
    home.held.clear();
    await clock.advance(0);
    await prompt;
    expect(answers).toBe(1);
    expect(home.requests.map(({ payload }) => payload)).toEqual([
      { action: 'prompt', session_id: ID, prompt_id: ID, content: 'go' },
      { action: 'prompt', session_id: ID, prompt_id: ID, content: 'go' },
    ]);
  });

  it('a cut in the middle of an answer leaves nothing half', async () => {
    const { clock, home, link } = await online();
    home.guest.pair.bToA.paused = true;
    const read = link.request('http', get('/x'), { idempotent: true });
    await arrived();
    expect(home.actions).toEqual(['http']);
    home.guest.pair.cut();
    await clock.advance(0);
    await expect(read).resolves.toMatchObject({ body: { path: '/x' } });
    expect(home.actions).toEqual(['http', 'http']);
  });

  it('while the relay is down a command fails at once and says why; a read waits', async () => {
    const { clock, home, link } = await online();
    home.unreachable = 'relay_down';
    home.guest.pair.cut();
    await clock.advance(100);
    await expect(link.request('cancel', { session_id: ID })).rejects.toMatchObject({ code: 'relay_unreachable' });
    const read = link.request('http', get('/x'), { idempotent: true });
    home.unreachable = null;
    await clock.advance(5000);
    await expect(read).resolves.toMatchObject({ status: 200 });
  });

  it('a read that waited in vain says what was in the way', async () => {
    const { clock, home, link } = await online();
    home.unreachable = 'home_offline';
    home.guest.pair.cut();
    const read = expect(link.request('http', get('/x'), { idempotent: true })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Unreachable: home_offline.',
    });
    await clock.advance(30_000);
    await read;
  });

  it('closing ends what is under way and what comes after', async () => {
    const { home, link } = await online();
    home.held.add('http');
    const read = link.request('http', get('/x'), { idempotent: true });
    link.close();
    await expect(read).rejects.toMatchObject({ code: 'unavailable' });
    await expect(link.request('http', get('/x'), { idempotent: true, timeout_ms: 1 })).rejects.toBeInstanceOf(AfieldError);
  });

  it('a stalled line is a broken one after 60 s, and reads survive it', async () => {
    const { clock, home, link } = await online();
    home.guest.pair.aToB.paused = true;
    const read: Promise<Responses['http']> = link.request('http', get('/x'), { idempotent: true, timeout_ms: 90_000 });
    await clock.advance(60_000);
    await expect(read).resolves.toMatchObject({ body: { path: '/x' } });
    expect(home.dials).toBe(2);
  });

  it('a hundred reconnections lose no read and repeat no command', async () => {
    const { clock, home, link } = await online();
    const done: string[] = [];
    const lost = vi.fn();
    for (let i = 0; i < 100; i++) {
      void link.request('http', get(`/read/${i}`), { idempotent: true, timeout_ms: 3_600_000 }).then(() => done.push(`read ${i}`));
      link.request('cancel', { session_id: ID }).catch(lost);
      await arrived();
      home.guest.pair.cut();
      if (i % 2 === 0) await clock.advance(15_000);
      else await clock.advance(0);
    }
    await clock.advance(60_000);
    expect(done).toHaveLength(100);
    expect(home.actions.filter((action) => action === 'cancel').length + lost.mock.calls.length).toBeGreaterThanOrEqual(100);
    expect(home.actions.filter((action) => action === 'cancel').length).toBeLessThanOrEqual(100);
  });
});
