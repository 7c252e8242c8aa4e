import { afterEach, describe, expect, it } from 'vitest';
import { AfieldError } from '../errors.ts';
import { ACK_BYTES, ACK_MS } from './ack-pace.ts';
import { LinkClient } from './client.ts';
import { FRAME_INPUT } from './frames.ts';
import type { AttachOptions, TerminalHandlers } from './link.ts';
import { arrived, ManualClock } from './manual-clock.ts';
import { dropMessage, duplicateMessage, swapMessages } from './memory-pair.ts';
import { ScriptedHome } from './scripted-home.ts';

const SESSION = '01939b0e-7c1a-7d8e-8a43-0d6f2b1c9e55';
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

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
  /** A terminal, and everything that it was told, in order. */
  const attach = async (options: Partial<AttachOptions> = {}) => {
    const told: string[] = [];
    const handlers: TerminalHandlers = {
      onAttached: ({ cols, rows, lease }) => told.push(`attached ${cols}x${rows} ${lease}`),
      onSnapshot: (bytes, offset) => told.push(`snapshot ${offset} ${text(bytes)}`),
      onOutput: (bytes, offset) => told.push(`output ${offset} ${text(bytes)}`),
      onSendable: (sendable) => told.push(sendable ? 'sendable' : 'not sendable'),
      onInterrupted: ({ uncertainInputBytes }) => told.push(`interrupted ${uncertainInputBytes}`),
      onClosed: (reason, error) => told.push(`closed ${reason}${error === null ? '' : ` ${error.code}`}`),
    };
    const terminal = link.attach({ session_id: SESSION, cols: 80, rows: 24, lease: 'take', ...options }, handlers);
    await arrived();
    return { terminal, told, stream: () => terminal.attached?.stream ?? -1 };
  };
  const acks = () => home.requests.flatMap(({ payload }) => (payload.action === 'ack' ? [payload.offset] : []));
  return { clock, home, link, attach, acks };
}

describe('a terminal', () => {
  it('attaches, then shows a snapshot and what follows it', async () => {
    const { home, attach } = await online();
    const { terminal, told, stream } = await attach();
    home.guest.snapshot(stream(), 1000, 'screen');
    home.guest.output(stream(), 1000, 'abc');
    home.guest.output(stream(), 1003, 'd');
    await arrived();
    expect(told).toEqual(['attached 80x24 held', 'sendable', 'snapshot 1000 screen', 'output 1000 abc', 'output 1003 d']);
    expect(terminal.attached).toMatchObject({ lease: 'held' });
  });

  it('shows nothing before the snapshot, and nothing twice after it', async () => {
    const { home, attach } = await online();
    const { told, stream } = await attach();
    home.guest.output(stream(), 0, 'too early');
    home.guest.snapshot(stream(), 10, 's');
    home.guest.output(stream(), 4, 'before');
    home.guest.output(stream(), 8, 'xxnew');
    home.guest.output(stream(), 10, 'new');
    home.guest.snapshot(stream(), 500, 'skipped to');
    home.guest.output(stream(), 500, '!');
    await arrived();
    expect(told.slice(2)).toEqual(['snapshot 10 s', 'output 10 new', 'snapshot 500 skipped to', 'output 500 !']);
  });

  it('begins anew when output is missing', async () => {
    const { home, attach } = await online();
    const { told, stream } = await attach();
    const first = stream();
    home.guest.snapshot(first, 10, 's');
    home.guest.output(first, 15, 'hole');
    await arrived();
    expect(stream()).not.toBe(first);
    home.guest.output(first, 10, 'of the stream that was left');
    home.guest.snapshot(stream(), 20, 'fresh');
    await arrived();
    expect(told.at(-1)).toBe('snapshot 20 fresh');
    expect(told.some((line) => line.startsWith('output'))).toBe(false);
    expect(home.actions).toContain('detach');
  });

  it('sends keys as they are, text as UTF-8, a long paste in pieces', async () => {
    const { home, attach } = await online();
    const { terminal, stream } = await attach();
    expect(terminal.input('ö')).toBe(true);
    expect(terminal.input(Uint8Array.of(0x1b, 0x5b, 0x41))).toBe(true);
    expect(terminal.input('p'.repeat(70_000))).toBe(true);
    await arrived();
    const { frames } = home.guest;
    expect(frames.every(({ kind, stream: to }) => kind === FRAME_INPUT && to === stream())).toBe(true);
    expect(frames.map(({ bytes }) => bytes.length)).toEqual([2, 3, 32_768, 32_768, 4464]);
    expect([...(frames[0]?.bytes ?? []), ...(frames[1]?.bytes ?? [])]).toEqual([0xc3, 0xb6, 0x1b, 0x5b, 0x41]);
  });

  it('takes no input that it could not send: before, without a line, on a stalled one, afterwards', async () => {
    const { home, link, clock, attach } = await online();
    home.held.add('attach');
    const { terminal } = await attach();
    expect([terminal.sendable, terminal.input('x')]).toEqual([false, false]);
    home.release();
    await arrived();
    home.guest.pair.aToB.paused = true;
    expect(terminal.input('x'.repeat(1024 * 1024))).toBe(true);
    expect(terminal.input('x')).toBe(false);
    home.unreachable = 'relay_down';
    home.guest.pair.cut();
    expect([terminal.sendable, terminal.input('x')]).toEqual([false, false]);
    home.unreachable = null;
    await clock.advance(30_000);
    expect(terminal.input('x')).toBe(true);
    terminal.detach();
    expect(terminal.input('x')).toBe(false);
    await arrived();
    expect(home.guest.frames).toHaveLength(1);
    expect(link.connection.value.state).toBe('online');
  });

  it('acks a snapshot when it is drawn, output every 32 KiB or after 50 ms, and nothing undrawn', async () => {
    const { clock, home, attach, acks } = await online();
    const { terminal, stream } = await attach();
    home.guest.snapshot(stream(), 100, 's');
    home.guest.output(stream(), 100, 'x'.repeat(2 * ACK_BYTES));
    await clock.advance(10_000);
    expect(acks()).toEqual([]);
    terminal.consumed(100);
    await arrived();
    expect(acks()).toEqual([100]);
    terminal.consumed(100 + ACK_BYTES);
    await arrived();
    expect(acks()).toEqual([100, 100 + ACK_BYTES]);
    terminal.consumed(110 + ACK_BYTES);
    await clock.advance(ACK_MS - 1);
    expect(acks()).toHaveLength(2);
    terminal.consumed(120 + ACK_BYTES);
    await clock.advance(1);
    expect(acks().slice(2)).toEqual([120 + ACK_BYTES]);
    terminal.consumed(Number.MAX_SAFE_INTEGER);
    await clock.advance(ACK_MS);
    expect(acks().at(-1)).toBe(100 + 2 * ACK_BYTES);
  });

  it('resizes with the newest size only, one at a time', async () => {
    const { home, attach } = await online();
    const { terminal } = await attach({ lease: 'look' });
    home.held.add('resize');
    const done = [81, 82, 83].map((cols) => terminal.resize(cols, 24));
    await arrived();
    home.release();
    await Promise.all(done);
    expect(home.requests.flatMap(({ payload }) => (payload.action === 'resize' ? [payload.cols] : []))).toEqual([81, 83]);
  });

  it('a resize that is not allowed says so, and is not tried again at the next attach', async () => {
    const { clock, home, attach } = await online();
    const { terminal } = await attach();
    home.refusals.set('resize', new AfieldError('forbidden', 'You may only look.'));
    await expect(terminal.resize(100, 30)).rejects.toMatchObject({ code: 'forbidden' });
    home.guest.pair.cut();
    await clock.advance(0);
    expect(home.requests.at(-1)?.payload).toMatchObject({ action: 'attach', lease: 'look' });
  });

  it('ends when the session does, or the access to it', async () => {
    const { home, attach } = await online();
    for (const reason of ['ended', 'forbidden'] as const) {
      const { told, terminal, stream } = await attach();
      const { b } = home.guest.pair;
      b.sendText(JSON.stringify({ type: 'event', id: 's1', timestamp: '', payload: { type: 'stream.closed', stream: stream(), reason } }));
      await arrived();
      expect(told.slice(2)).toEqual(['not sendable', `closed ${reason}`]);
      await expect(terminal.resize(80, 24)).rejects.toMatchObject({ code: 'session_ended' });
      terminal.detach();
      expect(told).toHaveLength(4);
    }
  });

  it('says why it could not be attached', async () => {
    const { home, attach } = await online();
    home.refusals.set('attach', new AfieldError('session_not_found', 'No such session.'));
    const { told } = await attach();
    expect(told).toEqual(['closed failed session_not_found']);
  });

  it('tries again when the home server is too busy', async () => {
    const { clock, home, attach } = await online();
    home.refusals.set('attach', new AfieldError('rate_limited', 'Too many.'));
    const { told } = await attach();
    home.refusals.clear();
    await clock.advance(1000);
    expect(told).toEqual(['attached 80x24 held', 'sendable']);
  });

  it('detaches, even while it is being attached', async () => {
    const { home, attach } = await online();
    home.held.add('attach');
    const { told, terminal } = await attach();
    terminal.detach();
    home.release();
    await arrived();
    expect(told).toEqual(['closed detached']);
    expect(home.actions).toEqual(['attach', 'detach']);
  });

  it('is over when the link is closed', async () => {
    const { link, attach, clock } = await online();
    const { told, terminal } = await attach();
    const sized = expect(terminal.resize(90, 20)).rejects.toBeInstanceOf(AfieldError);
    link.close();
    await sized;
    expect(told.at(-1)).toBe('closed detached');
    expect(clock.pending).toBe(0);
  });

  it('there are no more than 32 of', async () => {
    const { link, attach } = await online();
    for (let i = 0; i < 32; i++) await attach();
    expect(() => link.attach({ session_id: SESSION, cols: 80, rows: 24, lease: 'look' }, {} as never)).toThrow(/32 terminals/);
  });
});

describe('a terminal over a broken line', () => {
  it('attaches again by itself: a fresh snapshot, nothing doubled, nothing of before', async () => {
    const { clock, home, attach } = await online();
    const { told, stream, terminal } = await attach();
    home.guest.snapshot(stream(), 0, 'old');
    home.guest.output(stream(), 0, 'abc');
    await arrived();
    const before = stream();
    home.guest.pair.cut();
    await clock.advance(0);
    expect(stream()).not.toBe(before);
    home.guest.output(before, 3, 'of another life');
    home.guest.snapshot(stream(), 7, 'new');
    home.guest.output(stream(), 7, '!');
    await arrived();
    expect(told).toEqual([
      'attached 80x24 held',
      'sendable',
      'snapshot 0 old',
      'output 0 abc',
      'not sendable',
      'interrupted 0',
      'attached 80x24 held',
      'sendable',
      'snapshot 7 new',
      'output 7 !',
    ]);
    terminal.consumed(3);
    await arrived();
    expect(home.actions).not.toContain('ack');
  });

  it('A22: says how much input is uncertain, and does not repeat it', async () => {
    const { clock, home, attach } = await online();
    const { told, stream, terminal } = await attach();
    home.guest.snapshot(stream(), 0, '$');
    await arrived();
    terminal.input('ls');
    home.guest.output(stream(), 0, 'ls');
    await arrived();
    terminal.input('rm -rf x');
    home.guest.pair.cut();
    await clock.advance(0);
    expect(told).toContain('interrupted 8');
    expect(home.guests.at(-1)?.frames).toEqual([]);
  });

  it('keeps the size that was asked for meanwhile', async () => {
    const { clock, home, attach } = await online();
    const { terminal } = await attach();
    home.unreachable = 'relay_down';
    home.guest.pair.cut();
    const sized = terminal.resize(120, 40);
    home.unreachable = null;
    await clock.advance(10_000);
    await sized;
    expect(terminal.attached).toMatchObject({ cols: 120, rows: 40, lease: 'held' });
  });

  it('takes nothing back from the viewer that decides the size meanwhile', async () => {
    const { clock, home, attach } = await online();
    const { terminal } = await attach();
    terminal.look();
    home.guest.pair.cut();
    await clock.advance(0);
    expect(home.requests.at(-1)?.payload).toMatchObject({ action: 'attach', lease: 'look' });
    await terminal.resize(90, 20);
    home.guest.pair.cut();
    await clock.advance(10_000);
    const attaches = home.requests.filter(({ payload }) => payload.action === 'attach');
    expect(attaches.at(-1)?.payload).toMatchObject({ lease: 'take', cols: 90 });
  });

  it('a resize that the cut swallowed stops no later one', async () => {
    const { clock, home, attach } = await online();
    const { terminal } = await attach();
    home.held.add('resize');
    const swallowed = terminal.resize(100, 30);
    await arrived();
    home.guest.pair.cut();
    home.held.clear();
    await clock.advance(0);
    await swallowed;
    expect(terminal.attached).toMatchObject({ cols: 100, rows: 30 });
    await terminal.resize(90, 20);
    expect(home.requests.at(-1)?.payload).toMatchObject({ action: 'resize', cols: 90 });
  });

  it.each([
    ['loses a frame', dropMessage],
    ['doubles a frame', duplicateMessage],
    ['swaps two frames', swapMessages],
  ])('a line that %s never shows a byte twice or in the wrong place', async (_, fault) => {
    const { home, attach } = await online();
    const { told, stream } = await attach();
    const log = 'abcdefghij';
    const { bToA } = home.guest.pair;
    home.guest.snapshot(stream(), 0, '');
    await arrived();
    let count = -1;
    const tamper = fault(4);
    bToA.tamper = (message) => tamper(message, ++count);
    for (let at = 0; at < log.length; at++) home.guest.output(stream(), at, log.charAt(at));
    await arrived();
    bToA.tamper = null;
    home.guest.snapshot(stream(), 10, log);
    home.guest.output(stream(), 10, 'k');
    await arrived();
    let screen = '';
    let position = 0;
    for (const [kind, offset, shown] of told.map((line) => line.split(' '))) {
      if (kind === 'snapshot') [screen, position] = [shown ?? '', Number(offset)];
      if (kind !== 'output') continue;
      expect(Number(offset)).toBe(position);
      screen += shown;
      position++;
    }
    expect(screen).toBe('abcdefghijk');
  });

  it('users 26: who only looked only looks again', async () => {
    const { clock, home, attach } = await online();
    await attach({ lease: 'look', cols: 40, rows: 60 });
    home.guest.pair.cut();
    await clock.advance(0);
    expect(home.requests.map(({ payload }) => 'lease' in payload && payload.lease)).toEqual(['look', 'look']);
  });

  it('attached while there is no line begins with the next', async () => {
    const { clock, home, attach } = await online();
    home.unreachable = 'home_offline';
    home.guest.pair.cut();
    const { told, stream } = await attach();
    expect(told).toEqual([]);
    home.unreachable = null;
    await clock.advance(10_000);
    home.guest.snapshot(stream(), 0, 's');
    await arrived();
    expect(told).toEqual(['attached 80x24 held', 'sendable', 'snapshot 0 s']);
  });
});
